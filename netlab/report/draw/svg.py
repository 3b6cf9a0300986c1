"""A matplotlib figure → SVG that can stand inside an HTML page.

Text stays text, identifiers are the same on every run and unique in the page, colours follow the page's light or dark
scheme, and the drawing carries its own title and description for those who cannot see it.
"""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, MUTED, GRID, PAPER = "#010101", "#020202", "#030303", "#040404"
"""Stand-ins: matplotlib knows no CSS variables, so these are put in afterwards."""
_THEME = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--grid)", PAPER: "var(--paper)"}
_FONT = re.compile(r"font-family: [^;\"]*|(?<=px )'[^;\"]*")
_STYLE = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
_SIZE = re.compile(r'width="[\d.]+pt" height="[\d.]+pt"')
_ID = re.compile(r'(\bid="|href="#|url\(#)')
_NOTHING = {"Date": None, "Creator": None, "Format": None, "Type": None}
_STYLES = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a name with two dollar signs is a name
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID,
    "axes.titlesize": 10,
    "axes.titlecolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.color": GRID,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "legend.frameon": False,
    "legend.handlelength": 1.2,
}


def figure(width: float, height: float) -> Figure:
    """Make an empty figure of this size in inches, which lays itself out."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - matplotlib is slow to import

    return Figure(figsize=(width, height), layout="constrained")


def styled(name: str) -> dict[Any, Any]:
    """Give the matplotlib settings to draw ``name`` with."""
    return {**_STYLES, "svg.hashsalt": name}


def inline(drawing: Figure, *, name: str, title: str, description: str) -> str:
    """Turn the drawing into one ``<svg>`` element; ``name`` makes its identifiers unique in the page."""
    buffer = io.StringIO()
    drawing.savefig(buffer, format="svg", transparent=True, metadata=_NOTHING)
    text = buffer.getvalue()
    text = _STYLE.sub("", text[text.index("<svg") :])
    text = _ID.sub(rf"\g<1>{name}-", text)
    for stand_in, variable in _THEME.items():
        text = text.replace(stand_in, variable)
    return _described(_FONT.sub(_inherit, text), name, title, description)


def _inherit(match: re.Match[str]) -> str:
    return "font-family: inherit" if match[0].startswith("font-family") else "var(--font)"


def _described(text: str, name: str, title: str, description: str) -> str:
    labels = f'role="img" aria-labelledby="{name}-title {name}-desc"'
    text = _SIZE.sub(labels, text, count=1)
    words = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    end = text.index(">") + 1
    return text[:end] + words + text[end:].strip()
