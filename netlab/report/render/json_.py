"""The report as JSON, for programs; the underscore keeps the standard library's name free."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netlab.report.values import Report


def render(report: Report) -> str:
    """Every number of the report, unrounded."""
    return report.model_dump_json(indent=2) + "\n"
