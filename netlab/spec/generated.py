"""What is made of the spec: a schema for editors, a table for the docs, a file to begin with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from netlab.model.frozen import Frozen
from netlab.spec.lab import LabSpec

if TYPE_CHECKING:
    from collections.abc import Iterator


def generate_schema() -> dict[str, Any]:
    """JSON Schema of ``netlab.yml``, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **LabSpec.model_json_schema()}


def generate_table() -> str:
    """Every key of ``netlab.yml`` as a Markdown table."""
    rows = [f"| `{key}` | {_shown(value)} | {text} |" for key, value, text in _leaves(LabSpec(), "")]
    return "\n".join(["| key | default | meaning |", "|---|---|---|", *rows])


def generate_sample() -> str:
    """Return a ``netlab.yml`` in which every key stands with its default, commented out."""
    lines = ["# A netlab lab. Every key is optional; these are the defaults."]
    group = ""
    for key, value, text in _leaves(LabSpec(), ""):
        above, _, name = key.rpartition(".")
        if above and above != group:
            lines += ["", f"# {LabSpec.model_fields[above].description}", f"#{above}:"]
        group = above
        setting = f"{name}: {_shown(value)}".strip()
        lines += [f"#  {setting:<25} # {text}"] if above else ["", f"# {text}", f"#{setting}"]
    return "\n".join(lines) + "\n"


def _leaves(model: Frozen, prefix: str) -> Iterator[tuple[str, Any, str]]:
    """Yield dotted key, default and description of all that is not a mapping itself."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, Frozen):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value, field.description or ""


def _shown(value: Any) -> str:
    """Render a default as YAML (JSON is YAML, but names need no quotes)."""
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    return value if isinstance(value, str) and value else json.dumps(value)
