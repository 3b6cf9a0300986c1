"""What the rules find in samples: pure, on parsed values."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from netlab.gates.gate import Gate, amount
from netlab.gates.rules import CLIENT, DROPPED, ERRORS, LITTLE, LOST_TICKS, STEAL
from netlab.statistics.littles_law import in_flight

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netlab.model.lab import Clock
    from netlab.model.run import Environment
    from netlab.model.sample import Counters, Sample

TICK_US = 10_000
"""The kernel's /proc/stat counts in 1/100 s."""
SHARES = {"%", "\N{PER MILLE SIGN}", "s"}
"""Units of what is no count."""


class Reading(NamedTuple):
    """What one rule measured in one place."""

    gate: Gate
    value: float
    """In the rule's unit."""
    hosts: tuple[str, ...] = ()
    """Those whose kernel it is of; none where it is of the sample."""

    @property
    def broken(self) -> bool:
        """Whether it is beyond the limit."""
        return self.gate.broken(self.value)

    @property
    def text(self) -> str:
        """Write ``14.2 % on node1``."""
        digits = 1 if self.gate.unit in SHARES else 0
        where = f" on {', '.join(self.hosts)}" if self.hosts else ""
        return f"{amount(self.value, self.gate.unit, digits)}{where}"


def of_samples(samples: Sequence[Sample], environment: Environment) -> Iterator[Reading]:
    """Yield what each rule that means something on this clock finds in samples of one cell, taken together.

    Of the requests in flight it is the sample that is furthest off.
    """
    if not samples:
        return
    yield Reading(ERRORS, _failed(samples))
    yield from _in_flight(samples)
    kernels: dict[tuple[str, ...], list[tuple[Sample, Counters]]] = {}
    for sample in samples:
        for counters in sample.kernels:
            kernels.setdefault(counters.hosts, []).append((sample, counters))
    for hosts, counted in kernels.items():
        yield from _of_kernel(hosts, counted, environment)


def excluding(sample: Sample, environment: Environment) -> Reading | None:
    """Return why a sample should be taken again, if it should: what held at that moment and is no property of a path.

    Failed requests are no such thing: a sample with too many is none at all (`netlab.samples.sample`).
    """
    found = (one for one in of_samples([sample], environment) if one.gate is not ERRORS)
    return next((one for one in found if environment.clock == "real" and one.gate.excludes(one.value)), None)


def applies(gate: Gate, clock: Clock) -> bool:
    """Whether the rule means anything on the clock."""
    return clock in gate.clocks


def processors(environment: Environment, hosts: Sequence[str]) -> int:
    """Return how many processors the kernel of these hosts has."""
    machines = {machine.name: machine.cpus for machine in environment.machines}
    known = next((machines[name] for name in hosts if name in machines), None)
    if known is None and environment.control_cpus and {environment.fleet.get(name) for name in hosts} == {"control"}:
        known = environment.control_cpus
    return known or environment.guest_cpus


def _failed(samples: Sequence[Sample]) -> float:
    failed = sum(sum(sample.wrk.errors.model_dump().values()) for sample in samples)
    return 1000 * failed / (sum(sample.wrk.requests for sample in samples) or 1)


def _in_flight(samples: Sequence[Sample]) -> Iterator[Reading]:
    known = [flight for sample in samples if (flight := flying(sample)) is not None]
    if known:
        yield Reading(LITTLE, max(known))
        if samples[0].load.keepalive:
            yield Reading(CLIENT, min(known))


def flying(sample: Sample) -> float | None:
    """Return the mean number of requests under way in % of connections; None where response times are not known."""
    mean = sample.wrk.mean_latency_us
    if mean is None:
        return None
    return 100 * in_flight(sample.wrk.requests_per_second, mean) / sample.load.connections


def _of_kernel(
    hosts: tuple[str, ...], counted: Sequence[tuple[Sample, Counters]], environment: Environment
) -> Iterator[Reading]:
    ticks = [counters.cpu.model_dump() for _, counters in counted]
    whole = sum(sum(each.values()) for each in ticks)
    due = processors(environment, hosts) * sum(sample.wrk.duration_us for sample, _ in counted) / TICK_US
    if applies(STEAL, environment.clock):
        yield Reading(STEAL, 100 * sum(each["steal"] for each in ticks) / whole if whole else 0.0, hosts)
    if due:
        yield Reading(LOST_TICKS, max(100 * (due - whole) / due, 0.0), hosts)
    yield Reading(DROPPED, sum(counters.softnet_dropped for _, counters in counted), hosts)
