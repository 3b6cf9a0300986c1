"""Which roles a role is made of: those that it includes, depends on, or takes a file from.

A snapshot is named by the contents of all of them, and one that is overlooked is a snapshot that is out of date. So the
YAML is parsed, not searched, and a name that cannot be known before the play is an error.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import yaml

from netlab.errors import ConfigError
from netlab.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    Words = dict[str, yaml.Node]

_Loader: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

COLLECTION = "netlab.netlab."
"""A role may be named with its collection in front (galaxy.yml)."""

_INCLUDE = re.compile(r"(?:ansible\.(?:builtin|legacy)\.)?(?:include|import)_role")
_FREE_FORM = re.compile(r"(?:^|\s)(?:name|role)=(\S+)")
_VARIABLE = re.compile(r"\{\{\s*(\w+)(?:\.(\w+)|\['(\w+)'\])?\s*\}\}")
_ANOTHER = re.compile(r"(?:\.\./|\broles/)(?!roles/)(\w+)/")
_UNKNOWN_OTHER = re.compile(r"role_path\b.*/\.\./(?!\w+/)")


class _Named(NamedTuple):
    """A role that is named somewhere, and where."""

    role: str
    file: Path
    line: int


def with_their_roles(roles: Path, names: Iterable[str]) -> list[Path]:
    """Return the folders of these roles, below ``roles``, and of all that they are made of; sorted.

    ConfigError where a role includes one whose name is decided during the play, or one that does not exist.
    """
    found: set[str] = set()
    queue = set(names)
    while queue:
        found |= queue
        queue = {other for name in queue for other in _others(roles / name)} - found
    return [roles / name for name in sorted(found)]


@cache  # a role's files do not change while a command runs, and many profiles share roles
def _others(role: Path) -> frozenset[str]:
    return frozenset(_existing(role.parent, named) for named in _named(role))


def _existing(roles: Path, named: _Named) -> str:
    name = named.role.removeprefix(COLLECTION)
    if not (roles / name).is_dir():
        known = [entry.name for entry in roles.iterdir()]
        raise ConfigError(f"{named.file}:{named.line}: netlab has no role '{named.role}'{did_you_mean(name, known)}")
    return name


def _named(role: Path) -> Iterator[_Named]:
    """Yield every role that a file of this one names."""
    for file in sorted(entry for entry in role.rglob("*") if entry.is_file()):
        part = file.relative_to(role).parts[0]
        if part in _PARTS and file.suffix in {".yml", ".yaml"}:
            yield from _in_yaml(role, file)
        elif part == "templates":
            yield from _in_text(role, file, 1, file.read_text(encoding="utf-8", errors="replace"))


_PARTS = {"tasks", "handlers", "meta", "vars", "defaults"}


def _in_yaml(role: Path, file: Path) -> Iterator[_Named]:
    for node in _nodes(_document(file)):
        if isinstance(node, yaml.ScalarNode):
            yield from _in_text(role, file, _line(node), node.value)
        elif isinstance(node, yaml.MappingNode):
            words = _words(node)
            yield from _in_task(file, words)
            if file.parent == role / "meta" and "dependencies" in words:
                yield from _dependencies(file, words["dependencies"])


def _document(file: Path) -> yaml.Node | None:
    try:
        document: yaml.Node | None = yaml.compose(file.read_text(encoding="utf-8"), _Loader)
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: not valid YAML: {error}") from error
    return document


def _nodes(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Yield a node and all below it: tasks stand in lists, blocks, and lists of blocks."""
    if node is not None:
        yield node
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _nodes(key)
            yield from _nodes(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _nodes(item)


def _words(node: yaml.Node) -> Words:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def _in_task(file: Path, task: Words) -> Iterator[_Named]:
    """Yield the roles that a task includes, by either spelling of the module and of its arguments."""
    for key, value in task.items():
        if _INCLUDE.fullmatch(key):
            yield from _included(file, task, value)
        elif key in {"action", "local_action"}:
            module = _words(value).get("module", value)
            if isinstance(module, yaml.ScalarNode) and _INCLUDE.fullmatch(module.value.partition(" ")[0]):
                yield from _included(file, task, value)


def _included(file: Path, task: Words, arguments: yaml.Node) -> Iterator[_Named]:
    words = _words(arguments) or _words(task.get("args", arguments))
    node = words.get("name", words.get("role"))
    free = _FREE_FORM.search(arguments.value) if isinstance(arguments, yaml.ScalarNode) else None
    written = free[1] if free else node.value if isinstance(node, yaml.ScalarNode) else ""
    for name in [written] if written and "{{" not in written else _looped(task, written):
        if not name or "{{" in name:
            hint = "name it, or loop over a list of names: a snapshot is named by the contents of all its roles"
            raise ConfigError(f"{file}:{_line(arguments)}: cannot tell which role is included: {written!r}", hint=hint)
        yield _Named(name, file, _line(arguments))


def _looped(task: Words, template: str) -> list[str]:
    """Return the names that ``{{ variable }}`` or ``{{ variable.key }}`` stands for; one empty name: unknown."""
    found = _VARIABLE.fullmatch(template)
    loop = next((task[key] for key in ("loop", "with_items", "with_list") if key in task), None)
    control = _words(task["loop_control"]) if "loop_control" in task else {}
    variable = control["loop_var"].value if "loop_var" in control else "item"
    if found is None or found[1] != variable or not isinstance(loop, yaml.SequenceNode) or not loop.value:
        return [""]
    key = found[2] or found[3]
    nodes = [_words(item).get(key) if key else item for item in loop.value]
    return [node.value if isinstance(node, yaml.ScalarNode) else "" for node in nodes]


def _dependencies(file: Path, node: yaml.Node) -> Iterator[_Named]:
    items = node.value if isinstance(node, yaml.SequenceNode) else []
    for item in items:
        words = _words(item)
        name = words.get("role", words.get("name", item))
        if isinstance(name, yaml.ScalarNode):
            yield _Named(name.value, file, _line(item))


def _in_text(role: Path, file: Path, line: int, text: str) -> Iterator[_Named]:
    """Yield the roles whose files a text takes by path: ``role_path ~ '/../app/templates/nginx.conf.j2'``."""
    if _UNKNOWN_OTHER.search(text):
        hint = "write the role's name into the path: a snapshot is named by the contents of all its roles"
        raise ConfigError(f"{file}:{line}: cannot tell which role's file is taken: {text.strip()!r}", hint=hint)
    for name in _ANOTHER.findall(text):
        if (role.parent / name).is_dir():
            yield _Named(name, file, line)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
