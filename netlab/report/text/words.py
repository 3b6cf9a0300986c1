"""The words and sentences of a report's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.model.run import Machine
from netlab.report.text.coverage import measured
from netlab.report.text.labels import CLUSTER, REPLICA
from netlab.report.text.numbers import (
    NARROW,
    NONE,
    counted,
    interval,
    joined,
    margin,
    number,
    percent,
    percent_change,
    signed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from netlab.model.lab import Clock
    from netlab.model.proof import DeviceFacts
    from netlab.report.values import (
        Cell,
        Change,
        Flame,
        FlameFrame,
        KernelFacts,
        PathHop,
        PathPicture,
        Predictions,
        ProfileFacts,
        Report,
        Visit,
    )
    from netlab.statistics.verdict import Verdict

COUNTED = {
    "hops": "hop",
    "namespaces": "namespace",
    "netfilter_calls": "netfilter call",
    "net_rx_queued": "netif_rx call",
    "net_rx_raises": "NET_RX raise",
    "wires": "wire",
}
"""What a path is counted in, by the fields of `netlab.report.values.PathCounts`."""
VERDICTS: dict[Verdict, str] = {
    "lower": "slower",
    "higher": "faster",
    "no difference at this precision": "same",
    "cannot tell yet": "cannot tell yet",
}
NO_SAMPLE = "no sample"
"""How the reason of a gap begins that is neither the network's nor the user's choice."""
UNMEASURED = f"{NO_SAMPLE}: the run ended before this cell was measured"
CONTROL_CPUS, PARALLEL = "processors of the control plane", "fleets at the same time"
OWN = {
    "netlab": {"netlab_version"},
    "image": {"image_key", "image_digest"},
    CONTROL_CPUS: {"control_cpus"},
    PARALLEL: {"parallel_fleets"},
}
"""What differences between runs are called, and the fields of an environment that they are."""
VIRTUAL = (
    "Virtual clock: time is executed instructions on one guest CPU. A number here is the length of the code path, not "
    "the speed of a wall clock. It does not move when the host is busy, and it leaves out what caches, memory, "
    "hardware offload and parallelism would change."
)
REAL = (
    "Real clock: wall time, so that these numbers include everything else that the host was doing. Each comparison is "
    "made within one round to keep that out."
)


def fact(value: object) -> str:
    """Write a value of the environment."""
    if isinstance(value, dict):
        return joined(f"{name} ({part})" for name, part in value.items())
    if isinstance(value, tuple):  # machines; kernels, by the hosts that share them
        return "; ".join(machine(one) if isinstance(one, Machine) else joined(one) for one in value) or NONE
    return NONE if value in {None, ""} else str(value)


def environment(report: Report) -> list[tuple[str, str]]:
    """Write where the report was measured: name and value; what runs have of their own stands with each of them."""
    hidden = {name for one in report.differences for name in OWN.get(one.what, ())}
    shown = [(name, value) for name, value in report.environment if name not in {*hidden, "machines", "resumed"}]
    return [
        *((name.replace("_", " "), fact(value)) for name, value in shown),
        *((f"machine {one.name}", machine(one)) for one in report.environment.machines),
        *(("CPU mitigations", text) for text in all_mitigations(report.kernels)),
    ]


def machine(one: Machine) -> str:
    """Write ``Debian GNU/Linux 13, Linux 6.12, 2 x Intel Xeon, 3928 MiB, t3.medium, eu-central-1a``."""
    size = f"{one.cpus} x {one.cpu}"
    parts = (one.os, f"Linux {one.kernel}", size, f"{one.memory_mib} MiB", one.instance_type, one.zone)
    return joined(part for part in parts if part)


def all_mitigations(kernels: Sequence[KernelFacts]) -> list[str]:
    """Write each kind of kernel's, with its hosts where there are several."""
    return [
        f"{mitigations(kernel)} ({joined(kernel.hosts)})" if len(kernels) > 1 else mitigations(kernel)
        for kernel in kernels
    ]


def mitigations(kernel: KernelFacts) -> str:
    """Write ``off (kernel command line: mitigations=off); vulnerable to 3 of 18 faults: spectre_v2, …``."""
    said = f"mitigations={kernel.mitigations}"
    where = f"kernel command line: {said}" if said in kernel.arguments.split() else "the kernel's default"
    text = f"{kernel.mitigations} ({where})"
    if kernel.vulnerabilities:
        known, names = len(kernel.vulnerabilities), kernel.vulnerable
        text += f"; vulnerable to {len(names)} of {counted(known, 'known fault')}" + (
            f": {joined(names)}" if names else ""
        )
    return text


def difference_rows(report: Report) -> list[list[str]]:
    """Write what runs do not say alike: what, of which profiles, then one value per run."""
    return [[one.what, joined(one.profiles), *(value or NONE for value in one.values)] for one in report.differences]


def clock_note(clock: Clock) -> str:
    """Say what kind of time the report is in."""
    return VIRTUAL if clock == "virtual" else REAL


def base_phrase(base: str, stack: str | None) -> str:
    """Name the baseline in a sentence: ``on the bare VM (baseline-vm/host)``."""
    return f"on the bare VM ({base})" if stack == "vm" else f"with {base}"


def headline(cell: Cell, change: Change, base: str) -> str:
    """Write the sentence ``Behind calico-ipip (data-path replica) through pod-ip the app answered 11.4 % fewer …``."""
    return f"Behind {cell.label} through {cell.path} the app answered {_outcome(change, base)}"


