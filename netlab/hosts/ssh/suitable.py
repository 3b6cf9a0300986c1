"""What a host must be to carry a lab: the script that asks it, and what its answers mean."""

from __future__ import annotations

import math
import shlex
import time
from typing import TYPE_CHECKING

from netlab import versions
from netlab.errors import HostUnsuitable
from netlab.hosts import interfaces, kubeadm, packages
from netlab.hosts.releases import RELEASES, release_of
from netlab.model.check import Check
from netlab.samples import probes
from netlab.samples.machine import parse_answers, parse_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netlab.hosts.remote import RemoteHosts
    from netlab.model.host import Host

CLAIM = "/var/lib/netlab/lab"
"""Which lab a host carries: its id and its folder, one line."""
FREE_MIB = 1024
"""Of the root file system: packages and the pods' files take about half of it."""
SKEW_S = 5.0
"""Between the host's clock and this machine's, as far as SSH lets it be told."""
KERNEL = "5.4"
"""What the oldest profile takes."""

SCRIPT = f"""export PATH=$PATH:/usr/sbin:/sbin
. /etc/os-release
say() {{ printf '%s=%s\\n' "$1" "$2"; }}
say distribution "$ID $VERSION_ID"
say os "$PRETTY_NAME"
say kernel "$(uname -r)"
say init "$(cat /proc/1/comm)"
say time "$(date +%s.%N)"
say free_mib "$(df --output=avail -m / | tail -n 1)"
say claim "$(cat {CLAIM} 2>/dev/null)"
[ -e /sys/kernel/btf/vmlinux ] && say btf yes
command -v python3 >/dev/null && say python yes
command -v modprobe >/dev/null && say modprobe yes
{kubeadm.CLUSTER_SCRIPT}{interfaces.SCRIPT}"""
"""For ``sh`` on the host, as root."""

RELEASE = f"rm -f {CLAIM} {kubeadm.PAYLOAD}*; rmdir /var/lib/netlab 2>/dev/null || true"
"""For ``sh`` on a host that no lab is on any more."""
RECORDED = f"[ -e {kubeadm.RECORD} ] && echo record=yes; true"
"""For ``sh``: says whether a role has been there, each of which comes after the role ``host_record``."""


def claim(lab: str, folder: str) -> str:
    """Return what marks a host, for ``sh``: the lab's id and its folder."""
    return f"mkdir -p /var/lib/netlab && printf '%s\\n' {shlex.quote(f'{lab} {folder}')} > {CLAIM}"


def ask(remote: RemoteHosts, *, ours: bool = False) -> dict[str, dict[str, str]]:
    """Ask all hosts; MachineError where one does not say what it is.

    ``ours``: netlab has just made them, so that it may have apt fetch its lists first.
    """
    if ours:
        remote.ask(packages.REFRESH, "its apt cannot be asked for packages")
    asked = time.time()
    answers = remote.ask(SCRIPT + packages.script(), "it does not say what it is")
    times = {"asked": f"{asked:f}", "answered": f"{time.time():f}"}
    return {name: parse_answers(text) | times for name, text in answers.items()}


def suited(host: Host, said: Mapping[str, str], lab: str, *, hint: str = "", but: str = "") -> Host:
    """Return the host with what it said of itself; HostUnsuitable where a check fails, other than that called ``but``.

    ``hint`` says what to do in place of what the check says.
    """
    for check in checks(host, said, lab):
        if not check.ok and check.needed and check.name != f"{host.name} {but}":
            raise HostUnsuitable(f"{check.name}: {check.message}", hint=hint or check.hint)
    return interfaces.located(host, said)


def checks(host: Host, said: Mapping[str, str], lab: str, *, now: float | None = None) -> Iterator[Check]:
    """Say of each thing that a host must have whether it does; ``lab`` is the id of the lab that asks."""
    for what, ok, message, hint in [*_system(host, said), *_resources(said, now)]:
        yield _check(host, what, ok, message, hint)
    found = interfaces.interface_of(host, said)
    yield _check(host, "lab address", bool(found), f"{host.lab_address} on {found or 'no interface'}", _ADDRESS)
    if found:
        yield _mtu(host, found, said)
    message = f"carries {_shown(said.get('claim', '').strip())}"
    yield _check(host, "labs", owner_of(said) in {"", lab}, message, _CLAIMED)
    cluster = said.get("kubernetes", "")
    message = f"belongs to a cluster ({cluster})" if cluster else "belongs to no cluster of others"
    yield _check(host, "kubernetes", not cluster, message, _CLUSTER)
    by_networkd = bool(interfaces.networkd_file_of(found, said))
    how = f"{found or 'nothing'} is configured by {interfaces.manager_of(found, said)}"
    yield _check(host, "network", by_networkd, how, _NETWORKD, needed=False)
    yield from _packages(host, said)


