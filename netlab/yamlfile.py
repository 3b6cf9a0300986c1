"""Files that users write: YAML → a frozen pydantic value, or a ConfigError with the line of every mistake.

YAML 1.2's core schema (``netlab.yamlcore``), and of that only what JSON knows: no aliases, no tags, no duplicate keys.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack, get_args

import yaml
from pydantic import BaseModel, ValidationError

from netlab import yamlcore
from netlab.errors import ConfigError
from netlab.excerpt import first_words
from netlab.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

SUFFIXES = (".yml", ".yaml")
Model = TypeVar("Model", bound=BaseModel)
Key = tuple[str | int, ...]

_PLAIN = {
    "model_type": "this must be a mapping (key: value)",
    "string_pattern_mismatch": "this must be a lower-case name",
    "tuple_type": "this must be a list",
}
_COLLECTIONS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_MAX_CHARACTERS = 100_000
_MAX_DEPTH = 20


class Names(TypedDict, total=False):
    """What keys had another name, and who is told of those that still have it."""

    renamed: Mapping[tuple[str, ...], tuple[str, ...]]
    """Old name to new name, each as the keys that lead there."""
    warn: Callable[[str], None] | None


class _Loader(yaml.SafeLoader):
    """Knows the words of YAML 1.2 instead of those of 1.1."""

    yaml_implicit_resolvers = yamlcore.RESOLVERS


class _Reader:
    """Builds the value of a node and remembers the line of every key.

    ``shared`` is a file that Ansible reads, too: what YAML 1.1 and 1.2 read in different ways is refused.
    """

    def __init__(self, name: str, *, shared: bool = False) -> None:
        self.name = name
        self.lines: dict[Key, int] = {}
        self._shared = shared

    def error(self, line: int, message: str) -> ConfigError:
        return ConfigError(f"{self.name}:{line}: {message}")

    def move(self, old: Key, new: Key) -> None:
        """Know the lines of a key, and of all that is in it, by its new name too."""
        inside = {key: line for key, line in self.lines.items() if key[: len(old)] == old}
        self.lines |= {(*new, *key[len(old) :]): line for key, line in inside.items()}

    def value(self, node: yaml.Node, key: Key) -> Any:
        self.lines.setdefault(key, _line(node))
        if node.tag not in yamlcore.SCALARS | _COLLECTIONS:
            raise self.error(_line(node), f"the tag {node.tag} is not supported")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, key)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*key, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, key: Key) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name_node, value_node in node.value:
            name = self._name(name_node)
            if name in result:
                raise self.error(_line(name_node), f"the key '{name}' is there twice")
            self.lines[*key, name] = _line(name_node)
            result[name] = self.value(value_node, (*key, name))
        return result

    def _name(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag != yamlcore.WORD:
            raise self.error(_line(node), "a key must be a plain word")
        return str(self._scalar(node))

    def _scalar(self, node: yaml.Node) -> Any:
        try:
            value = yamlcore.construct(node.tag, node.value)
        except ValueError as error:
            raise self.error(_line(node), str(error)) from error
        if self._shared and isinstance(node, yaml.ScalarNode) and node.style is None:
            self._compare(node, value, yamlcore.read_as_1_1(node.value))
        return value

    def _compare(self, node: yaml.Node, value: Any, other: Any) -> None:
        if repr(value) != repr(other):
            which = f"{yamlcore.say(value)} in YAML 1.2 and {yamlcore.say(other)} in YAML 1.1, which Ansible reads"
            hint = "put it in quotes, or write it so that both agree"
            raise self.error(_line(node), f"'{first_words(node.value, 40)}' is {which}: {hint}")


def read_model(
    path: Path, model: type[Model], *, name: str | None = None, shared: bool = False, **names: Unpack[Names]
) -> Model:
    """Read the file at ``path`` as a ``model``; ``name`` stands for it in messages.

    ``shared`` says that Ansible reads the file, too, and must read the same.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{name or path.name}:{line}: this is not UTF-8 text") from error
    return parse_model(text, model, name=name or path.name, shared=shared, **names)


def parse_model(text: str, model: type[Model], *, name: str, shared: bool = False, **names: Unpack[Names]) -> Model:
    """As ``read_model``, from text. An empty document is a mapping without keys."""
    reader = _Reader(name, shared=shared)
    data = _parse(text, reader)
    _rename(data, reader, names.get("renamed", {}), names.get("warn"))
    try:
        return model.model_validate({} if data is None else data)
    except ValidationError as error:
        raise ConfigError("\n".join(_messages(error, model, reader))) from None


