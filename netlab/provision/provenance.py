"""What a profile is made of at this moment: digests of contents, and versions of what is downloaded."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from netlab import assets
from netlab.artifacts.settings import host_arch, lock_of
from netlab.inputs import CLUSTER_ROLES
from netlab.model.run import Artifact, Provenance

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.artifacts.lock import Component
    from netlab.model.profile import Profile
    from netlab.spec.lab import LabSpec

MEASURING = ("benchmark",)
"""Roles that every profile is proved and measured with."""


def of_profile(profile: Profile, spec: LabSpec, folder: Path) -> Provenance:
    """Return what ``profile`` is made of in the lab in ``folder``; NotLocked where its lock names no such artifact."""
    playbooks = ["up", "steps/role", "housekeeping", "prove", "bench", "hotspots"]
    names = {use.role for use in profile.roles} | set(MEASURING)
    scripts: dict[str, str] = {}
    if profile.cluster is not None:
        playbooks += ["cluster", "steps/cluster", "resume"]
        names |= set(CLUSTER_ROLES)
        scripts["playbook templates"] = assets.digest([assets.playbook_templates()])
    digests = {
        "profile": assets.digest([profile.file]),
        **{f"playbook {name}": assets.digest([assets.playbook(name)]) for name in playbooks},
        **{f"role {role.name}": assets.digest([role]) for role in assets.with_their_roles(names)},
        **scripts,
        "group variables": assets.digest([assets.group_variables()]),
        "plugins": assets.digest(assets.plugins()),
    }
    return Provenance(digests=digests, artifacts=_artifacts(profile, spec, folder))


def _artifacts(profile: Profile, spec: LabSpec, folder: Path) -> dict[str, Artifact]:
    words = profile.requires.artifacts
    components = lock_of(spec.artifacts, folder).select(sorted(words)) if words else ()
    return {each.name: Artifact(version=each.version, digest=content_digest(each)) for each in components}


def content_digest(component: Component) -> str:
    """SHA-256 over names and digests of what this machine's architecture gets, wherever it comes from."""
    arch = host_arch()
    files = sorted((file.name, file.sha256) for file in component.files_for(arch))
    images = sorted((image.name, image.digest or image.sha256 or "") for image in component.images_for(arch))
    return hashlib.sha256(json.dumps([files, images]).encode()).hexdigest()
