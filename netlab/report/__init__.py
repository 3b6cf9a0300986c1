"""Runs → one report, in every format it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report import html, json_, markdown
from netlab.report.model import build_report
from netlab.results.store import replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.report.values import Report

__all__ = ["build_report", "write_report"]

RENDERERS = {"html": html.render, "md": markdown.render, "json": json_.render}


def write_report(report: Report, directory: Path) -> dict[str, Path]:
    """Write ``report.html``, ``report.md`` and ``report.json`` into ``directory``; return the paths by format."""
    directory.mkdir(parents=True, exist_ok=True)
    texts = {suffix: render(report) for suffix, render in RENDERERS.items()}
    return {suffix: replace_file(directory / f"report.{suffix}", text) for suffix, text in texts.items()}