def _rename(
    data: Any, reader: _Reader, renamed: Mapping[tuple[str, ...], tuple[str, ...]], warn: Callable[[str], None] | None
) -> None:
    """Give keys with an old name their new one, in place; ConfigError where a key has both."""
    for old, new in renamed.items():
        source = _mapping_at(data, old[:-1])
        if source is None or old[-1] not in source:
            continue
        line = reader.lines[old]
        before, now = ".".join(old), ".".join(new)
        target = _mapping_at(data, new[:-1], create=True)
        if target is None:  # no mapping, which the model will say
            continue
        if new[-1] in target:
            raise reader.error(line, f"'{before}' is the old name of '{now}', which is there too: remove the old one")
        target[new[-1]] = source.pop(old[-1])
        reader.move(old, new)
        if warn:
            warn(f"{reader.name}:{line}: '{before}' is now called '{now}'; the old name is still read")


def _mapping_at(data: Any, key: Key, *, create: bool = False) -> dict[str, Any] | None:
    """Return the mapping at ``key``, made where it is missing and ``create`` says so; None where there is none."""
    for part in key:
        if not isinstance(data, dict):
            return None
        if create and data.get(str(part)) is None:
            data[str(part)] = {}
        data = data.get(str(part))
    return data if isinstance(data, dict) else None


def _parse(text: str, reader: _Reader) -> Any:
    if len(text) > _MAX_CHARACTERS:
        raise reader.error(1, "the file is longer than 100 000 characters")
    try:
        _refuse_traps(text, reader)
        node = yaml.compose(text, _Loader)
        return None if node is None else reader.value(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise reader.error(mark.line + 1 if mark else 1, f"not valid YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise reader.error(line, f"a character that YAML does not allow: #x{error.character:04x}") from error


def _refuse_traps(text: str, reader: _Reader) -> None:
    """Refuse aliases, which can name themselves or grow without bound, and nesting that would exhaust the stack."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise reader.error(line, "aliases (*name) are not supported")
        if isinstance(event, yaml.DocumentStartEvent) and event.version not in {None, (1, 2)}:
            raise reader.error(line, "this says %YAML 1.1, but netlab reads YAML 1.2")
        if depth > _MAX_DEPTH:
            raise reader.error(line, "nested too deeply")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _messages(error: ValidationError, model: type[BaseModel], reader: _Reader) -> list[str]:
    found = sorted((_where(reader, detail["loc"]), _sentence(detail, model)) for detail in error.errors())
    return [f"{reader.name}:{line}: {sentence}" for line, sentence in found]


def _where(reader: _Reader, key: Key) -> int:
    """Line of the key, or of the nearest key around it (a missing key has no line of its own)."""
    while key and key not in reader.lines:
        key = key[:-1]
    return reader.lines.get(key, 1)


def _sentence(detail: Any, model: type[BaseModel]) -> str:
    key: Key = detail["loc"]
    if detail["type"] == "extra_forbidden":
        return f"unknown key '{key[-1]}'{did_you_mean(str(key[-1]), _fields(model, key[:-1]))}"
    dotted = ".".join(str(part) for part in key)
    if detail["type"] == "missing":
        return f"the key '{dotted}' is missing"
    message = _PLAIN.get(detail["type"], detail["msg"].removeprefix("Value error, "))
    message = message[:1].lower() + message[1:]
    shown = repr(detail["input"])
    got = f", not {shown}{_old_meaning(detail)}" if len(shown) < 60 and detail["type"] != "value_error" else ""
    return f"{dotted}: {message}{got}" if dotted else f"{message}{got}"


def _old_meaning(detail: Any) -> str:
    """Tell anyone who knows YAML 1.1 how to write what a word meant there, where that is what was wanted."""
    value, wanted = detail["input"], _WANTED.get(detail["type"], ())
    if not isinstance(value, str) or not yamlcore.is_word(value):
        return ""
    old = yamlcore.read_as_1_1(value)
    return f", which is a word in YAML 1.2; write {yamlcore.say(old)}" if type(old) in wanted else ""


_WANTED = {"bool_type": (bool,), "int_type": (int,), "float_type": (int, float)}


def _fields(model: type[BaseModel], key: Key) -> list[str]:
    """Names that the mapping at ``key`` may hold."""
    for part in key:
        field = model.model_fields.get(str(part))
        inner = _model_in(field.annotation) if field else (model if isinstance(part, int) else None)
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the model inside an annotation such as ``Item | None`` or ``tuple[Item, ...]``."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    return next(filter(None, map(_model_in, get_args(annotation))), None)


def files_in(folder: Path) -> dict[str, Path]:
    """Files of one folder by the name that users call them by; ConfigError where two have the same."""
    found: dict[str, Path] = {}
    for file in (file for suffix in SUFFIXES for file in sorted(folder.glob(f"[!.]*{suffix}"))):
        if file.stem in found:
            message = f"{folder} has both {found[file.stem].name} and {file.name}"
            raise ConfigError(message, hint="keep one of them: only one can be meant")
        found[file.stem] = file
    return found
