"""Which versions of components do not work together: told before anything is downloaded or started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.errors import ConfigError
from netlab.versions import older

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netlab.artifacts.lock import Component

FIRST_WITH_CONTAINERD_2 = "1.26"
"""containerd 2 is for Kubernetes 1.26 and newer: it gave up v1alpha2 of the runtime's interface."""


def refuse_misfits(components: Iterable[Component]) -> None:
    """Raise ConfigError where the payload's containerd and kubelet have no language in common."""
    found = {each.name: each for each in components}
    kubernetes, containerd = found.get("kubernetes"), found.get("containerd")
    if kubernetes is None or containerd is None:
        return
    if older(kubernetes.version, FIRST_WITH_CONTAINERD_2) and not older(containerd.version, "2"):
        message = f"{kubernetes.label} needs containerd 1, but the profiles ask for {containerd.label}"
        hint = (
            "'netlab artifacts update containerd=1.7.28 --lock own.yml' puts a version 1 into a lock of your own, and "
            "the profile's requires.artifacts names it (containerd=1.7.28); or the profile takes the distribution's: "
            "without containerd, runc and cni-plugins there, with container_runtime_source: distribution"
        )
        raise ConfigError(message, hint=hint)
