"""The one place that touches ansible-runner: plays are started, watched and ended, with all that they start."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlab import proc
from netlab.ansible import connections
from netlab.ansible.environment import CONFIG, environment
from netlab.ansible.events import Record
from netlab.ansible.mitogen import accelerator
from netlab.ansible.results import PlayResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netlab.progress import Progress

_IDENT = "play"
_MARK = "NETLAB_PLAY"
_plays: set[str] = set()
"""Marks of the plays that run now: each process that a play starts carries one in its environment."""


def play(  # noqa: PLR0913 - what a play is made of, by keyword
    playbook: Path,
    inventory: Mapping[str, Any],
    *,
    folder: Path,
    log: Path,
    progress: Progress,
    extra_vars: Mapping[str, Any] | None = None,
    sockets: Path | None = None,
    accelerate: bool = True,
) -> PlayResult:
    """Run a playbook to its end; AnsibleFailed or HostUnreachable name host, task and message.

    ``inventory`` has the form of Ansible's YAML inventories. ``folder`` is private to the play and emptied by it.
    ``sockets`` is a short path where ssh keeps its connections open for the next play (end them with
    ``close_connections``); without it they end with the play. A Ctrl-C, or anything that ``progress`` raises, ends
    Ansible with all its descendants at once.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    (folder / CONFIG).touch()
    strategy = accelerator() if accelerate else None
    begin = time.monotonic()
    with log.open("a", encoding="utf-8") as file, connections.kept(sockets) as place:
        record = Record(file, progress)
        exit_code = _run(
            private_data_dir=str(folder),
            playbook=str(playbook),
            inventory=dict(inventory),
            extravars=dict(extra_vars or {}),
            envvars=environment(folder, place, strategy),
            event_handler=record.receive,
        )
    if exit_code != 0:
        raise record.error(playbook, log)
    return PlayResult(
        stats=record.stats,
        tasks=tuple(record.tasks),
        seconds=time.monotonic() - begin,
        accelerated=strategy is not None,
    )


def end_plays() -> None:
    """End every play of this process, with all that it started; each then raises AnsibleFailed in its own thread."""
    for mark in list(_plays):
        proc.end_marked(_MARK, mark)


def end_leftovers(folder: Path) -> None:
    """End what a netlab that was killed left running of a play in ``folder``."""
    proc.end_marked("ANSIBLE_CONFIG", str(folder / CONFIG))


def _run(*, envvars: dict[str, str], **options: Any) -> int:
    import ansible_runner  # noqa: PLC0415 - 0.2 s that most commands do not need

    mark = uuid.uuid4().hex
    _plays.add(mark)
    try:
        with _unwritten(Path(options["private_data_dir"]) / "artifacts" / _IDENT / "command"):
            done = ansible_runner.run(
                **options,
                ident=_IDENT,
                envvars={**envvars, _MARK: mark},
                quiet=True,
                cancel_callback=lambda: False,  # or ansible-runner takes the signals of this process for itself
            )
    except BaseException:
        proc.end_marked(_MARK, mark)
        raise
    finally:
        _plays.discard(mark)
    return int(done.rc)


@contextlib.contextmanager
def _unwritten(path: Path) -> Iterator[None]:
    """Have what is written to ``path`` go nowhere: ansible-runner keeps all of its environment there, credentials too.

    So there is a pipe in the place of the file, and somebody who reads it to its end.
    """
    path.parent.mkdir(mode=0o700, parents=True)
    os.mkfifo(path, 0o600)
    reader = threading.Thread(target=path.read_bytes, daemon=True)
    reader.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # where nobody has written, the reader still waits for somebody who does
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        reader.join()
        path.unlink()
