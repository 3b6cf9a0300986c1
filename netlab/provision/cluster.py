"""A lab's Kubernetes cluster, as seen from this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from netlab import proc
from netlab.errors import NotUp

if TYPE_CHECKING:
    from netlab.lab import Lab
    from netlab.model.host import Host

ADMIN = "/etc/kubernetes/admin.conf"
TIMEOUT_S = 60.0


def kubeconfig(lab: Lab) -> str:
    """Return the cluster's kubeconfig (YAML), with its API where this machine reaches it; NotUp without a cluster."""
    control = _control(lab)
    outcome = proc.run(["ssh", "-F", lab.ssh_config, control.name, f"cat {ADMIN}"], timeout=TIMEOUT_S, check=False)
    if outcome.exit_code:
        raise NotUp(f"{control.name} is no control plane yet: {ADMIN} cannot be read", hint=_HINT)
    return point_at(outcome.stdout, f"https://{control.address}:{control.api_port}", control.lab_address)


def point_at(text: str, server: str, name: str) -> str:
    """Return a kubeconfig whose clusters are reached at ``server``, which shows a certificate for ``name``."""
    config = yaml.safe_load(text)
    for entry in config["clusters"]:
        entry["cluster"] |= {"server": server, "tls-server-name": name}
    return yaml.safe_dump(config, sort_keys=False)


_HINT = "netlab up --stack kubeadm --profile NAME"


def _control(lab: Lab) -> Host:
    for host in lab.hosts():
        if host.part == "control" and host.api_port:
            return host
    raise NotUp("the lab's hosts are no cluster: none of them is a control plane", hint=_HINT)
