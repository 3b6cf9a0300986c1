"""A lab's Kubernetes cluster, as seen from this machine."""

from __future__ import annotations

import contextlib
import shlex
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from netlab import access, proc, signals
from netlab.errors import MachineError, NotUp
from netlab.excerpt import last_line
from netlab.hosts.ports import find_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlab.lab import Lab
    from netlab.model.host import Host

ADMIN = "/etc/kubernetes/admin.conf"
TIMEOUT_S = 60.0


def kubeconfig(lab: Lab) -> str:
    """Return the cluster's kubeconfig (YAML), with its API where this machine reaches it; NotUp without a cluster."""
    control = _control(lab)
    server = _tunnelled(lab.api_port) if access.is_tunnelled(control) else _forwarded(control)
    return point_at(_admin(lab, control), server, control.lab_address)


def way(lab: Lab) -> str:
    """Say what must run for the kubeconfig to be of use; empty where nothing must."""
    control = _control(lab)
    if not access.is_tunnelled(control):
        return ""
    command = shlex.join(["ssh", "-F", str(lab.ssh_config), "-N", access.tunnel_name(control)])
    return f"the API answers at 127.0.0.1:{lab.api_port} while this runs: {command}"


@contextlib.contextmanager
def reached(lab: Lab) -> Iterator[Path]:
    """Have the API answer on this machine for as long as this lasts; hand out the file of a kubeconfig.

    NotUp without a cluster, MachineError where ssh does not forward to it.
    """
    control = _control(lab)
    text = _admin(lab, control)
    with tempfile.TemporaryDirectory(prefix="netlab-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        server = _forwarded(control)
        if access.is_tunnelled(control):
            server = _tunnelled(stack.enter_context(_tunnel(lab, control, folder / "ssh.log")))
        file = folder / "kubeconfig"
        file.touch(mode=0o600)
        file.write_text(point_at(text, server, control.lab_address), encoding="utf-8")
        yield file


def point_at(text: str, server: str, name: str) -> str:
    """Return a kubeconfig whose clusters are reached at ``server``, which shows a certificate for ``name``."""
    config = yaml.safe_load(text)
    for entry in config["clusters"]:
        entry["cluster"] |= {"server": server, "tls-server-name": name}
    return yaml.safe_dump(config, sort_keys=False)


def _forwarded(control: Host) -> str:
    return f"https://{control.address}:{control.api_port}"


def _tunnelled(port: int) -> str:
    return f"https://127.0.0.1:{port}"


@contextlib.contextmanager
def _tunnel(lab: Lab, control: Host, log: Path) -> Iterator[int]:
    """Have ssh forward a free port of this machine to the API, until this ends or netlab does."""
    (port,) = find_ports(0, 1)
    options = ["-oBatchMode=yes", "-oExitOnForwardFailure=yes", "-oServerAliveInterval=15"]
    forward = ["-L", f"127.0.0.1:{port}:{access.api(control)}"]
    with contextlib.ExitStack() as stack:
        with signals.held():
            # cat, not -N: it ends with the standard input, which ends with netlab, whatever ends that
            child = proc.spawn(
                ["ssh", "-F", lab.ssh_config, *options, *forward, control.name, "cat"], log=log, held=True
            )
            stack.callback(child.stop)
        _wait(child, port, control, log)
        yield port


def _wait(child: proc.Child, port: int, control: Host, log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not _listens(port):
        ended = child.wait(0.1) is not None
        if ended or time.monotonic() > deadline:
            why = last_line(log.read_text(encoding="utf-8", errors="replace"), "ssh says nothing")
            hint = (
                f"see that 'netlab ssh {control.name}' works, and that its sshd allows to forward (AllowTcpForwarding)"
            )
            raise MachineError(f"ssh does not forward to the API on {control.name}: {why}", hint=hint)


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def _admin(lab: Lab, control: Host) -> str:
    become = [] if control.user == "root" else ["sudo", "--non-interactive"]
    words = ["ssh", "-F", lab.ssh_config, control.name, *become, "cat", ADMIN]
    outcome = proc.run(words, timeout=TIMEOUT_S, check=False)
    if outcome.exit_code:
        raise NotUp(f"{control.name} is no control plane yet: {ADMIN} cannot be read", hint=_HINT)
    return outcome.stdout


_HINT = "netlab up --stack kubeadm --profile NAME"


def _control(lab: Lab) -> Host:
    for host in lab.hosts():
        if host.part == "control":
            return host
    raise NotUp("the lab's hosts are no cluster: none of them is a control plane", hint=_HINT)
