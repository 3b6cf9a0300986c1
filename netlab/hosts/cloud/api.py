"""Plays on a cloud's API, by Ansible's modules on this machine; each leaves its answer, or what failed, in a file."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netlab import ansible, assets
from netlab.errors import RequirementError
from netlab.hosts.cloud.cloud import Failure
from netlab.hosts.cloud.requirements import NEEDS, missing

if TYPE_CHECKING:
    from netlab.hosts.cloud.cloud import Cloud
    from netlab.lab import Lab
    from netlab.progress import Progress

_HERE = {"all": {"hosts": {"localhost": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}}


@dataclass(frozen=True)
class Api:
    """One cloud's API, for one lab."""

    cloud: Cloud
    lab: Lab
    progress: Progress

    def play(self, name: str, place: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Play ``playbooks/cloud/CLOUD/NAME.yml``, return its answer; CloudError and others where a task failed."""
        if wanting := missing(self.cloud.name):
            raise RequirementError(f"the provider {self.cloud.name} needs {wanting}", hint=NEEDS[self.cloud.name].hint)
        folder = self.lab.ansible / "cloud"
        answer = self.lab.state_folder / "cloud-answer.json"
        answer.unlink(missing_ok=True)
        ansible.end_leftovers(folder)  # they would still make what is about to be removed
        try:
            ansible.play(
                assets.playbook(f"cloud/{self.cloud.name}/{name}"),
                _HERE,
                folder=folder,
                log=self.lab.logs / "cloud.log",
                progress=self.progress,
                extra_vars={
                    **variables,
                    "netlab_answer": str(answer),
                    "netlab_cloud": self.cloud.variables(place),
                },
            )
            return self._checked(json.loads(answer.read_bytes()))
        finally:
            answer.unlink(missing_ok=True)

    def _checked(self, answer: dict[str, Any]) -> dict[str, Any]:
        if (failed := answer.get("failed")) is None:
            return answer
        error = self.cloud.error(Failure(**failed))
        error.log = self.lab.logs / "cloud.log"
        raise error
