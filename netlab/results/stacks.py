"""Call stacks of a stored run: its profiler's files, read once more with the chains of callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.errors import ResultsError
from netlab.model.sample import Stacks
from netlab.results.store import profiled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def load_stacks(directory: Path) -> Iterator[Stacks]:
    """Yield the stacks of each cell that was profiled; a file that cannot be read is left out, as in the report."""
    from netlab.samples.perf import parse_stacks  # noqa: PLC0415 - most reports show none

    for file, cell in profiled(directory / "raw"):
        try:
            counts = parse_stacks(file.read_bytes())
        except (OSError, ResultsError):  # the report's warnings name it
            continue
        yield Stacks(**cell, counts=counts)
