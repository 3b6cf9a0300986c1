"""The report as files, in every format it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.files import write_atomic
from netlab.report.render import html, json_, markdown

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.report.values import Report

RENDERERS = {"html": html.render, "md": markdown.render, "json": json_.render}


def write_report(report: Report, directory: Path) -> dict[str, Path]:
    """Write ``report.html``, ``report.md`` and ``report.json`` into ``directory``; return the paths by format."""
    directory.mkdir(parents=True, exist_ok=True)
    texts = {suffix: render(report) for suffix, render in RENDERERS.items()}
    paths = {suffix: directory / f"report.{suffix}" for suffix in texts}
    for suffix, text in texts.items():
        write_atomic(paths[suffix], text.encode(), mode=0o644)
    return paths
