"""A flame graph as a picture that needs no page: as wide as paper, each name cut off where its frame ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.draw import flame, svg
from netlab.report.text import numbers, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlab.report.values import Flame

WIDTH = 1200.0
_TOP, _KEY, _SIZE = 24.0, 22.0, 10.5
_FEWEST = 4
"""Letters that say anything, with the mark that more are cut off."""
_LOOKS = {
    "same": f'fill="{svg.MUTED}" fill-opacity="0.2"',
    "more": 'fill="var(--costs)" fill-opacity="0.26"',
    "less": 'fill="var(--accent)" fill-opacity="0.34"',
    "new": 'fill="var(--costs)" fill-opacity="0.5"',
    "gone": f'fill="{svg.PAPER}" stroke="var(--accent)" stroke-dasharray="3 2"',
}
"""As the page's style sheet has them."""


def draw(one: Flame) -> str:
    """One ``<svg>`` element, with its title, what its colours mean, and the frames."""
    rows = 1 + max(frame.depth for frame in one.frames)
    top = _TOP + (_KEY if one.base else 0.0)
    title = flame.label(one)
    said = f"{numbers.number(one.frames[0].value, 1)} {one.unit}, {numbers.number(one.samples)} samples"
    parts = [svg.text(4, 15, title, f'font-size="13" fill="{svg.INK}"', f"  {said}")]
    parts += _key(one.base) if one.base else ()
    parts.append(f'<g font-size="{_SIZE:g}" fill="{svg.INK}">')
    parts += [drawn for place in flame.places(one.frames) for drawn in _frame(place, one, top)]
    parts.append("</g>")
    height = top + rows * flame.ROW + 4
    return svg.picture(parts, name="flame", title=title, description=said, width=WIDTH, height=height)


def _key(base: str) -> Iterator[str]:
    """Say what the colours mean."""
    x = 4.0
    for look, said in words.flame_looks(base).items():
        yield svg.rect(x, _TOP, 16, 11, _LOOKS[look])
        yield svg.text(x + 22, _TOP + 10, said, f'font-size="11" fill="{svg.MUTED}"')
        x += 22 + svg.text_width(said, 11) + 18


def _frame(place: flame.Place, one: Flame, top: float) -> Iterator[str]:
    x, width = place.left * WIDTH / 100, place.width * WIDTH / 100
    y = top + place.frame.depth * flame.ROW
    look = _LOOKS[flame.look(place.frame, compared=one.base is not None)]
    shape = svg.rect(x, y, max(width - 0.6, 0.4), flame.ROW - 1, look)
    name = svg.fitted(place.frame.name, _SIZE, width - 6)
    yield svg.titled(
        shape + (svg.text(x + 3, y + 12, name, "") if len(name) >= _FEWEST else ""), words.frame(place.frame, one)
    )
