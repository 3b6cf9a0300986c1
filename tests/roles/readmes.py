"""The table of inputs in a role's README, made from its argument specification.

Run `python tests/roles/readmes.py` after a change of an argument specification.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).parents[2] / "roles"
BEGIN, END = "<!-- inputs -->\n", "<!-- end of inputs -->\n"


def entry_points(role: Path) -> dict[str, Any]:
    return yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]


def table(role: Path) -> str:
    """Markdown table of the inputs of the entry point ``main``."""
    options = entry_points(role)["main"].get("options", {})
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text()) or {}
    rows = [_row(name, option, defaults) for name, option in options.items()]
    return "\n".join(["| input | type | default | meaning |", "|---|---|---|---|", *rows]) + "\n"


def _row(name: str, option: dict[str, Any], defaults: dict[str, Any]) -> str:
    default = "required" if option.get("required") else _default(defaults.get(name))
    return f"| `{name}` | {option['type']} | {default} | {option['description']} |"


def _default(value: Any) -> str:
    if value == "" or value is None:
        return "empty"
    text = str(value)
    return f"`{text}`" if len(text) <= 60 else "see `defaults/main.yml`"


def with_table(readme: str, role: Path) -> str:
    """The README with the table between its two marks made again."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{table(role)}{END}{after}"


def main() -> None:
    for path in sorted(ROLES.glob("*/README.md")):
        if BEGIN in path.read_text():
            path.write_text(with_table(path.read_text(), path.parent))


if __name__ == "__main__":
    main()
