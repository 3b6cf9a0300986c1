"""Labs with a real cluster, out of what ``make kubernetes`` builds."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from tests.conftest import BUILT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.conftest import Command


def describe(lab: Command, profiles: Iterable[str], more: str = "") -> None:
    """Write the ``netlab.yml`` of a lab whose Kubernetes comes from the mirror that was built."""
    words = f"{more}stack: kubeadm\nprofiles: [{', '.join(profiles)}]\n"
    (lab.folder / "netlab.yml").write_text(f"{words}artifacts: {{lock: {BUILT}/lock.yml, mirror: {BUILT}/mirror}}\n")


def program() -> str:
    """The cluster's own kubectl, on this machine."""
    (found,) = BUILT.glob("mirror/**/kubectl")
    found.chmod(0o755)
    return str(found)


def readiness(nodes: str) -> dict[str, str]:
    """Each node's name, and the status of its condition Ready, from ``kubectl get nodes --output=json``."""
    return {
        node["metadata"]["name"]: next(
            each["status"] for each in node["status"]["conditions"] if each["type"] == "Ready"
        )
        for node in json.loads(nodes)["items"]
    }


def kubectl(lab: Command, *words: str, told: str | None = None) -> str:
    """What the cluster's own kubectl says on this machine; ``told`` is its standard input."""
    config = lab.folder / "kubeconfig"
    config.write_text(lab("kubeconfig").stdout)
    done = subprocess.run(
        [program(), f"--kubeconfig={config}", *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
        input=told,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
