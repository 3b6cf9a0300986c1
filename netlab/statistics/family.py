"""Statements that are to hold together."""

from __future__ import annotations


def each(confidence: float, statements: int) -> float:
    """Confidence that each of so many statements needs for all of them to hold together with ``confidence``.

    Bonferroni's inequality. Dunnett's intervals for several comparisons with one control are narrower, because they
    take the noise of all cells for the same and pool it: where one path is noisier than the others, they call it
    different too often (``scripts/intervals.py`` shows both). Holm's procedure says "different" more often for the
    same risk, but has no intervals that say so too.
    """
    return 1 - (1 - confidence) / max(statements, 1)
