"""Which accelerator works here, found out by booting something tiny with a deadline.

That /dev/kvm exists and opens proves nothing: hosts exist where a guest then hangs for ever at the switch to long
mode, or where QEMU aborts. So a boot sector (``probe.S``, shipped beside this module) makes that switch and ends
QEMU with an exit code of its own.
"""

from __future__ import annotations

import base64
import os
import platform
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from netlab import proc
from netlab.errors import NetlabError, RequirementError
from netlab.files import write_atomic
from netlab.hosts.qemu import options

QEMU = "qemu-system-x86_64"
STORE = "accelerator.json"
"""In the cache."""
DEADLINE_S = 5.0
_TCG_CPU = "max,cx16=off,la57=off,svm=off,erms=off,avx=off,avx2=off,vaes=off"
"""TCG of QEMU 7.2 emulates cmpxchg16b wrongly: kernels after 6.1 die of it. Nested guests are not wanted. With ERMS,
guests copy memory by ``rep movsb``, which TCG does byte by byte and counts so; AVX has them call helpers for what SSE2
does in place. Without both, boot took 0.86 of the time."""

_PROVEN = 0x21  # isa-debug-exit ends QEMU with (value << 1) | 1; probe.S writes 0x10
_CODE = base64.b64decode(
    "+jHAjtiOwL8AELkAGPOrxwYAEAMgxwYAIAMwxwYAMIMAZrigAAAADyLgZrgAEAAADyLYZrmAAADADzJmDQABAAAP"
    "MA8gwGYNAQAAgA8iwA8BFph86ll8CAAxwA+ig/gHchm4BwAAADHJD6IPuuMIcwq5BQAAAMTicffbZrr0ALAQ7vTr"
    "/Y12AAAAAAAAAAAAAAAAAACaIAAPAIh8"
)


class Accelerator(BaseModel):
    """The accelerator that works, QEMU's version, and for each one that does not the reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["kvm", "tcg"]
    qemu_version: str
    refused: dict[str, str] = {}

    @property
    def cpu(self) -> str:
        """Value of QEMU's -cpu."""
        return _cpu(self.name)


def boot_sector() -> bytes:
    """512 bytes: the assembled probe.S."""
    return _CODE.ljust(510, b"\0") + b"\x55\xaa"


def require_linux() -> None:
    """RequirementError where netlab's own machines cannot be: they are followed through /proc."""
    if platform.system() != "Linux":
        message = f"netlab makes its own machines on Linux only, and this is {platform.system()}"
        raise RequirementError(message, hint="run netlab on a Linux machine, which may be a virtual one")


def probe(cache: Path) -> Accelerator:
    """Best accelerator that works. An answer kept in ``cache`` for this QEMU on this boot of the host is believed.

    It is asked again when what this user may open has changed: a group was joined, or this is another container.
    A new one is for ``remember``: what only looks at a lab writes nothing, and asks again the next time.
    """
    require_linux()
    version = qemu_version()
    return _recall(cache / STORE, _stamp(version)) or _try_all(version)


def remember(cache: Path, found: Accelerator) -> None:
    """Keep what ``probe`` found, so that it need not boot anything again on this boot of the host.

    An answer that is there stays: it may be newer, because the accelerator has failed another netlab meanwhile.
    """
    if _recall(cache / STORE, _stamp(found.qemu_version)) is None:
        _store(cache, found)


def refuse(cache: Path, accelerator: Accelerator, reason: str) -> None:
    """Have ``probe`` answer from now on that this accelerator does not work, although a boot sector had passed."""
    refused = {**accelerator.refused, accelerator.name: reason}
    _store(cache, accelerator.model_copy(update={"name": "tcg", "refused": refused}))


def qemu_version() -> str:
    """For example 7.2.22; MissingTool when QEMU is not installed."""
    first = proc.run([QEMU, "--version"], timeout=20).stdout.splitlines()[0]
    return first.removeprefix("QEMU emulator version ").split()[0]


def works(name: str, deadline: float = DEADLINE_S) -> str | None:
    """None when a guest reaches long mode under the accelerator, else the reason why not."""
    with tempfile.NamedTemporaryFile(suffix=".img") as sector:
        sector.write(boot_sector())
        sector.flush()
        try:
            outcome = proc.run(_command(name, Path(sector.name)), timeout=deadline, check=False)
        except NetlabError:
            return f"a guest got no further for {deadline:g} s"
    if outcome.exit_code == _PROVEN:
        return None
    words = outcome.stderr.strip().splitlines()
    return words[0] if words else f"QEMU ended with exit code {outcome.exit_code}"


def _cpu(name: str) -> str:
    """Value of QEMU's -cpu, the same for the proof as for the labs that rely on it."""
    return _TCG_CPU if name == "tcg" else "host"


def _command(name: str, sector: Path) -> list[str]:
    machine = [QEMU, "-accel", name, "-cpu", _cpu(name), "-m", "16", "-nodefaults", "-display", "none", "-no-reboot"]
    disk = ["-drive", f"file={options.value(sector)},format=raw,if=ide,snapshot=on"]
    return [*machine, "-device", "isa-debug-exit,iobase=0xf4,iosize=1", *disk]


def _try_all(version: str) -> Accelerator:
    refused: dict[str, str] = {}
    for name in _candidates():
        reason = works(name)
        if reason is None:
            return Accelerator(name=name, qemu_version=version, refused=refused)
        refused[name] = reason
    return Accelerator(name="tcg", qemu_version=version, refused=refused)


def _candidates() -> tuple[Literal["kvm"], ...]:
    return ("kvm",) if Path("/dev/kvm").exists() else ()


def _usable() -> list[str]:
    return [name for name in _candidates() if os.access(f"/dev/{name}", os.R_OK | os.W_OK)]


def _store(cache: Path, answer: Accelerator) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    write_atomic(cache / STORE, f"{_stamp(answer.qemu_version)}\n{answer.model_dump_json()}\n".encode())


def _recall(store: Path, stamp: str) -> Accelerator | None:
    try:
        first, _, rest = store.read_text(encoding="utf-8").partition("\n")
        return Accelerator.model_validate_json(rest) if first == stamp else None
    except (OSError, ValueError):
        return None


def _stamp(version: str) -> str:
    """Say what an answer is good for."""
    return f"{version} {platform.release()} {_boot_id()} {' '.join(_usable())}".rstrip()


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
