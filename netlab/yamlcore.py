"""What a plain word of a YAML file is: a word, a number, true, false or nothing.

netlab's files are YAML 1.2 (its core schema): ``yes`` is a word and ``1:30`` too. PyYAML, and so Ansible, reads YAML
1.1, in which they are True and 90.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

TAG = "tag:yaml.org,2002:"
WORD = f"{TAG}str"

_MAX_DIGITS = 30
_INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_OLD_BREAKS = re.compile("[\x85\u2028\u2029]")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+\Z")
_PATTERNS = {
    f"{TAG}null": re.compile(r"(?:~|null|Null|NULL|)\Z"),
    f"{TAG}bool": re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"),
    f"{TAG}int": _INT,
    f"{TAG}float": re.compile(
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z|[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z"
    ),
}

RESOLVERS = {None: list(_PATTERNS.items())}
"""``yaml_implicit_resolvers`` of a PyYAML class: the schema's, whatever a word begins with."""

SCALARS = {WORD, *_PATTERNS}


def construct(tag: str, text: str) -> Any:
    """Return the value of a scalar with this tag; ValueError says why it has none."""
    if tag == WORD:
        return _joined(text)
    if not _PATTERNS[tag].match(text):
        raise ValueError(f"'{text[:40]}' is not a valid {_NAMES[tag]}")
    return _VALUES[tag](text)


def is_word(text: str) -> bool:
    """Whether it is no number, truth value or nothing when it stands without quotes."""
    return not any(pattern.match(text) for pattern in _PATTERNS.values())


@functools.cache
def read_as_1_1(text: str) -> Any:
    """Return what a plain word is to PyYAML and Ansible; ``...`` for what they take for no value."""
    loader = yaml.SafeLoader("")
    tag = loader.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    try:
        return loader.construct_object(yaml.ScalarNode(tag, text))
    except (yaml.YAMLError, ValueError, OverflowError):
        return ...


def say(value: Any) -> str:
    """Name a value in a message."""
    if isinstance(value, str):
        return "a word"
    if value is ...:
        return "something else"
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "nothing"}[value]
    return str(value)


def quote_in(dumper: type[yaml.SafeDumper]) -> None:
    """Let a PyYAML dumper quote the words that are no words in YAML 1.2, besides those of YAML 1.1.

    Ends of lines that YAML 1.1 alone has (U+0085, U+2028, U+2029) become escapes, or they would be read as spaces.
    """
    dumper.add_representer(str, _represent)
    for tag, pattern in _PATTERNS.items():
        dumper.add_implicit_resolver(tag, pattern, None)


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _OLD_BREAKS.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _joined(text: str) -> str:
    """Make one character of each two escapes that JSON writes for one; half of one alone can be written nowhere."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise ValueError("half of a character (\\ud800 to \\udfff) is not text") from error


def _whole(text: str) -> int:
    digits = text.lstrip("+-")
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"'{text[:40]}…' is too long for a number")
    if digits[:2] in {"0o", "0x"}:
        return int(text, 0)
    if _LEADING_ZERO.match(text):
        plain, other = int(text), read_as_1_1(text)
        octal = f", or 0o{other:o} for {other}" if isinstance(other, int) and other > 0 else ""
        raise ValueError(f"'{text}' is {plain} in YAML 1.2 and {say(other)} in YAML 1.1: write {plain}{octal}")
    return int(text)


def _real(text: str) -> float:
    lowered = text.lower()
    return float(lowered.replace(".", "") if lowered.endswith(("inf", "nan")) else lowered)


_NAMES = {f"{TAG}null": "null", f"{TAG}bool": "truth value", f"{TAG}int": "whole number", f"{TAG}float": "number"}
_VALUES: dict[str, Callable[[str], Any]] = {
    f"{TAG}null": lambda _: None,
    f"{TAG}bool": lambda text: text.lower() == "true",
    f"{TAG}int": _whole,
    f"{TAG}float": _real,
}
