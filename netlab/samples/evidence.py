"""A folder of evidence, as the benchmark role's `prove` leaves it → `Proof`, and what kept paths from answering.

requests.json     which request went along which path, from where, how long; what went wrong; probes left out
facts.json        host → what its network namespaces hold (roles/benchmark/files/netlab/netlab-facts)
HOST.trace.gz     what the host's kernel recorded; one file where all hosts share a kernel
"""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from netlab.errors import ResultsError
from netlab.excerpt import first_words
from netlab.model.frozen import Frozen
from netlab.model.host import LAB_INTERFACE
from netlab.model.lab import PathName
from netlab.model.proof import DeviceFacts, HostFacts, PathTrace, Proof
from netlab.samples.packets.events import Event, parse_trace
from netlab.samples.packets.journeys import journeys
from netlab.samples.packets.kernels import Kernel
from netlab.samples.packets.lengths import Sent

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

REQUESTS, FACTS, TRACE = "requests.json", "facts.json", ".trace.gz"


class Request(Frozen):
    """One request that was recorded."""

    path: PathName
    origin: str
    """The place that sends."""
    bytes: int
    problem: str
    """What kept it from being answered; empty when it was."""
    port: int = 0
    """TCP port it was sent from; 0 where nobody knows, as in recordings from before it was told."""


class Requests(Frozen):
    """The file ``requests.json``."""

    format: Literal[1]
    requests: tuple[Request, ...]
    lacking: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class RawLink(BaseModel):
    """What this module needs of a link as ``ip -json -details`` writes it."""

    ifname: str
    mtu: int = 0
    qdisc: str = ""
    linkinfo: dict[str, Any] = Field(default_factory=dict)
    parentbus: str = ""


class RawNamespace(Frozen):
    """One network namespace of a host."""

    namespace: int
    links: tuple[RawLink, ...]
    features: dict[str, tuple[str, ...]]
    rps: tuple[str, ...]
    settings: dict[str, str]
    interface: str = LAB_INTERFACE
    """What the host calls its interface in the lab; of its own namespace, as the next two."""
    kernel_arguments: str = ""
    vulnerabilities: dict[str, str] = Field(default_factory=dict)
    """Both of a host's own namespace; recordings from before they were recorded are read too."""


class RawFacts(BaseModel):
    """The file ``facts.json``: hosts, and in each its own namespace ("") and those of its pods."""

    hosts: dict[str, dict[str, RawNamespace]]


def read_proof(folder: Path, profile: str) -> Proof:
    """Read what was recorded.

    A path that was not answered, or whose packets the record does not hold, has no hops. ResultsError where a file is
    not what the role writes.
    """
    requests, facts = read_requests(folder), _facts(folder)
    sent = [Sent(request.origin, request.bytes, request.port) for request in requests.requests]
    found = journeys(_kernels(folder, facts), sent)
    traces = tuple(
        PathTrace(path=request.path, request=journey.request, response=journey.response)
        for request, journey in zip(requests.requests, found, strict=True)
    )
    return Proof(profile=profile, paths=traces, facts=_host_facts(facts))


def read_facts(folder: Path) -> dict[str, HostFacts]:
    """Read what decides performance besides the path, by place; ResultsError as `read_proof`."""
    return _host_facts(_facts(folder))


def read_requests(folder: Path) -> Requests:
    """Read which requests were sent, and what went wrong with them."""
    path = folder / REQUESTS
    try:
        return Requests.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise _broken(path, error) from error


def _facts(folder: Path) -> RawFacts:
    path = folder / FACTS
    try:
        return RawFacts.model_validate_json(b'{"hosts": ' + path.read_bytes() + b"}")
    except (OSError, ValidationError) as error:
        raise _broken(path, error) from error


def _kernels(folder: Path, facts: RawFacts) -> list[Kernel]:
    files = sorted(folder.glob(f"*{TRACE}"))
    if not files:
        raise ResultsError(f"{folder} holds no record of a kernel (*{TRACE})")
    shared = len(files) == 1
    kernels = []
    for file in files:
        name = file.name.removesuffix(TRACE)
        hosts = tuple(facts.hosts) if shared else (name,)
        kernels.append(Kernel(_events(file), _places(facts, hosts), _devices(facts, hosts), alone=shared))
    return kernels


def _devices(facts: RawFacts, hosts: Iterable[str]) -> dict[tuple[str, str], str]:
    """Tell what hops call each device, by inode number of its namespace and by its name.

    That is its kind (``veth``, ``bridge``, ``ipip``, …), because names differ from product to product and from run to
    run. A host's interface in the lab is ``lab0`` whatever it is, so that one promise holds on any provider. What has
    no kind, a network card or ``lo``, keeps its name.
    """
    called: dict[tuple[str, str], str] = {}
    for host in hosts:
        for pod, found in facts.hosts.get(host, {}).items():
            kinds = {link.ifname: str(link.linkinfo.get("info_kind") or "") for link in found.links}
            lab = {} if pod else {found.interface: LAB_INTERFACE}
            called |= {(str(found.namespace), name): kind for name, kind in {**kinds, **lab}.items() if kind}
    return called


def _events(file: Path) -> list[Event]:
    try:
        text = gzip.decompress(file.read_bytes()).decode(errors="replace")
        return parse_trace(text)
    except (OSError, EOFError, zlib.error, ResultsError) as error:
        raise _broken(file, error) from error


def _places(facts: RawFacts, hosts: tuple[str, ...]) -> dict[str, str]:
    """Inode number of each network namespace to its name: ``node1``, ``node1/app``."""
    return {
        str(found.namespace): _place(host, pod) for host in hosts for pod, found in facts.hosts.get(host, {}).items()
    }


def _place(host: str, pod: str) -> str:
    return f"{host}/{pod}" if pod else host


def _host_facts(facts: RawFacts) -> dict[str, HostFacts]:
    return {
        _place(host, pod): HostFacts(
            devices=tuple(_device(link, found, "" if pod else found.interface) for link in found.links),
            settings=found.settings,
            kernel_arguments=found.kernel_arguments,
            vulnerabilities=found.vulnerabilities,
        )
        for host, namespaces in facts.hosts.items()
        for pod, found in namespaces.items()
    }


def _device(link: RawLink, found: RawNamespace, in_the_lab: str) -> DeviceFacts:
    return DeviceFacts(
        name=LAB_INTERFACE if link.ifname == in_the_lab else link.ifname,
        kind=str(link.linkinfo.get("info_kind") or link.parentbus),
        mtu=link.mtu,
        qdisc=link.qdisc,
        offloads=found.features.get(link.ifname, ()),
        rps=link.ifname in found.rps,
    )


def _broken(path: Path, error: Exception) -> ResultsError:
    return ResultsError(f"{path} cannot be read: {first_words(str(error), 300)}")
