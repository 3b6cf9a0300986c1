"""One virtual machine: a QEMU process that outlives netlab, its disks, and its QMP socket.

Everything of a machine is in one folder, and QEMU runs there, so that paths are short and relative. A snapshot is
another folder, which nobody writes any more: the disks as they were, and the state of memory and devices in a file.
Machines that resume it lay disks of their own over it, so any number of them can, at once.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from netlab import proc, signals
from netlab.errors import AcceleratorFailed, MachineError, MachinePanicked, PortInUse
from netlab.excerpt import last_line
from netlab.hosts.qemu import boot, options, qmp
from netlab.hosts.qemu.accel import QEMU, Accelerator
from netlab.model.frozen import Frozen
from netlab.model.lab import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

DISKS = {"root.qcow2": None, "data.qcow2": "4G"}
"""Files of a machine's disks; None is backed by the image, a size is an empty disk."""

STATE = "state"
"""File of a snapshot with memory and devices: the stream that QEMU's migration writes."""

KERNEL_ARGUMENTS = (
    "root=/dev/vda rootflags=noatime rw console=ttyS0 quiet nokaslr audit=0 panic=-1 net.ifnames=0 "
    "transparent_hugepage=never systemd.show_status=0 systemd.log_level=notice systemd.service_watchdogs=no"
)
"""Of every machine. nokaslr: the kernel is at the same addresses after each boot, so that nothing that depends on them
(hash buckets, cache lines, what a profile of the kernel shows) differs between boots; it also saves boot time."""

END_S = 1.0
START_TIMEOUT_S = 20.0
STATUS_TIMEOUT_S = 5.0

ICOUNT_SHIFT = 2
"""An instruction of a virtual clock takes 2**shift ns: 4 ns, so 250 million instructions are a second. That is about
as fast as TCG runs, so guest and host agree on what a second is, and a sample of a second costs a few."""


class Nic(Frozen):
    """A network device: QEMU's -netdev words (without the id) and its MAC address."""

    netdev: str
    mac: str


class MachineConfig(Frozen):
    """What QEMU is started with."""

    name: str
    accelerator: Accelerator
    clock: Clock
    cpus: int
    memory_mib: int
    disk: Path
    kernel: Path
    initrd: Path
    nics: tuple[Nic, ...]
    extra: tuple[str, ...] = ()
    payload: Path | None = None
    """A raw disk that the machine only reads."""
    credentials: dict[str, str]
    keys: dict[str, Path]
    arguments: tuple[str, ...] = ()
    """Words for the kernel's command line."""


