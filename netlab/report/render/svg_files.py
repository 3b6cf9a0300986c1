"""Charts, paths and flame graphs of the report as SVG files of their own, for papers, slides and pages of others.

In the HTML page colours and fonts are the page's. A file has them in place, in light, because many programs that show
SVG know no CSS variables.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netlab.report.render.names import distinct

if TYPE_CHECKING:
    from netlab.report.values import Report

LIGHT = {
    "paper": "#ffffff",
    "page": "#f4f6f9",
    "ink": "#18202b",
    "muted": "#566170",
    "grid": "#d9dfe7",
    "accent": "#2b67bd",
    "costs": "#b84d00",
    "faster": "#00704f",
    "font": "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif",
}
"""What pictures take from the page that they stand in."""
_USED = re.compile(r"var\(--(?P<name>[\w-]+)(?:,(?P<fallback>[^()]*))?\)")
_BOX = re.compile(r'viewBox="(?P<box>[^"]*)"')
_XMLNS = 'xmlns="http://www.w3.org/2000/svg"'


def render(report: Report) -> dict[str, str]:
    """Every picture by the name of its file."""
    from netlab.report.draw import charts, drawing, flame_picture, forest_picture  # noqa: PLC0415 - not every format draws

    found = {f"{name}.svg": picture for name, picture in charts.draw(report).items()}
    if changes := forest_picture.draw(report):
        found["changes.svg"] = changes
    names = distinct(f"path-{one.profile}-{one.path}" for one in report.paths)
    for name, one in zip(names, report.paths, strict=True):
        found[f"{name}.svg"] = drawing.draw(one, "path")
    profiles = {cell.name: cell.profile for cell in report.cells}
    names = distinct(f"flame-{profiles[one.name]}-{one.path}" for one in report.flames)
    for name, graph in zip(names, report.flames, strict=True):
        found[f"{name}.svg"] = flame_picture.draw(graph)
    return {name: standalone(picture) for name, picture in found.items()}


def standalone(picture: str) -> str:
    """Turn an inline ``<svg>`` element into a document: it has a size, a background, and no variables."""
    start, end = picture.index("<svg"), picture.index(">") + 1
    head, body = picture[start:end], picture[end:]
    if _XMLNS not in head:
        head = head.replace("<svg", f"<svg {_XMLNS}", 1)
    if box := _BOX.search(head):
        x, y, width, height = box["box"].split()
        head = head[:-1] + f' width="{width}" height="{height}" style="font-family:var(--font);color:var(--ink)">'
        paper = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="var(--paper)"/>'
        body = body.replace("</desc>", f"</desc>{paper}", 1)  # title and description come first
    text = _USED.sub(_value, head + body)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _value(used: re.Match[str]) -> str:
    return LIGHT.get(used["name"], used["fallback"] or "currentColor")
