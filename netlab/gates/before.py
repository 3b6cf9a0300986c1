"""What the rules find on a machine where nothing is measured: pure, on what it said of itself for two seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.gates.readings import Reading
from netlab.gates.rules import CLOCK_SKEW, FREQUENCY, HOST_LOAD, LINK_RATE, MACHINE_LOAD, STEAL, THROTTLING
from netlab.model.frozen import Frozen
from netlab.model.sample import CpuTicks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from netlab.model.lab import Clock
    from netlab.model.sample import Sample

IDLE = {"idle", "iowait", "steal"}


class Look(Frozen):
    """What a machine said of itself."""

    cpu: CpuTicks
    """During the look, of all its processors."""
    halted: int
    """Number of times that heat or a quota halted processors meanwhile."""
    frequencies: tuple[tuple[int, int], ...] = ()
    """(present, highest) clock frequency of each processor in kHz, with one of them kept busy; none if nobody knows."""
    link_mbit: int | None = None
    """Of the interface in the lab, Mbit/s; None where it does not say."""
    asked_s: tuple[float, float] = (0.0, 0.0)
    """When this machine asked, and had the answer: UNIX seconds."""
    clock_s: float = 0.0
    """When the machine answered, by its own clock: UNIX seconds."""


def of_machine(look: Look) -> Iterator[Reading]:
    """Yield what is found of the machine under a lab on the real clock."""
    yield Reading(MACHINE_LOAD, _busy(look))
    yield from _held_back(look, ())


def of_host(look: Look, hosts: tuple[str, ...], clock: Clock) -> Iterator[Reading]:
    """Yield what is found of the kernel of these hosts."""
    yield Reading(HOST_LOAD, _busy(look), hosts)
    if clock == "real":
        yield Reading(STEAL, _share(look, {"steal"}), hosts)
        yield from _held_back(look, hosts)


def of_clocks(looks: Mapping[str, Look]) -> Iterator[Reading]:
    """Yield how far the clocks of those two hosts are apart that are furthest apart, beyond what asking takes."""
    ahead = {name: (one.clock_s - one.asked_s[1], one.clock_s - one.asked_s[0]) for name, one in looks.items()}
    apart = [(ahead[one][0] - ahead[two][1], (one, two)) for one in ahead for two in ahead if one != two]
    if apart:
        least, hosts = max(apart)
        yield Reading(CLOCK_SKEW, max(least, 0.0), hosts)


def of_link(samples: Iterable[Sample], links_mbit: Iterable[int]) -> Iterator[Reading]:
    """Yield how much of the slowest link the fastest sample took; nothing where no link says what it carries."""
    rates = [8 * sample.wrk.bytes / sample.wrk.duration_us for sample in samples]  # bits per µs are Mbit/s
    slowest = min(links_mbit, default=0)
    if rates and slowest:
        yield Reading(LINK_RATE, 100 * max(rates) / slowest)


def _busy(look: Look) -> float:
    return _share(look, set(CpuTicks.model_fields) - IDLE)


def _share(look: Look, classes: set[str]) -> float:
    ticks: dict[str, int] = look.cpu.model_dump()
    return 100 * sum(ticks[name] for name in classes) / (sum(ticks.values()) or 1)


def _held_back(look: Look, hosts: tuple[str, ...]) -> Iterator[Reading]:
    shares = [100 * present / highest for present, highest in look.frequencies if highest]
    if shares:
        yield Reading(FREQUENCY, max(shares), hosts)
    yield Reading(THROTTLING, look.halted, hosts)
