"""Profiles by name, as a lab can have them and as a run needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab import profiles
from netlab.errors import ConfigError
from netlab.spec.lab import FILTERED, ROUTED, ROUTER_BETWEEN, TOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlab.lab import Lab
    from netlab.model.profile import Profile
    from netlab.spec.lab import LabSpec


def find_profile(lab: Lab, spec: LabSpec, name: str) -> Profile:
    """Return the profile, if this lab's stack and its hosts' network can have it."""
    profile = profiles.find(name, lab.folder / "profiles", spec.stack)
    if profile.stack not in {"vm", spec.stack}:
        message = f"profile '{name}' is for the stack '{profile.stack}', but the lab's is '{spec.stack}'"
        raise ConfigError(message, hint=f"add --stack {profile.stack}, or 'stack: {profile.stack}' to netlab.yml")
    if reason := _undelivered(profile, spec.provider):
        hint = "leave it out: --profiles A,B, or 'profiles' in netlab.yml"
        raise ConfigError(f"profile '{name}' {reason}", hint=hint)
    return profile.on(spec.fleet.nodes)


def _undelivered(profile: Profile, provider: str) -> str:
    """Say why the provider's network cannot carry what the profile's pods send; empty where it can."""
    if profile.requires.ethernet and provider in ROUTED:
        return f"gives pods addresses in the hosts' own network, and {ROUTED[provider]} delivers to no such pod"
    if profile.requires.ethernet == "macs" and provider in FILTERED:
        return f"gives pods MAC addresses of their own, and {FILTERED[provider]} lets no such pod send"
    if profile.requires.one_link and provider in ROUTER_BETWEEN:
        return f"has nodes talk as on one link, and {ROUTER_BETWEEN[provider]} has a router between them"
    if profile.stack == "kubeadm" and profile.paths.keys() != {"host"} and provider in TOLD:
        return f"has a cluster give out its pods' addresses, and {TOLD[provider]} must know them when hosts are made"
    return ""


def find_profiles(lab: Lab, spec: LabSpec, names: Sequence[str]) -> list[Profile]:
    """Return the profiles of a run; the baseline must be among them."""
    chosen = [find_profile(lab, spec, name) for name in names]
    base = next((profile for profile in chosen if profile.name == spec.baseline.profile), None)
    if base is None or spec.baseline.path not in base.paths:
        raise ConfigError(
            f"the baseline {spec.baseline.profile}/{spec.baseline.path} is not among what is measured",
            hint=f"add '{spec.baseline.profile}' to the profiles, or name another baseline in netlab.yml",
        )
    idle = next((profile for profile in chosen if not profile.info(spec.paths).paths), None)
    if idle or spec.baseline.path not in base.info(spec.paths).paths:
        what = f"profile '{idle.name}'" if idle and idle is not base else "the baseline"
        why = {path: text for path, text in (idle or base).missing.items() if path in spec.paths}
        hint = "; ".join(f"{path}: {text}" for path, text in why.items()) or None
        raise ConfigError(f"{what} has none of the paths that are measured: {', '.join(spec.paths)}", hint=hint)
    return chosen


def artifacts_of(chosen: Sequence[Profile]) -> set[str]:
    """Return which artifacts the profiles need together."""
    return {word for profile in chosen for word in profile.requires.artifacts}
