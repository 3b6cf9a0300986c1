"""Writes the files that are made from code, most of them in docs/: ``python -m netlab.cli.docs``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from netlab.cli.app import build_parser
from netlab.gates.page import page as gates
from netlab.hosts.vagrant.fleet import as_text, default_fleet
from netlab.report.render import schema
from netlab.report.render.json_ import schema_file
from netlab.spec.generated import generate_sample, generate_schema, generate_table
from netlab.spec.lab import LabSpec

if TYPE_CHECKING:
    from netlab.cli.parser import Parser

_MADE = "<!-- Made by `python -m netlab.cli.docs`; a test fails when it is out of date. -->\n\n"

_SPEC = """\
`netlab.yml` (or `netlab.yaml`; both is an error) makes its folder a lab. Without the file, or a key of it, the defaults
count.

The file is YAML 1.2, its core schema: `true` and `false` are the truth values, `yes`, `no`, `on` and `off` are words;
`1:30` and `1_000` are words, too; octal numbers are `0o17`. A number that begins with a 0 is refused: it means one
thing in YAML 1.2 and another in 1.1. An unknown key, a key that is there twice, an alias (`*name`) or a tag is an error
with its line. A lab's own profiles are read by Ansible, too, which knows YAML 1.1: what the two read in different ways
is refused there.

Paths: `~` and `~user` are homes; what is relative is below the folder of `netlab.yml`. The same rule holds on the
command line, below the current folder. A folder that is really called `~` is `./~`.
"""


def pages() -> dict[str, str]:
    """Return every made page by file name."""
    return {
        "cli.md": cli(),
        "netlab-yml.md": spec(),
        "gates.md": f"# Gates\n\n{_MADE}{gates()}",
        "netlab.schema.json": json.dumps(generate_schema(), indent=2) + "\n",
        **{schema_file(one): json.dumps(schema.generate(one), indent=2) + "\n" for one in schema.DOCUMENTS},
        "../vagrant/fleet.json": as_text(default_fleet(LabSpec())),
    }


def cli() -> str:
    """Help pages of all commands as Markdown."""
    os.environ["COLUMNS"] = "100"  # argparse wraps at the width of the terminal
    parser = build_parser()
    parts = [f"# Commands\n\n{_MADE}```text\n{parser.format_help()}```\n"]
    for name, command in parser.commands().items():
        parts.append(_help("##", name, command))
        parts += [_help("###", f"{name} {action}", each) for action, each in command.commands().items()]
    return "\n".join(parts)


def _help(level: str, name: str, parser: Parser) -> str:
    return f"{level} {name}\n\n```text\n{parser.format_help()}```\n"


def spec() -> str:
    """Keys of ``netlab.yml`` and a sample as Markdown."""
    editor = "Editors that know JSON Schema check it with [netlab.schema.json](netlab.schema.json).\n"
    sample = f"What `netlab init` writes:\n\n```yaml\n{generate_sample()}```\n"
    return f"# netlab.yml\n\n{_MADE}{_SPEC}\n{generate_table()}\n\n{editor}\n{sample}"


def write(folder: Path) -> None:
    """Write all pages into ``folder``."""
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).resolve().parents[2] / "docs")
