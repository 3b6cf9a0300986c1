"""SVG as text: the few elements that pictures are made of.

Colours are variables of the page (``var(--ink)``), so that they follow its light or dark scheme; every text is escaped.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

INK, MUTED, GRID, PAPER = "var(--ink)", "var(--muted)", "var(--grid)", "var(--paper)"
_WIDTHS = {
    **dict.fromkeys("ijlI.,:;'|! \N{NARROW NO-BREAK SPACE}", 0.32),
    **dict.fromkeys("rtf()[]-/", 0.41),
    **dict.fromkeys("mwMW%@\N{HORIZONTAL ELLIPSIS}", 0.98),
}
_EM = 0.63
"""Width of all other characters, in units of the font's size: DejaVu Sans, the widest that pages are read in."""


def n(value: float) -> str:
    """Write a coordinate to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def rect(x: float, y: float, width: float, height: float, look: str) -> str:
    """Draw a rectangle."""
    return f'<rect x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}" {look}/>'


def titled(shape: str, title: str) -> str:
    """Say what a shape is where the pointer rests on it."""
    return f"<g><title>{escape(title)}</title>{shape}</g>"


def text(x: float, y: float, words: str, look: str, rest: str = "") -> str:
    """Write words, from x on unless ``look`` anchors them otherwise, and a muted ``rest`` after them."""
    more = f'<tspan fill="{MUTED}">{escape(rest)}</tspan>' if rest else ""
    return f'<text x="{n(x)}" y="{n(y)}" {look}>{escape(words)}{more}</text>'


def line(points: Sequence[tuple[float, float]], look: str) -> str:
    """Draw a line from point to point."""
    path = "M" + "L".join(f"{n(x)} {n(y)}" for x, y in points)
    return f'<path d="{path}" fill="none" stroke-linejoin="round" {look}/>'


def picture(  # noqa: PLR0913 - all that a picture says of itself
    parts: Iterable[str], *, name: str, title: str, description: str, width: float, height: float, look: str = ""
) -> str:
    """Put the parts into one ``<svg>`` element, which says what it is to those who cannot see it.

    ``name`` makes its identifiers unique in the page; ``look`` is its style class.
    """
    style = f' class="{look}"' if look else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg"{style} viewBox="0 0 {n(width)} {n(height)}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>{"".join(parts)}</svg>'
    )


def text_width(words: str, size: float) -> float:
    """Estimate the width of words in the page's font; nobody knows which font a reader has."""
    return size * sum(_WIDTHS.get(char, _EM) for char in words)


def fitted(words: str, size: float, width: float) -> str:
    """Cut words off where they would be wider than ``width``."""
    while words and text_width(words, size) > width:
        words = words[:-2].rstrip() + "…" if len(words) > 2 else ""
    return words