class Machine:
    """A virtual machine in ``folder``; it need not run. What it says is in ``logs``, also when the folder is gone."""

    def __init__(self, folder: Path, logs: Path, config: MachineConfig) -> None:
        self.folder = folder
        self.logs = logs
        self.config = config
        self.inherits: tuple[int, ...] = ()
        """Open files that QEMU keeps: what it uses of the cache stays in use as long as it runs."""

    @property
    def console(self) -> Path:
        """Log of the serial console."""
        return self._log("console")

    @property
    def messages(self) -> Path:
        """What QEMU itself says."""
        return self._log("qemu")

    def _log(self, kind: str) -> Path:
        return self.logs / f"{self.folder.parent.name}-{self.folder.name}-{kind}.log"

    @property
    def pid(self) -> int | None:
        """Process id of the running QEMU; None when it does not run (a reused number does not count)."""
        return running_pid(self.folder)

    def start(self, snapshot: Path | None = None) -> None:
        """Boot, or load the folder ``snapshot``; ``resume`` resumes that.

        Returns when QEMU runs, long before a booted guest answers or a snapshot is loaded.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._make_disks(snapshot)
        self.console.unlink(missing_ok=True)
        self.messages.unlink(missing_ok=True)
        command = [*self._command(), *_incoming(snapshot)]
        with contextlib.ExitStack() as stack:
            with signals.held():
                child = proc.spawn(command, log=self.messages, cwd=self.folder, pass_fds=self.inherits)
                stack.callback(child.stop)
            (self.folder / "pid").write_text(str(child.pid), encoding="utf-8")
            self._wait_for_qmp(child)
            stack.pop_all()

    def wait_until_loaded(self) -> None:
        """Return once the snapshot is loaded."""
        self._qmp(qmp.wait_until_loaded)

    def resume(self) -> None:
        """Resume a paused guest."""
        self._qmp(lambda socket: qmp.execute(socket, "cont"))

    def stop(self) -> None:
        """End QEMU; the disks stay."""
        stop_folder(self.folder)

    def pause(self) -> None:
        """Pause the guest."""
        self._qmp(lambda socket: qmp.execute(socket, "stop"))

    def save(self, snapshot: Path) -> None:
        """Move disks, memory and devices into the folder ``snapshot``, about 1 s; the machine has ended then."""
        snapshot.mkdir(parents=True)
        self._qmp(lambda socket: qmp.save(socket, snapshot / STATE))
        self.stop()
        for disk in DISKS:
            shutil.move(self.folder / disk, snapshot / disk)

    def _make_disks(self, snapshot: Path | None) -> None:
        for disk, size in DISKS.items():
            words: list[object] = ["qemu-img", "create", "-q", "-f", "qcow2"]
            if snapshot is not None:
                words += ["-F", "qcow2", "-b", snapshot / disk, self.folder / disk]
            elif size is None:
                words += ["-F", "raw", "-b", self.config.disk, self.folder / disk]
            else:
                words += [self.folder / disk, size]
            proc.run(words)

    def check(self) -> None:
        """MachinePanicked: QEMU exited unexpectedly. AcceleratorFailed, MachineError: it stopped the guest."""
        self._check_process()
        self._check_state(self._state())

    def _state(self) -> str:
        """Return what QEMU says of the guest; one that gives no answer has not stopped it."""
        with contextlib.suppress(MachineError), _short_path(self.folder) as folder:
            return str(qmp.execute(folder / "qmp.sock", "query-status", timeout=STATUS_TIMEOUT_S)["status"])
        return "unknown"

    def _check_process(self) -> None:
        if self.pid is None:
            raise MachinePanicked(
                f"machine '{self.config.name}' exited unexpectedly: {self._last_lines()}",
                hint="run the command again; if it repeats, look into the console log",
                log=self.console,
            )

    def _check_state(self, state: str) -> None:
        """Name what QEMU stops a guest for and then waits, for ever."""
        name = f"machine '{self.config.name}'"
        if state == "internal-error":
            said = next((line for line in _tail(self.messages, 100) if "error" in line), "it left no message")
            message = f"{self.config.accelerator.name} stopped {name}: {said}"
            raise AcceleratorFailed(message, hint="run the command again, which goes without it", log=self.messages)
        if state == "io-error":
            message = f"{name} stopped because it could not write to its disk in {self.folder}"
            raise MachineError(message, hint="free space there, then run the command again", log=self.messages)

    def _qmp(self, work: Callable[[Path], object]) -> None:
        self._check_process()
        try:
            with _short_path(self.folder) as folder:
                work(folder / "qmp.sock")
        except MachineError:
            self._wait_for_end()
            self._check_process()  # that it has ended in the middle explains more
            raise

    def _wait_for_end(self) -> None:
        """Give a QEMU that has closed its socket the moment until its process has gone, too."""
        deadline = time.monotonic() + END_S
        while self.pid is not None and time.monotonic() < deadline:
            time.sleep(0.05)

    def _last_lines(self) -> str:
        lines = [*_tail(self.messages), *_tail(self.console)]
        panics = [line for line in lines if "Kernel panic" in line]
        return (panics[:1] or lines[-1:] or ["it left no message"])[0]

    def _wait_for_qmp(self, child: proc.Child) -> None:
        """Return once QEMU answers; its socket is there a moment before it listens."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                with _short_path(self.folder) as folder:
                    qmp.execute(folder / "qmp.sock", "query-status")
            except MachineError:
                if child.wait(0.05) is not None:
                    raise _start_failure(self.config.name, self.messages) from None
                if time.monotonic() > deadline:
                    raise
            else:
                return

    def _command(self) -> list[str]:
        config = self.config
        return [
            QEMU,
            *("-name", f"netlab-{config.name}"),
            *("-accel", config.accelerator.name, "-cpu", config.accelerator.cpu),
            *_clock(config.clock),
            *("-smp", str(config.cpus), "-m", str(config.memory_mib)),
            *("-nodefaults", "-display", "none", "-no-reboot"),
            *("-kernel", str(config.kernel), "-initrd", str(config.initrd), "-append", self._kernel_arguments()),
            *("-chardev", f"file,id=console,path={options.value(os.path.relpath(self.console, self.folder))}"),
            *("-serial", "chardev:console"),
            *("-qmp", "unix:qmp.sock,server=on,wait=off"),
            *("-device", "virtio-rng-pci"),
            *(word for disk in DISKS for word in ("-drive", f"file={disk},if=virtio,cache=unsafe,discard=unmap")),
            *_payload(config.payload),
            *_nics(config.nics),
            *config.extra,
            *boot.fw_cfg(config.credentials, config.keys, self.folder),
        ]

    def _kernel_arguments(self) -> str:
        return " ".join([KERNEL_ARGUMENTS, *self.config.arguments])


