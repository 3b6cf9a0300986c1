"""A gate as JUnit XML, which every CI system shows: a test case per cell."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from netlab.errors import UsageError
from netlab.files import write_atomic
from netlab.report.text import numbers

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.report.gate import Gate, Judged
    from netlab.statistics.bound import Judgement

_FORBIDDEN = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535), "\N{REPLACEMENT CHARACTER}")
"""Characters that XML has no way to write."""
TAGS: dict[Judgement, str] = {"failed": "failure", "cannot tell yet": "error"}


def write_junit(gate: Gate, file: Path) -> None:
    """Write the document into a file; UsageError where it cannot be written."""
    try:
        write_atomic(file, render(gate), mode=0o644)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error


def render(gate: Gate) -> bytes:
    """Write the document: a cell that loses too much is a failure, one that cannot be told yet an error."""
    counts = {f"{tag}s": str(len(gate.named(judgement))) for judgement, tag in TAGS.items()}
    attributes = {"name": _text(f"netlab gate: {gate.title}"), "tests": str(len(gate.cells)), **counts}
    suite = ET.Element("testsuite", attributes)
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("baseline", gate.base),
        ("max loss", numbers.margin(gate.max_loss_percent, "%")),
        ("runs", numbers.joined(gate.runs)),
    ):
        ET.SubElement(properties, "property", {"name": name, "value": _text(value)})
    for cell in gate.cells:
        _case(suite, cell)
    root = ET.Element("testsuites", attributes)
    root.append(suite)
    ET.indent(root)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _case(suite: ET.Element, cell: Judged) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": _text(f"netlab.{cell.label}"), "name": _text(cell.path)})
    if tag := TAGS.get(cell.judgement):
        ET.SubElement(case, tag, {"message": _text(cell.text), "type": cell.judgement})
    else:
        ET.SubElement(case, "system-out").text = _text(cell.text)


def _text(text: str) -> str:
    return text.translate(_FORBIDDEN)
