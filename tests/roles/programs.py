"""Programs of roles, as modules: what they decide is asked of their functions, with this machine's tools replaced."""

from __future__ import annotations

from subprocess import CompletedProcess
from types import ModuleType
from typing import Any

from tests.roles.rendering import ROLES


def program(role: str, name: str) -> ModuleType:
    module = ModuleType(name.replace("-", "_"))
    file = ROLES / role / "files" / name
    exec(compile(file.read_text(), str(file), "exec"), module.__dict__)
    return module


class Tools:
    """Answers in place of the host's tools, and keeps what they were told."""

    def __init__(self, **answers: str) -> None:
        self.answers = {name.replace("_", " "): answer for name, answer in answers.items()}
        self.told: list[tuple[str, ...]] = []
        self.failing: set[str] = set()
        self.exit_code = 1

    def __call__(self, *command: str, **options: Any) -> CompletedProcess[str]:
        self.told.append(command if options.get("stdin") is None else (*command, options["stdin"]))
        text = " ".join(command)
        found = [answer for start, answer in self.answers.items() if text.startswith(start)]
        failed = any(text.startswith(start) for start in self.failing)
        return CompletedProcess(
            command, self.exit_code if failed else 0, found[0] if found else "", "no" if failed else ""
        )
