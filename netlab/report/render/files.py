"""The report as files, in the formats that were asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from netlab import assets
from netlab.report.compute.samples import measured
from netlab.report.render import csv_, folded, html, json_, markdown, openmetrics, svg_files
from netlab.report.render.names import distinct
from netlab.report.render.writing import write_all
from netlab.results.stacks import load_stacks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from netlab.model.run import Run
    from netlab.model.sample import Stacks
    from netlab.report.values import Report

Format = Literal["html", "json", "csv", "openmetrics", "markdown", "svg", "folded"]
USUAL: tuple[Format, ...] = ("html", "markdown", "json")


@dataclass(frozen=True)
class Material:
    """A report, and the runs that it was computed from with their folders, replicas' last."""

    report: Report
    runs: Sequence[Run] = ()
    folders: Sequence[Path] = ()


def _html(material: Material) -> dict[str, str]:
    return {"report.html": html.render(material.report)}


def _json(material: Material) -> dict[str, str]:
    name = json_.schema_file("report")
    return {"report.json": json_.render(material.report), name: assets.schema(name).read_text(encoding="utf-8")}


def _csv(material: Material) -> dict[str, str]:
    return {"cells.csv": csv_.cells(material.report), "samples.csv": csv_.samples(measured(material.runs))}


def _openmetrics(material: Material) -> dict[str, str]:
    return {"report.prom": openmetrics.render(material.report)}


def _markdown(material: Material) -> dict[str, str]:
    return {"report.md": markdown.render(material.report)}


def _svg(material: Material) -> dict[str, str]:
    return {f"svg/{name}": picture for name, picture in svg_files.render(material.report).items()}


def _folded(material: Material) -> dict[str, str]:
    found = [(folder, stacks) for folder in material.folders for stacks in load_stacks(folder)]
    several = len(material.folders) > 1
    names = distinct(f"{folder.name}-{_cell(stacks)}" if several else _cell(stacks) for folder, stacks in found)
    return {f"folded/{name}.folded": folded.render(stacks) for name, (_, stacks) in zip(names, found, strict=True)}


def _cell(stacks: Stacks) -> str:
    return f"{stacks.profile}-{stacks.path}{'' if stacks.keepalive else '-close'}"


RENDERERS: Mapping[Format, Callable[[Material], dict[str, str]]] = {
    "html": _html,
    "json": _json,
    "csv": _csv,
    "openmetrics": _openmetrics,
    "markdown": _markdown,
    "svg": _svg,
    "folded": _folded,
}
"""Each gives the texts by the name of their file, which may be in a folder."""


def write_report(material: Material, directory: Path, formats: Iterable[Format] = USUAL) -> dict[Format, list[Path]]:
    """Write the formats into ``directory``; return the paths by format."""
    return write_all({name: RENDERERS[name](material) for name in dict.fromkeys(formats)}, directory)