def _outcome(change: Change, base: str) -> str:
    rounds = measured(change)
    if change.percent is None:
        return f"requests at a rate that cannot be compared with that {base}: no complete round holds both."
    much = f"{percent(abs(change.percent))} {'more' if change.percent > 0 else 'fewer'} requests per second than {base}"
    if change.low_percent is None:
        return f"{much}, but {rounds} cannot tell that from chance."
    sure = f"{number(change.confidence_percent)}{NARROW}% CI {interval(change)}, {rounds}"
    if change.verdict == "no difference at this precision":
        return f"as many requests per second as {base}, within {margin(change.margin_percent, '%')} ({sure})."
    if change.verdict == "cannot tell yet":
        return f"{much}, but that may be chance: cannot tell yet ({sure})."
    return f"{much} ({sure})."


def control(name: str, change: Change) -> str:
    """Write ``A/A control: baseline-vm/host against itself: +0.1 % (95 % CI −0.2 … +0.4 %, 5 rounds), same …``."""
    rounds = measured(change)
    sure = f"{number(change.confidence_percent)}{NARROW}% CI {interval(change)}, {rounds}"
    said = {"lower": "DIFFERENT", "higher": "DIFFERENT"}.get(change.verdict) or verdict(change)
    found = f"{percent_change(change.percent)} ({sure if change.low_percent is not None else rounds})"
    return f"A/A control: {name} against itself: {found}, {said}."


def verdict(change: Change | None) -> str:
    """Name a verdict on requests/s: ``slower``, ``same within 1 %``; nothing for the baseline itself."""
    return "" if change is None else named(change.verdict, change.margin_percent)


def named(said: Verdict, margin_percent: float) -> str:
    """Name a verdict, with the margin that "same" is of."""
    return f"{VERDICTS[said]} within {margin(margin_percent, '%')}" if VERDICTS[said] == "same" else VERDICTS[said]


def way(direction: str, visits: Iterable[Visit]) -> str:
    """Write a whole path in one sentence: ``Request: client: socket, out lab0; wire; node1: in lab0, …``."""
    return f"{direction}: {'; '.join(segment(visit) for visit in visits)}."


def segment(visit: Visit) -> str:
    """Write one namespace: ``node1: in lab0, +PREROUTING``; the sign marks what the baseline's path has not."""
    return f"{visit.place}: {joined(hop_text(hop) for hop in visit.hops)}" if visit.hops else visit.place


def hop_text(hop: PathHop) -> str:
    """Name a hop, with a sign where it is new."""
    return f"+{hop.what}" if hop.new else hop.what


def path_counts(picture: PathPicture) -> str:
    """Count what a path crosses: ``34 hops (+20), 3 namespaces (+1), …``."""
    changes = picture.change.model_dump() if picture.change else {}
    counts = picture.counts.model_dump()
    parts = [f"{counted(counts[name], noun)}{_more(changes.get(name))}" for name, noun in COUNTED.items()]
    return joined(parts) + (f"; {counted(picture.new_hops, 'new hop')}" if picture.new_hops is not None else "")


def _more(change: int | None) -> str:
    return f" ({signed(change, 0)})" if change else ""


def device_text(device: DeviceFacts, field: str) -> str:
    """Write one fact of a device: ``1 480``, ``noqueue``, ``off``."""
    value = getattr(device, field)
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return number(value)
    return (value if isinstance(value, str) else joined(value)) or NONE


def sides(found: Predictions) -> tuple[str, str]:
    """Head the columns of clusters and replicas: ``cluster, real clock``, ``data-path replica, virtual clock``."""
    return f"{CLUSTER}, {found.clusters_clock} clock", f"{REPLICA}, {found.replicas_clock} clock"


def bases(base: str, replicas_base: str) -> str:
    """Name what clusters and replicas are compared with: ``baseline-vm/host, each side's own``."""
    if base == replicas_base:
        return f"{base}, each side's own"
    return f"{base} (cluster) and {replicas_base} (replica)"


def environment_rows(report: Report, found: Predictions) -> list[list[str]]:
    """Write what is not the same in the two environments: what, clusters, replicas."""
    pairs = zip(report.environment, found.environment, strict=True)
    rows = [[name.replace("_", " "), fact(mine), fact(theirs)] for (name, mine), (_, theirs) in pairs if mine != theirs]
    guards = ["; ".join(all_mitigations(kernels)) or NONE for kernels in (report.kernels, found.kernels)]
    return rows + ([["CPU mitigations", *guards]] if guards[0] != guards[1] else [])


def fact_rows(facts: ProfileFacts) -> Iterator[list[str]]:
    """Write what is not as on the baseline: network, place, what, here, there; all of it where there is no other."""
    for row in facts.devices:
        fields = row.differs if row.base else ("kind", "mtu", "qdisc", "rps", "offloads")
        for field in fields:
            was = device_text(row.base, field) if row.base else NONE
            what = f"{row.device.name} {field}"
            yield [facts.label, row.place, what, device_text(row.device, field), was]
    for setting in facts.settings:
        if setting.differs or facts.base is None:
            yield [facts.label, setting.place, setting.name, fact(setting.value), fact(setting.base)]


def flame_looks(base: str) -> dict[str, str]:
    """Say what a frame's colour means in a graph that is compared with ``base``, by its style class."""
    return {
        "new": "new",
        "more": f"more than on {base}",
        "less": "less",
        "gone": "gone: only there",
        "same": "as there, or too few samples to tell",
    }


def frame(one: FlameFrame, flame: Flame) -> str:
    """Write ``nf_hook_slow: 12.4 µs/request, +8.1 against …``, and what became of it."""
    if flame.base is None:
        return f"{one.name}: {number(one.value, 1)} {flame.unit}"
    change = signed(one.value - one.base_value)
    became = "may be chance" if not one.told else "new" if not one.base_value else "gone" if not one.value else ""
    return (
        f"{one.name}: {number(one.value, 1)} {flame.unit}, {change} against {flame.base}{f', {became}' * bool(became)}"
    )
