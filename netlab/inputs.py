"""What a profile of the lab's own gives to roles, compared with what these take: before hosts are made, not in a play.

Ansible checks the rest: a value that it computes (Jinja) is known on the hosts alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from netlab import assets
from netlab.errors import ConfigError
from netlab.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from netlab.model.profile import Profile, RoleUse

CLUSTER_ROLES = ("container_runtime", "host_record", "kubeadm_control", "kubeadm_node", "kubernetes", "payload")
"""Roles of ``playbooks/cluster.yml``."""

_YES_OR_NO = {"yes", "on", "1", "true", "t", "y", "1.0", "no", "off", "0", "false", "f", "n", "0.0"}
_KINDS: dict[str, Callable[[Any], bool]] = {
    "bool": lambda value: str(value).lower() in _YES_OR_NO,
    "dict": lambda value: isinstance(value, dict),
    "float": lambda value: re.fullmatch(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", str(value)) is not None,
    "int": lambda value: re.fullmatch(r"[-+]?[0-9]+", str(value)) is not None,
    "list": lambda value: isinstance(value, list),
}
"""What Ansible takes as each type; anything is text."""


def check_inputs(profile: Profile) -> None:
    """ConfigError where the profile names a role that does not exist, or gives one an input that it refuses.

    A cluster's inputs go to all roles that make it, those that they are made of too.
    """
    problems = [problem for use in profile.roles for problem in _problems(use)]
    if profile.cluster:
        problems += _inputs("a cluster", profile.cluster, _options_of_clusters())
    if problems:
        raise ConfigError("\n".join(f"{profile.file.name}: {problem}" for problem in problems))


def _problems(use: RoleUse) -> Iterator[str]:
    specification = _specification(assets.roles() / use.role)
    if not specification.is_file():
        roles = [entry.name for entry in assets.roles().iterdir()]
        yield f"there is no role '{use.role}'{did_you_mean(use.role, roles)}"
        return
    yield from _inputs(f"role '{use.role}'", use.vars, _options(specification))


def _inputs(whose: str, given: Mapping[str, Any], options: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    for name, value in given.items():
        if name not in options:
            yield f"{whose} has no input '{name}'{did_you_mean(name, options)}"
        elif not _computed(value):
            yield from _value(name, value, options[name])


def _value(name: str, value: Any, option: dict[str, Any]) -> Iterator[str]:
    kind = option.get("type", "str")
    if kind in _KINDS and not _KINDS[kind](value):
        yield f"{name} must be {kind}, not {value!r}"
        return
    choices = option.get("choices")
    wrong = [one for one in (value if isinstance(value, list) else [value]) if choices and one not in choices]
    if wrong:
        yield f"{name} can be {', '.join(map(str, choices or ()))}, not {wrong[0]!r}"


def _computed(value: Any) -> bool:
    return "{{" in str(value) or "{%" in str(value)


def _specification(role: Path) -> Path:
    return role / "meta" / "argument_specs.yml"


def _options_of_clusters() -> dict[str, dict[str, Any]]:
    roles = map(_specification, assets.with_their_roles(CLUSTER_ROLES))
    return {name: option for role in roles if role.is_file() for name, option in _options(role).items()}


@lru_cache
def _options(specification: Path) -> dict[str, dict[str, Any]]:
    points = yaml.safe_load(specification.read_text(encoding="utf-8"))["argument_specs"]
    return {name: option for point in points.values() for name, option in point.get("options", {}).items()}
