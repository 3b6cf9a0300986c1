"""An explanation on a terminal. New hops carry a sign besides their colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from netlab.model.proof import WIRE
from netlab.report.draw import colours
from netlab.report.text import numbers, sentences, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console, RenderableType

    from netlab.report.explanation import Cost, Explanation, Story
    from netlab.report.values import PathHop, PathPicture, Visit

ARROW = " → "
COLUMNS = 84
"""Of a line of hops, so that boxes fit into 100."""


def print_explanation(explanation: Explanation, console: Console) -> None:
    """Write the explanation to ``console``."""
    console.print(render(explanation))


def render(explanation: Explanation) -> RenderableType:
    """Every path: its drawing, what it costs as a table, and both in words."""
    head = Text(explanation.label, style="bold")
    head.append(f"  run {explanation.run_id}, {explanation.clock} clock", style="not bold dim")
    parts: list[RenderableType] = [head, Text(explanation.description)]
    for story in explanation.stories:
        parts += [Text(""), Text(story.path, style="bold underline"), *_story(story)]
    return Group(*parts)


def _story(story: Story) -> Iterator[RenderableType]:
    if story.picture:
        yield from _drawing(story.picture)
    if parts := _parts(story):
        yield Padding(_table(story, parts), (0, 0, 0, 2))
    for sentence in story.sentences:
        line = Table.grid(padding=(0, 1))
        line.add_row(Text("•"), Text(sentence))
        yield line


def _drawing(picture: PathPicture) -> Iterator[RenderableType]:
    for title, visits in (("request", picture.request), ("response", picture.response)):
        yield Text(f"  {title}", style="dim")
        for at, visit in enumerate(visits):
            yield Padding(_place(visit, first=at == 0), (0, 0, 0, 4))
    if picture.base:
        yield Text(f"  +: not on the way of {picture.base}", style="dim")


def _place(visit: Visit, *, first: bool) -> RenderableType:
    """Draw a namespace as a box with its hops in order; the wire as a line."""
    if visit.place == WIRE:
        return Text("║ wire", style="dim")
    hops = Text("\n").join(_lines([_hop(hop) for hop in visit.hops]))
    title = Text(f"{'' if first else '▼ '}{visit.place}", style="bold")
    return Panel(hops, title=title, title_align="left", box=box.ROUNDED, border_style="dim", expand=False)


def _hop(hop: PathHop) -> Text:
    return Text(words.hop_text(hop), style=f"bold {colours.of_hop(hop.kind, hop.what)}" if hop.new else "")


def _lines(hops: Iterable[Text]) -> Iterator[Text]:
    """Break between hops only: a name may have a blank in it."""
    line = Text()
    for hop in hops:
        if line and line.cell_len + hop.cell_len + len(ARROW) > COLUMNS:
            yield line
            line = Text(ARROW.lstrip()) + hop
        else:
            line = line + ARROW + hop if line else hop
    yield line


def _parts(story: Story) -> list[Cost]:
    if story.change:
        return [*story.change.added, *story.change.saved, story.change.rest]
    return list(story.costs)


def _table(story: Story, parts: Iterable[Cost]) -> Table:
    """One line a subsystem: how much more or less than on the base, or all of it where there is no base."""
    changed = story.change is not None
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(f"a request, against {story.change.base}" if story.change else "a request")
    for head in ("CPU µs", "instructions") if story.costs[0].instructions is not None else ("CPU µs",):
        table.add_column(head, justify="right")
    for part in parts:
        table.add_row(*_row(part, changed=changed))
    if story.change:
        table.add_section()
        table.caption = "±: twice the standard error of the profiler's sampling"
        table.caption_justify = "left"
        total = story.change
        table.add_row("together", *_figures(total.us, None, total.instructions, changed=True), style="bold")
    return table


def _row(part: Cost, *, changed: bool) -> list[str]:
    return [_name(part), *_figures(part.us, part.error_us, part.instructions, changed=changed)]


def _name(part: Cost) -> str:
    return "changes too small to tell" if part.group == "rest" else sentences.named(part.group)


def _figures(us: float, error: float | None, instructions: float | None, *, changed: bool) -> list[str]:
    write = numbers.signed if changed else numbers.number
    sure = f" ± {numbers.number(error, 1)}" if error is not None else ""
    return [write(us, 1) + sure, *([write(instructions, 0)] if instructions is not None else [])]
