"""The report as one HTML file that needs nothing else: styles, pictures and a small script are inside.

Its policy (CSP) lets the browser load nothing, and run nothing but that script, whose digest it names.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import TYPE_CHECKING, Any

from netlab.report.text import configuration, coverage, gates, labels, numbers, summary, words

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from netlab.report.values import Report

TEMPLATE = "report.html.j2"


def render(report: Report) -> str:
    """Render the whole page."""
    from netlab.report.draw import drawing, flame  # noqa: PLC0415 - only this format draws

    costs = {cell.name: cell.hot_groups for cell in report.cells}
    drawings = [
        _markup(drawing.draw(one, f"path-{at}", costs.get(one.name, ()))) for at, one in enumerate(report.paths)
    ]
    burning = [_markup(flame.draw(one, f"flame-{at}")) for at, one in enumerate(report.flames)]
    page = _environment().get_template(TEMPLATE)
    modules = (words, numbers, labels, summary, configuration, coverage, gates)
    texts = {module.__name__.rpartition(".")[2]: module for module in modules}
    pictures = {"charts": _charts(report), "drawings": drawings, "burning": burning}
    pictures |= _forest(report) | _rounds(report)
    return page.render(report=report, **pictures, **texts, **_inlined())


def _charts(report: Report) -> dict[str, Any]:
    """Draw every chart twice, for a screen and for a phone: the style sheet shows one of them."""
    from netlab.report.draw import axes, charts  # noqa: PLC0415 - as above

    wide, narrow = charts.draw(report, axes.WIDE), charts.draw(report, axes.NARROW)
    return {name: _markup(picture + narrow.get(name, "")) for name, picture in wide.items()}


def _forest(report: Report) -> dict[str, Any]:
    """Draw the changes on one scale: a strip per cell, the axis, and what each shape means."""
    from netlab.report.draw import forest  # noqa: PLC0415 - as above

    changes = {cell.name: cell.change for cell in report.cells if cell.change and cell.name in report.charted}
    scale = forest.scale(changes.values(), report.margin_percent)
    return {
        "strips": {name: _markup(forest.strip(change, scale)) for name, change in changes.items()},
        "axis": _markup(forest.axis(scale)),
        "keys": {verdict: _markup(forest.key(verdict)) for verdict in words.VERDICTS},
    }


def _rounds(report: Report) -> dict[str, Any]:
    """Draw requests/s round by round, of the cells that have several and are charted."""
    from netlab.report.draw import rounds  # noqa: PLC0415 - as above

    rates = {one.name: one.rate for one in report.cells if one.name in report.charted and len(one.rate.rounds) > 1}
    reach = rounds.reach(rates.values())
    return {
        "rounds": {name: _markup(rounds.strip(rate, reach)) for name, rate in rates.items()},
        "rounds_reach": reach,
    }


def _inlined() -> dict[str, Any]:
    """Read what stands in the page as it is, and name the script as the page's policy does."""
    style, script = (_file(name) for name in ("report.css", "report.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"style": _markup(style), "script": _markup(script), "script_hash": f"sha256-{digest}"}


def _file(name: str) -> str:
    return (resources.files("netlab.report.render") / name).read_text(encoding="utf-8")


def _markup(text: str) -> Markup:
    """Mark netlab's own: files of this folder, and drawings in which every text is escaped."""
    from markupsafe import Markup  # noqa: PLC0415 - `netlab --help` needs none

    return Markup(text)  # noqa: S704


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - as above

    loader = PackageLoader("netlab.report.render", "")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
