"""The table of all rules, for docs/gates.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.gates.gate import BOTH, Gate, When, amount
from netlab.gates.rules import GATES

if TYPE_CHECKING:
    from collections.abc import Iterable

WHEN: dict[When, str] = {
    "before": "`netlab doctor --bench`",
    "profiles": "before the first sample",
    "sample": "each sample",
    "report": "the report",
}


BEFORE_TABLE = """\
Rules by which netlab looks at its own measurements, before and during a run. Each has a number with a unit, a limit
with its reason, and a consequence. (`netlab gate --max-loss 5%` judges something else: what networks lose.)

A report has a row per rule, in `report.json` (`gates`), on the page and in Markdown: the worst value and what it was
compared with, or why it was not looked at. What is broken is one warning, whatever the number of cells: number,
place, limit, what to do next.

"""
AFTER_TABLE = """\
## What becomes of a sample

It counts; or it counts and a warning names it; or it is kept and taken again. Taken again is what cannot be used
(`errors`, [measuring.md](measuring.md#what-becomes-of-a-sample)), and, on the real clock, what met a moment in which
the machine under the lab was busy with something else (`steal`, `lost-ticks`). That is decided by what the machine
did, never by the figure that came out. Still, a path that needs more processor time gives a machine more occasions to
take some: so the limit for this lies far above the usual, and few samples may be chosen by it.

- The first attempt is kept as `<path>.json.refused-1`, and the rule with its number beside it, in
  `<path>.json.refused-1.reason`. It is in no figure.
- The second attempt counts, whatever it met.
- At most one sample in ten of the plan is taken again for this, interruptions included. From there on it is no
  moment, but the machine: samples count, and the warning says how much was stolen on the whole.
- The report names each with its number, and says how many of how many samples they were.

Reading a stored run takes nothing out of it: a run of an older netlab has the warnings, and all its samples.

## What the virtual clock changes

On the virtual clock time stands while the machine under the lab does something else. Load, steal, frequency and
throttling of that machine move no figure, and the clocks of hosts that share one kernel cannot differ: these rules
are not looked at there, and the report says so. What is executed inside counts: failed requests, dropped packets,
requests in flight, lost ticks, hosts that work although nothing is measured. A client that is saturated before the
server is no question there, because client and nodes share the one processor: all of it is in series. What is left of
the rule is that connections do not wait for wrk.

## What is not looked at during a run

A sample records the nodes' `/proc/stat`, softirqs and backlog queues, and what wrk says. So these are looked at
before a run alone, by `netlab doctor --bench`: load of machine and hosts, frequency, throttling, clocks of hosts,
what the link can carry. The client's own CPU time is in a sample only where it shares a kernel with the nodes. Where
it does not, a saturated client shows by connections that wait for it. The A/A control needs rounds: one sample of each
path says nothing of it.

## What was shown, and what not

Healthy runs that are stored (virtual clock; five profiles, 65 samples) break no rule, nor do the same samples when
they are read as if they were of the real clock. Copies of real samples, each altered in one thing, break the one rule
that is of it (`tests/gates`). Steal was seen as it really happened (24.5 % of a sample on a busy machine). Lost
ticks, throttling, low frequencies and full links were not met on a machine so far: these rules are shown on made-up
values.

## netlab doctor --bench

```console
$ netlab doctor --bench
$ netlab doctor --bench --json
```

It looks at the machine under the lab for two seconds (`qemu` and `vagrant`, on the real clock). On hosts that are up
with a profile applied, it looks at each kernel for two seconds, through the first of its hosts, then takes one sample
along each path as a run does and throws it away. Counters are read by the parsers that read samples, and judged by
the same rules. Nothing is changed. `ok` is a value within its limit, `WARNING` one beyond it, `note` what was not
looked at; the exit code is 0 unless hosts or paths do not answer.
"""


def page() -> str:
    """Write the whole page but for its title."""
    return f"{BEFORE_TABLE}{table()}\n\n{AFTER_TABLE}"


def table() -> str:
    """Write all rules as a Markdown table."""
    head = ["gate", "when, on which clock", "what is measured", "limit", "what follows", "why there; what to do"]
    return "\n".join([_row(head), _row(["---"] * len(head)), *(_row(_cells(gate)) for gate in GATES)])


def _cells(gate: Gate) -> Iterable[str]:
    follows = gate.consequence.format(limit=amount(gate.exclude or 0, gate.unit))
    clock = "either" if gate.clocks == BOTH else " ".join(gate.clocks)
    return (
        f"`{gate.name}`",
        f"{WHEN[gate.when]}; {clock}",
        gate.measured,
        gate.limit_text,
        follows,
        f"{gate.reason} {gate.then}",
    )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
