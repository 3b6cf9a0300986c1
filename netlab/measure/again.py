"""Samples that are taken again because of what happened on the machine meanwhile, and how many of a run may be."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from netlab.gates.readings import excluding
from netlab.model.sample import Excluded

if TYPE_CHECKING:
    from netlab.model.run import Environment
    from netlab.model.sample import Sample

SHARE = 0.1
"""Of a run's samples: where more are beyond a limit, it is no moment but the machine; they count, with a warning."""


class Again:
    """Says which samples of a run to take again, until they are too many; several fleets may ask."""

    def __init__(self, environment: Environment, samples: int, before: int) -> None:
        """Allow for as many as the plan's ``samples`` let, less those taken again ``before`` an interruption."""
        self._environment = environment
        self._left = max(int(SHARE * samples), 1) - before
        self._turn = threading.Lock()

    def reason(self, sample: Sample) -> Excluded | None:
        """Return why this one is to be taken again, which is counted; None where it is not."""
        found = excluding(sample, self._environment)
        if found is None:
            return None
        with self._turn:
            if self._left < 1:
                return None
            self._left -= 1
        return Excluded(gate=found.gate.name, reason=f"{found.gate.name} {found.text}")
