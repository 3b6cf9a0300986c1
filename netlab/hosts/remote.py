"""Hosts that answer to SSH, whoever made them: waited for, asked, told apart from those that refuse."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from netlab import __version__, proc
from netlab.errors import HostRefused, MachineError, MachineSilent
from netlab.excerpt import last_line
from netlab.model.run import Environment, Machine
from netlab.samples.machine import SCRIPT, parse_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netlab.lab import Lab
    from netlab.model.host import Host
    from netlab.proc import Outcome
    from netlab.progress import Progress

T = TypeVar("T")

ANSWER_TIMEOUT_S = 60.0
"""Of one command on one host."""
CONNECT_TIMEOUT_S = 15
PAUSE_S = 2.0
_MARK = "NETLAB_REMOTE"
"""In the environment of every ssh that is started here: which hosts it is for."""


class Refusal(NamedTuple):
    """Why a host lets nobody in, where trying again does not help."""

    words: str
    """What ssh or sudo say then."""
    reason: str
    hint: str


REFUSALS = (
    Refusal(
        "Host key verification failed",
        "it proves itself with another key than the known one",
        "if the host was installed again, remove its old key and learn the new one",
    ),
    Refusal(
        "Permission denied",
        "it lets nobody in with this user and key",
        "see that the user's authorized_keys has the key",
    ),
    Refusal(
        "sudo: ",
        "the user cannot become root by sudo",
        "allow it in /etc/sudoers.d (NOPASSWD), or enter as root",
    ),
)


class RemoteHosts:
    """The hosts of a lab on the real clock, each with a kernel of its own."""

    def __init__(self, lab: Lab, hosts: Sequence[Host], progress: Progress, *, timeout_s: float | None = None) -> None:
        """``timeout_s``: how long one command on one host may take; by itself a minute."""
        self._timeout_s = timeout_s
        self.lab = lab
        self.hosts = hosts
        self.progress = progress
        self._mark = uuid.uuid4().hex

    def only(self, hosts: Sequence[Host], *, timeout_s: float) -> RemoteHosts:
        """Return some of them, with more time for each command."""
        return RemoteHosts(self.lab, hosts, self.progress, timeout_s=timeout_s)

    def command(self, host: Host, *words: str) -> list[object]:
        """Return what runs a command on a host as root; its words are what the host's shell is given."""
        become = [] if host.user == "root" else ["sudo", "--non-interactive"]
        options = [f"-oConnectTimeout={CONNECT_TIMEOUT_S}", "-oBatchMode=yes"]
        return ["ssh", "-F", self.lab.ssh_config, *options, *self.lab.shared_jump(host), host.name, *become, *words]

    def wait(self, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        """Wait until all can be entered; HostRefused at once from one that refuses, else MachineSilent."""
        self.lab.write_access(self.hosts)
        deadline = time.monotonic() + timeout_s
        for host in self.hosts:
            self.progress.task(host.name, "wait for SSH")
            while problem := self._problem(host):
                if time.monotonic() > deadline:
                    message = f"{host.name} did not answer to SSH at {where(host)} within {timeout_s:g} s"
                    raise MachineSilent(f"{message}: {problem}")
                time.sleep(PAUSE_S)

    def answer(self) -> bool:
        """Whether all can be entered now."""
        self.lab.write_access(self.hosts)
        try:
            return not any(self._on_all(self._problem).values())
        except HostRefused:
            return False

    def check(self) -> None:
        """MachineError naming a host that cannot be entered any more."""
        for name, problem in self._on_all(self._problem).items():
            if problem:
                hint = f"look whether it runs: netlab ssh {name}"
                raise MachineError(f"{name} does not answer to SSH: {problem}", hint=hint)

    def ask(self, script: str, failure: str) -> dict[str, str]:
        """Run a script by ``sh`` as root on all hosts; what it writes, by host. MachineError with ``failure``."""
        done = self._on_all(lambda host: self._run(host, script))
        return {name: _written(name, failure, outcome) for name, outcome in done.items()}

    def boots(self) -> dict[str, str]:
        """Say which boot of its kernel each host is in."""
        answers = self.ask("cat /proc/sys/kernel/random/boot_id", "it does not say when it was booted")
        return {name: text.strip() for name, text in answers.items()}

    def machines(self) -> tuple[Machine, ...]:
        """Say what each host is; ResultsError where one does not."""
        answers = self.ask(SCRIPT, "it does not say what it is")
        return tuple(parse_machine(host.name, answers[host.name]) for host in self.hosts)

    def environment(self, provider: str, machines: Sequence[Machine]) -> Environment:
        """Return what a run records about where it was measured."""
        nodes = [machine for machine, host in zip(machines, self.hosts, strict=True) if host.part == "node"]
        return Environment(
            netlab_version=__version__,
            provider=provider,
            clock="real",
            accelerator="",
            qemu_version=None,
            host_cpu="; ".join(sorted({machine.cpu for machine in machines})),
            host_cpus=nodes[0].cpus,
            guest_os="; ".join(sorted({machine.os for machine in machines})),
            guest_kernel="; ".join(sorted({machine.kernel for machine in machines})),
            guest_cpus=nodes[0].cpus,
            guest_memory_mib=sum(machine.memory_mib for machine in machines),
            image_key="",
            fleet={host.name: host.part for host in self.hosts},
            kernels=tuple((host.name,) for host in self.hosts),
            parallel_fleets=1,
            machines=tuple(machines),
        )

    def _problem(self, host: Host) -> str:
        """Say why the host cannot be entered, empty where it can; HostRefused where that will not change."""
        try:
            outcome = self._run(host, "true")
        except MachineSilent as silence:
            return silence.message
        if outcome.exit_code == 0:
            return ""
        for words, reason, hint in REFUSALS:
            if words in outcome.stderr:
                message = f"{host.name} at {where(host)} cannot be entered: {reason} ({last_line(outcome.stderr)})"
                raise HostRefused(message, hint=hint)
        return last_line(outcome.stderr)

    def _run(self, host: Host, script: str) -> Outcome:
        """Return how the script ended; MachineSilent where it did not."""
        words = self.command(host, "sh", "-s")
        env, timeout = {_MARK: self._mark}, self._timeout_s or ANSWER_TIMEOUT_S
        try:
            return proc.run(words, timeout=timeout, input=script, env=env, check=False, error=MachineSilent)
        except MachineSilent:
            message = f"{host.name} at {where(host)} gave no answer within {timeout:g} s"
            raise MachineSilent(message, hint=f"look what it does: netlab ssh {host.name}") from None

    def _on_all(self, what: Callable[[Host], T]) -> dict[str, T]:
        """Do it for all hosts at once. What one of them raises, or a Ctrl-C, ends what is under way on the others."""
        with ThreadPoolExecutor(max_workers=len(self.hosts) or 1) as pool:
            try:
                return dict(zip([host.name for host in self.hosts], pool.map(what, self.hosts), strict=True))
            except BaseException:
                proc.end_marked(_MARK, self._mark)
                raise


def where(host: Host) -> str:
    """Say where a host is entered: ``debian@192.0.2.7:22``."""
    return f"{host.user}@{host.address}:{host.port}"


def _written(name: str, failure: str, done: Outcome) -> str:
    if done.exit_code:
        why = last_line(done.stderr) if done.stderr.strip() else f"exit code {done.exit_code}"
        raise MachineError(f"{name}: {failure}: {why}")
    return done.stdout