def _mtu(host: Host, interface: str, said: Mapping[str, str]) -> Check:
    """Say what the host's MTU is: the user may name less than the interface has, not more, which would be lost."""
    there = interfaces.mtu_of(interface, said)
    if not there:
        message, hint = f"{interface} says no MTU that a lab can have", f"look at 'ip link show {interface}' there"
    elif host.own_mtu:
        message = f"{host.own_mtu} (netlab_mtu of the inventory); {interface} itself has {there}"
        hint = f"packets of more bytes than {interface} has would be lost: raise it there, or lower netlab_mtu"
    else:
        message, hint = f"{there}, as {interface} has it", ""
    return _check(host, "mtu", bool(there) and host.own_mtu <= there, message, hint)


def _system(host: Host, said: Mapping[str, str]) -> Iterator[tuple[str, bool, str, str]]:
    release, init = release_of(said), said.get("init", "unknown")
    known = ", ".join(each.title for each in RELEASES.values())
    yield "distribution", bool(release), said.get("os", "unknown"), f"netlab's roles know {known}"
    yield _kernel(host, said, release)
    yield "init", init == "systemd", init, "netlab's services are systemd's"
    for tool, hint in _TOOLS.items():
        yield tool, tool in said, "installed" if tool in said else "not installed", hint


def _kernel(host: Host, said: Mapping[str, str], release: str) -> tuple[str, bool, str, str]:
    """Ask more of the hosts that record what becomes of a request than of a control plane, which gets none."""
    version, typed = said.get("kernel", "unknown"), "btf" in said
    if host.part == "control":
        hint = f"profiles need Linux {KERNEL} or newer"
        return "kernel", versions.at_least(version, KERNEL), f"Linux {version}", hint
    newer = RELEASES[release].newer_kernel if release else ""
    hint = f"paths are proven on Linux {probes.KERNEL} or newer with BTF (CONFIG_DEBUG_INFO_BTF)"
    hint += f": install a newer kernel ({newer}), and reboot" if newer else ""
    ok = versions.at_least(version, probes.KERNEL) and typed
    return "kernel", ok, f"Linux {version}" + ("" if typed else " without BTF"), hint


def _packages(host: Host, said: Mapping[str, str]) -> Iterator[Check]:
    """Say which packages apt does not know: nothing works without those of every host, others are some profiles'."""
    if not (release := release_of(said)):
        return
    lost = {role: packages.missing(said, release, [role]) for role in packages.roles()}
    words = "; ".join(f"{', '.join(names)} (role {role})" for role, names in lost.items() if names)
    message = f"apt has no {words}" if words else "apt has all that netlab's roles install"
    needed = any(lost[role] for role in packages.BARE)
    yield _check(host, "packages", not words, message, packages.HINT, needed=needed or not words)


def _resources(said: Mapping[str, str], now: float | None) -> Iterator[tuple[str, bool, str, str]]:
    free = parse_number(said.get("free_mib"))
    shown = f"{free:.0f} MiB free on /" if math.isfinite(free) else "it does not say how much is free on /"
    yield "disk", free >= FREE_MIB, shown, f"netlab needs {FREE_MIB} MiB"
    skew = _skew(said) if now is None else abs(parse_number(said.get("time")) - now)
    shown = f"{skew:.1f} s from this machine's" if math.isfinite(skew) else "it does not say what time it is"
    yield "clock", skew <= SKEW_S, shown, "set the clocks, by NTP for example"


def _skew(said: Mapping[str, str]) -> float:
    """Return how far the host's clock is from all moments between question and answer, which may come late, in s."""
    asked, answered = (parse_number(said.get(name, f"{time.time():f}")) for name in ("asked", "answered"))
    time_there = parse_number(said.get("time"))
    return max(asked - time_there, time_there - answered, 0.0) if math.isfinite(time_there) else math.nan


def _check(  # noqa: PLR0913 - what a check is made of
    host: Host,
    what: str,
    ok: bool,  # noqa: FBT001 - as above
    message: str,
    hint: str,
    *,
    needed: bool = True,
) -> Check:
    return Check(name=f"{host.name} {what}", ok=ok, message=message, hint=None if ok else hint, needed=needed)


def owner_of(said: Mapping[str, str]) -> str:
    """Return the id of the lab that a host carries; empty where it carries none."""
    return said.get("claim", "").strip().partition(" ")[0]


def _shown(claim: str) -> str:
    return f"the lab in {claim.partition(' ')[2]}" if claim else "no lab"


_TOOLS = {"python": "Ansible needs it: apt-get install python3", "modprobe": "apt-get install kmod"}
_ADDRESS = "set netlab_address in the inventory to an address that the host has"
_CLAIMED = f"take that one down first ('netlab down' in its folder); if it is gone, remove {CLAIM} on the host"
_CLUSTER = "take another host: netlab would make it a part of its own cluster, and 'netlab down' would take that apart"
_NETWORKD = (
    "profiles other than baseline-vm put routes between hosts into files of systemd-networkd's, so it must configure "
    "the interface (docs/hosts.md)"
)
