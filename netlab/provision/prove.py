"""Sends one request along each path of a profile and checks what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.errors import ProofFailed
from netlab.provision.promise import check
from netlab.samples import probes
from netlab.samples.evidence import read_proof, read_requests

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netlab.model.host import Host
    from netlab.model.lab import PathName
    from netlab.model.profile import Profile
    from netlab.model.proof import Proof
    from netlab.provision.session import Session
    from netlab.samples.evidence import Requests


def prove(session: Session, profile: Profile, folder: Path) -> Proof:
    """Record what the hosts do now into ``folder``; ProofFailed where it is not what the profile promises."""
    begin = origins(profile, session.provider.hosts())
    folder.mkdir(parents=True, exist_ok=True)
    session.play(
        "prove",
        {
            "benchmark_paths": [
                {"name": name, "origin": origin, **profile.paths[name].model_dump()} for name, origin in begin.items()
            ],
            "benchmark_dest": str(folder),
            "benchmark_response_bytes": session.spec.load.response_bytes,
            "benchmark_trace_hosts": _recorders(session),
            "netlab_names_pods": profile.names_pods,
        },
        accelerate=False,
    )
    requests = read_requests(folder)
    require_essential(requests)
    found = read_proof(folder, profile.name)
    problems: dict[str, str] = {request.path: request.problem for request in requests.requests if request.problem}
    check(profile, found, problems)
    return found


def require_essential(requests: Requests) -> None:
    """ProofFailed where a kernel could not have a probe without which no packet can be followed."""
    for host, missing in requests.lacking.items():
        if blind := [name for name in missing if name in probes.ESSENTIAL]:
            raise ProofFailed(
                f"the kernel of {host} cannot record what packets do (no probe: {', '.join(blind)})",
                hint=f"a proof needs Linux {probes.KERNEL} or newer with BTF (CONFIG_DEBUG_INFO_BTF): docs/hosts.md",
            )


def origins(profile: Profile, hosts: Sequence[Host]) -> dict[PathName, str]:
    """Return where each path's request begins: the client, or a pod of the second node."""
    client = next(host.name for host in hosts if host.part == "client")
    nodes = [host.name for host in hosts if host.part == "node"]
    return {name: f"{nodes[1]}/{path.pod}" if path.pod else client for name, path in profile.paths.items()}


def _recorders(session: Session) -> list[str]:
    """Return one host of each kernel; no request is one of the control plane's."""
    control = {host.name for host in session.provider.hosts() if host.part == "control"}
    return [names[0] for names in session.provider.kernels() if not control.issuperset(names)]
