"""``netlab status``: what is up."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from netlab.cli import options
from netlab.cli.parser import add_command

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers
    from netlab.lab import Lab
    from netlab.model.host import Host


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "status",
        run,
        summary="say what is up",
        description="Say which profile the lab's hosts are, whether they answer, and which runs are stored.",
        example="netlab status --json",
    )
    options.add_json(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    import json  # noqa: PLC0415 - imported late, so that --help is quick

    from netlab.cli.work import open_lab  # noqa: PLC0415 - as above

    status = collect(open_lab())
    print(json.dumps(status, indent=2) if args.json else as_text(status))
    return 0


def collect(lab: Lab) -> dict[str, Any]:
    """Gather what ``status --json`` prints."""
    from netlab.results.store import list_runs  # noqa: PLC0415 - imported late, so that --help is quick

    state = lab.load_state()
    return {
        "folder": str(lab.folder),
        "up": state is not None and bool(state.hosts),
        "profile": state.profile if state else None,
        "provider": state.provider if state else None,
        "stack": state.stack if state else None,
        "clock": state.clock if state else None,
        "hosts": [
            {**host.model_dump(mode="json"), "answers": answers(host)} for host in (state.hosts if state else ())
        ],
        "runs": [str(run) for run in list_runs(lab.runs)],
    }


def answers(host: Host) -> bool:
    """Whether something listens where the host is reached, or where the way to it begins."""
    server = host.jump or host
    try:
        socket.create_connection((server.address, server.port), timeout=1).close()
    except OSError:
        return False
    return True


def as_text(status: dict[str, Any]) -> str:
    """Render for humans."""
    state = f"{status['profile'] or 'no profile'} ({status['provider']}, {status['stack']}, {status['clock']} clock)"
    lines = [f"lab      {status['folder']}", f"state    {state if status['up'] else 'down'}"]
    for host in status["hosts"]:
        word = "answers" if host["answers"] else "does not answer"
        lines += [f"host     {host['name']} ({host['part']}), {host['address']}:{host['port']}, {word}"]
    lines += [f"run      {run}" for run in status["runs"]]
    return "\n".join(lines)
