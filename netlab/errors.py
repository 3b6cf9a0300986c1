"""Every error a user can meet, each with its exit code.

    NetlabError                      1
    ├── UsageError                   2   the command line asks for something that cannot be
    ├── ConfigError                  3   netlab.yml, a profile or an input is wrong (file and line)
    │   └── UnknownProfile           3
    ├── RequirementError             4   something is missing on this machine
    │   ├── MissingTool              4   a program is not installed
    │   ├── NoSpace                  4   too little disk space (says how much is needed)
    │   └── PortInUse                4
    ├── LabBusy                      5   another netlab works on this lab
    ├── NotUp                        6   the lab has no such host, profile or run yet
    ├── MachineError                 7   a host failed, or cannot be had
    │   ├── AcceleratorFailed        7   it stopped a guest, though its probe had passed
    │   ├── MachinePanicked          7
    │   ├── MachineSilent            7   no answer within the deadline
    │   ├── HostRefused              7   a host lets nobody in, or shows another key than the known one
    │   └── HostUnsuitable           7   a host cannot carry a lab, or carries another one
    ├── AnsibleFailed                8   a task failed (host, task and message come first)
    │   └── HostUnreachable          8   SSH was lost or never came up
    ├── BenchmarkFailed              9   a sample could not be taken or is not credible
    ├── ImageError                  10   baking the image failed
    │   └── BoxError                10   Vagrant has no such box, or it is not what its checksum says
    ├── ResultsError                11   stored results cannot be read
    │   ├── UnusableSample          11   a sample measured failures instead of the app: taken again, then left out
    │   └── MisfiledSample          11   a sample was measured on hosts of another profile
    ├── ProofFailed                 12   packets do not take the path that the profile promises
    ├── ArtifactError               13   what a cluster is made of cannot be had as the lock says
    │   ├── NotLocked               13   the lock does not name it, or names it without a digest
    │   │   └── NotForArchitecture  13   it exists for hosts of another architecture only
    │   ├── ArtifactMissing         13   it is not where the lock, the mirror or the cache should have it
    │   ├── ArtifactChanged         13   its content is not what the lock says (expected and found digest)
    │   └── ArtifactUnreachable     13   its server gave no usable answer (which URL, and what to do)
    ├── CacheDamaged                14   the cache holds something that is not as it was made
    ├── CloudError                  15   a cloud did not do what it was asked; says what is left, if anything is
    │   ├── CloudLogin              15   credentials are missing, expired, or not allowed to do it
    │   ├── CloudQuota              15   the account may not have so much
    │   ├── CloudCapacity           15   the cloud has no such host to give at the moment
    │   └── CloudLeftover           15   something could not be removed, and still costs money
    ├── GateFailed                  16   a network loses more than 'netlab gate' was told to allow
    ├── GateUndecided               17   too few rounds to tell whether one does
    └── Interrupted                130   Ctrl-C (129: SIGHUP, 131: SIGQUIT, 143: SIGTERM)

Anything else is a bug in netlab: exit code 70, a crash log on disk and its path on the screen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BUG_EXIT_CODE = 70


class NetlabError(Exception):
    """What failed and where, in one sentence; ``hint`` says what to do next; ``log`` holds the details."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, log: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.log = log


class UsageError(NetlabError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class ConfigError(NetlabError):
    """A file or an input of the user's is wrong; the message starts with ``FILE:LINE:`` where one is known."""

    exit_code = 3


class UnknownProfile(ConfigError):
    """No profile has this name."""


class RequirementError(NetlabError):
    """Something that the command needs is not on this machine."""

    exit_code = 4


class MissingTool(RequirementError):
    """A program is not installed."""


class NoSpace(RequirementError):
    """Too little disk space."""


class PortInUse(RequirementError):
    """A TCP port that the lab needs on 127.0.0.1 is taken."""


class LabBusy(NetlabError):
    """Another netlab process holds the lab's lock."""

    exit_code = 5


class NotUp(NetlabError):
    """The lab has no such host, profile or run yet."""

    exit_code = 6


class MachineError(NetlabError):
    """A host failed, or cannot be had."""

    exit_code = 7


class AcceleratorFailed(MachineError):
    """The accelerator could not continue with a guest."""


class MachinePanicked(MachineError):
    """The guest's kernel panicked or QEMU exited unexpectedly."""


class MachineSilent(MachineError):
    """The machine gave no answer within the deadline."""


class HostRefused(MachineError):
    """A host lets nobody in, or proves itself with another key than the known one."""


class HostUnsuitable(MachineError):
    """A host cannot carry a lab, or carries another one."""


class AnsibleFailed(NetlabError):
    """A task failed on a host."""

    exit_code = 8


class HostUnreachable(AnsibleFailed):
    """SSH to a host was lost or never came up."""


class BenchmarkFailed(NetlabError):
    """A sample could not be taken, or is not credible."""

    exit_code = 9


class ImageError(NetlabError):
    """Baking the image failed."""

    exit_code = 10


class BoxError(ImageError):
    """Vagrant has no such box, or it is not what its checksum says."""


class ResultsError(NetlabError):
    """Stored results cannot be read."""

    exit_code = 11


class UnusableSample(ResultsError):
    """A sample measured failures instead of the app (docs/measuring.md has the rule)."""


class MisfiledSample(ResultsError):
    """A sample was measured on hosts of another profile than the one that it is stored for."""


class ProofFailed(NetlabError):
    """Packets do not take the path that the profile promises."""

    exit_code = 12


class ArtifactError(NetlabError):
    """Something a cluster is made of cannot be had as the lock says."""

    exit_code = 13


class NotLocked(ArtifactError):
    """The lock does not name it, or names it without a digest."""


class NotForArchitecture(NotLocked):
    """It exists for hosts of another architecture only."""


class ArtifactMissing(ArtifactError):
    """It is not where the lock, the mirror or the cache should have it."""


class ArtifactChanged(ArtifactError):
    """Its content is not what the lock says."""


class ArtifactUnreachable(ArtifactError):
    """Its server gave no usable answer."""


class CacheDamaged(NetlabError):
    """The cache holds something that is not as it was made."""

    exit_code = 14


class CloudError(NetlabError):
    """A cloud did not do what it was asked."""

    exit_code = 15


class CloudLogin(CloudError):
    """Credentials are missing, expired, or not allowed to do what was asked."""


class CloudQuota(CloudError):
    """The account may not have so much."""


class CloudCapacity(CloudError):
    """The cloud has no such host to give at the moment."""


class CloudLeftover(CloudError):
    """Something in the cloud could not be removed, and still costs money."""


class GateFailed(NetlabError):
    """A network loses more than ``netlab gate`` was told to allow."""

    exit_code = 16


class GateUndecided(NetlabError):
    """Too few rounds to tell whether a network loses more than is allowed."""

    exit_code = 17


class Interrupted(NetlabError):
    """The user pressed Ctrl-C (130), or the process was asked to end (129 SIGHUP, 131 SIGQUIT, 143 SIGTERM)."""

    exit_code = 130