def running_pid(folder: Path) -> int | None:
    """Process id of the QEMU that runs in ``folder``, if any."""
    try:
        pid = int((folder / "pid").read_text(encoding="utf-8"))
        inside = Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (OSError, ValueError):
        return None
    return pid if inside and state not in "ZX" else None


def stop_folder(folder: Path) -> None:
    """End the QEMU that runs in ``folder``, no matter who started it."""
    pid = running_pid(folder)
    if pid is not None:
        proc.end_tree(pid, grace=5.0)
    for name in ("pid", "qmp.sock"):
        (folder / name).unlink(missing_ok=True)


def _clock(clock: Clock) -> tuple[str, ...]:
    """Return QEMU's words for the clock; sleep=on keeps an idle guest near wall time, so its timers behave."""
    if clock == "virtual":
        return ("-icount", f"shift={ICOUNT_SHIFT},sleep=on", "-rtc", "base=utc,clock=vm")
    return ("-rtc", "base=utc,clock=host")


def _incoming(snapshot: Path | None) -> list[str]:
    """Return QEMU's words to wait for the state of a snapshot, and to load it."""
    return ["-S", "-incoming", f"exec:exec cat {shlex.quote(str(snapshot / STATE))}"] if snapshot else []


def _payload(disk: Path | None) -> tuple[str, ...]:
    return ("-drive", f"file={options.value(disk)},format=raw,if=virtio,readonly=on") if disk else ()


def _nics(nics: Sequence[Nic]) -> Iterator[str]:
    for index, nic in enumerate(nics):
        kind, _, rest = nic.netdev.partition(",")
        yield from ("-netdev", ",".join(filter(None, (kind, f"id=n{index}", rest))))
        yield from ("-device", f"virtio-net-pci,netdev=n{index},mac={nic.mac},romfile=")


def _start_failure(name: str, log: Path) -> MachineError | PortInUse:
    """Return the error for a QEMU that ended at once; a taken port is the user's to fix."""
    words = log.read_text(encoding="utf-8", errors="replace").strip()
    if "host forwarding" in words:
        taken = re.search(r"rule 'tcp:127\.0\.0\.1:(\d+)-", words)  # its options, with all ports, come before
        port = taken[1] if taken else "a port"
        hint = "end the program that listens there, or set qemu.ssh_port in netlab.yml to another number"
        message = f"port {port} on 127.0.0.1 is in use, but machine '{name}' needs it for SSH or its API"
        return PortInUse(message, hint=hint, log=log)
    message = f"QEMU of machine '{name}' did not start: {last_line(words)}"
    return MachineError(message, hint="run 'netlab doctor'", log=log)


def _tail(path: Path, lines: int = 30) -> list[str]:
    with contextlib.suppress(OSError):
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", path.read_text(encoding="utf-8", errors="replace"))
        return [line.strip() for line in text.splitlines()[-lines:] if line.strip()]
    return []


@contextlib.contextmanager
def _short_path(folder: Path) -> Iterator[Path]:
    """Name the folder in few characters: a socket's path may not exceed 107."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
