"""A comparison of two runs as files, in the formats that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from netlab import assets
from netlab.report.render import compare_markdown, json_
from netlab.report.render.writing import write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from netlab.report.comparison import Comparison

Format = Literal["markdown", "json"]


def _markdown(found: Comparison) -> dict[str, str]:
    return {"comparison.md": compare_markdown.render(found)}


def _json(found: Comparison) -> dict[str, str]:
    name = json_.schema_file("comparison")
    text = json_.render_as("comparison", found)
    return {"comparison.json": text, name: assets.schema(name).read_text(encoding="utf-8")}


RENDERERS: Mapping[Format, Callable[[Comparison], dict[str, str]]] = {"markdown": _markdown, "json": _json}


def write_comparison(found: Comparison, directory: Path, formats: Iterable[Format]) -> dict[Format, list[Path]]:
    """Write the formats into ``directory``; return the paths by format."""
    return write_all({name: RENDERERS[name](found) for name in dict.fromkeys(formats)}, directory)
