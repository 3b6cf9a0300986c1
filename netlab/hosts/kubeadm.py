"""What a host must be to become a part of a cluster: the script that asks it, and what its answers mean.

kubeadm looks at most of this itself, when containerd, packages and kernel settings have been changed; this is asked
before anything is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from netlab.errors import HostUnsuitable
from netlab.model.check import Check
from netlab.samples.machine import parse_answers, parse_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netlab.artifacts.lock import Arch
    from netlab.hosts.remote import RemoteHosts
    from netlab.model.host import Host

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""What Linux calls processors, and what Kubernetes does."""
MEMBERS = {"node", "control"}
"""Parts that a cluster's hosts play; the client is outside."""
PORTS = {
    "control": (2379, 2380, 6443, 10250, 10256, 10257, 10259),
    "node": (10250, 10256),
}
"""Of etcd, the API server, kubelet, kube-proxy, controller manager and scheduler."""
ROOM_MIB = 256
ROOM_PER_PAYLOAD = 3
"""The payload itself, its images as containerd stores them, and what these unpack to."""

RECORD = "/var/lib/netlab/before.json"
"""What a host was before netlab changed it: the role ``host_record``."""
PAYLOAD = "/var/lib/netlab/payload.ext4"
"""What netlab sends to a cluster's hosts; the role ``payload`` mounts it."""
CLUSTER_SCRIPT = f"""for path in /etc/kubernetes/kubelet.conf /etc/kubernetes/admin.conf \\
    /var/lib/etcd/member /var/lib/rancher; do
    [ -e "$path" ] || continue
    if [ -e {RECORD} ]; then echo "ours=$path"; else echo "kubernetes=$path"; fi
done
"""
"""Says whether a host belongs to a cluster, to netlab's or to another; for ``sh`` on the host, as root.

Hosts of another are refused before there is a record.
"""
SCRIPT = f"""export PATH=$PATH:/usr/sbin:/sbin
say() {{ printf '%s=%s\\n' "$1" "$2"; }}
say machine "$(uname -m)"
say cpus "$(nproc --all)"
say memory_kib "$(sed -n 's/^MemTotal: *\\([0-9]*\\) kB$/\\1/p' /proc/meminfo)"
say swap "$(sed -n '2s/[[:space:]].*//p' /proc/swaps)"
say free_mib "$(df --output=avail -m /var/lib | tail -n 1)"
[ -e {RECORD} ] && say record yes
[ -e {PAYLOAD} ] && say payload yes
for unit in containerd docker crio; do systemctl is-active --quiet $unit 2>/dev/null && say runtime $unit; done
[ "$(dpkg-query --show --showformat='${{db:Status-Status}}' containerd.io 2>/dev/null)" = installed ] &&
    say runtime containerd.io
awk '$4 == "0A" {{ sub(/.*:/, "", $2); print "listens " $2 "=yes" }}' /proc/net/tcp /proc/net/tcp6 2>/dev/null
{CLUSTER_SCRIPT}true
"""
"""For ``sh`` on the host, as root."""


class Demands(NamedTuple):
    """What a cluster asks of its hosts."""

    arch: Arch
    """Of the payload's programs."""
    payload_bytes: int = 0
    control_cpus: int = 2
    control_memory_mb: int = 1700
    """Both are kubeadm's own."""
    own_runtime: bool = False
    """The hosts' image has containerd, for netlab."""


def refuse_unfit(remote: RemoteHosts, demands: Demands) -> None:
    """HostUnsuitable naming the first host that cannot be a part of the cluster, and why; nothing is changed."""
    for check in look(remote, demands):
        if not check.ok:
            raise HostUnsuitable(f"{check.name}: {check.message}", hint=check.hint)


def look(remote: RemoteHosts, demands: Demands) -> list[Check]:
    """Ask all hosts, and say of each thing that those of the cluster must have whether they do."""
    said = remote.ask(SCRIPT, "it does not say what it is")
    members = [host for host in remote.hosts if host.part in MEMBERS]
    return [check for host in members for check in checks(host, parse_answers(said[host.name]), demands)]


def checks(host: Host, said: Mapping[str, str], demands: Demands) -> Iterator[Check]:
    """Say of each thing that a cluster's host must have whether it does."""
    found = [_processor(said, demands), _swap(said), _runtime(said, demands), _ports(host, said)]
    if host.part == "control":
        found.append(_size(said, demands))
    if "payload" not in said:  # or the room is taken by what it is for
        found.append(_room(said, demands))
    for what, ok, message, hint in found:
        yield Check(name=f"{host.name} {what}", ok=ok, message=message, hint=None if ok else hint)


Found = tuple[str, bool, str, str]


def _processor(said: Mapping[str, str], demands: Demands) -> Found:
    machine = said.get("machine", "unknown")
    ok = ARCHITECTURES.get(machine) == demands.arch
    hint = "run netlab on a machine whose processor is like the hosts', which the lab's payload is made for"
    return "processor", ok, f"{machine}; the payload's programs are for {demands.arch}", hint


def _size(said: Mapping[str, str], demands: Demands) -> Found:
    cpus, memory = parse_number(said.get("cpus")), parse_number(said.get("memory_kib")) // 1024
    ok = cpus >= demands.control_cpus and memory >= demands.control_memory_mb
    needed = f"a control plane needs {demands.control_cpus} processors and {demands.control_memory_mb} MB"
    if not (math.isfinite(cpus) and math.isfinite(memory)):
        return "size", False, f"it does not say how large it is; {needed}", "see that /proc can be read there"
    hint = (
        "let a larger host play it; or have the profile's cluster set kubeadm_control_cpus, kubeadm_control_memory_mb "
        "and kubeadm_control_ignore_errors: [NumCPU, Mem]"
    )
    return "size", ok, f"{cpus:.0f} processors, {memory:.0f} MB; {needed}", hint


def _swap(said: Mapping[str, str]) -> Found:
    swap = said.get("swap", "").strip()
    hint = "run 'swapoff --all' there and take the swap out of /etc/fstab; netlab does neither"
    return "swap", not swap, f"swaps to {swap}, which the kubelet refuses" if swap else "none", hint


def _room(said: Mapping[str, str], demands: Demands) -> Found:
    needed = ROOM_MIB + ROOM_PER_PAYLOAD * math.ceil(demands.payload_bytes / (1 << 20))
    free = parse_number(said.get("free_mib"))
    if not math.isfinite(free):
        return "room", False, "it does not say how much is free in /var/lib", f"a cluster needs {needed} MiB there"
    message = f"{free:.0f} MiB free in /var/lib; the payload and its images need {needed} MiB"
    return "room", free >= needed, message, f"free {max(needed - free, 0):.0f} MiB there"


def _runtime(said: Mapping[str, str], demands: Demands) -> Found:
    runtime = "" if demands.own_runtime or "record" in said else said.get("runtime", "")
    message = f"{runtime} is there already, and netlab would configure containerd for itself" if runtime else "free"
    return "runtime", not runtime, message, "take a host without containers of its own, or remove it for that time"


def _ports(host: Host, said: Mapping[str, str]) -> Found:
    taken = [] if "ours" in said else [port for port in PORTS[host.part] if f"listens {port:04X}" in said]
    message = f"port {', '.join(map(str, taken))} taken; Kubernetes listens there" if taken else "free"
    return "ports", not taken, message, "end what listens there ('ss --listening --tcp --processes' names it)"
