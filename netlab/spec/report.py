"""What the reports of a lab call equal."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from netlab.model.frozen import Frozen


def _margin(default: float, description: str) -> Any:
    return Field(default=default, gt=0, le=50, strict=True, allow_inf_nan=False, description=description)


class ReportSpec(Frozen):
    """What the reports of a lab call equal (docs/measuring.md)."""

    margin_percent: float = _margin(
        1.0, "No difference: requests/s are surely within so many percent of the baseline's."
    )
    margin_points: float = _margin(
        5.0, "A replica agrees with its cluster: their losses are within so many points of each other."
    )
