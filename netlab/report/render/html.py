"""The report as one HTML file that needs nothing else: styles and charts are inside, and there is no script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.text import labels, numbers, words

if TYPE_CHECKING:
    from jinja2 import Environment

    from netlab.report.values import Report

TEMPLATE = "report.html.j2"


def render(report: Report) -> str:
    """Render the whole page."""
    from markupsafe import Markup  # noqa: PLC0415 - as below

    from netlab.report.draw import charts, drawing  # noqa: PLC0415 - only this format draws

    # Markup: charts and drawings are netlab's own SVG, in which every text is escaped.
    drawn = {name: Markup(picture) for name, picture in charts.draw(report).items()}  # noqa: S704
    drawings = [Markup(drawing.draw(one, f"path-{at}")) for at, one in enumerate(report.paths)]  # noqa: S704
    page = _environment().get_template(TEMPLATE)
    return page.render(report=report, charts=drawn, drawings=drawings, words=words, numbers=numbers, labels=labels)


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - `netlab --help` needs none

    loader = PackageLoader("netlab.report.render", "")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
