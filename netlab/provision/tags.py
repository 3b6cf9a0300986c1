"""What snapshots are called: by all that goes into them on top of the fleet."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from netlab import __version__, assets
from netlab.inputs import CLUSTER_ROLES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netlab.model.profile import Profile
    from netlab.spec.lab import LabSpec


def snapshot_tag(profile: Profile, spec: LabSpec) -> str:
    """Name a profile's snapshot by all that goes into it on top of the fleet: roles, profile, inputs, netlab."""
    roles = assets.with_their_roles(use.role for use in profile.roles)
    playbooks = [assets.playbook(name) for name in ("up", "steps/role", "housekeeping")]
    parts = [profile.file, *playbooks, assets.group_variables(), *roles]
    base = cluster_tag(profile)
    words = [str(spec.load.response_bytes), *([base] if base else [])]
    return _tag(profile.name, words, parts)


def cluster_tag(profile: Profile) -> str | None:
    """Name the snapshot of the cluster that a profile builds on; profiles with the same inputs share it."""
    if profile.cluster is None:
        return None
    parts = [assets.playbook("cluster"), *assets.with_their_roles(CLUSTER_ROLES)]
    return _tag("cluster", [json.dumps(profile.cluster, sort_keys=True)], parts)


def _tag(name: str, words: Sequence[str], parts: Sequence[Path]) -> str:
    everything = " ".join([__version__, *words, assets.digest([*parts, *assets.plugins()])])
    return f"{name}-{hashlib.sha256(everything.encode()).hexdigest()[:12]}"
