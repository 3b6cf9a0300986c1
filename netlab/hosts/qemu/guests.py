"""Hosts of a fleet while they boot or resume, asked over SSH."""

from __future__ import annotations

import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netlab import proc
from netlab.errors import MachineError, MachineSilent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from netlab.hosts.qemu.machine import Machine
    from netlab.model.host import Host
    from netlab.progress import Progress

BOOT_TIMEOUT_S = 600.0
RESUME_TIMEOUT_S = 120.0
GREETING_TIMEOUT_S = 20.0
BOOTED = "systemctl is-system-running --wait || { systemctl list-units --failed --plain --no-legend; exit 1; }"
"""Waits on a host until its boot is done; names the units that failed in it."""

IDLE = """# at most 10 % of a processor for 3 s in a row
used() { read -r _ user nice system _ _ irq softirq _ < /proc/stat; now=$((user + nice + system + irq + softirq)); }
quiet=0
for second in $(seq 180); do
    used; before=$now; sleep 1; used
    if [ $((now - before)) -le 10 ]; then quiet=$((quiet + 1)); else quiet=0; fi
    [ $quiet -lt 3 ] || exit 0
done
ps -eo pcpu,args --sort=-pcpu | sed -n 2,4p; exit 1
"""
"""Waits on a host until its machine has nothing to do: what timers of the boot still begin is over then."""


@dataclass(frozen=True)
class Guests:
    """The hosts of one fleet."""

    hosts: Sequence[Host]
    machines: Sequence[Machine]
    ssh_config: Path
    """Names the hosts; their ports may be those of another fleet."""
    progress: Progress
    check: Callable[[], None]
    """Raises where a machine is gone, which explains more than a host that does not answer."""

    def wait_until_booted(self) -> None:
        """Wait for all, and for the background jobs of a boot, which would take 9 % off the first sample."""
        self._wait(self.hosts, BOOT_TIMEOUT_S)
        for host in self.hosts:
            self.progress.task(host.name, "wait until it is idle")
            self._ask(host, BOOTED, "a unit failed at boot")
        for host in self.hosts[: len(self.machines)]:  # hosts of one machine share its processor
            self._ask(host, IDLE, "it did not become idle")

    def wait_until_one_answers(self) -> None:
        """Wait for the first."""
        self._wait(self.hosts[:1], RESUME_TIMEOUT_S)

    def set_clocks(self) -> None:
        """Have each look at its RTC as soon as it answers; its own clock continues from when it was saved.

        The RTC is this machine's clock. A time sent along would be as late as SSH, seconds on a busy machine.
        """
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._set_clock, self.hosts))

    def _set_clock(self, host: Host) -> None:
        self._wait([host], RESUME_TIMEOUT_S)
        self._ask(host, "date --set=@$(cat /sys/class/rtc/rtc0/since_epoch)", "its clock could not be set")

    def _wait(self, hosts: Sequence[Host], timeout: float) -> None:
        """Wait for the greeting of each host's SSH server; a connection alone would only prove that QEMU listens."""
        deadline = time.monotonic() + timeout
        for host in hosts:
            self.progress.task(host.name, "wait for SSH")
            while not greets(host):
                self.check()
                if time.monotonic() > deadline:
                    message = f"{host.name} did not answer to SSH within {timeout:g} s"
                    raise MachineSilent(message, log=self._console(host))
                time.sleep(0.1)

    def _ask(self, host: Host, command: str, failure: str) -> None:
        """Run a command on a host; MachineError with ``failure`` and what the command said."""
        port = str(host.port)  # of this fleet; the file has the first one's
        words = ["ssh", "-F", str(self.ssh_config), "-p", port, host.name, command]
        try:
            done = proc.run(words, timeout=BOOT_TIMEOUT_S, check=False, error=MachineSilent)
        except MachineSilent as error:
            raise self._refusal(host, command, failure, error.message) from None
        if done.exit_code:
            self.check()  # a machine that has ended explains more
            said = "; ".join((done.stdout + done.stderr).splitlines()[-5:]) or "it left no message"
            raise self._refusal(host, command, failure, f"exit code {done.exit_code}: {said}")

    def _refusal(self, host: Host, command: str, failure: str, detail: str) -> MachineError:
        hint = "run the command again; if it repeats, look into the console log"
        message = f"{host.name}: {failure}: '{command.splitlines()[0]}': {detail}"
        return MachineError(message, hint=hint, log=self._console(host))

    def _console(self, host: Host) -> Path:
        """Return the console log of the machine that is this host, or that carries it."""
        machines = {machine.config.name: machine for machine in self.machines}
        return machines.get(host.name, self.machines[0]).console


def greets(host: Host) -> bool:
    """Whether the host's SSH server says what it is."""
    with (
        contextlib.suppress(OSError),
        socket.create_connection((host.address, host.port), timeout=GREETING_TIMEOUT_S) as peer,
    ):
        return peer.recv(4).startswith(b"SSH-")
    return False
