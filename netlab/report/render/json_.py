"""What netlab writes for programs, as JSON; the underscore keeps the standard library's name free.

The schemas are in docs/ and made by `netlab.report.render.schema`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from netlab.model.frozen import Frozen
    from netlab.report.values import Report

Document = Literal["report", "comparison", "gate"]


def render(report: Report) -> str:
    """Every number of the report, unrounded."""
    return render_as("report", report)


def render_as(document: Document, value: Frozen) -> str:
    """Write a value as a document that says where its schema is."""
    text = value.model_dump_json(indent=2)
    return f'{{\n  "$schema": {json.dumps(schema_file(document))},{text[1:]}\n'


def schema_file(document: Document) -> str:
    """Name of the schema's file."""
    return f"{document}.schema.json"
