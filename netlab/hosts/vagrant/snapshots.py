"""Vagrant's own snapshots as netlab's: a state that all machines of the lab were saved in together."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from netlab.artifacts.payload import digest_of_payload
from netlab.files import remove_folder
from netlab.hosts.vagrant import output
from netlab.hosts.vagrant.provider import VagrantProvider

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.lab import Lab
    from netlab.progress import Progress
    from netlab.spec.lab import LabSpec

BASE = "base"
"""Freshly booted, with no profile applied."""
TIMEOUT_S = 1200.0


class VagrantSnapshots(VagrantProvider):
    """Machines whose state Vagrant's provider keeps with them; it goes with them, too."""

    def start(self) -> None:
        """Make all machines that are not there, and have all of them freshly booted."""
        super().start()
        if BASE in self.snapshots():
            self.resume(BASE)
        else:
            self.save(BASE, None)

    def snapshots(self, *, reserve: bool = True) -> set[str]:  # noqa: ARG002 - none is removed before its machine
        """Return the names of states that every machine has, of those with this payload."""
        if not self._known:
            return set()
        found = output.snapshots(self.vagrant.ask("snapshot", "list", "--machine-readable"))
        names = set.intersection(*(found.get(host.name, set()) for host in self._known))
        if (mark := self._mark) is None:
            return names & {BASE}
        return names & {BASE} | {name.removesuffix(mark) for name in names if name.endswith(mark)}

    def resume(self, tag: str) -> None:
        """Restore all machines, which continue in the middle of what they did, and tell them how late it is."""
        self.vagrant.work("snapshot", "restore", "--no-provision", self._name(tag), timeout=TIMEOUT_S)
        self.remote().wait(self.spec.vagrant.boot_timeout_s)
        self.remote().ask(f"date --set=@{time.time():.0f}", "its clock cannot be set")

    def save(self, tag: str, evidence: Path | None) -> None:
        """Keep the machines' state, and the files that prove what it is; the machines run on."""
        place = self.evidence(tag)
        remove_folder(place)
        if evidence is not None:
            shutil.copytree(evidence, place)
        self.vagrant.work("snapshot", "save", "--force", self._name(tag), timeout=TIMEOUT_S)

    def evidence(self, tag: str) -> Path:
        """Return the folder that was kept with the state."""
        return self.folder / "evidence" / self._name(tag)

    def _name(self, tag: str) -> str:
        """Return what Vagrant calls a state: what was made of another payload is another."""
        return tag if tag == BASE else f"{tag}{self._mark or ''}"

    @property
    def _mark(self) -> str | None:
        """Tell payloads apart; empty for none, None where it is not there as it was made."""
        if self.payload is None:
            return ""
        digest = digest_of_payload(self.payload)
        return f"-{digest[:8]}" if digest else None


def provider_of(lab: Lab, spec: LabSpec, progress: Progress, payload: Path | None = None) -> VagrantProvider:
    """Return the provider with snapshots where netlab.yml says so, else the one whose profiles are applied again."""
    kind = VagrantSnapshots if spec.vagrant.snapshots else VagrantProvider
    return kind(lab, spec, progress, payload)
