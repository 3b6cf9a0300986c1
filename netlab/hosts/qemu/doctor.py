"""What the provider ``qemu`` needs of this machine."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import psutil

from netlab import assets, proc
from netlab.errors import MissingTool, RequirementError
from netlab.hosts.qemu import accel, bake, image
from netlab.model.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlab.lab import Lab
    from netlab.spec.lab import LabSpec

TOOLS = (accel.QEMU, "qemu-img", "mmdebstrap", "ssh", "ssh-keygen", "mkfs.ext4")
FLEET_MIB = 3072
"""Memory that the default fleet takes at most, QEMU's own included."""
CLUSTER_MIB = 6144
"""The same of a cluster: client, control plane and two nodes."""


def checks(_lab: Lab, _spec: LabSpec) -> list[Check]:
    """Look at programs, accelerator, disk space and memory; nothing is changed."""
    try:
        accel.require_linux()
    except RequirementError as error:
        return [Check(name="system", ok=False, message=error.message, hint=error.hint)]
    return [*_tools(), *_accelerator(), _space(), _memory()]


def _tools() -> Iterator[Check]:
    for name in (*TOOLS, *bake.own_tools()):
        try:
            yield Check(name=name, ok=True, message=proc.find_tool(name))
        except MissingTool as error:
            yield Check(name=name, ok=False, message=error.message, hint=error.hint)


def _accelerator() -> Iterator[Check]:
    """Tell which works; none is needed, because the virtual clock measures without."""
    try:
        found = accel.probe(assets.cache())
    except MissingTool:
        return
    if found.name == "tcg":
        reasons = "; ".join(f"{name} does not work: {why}" for name, why in found.refused.items())
        message = f"none works, so labs run on the virtual clock ({reasons or 'there is no /dev/kvm'})"
    else:
        message = f"{found.name} works, so labs run on the real clock"
    yield Check(name="accelerator", ok=True, message=message)


def _space() -> Check:
    place = next(folder for folder in (assets.cache(), *assets.cache().parents) if folder.exists())
    free = shutil.disk_usage(place).free >> 20
    needed = 0 if image.find(image.DATAPATH, assets.cache()) else bake.NEEDED_MIB
    hint = None
    if free < needed:
        less = "'netlab cache prune' removes what is no longer used"
        hint = f"{less}; or free {needed - free} MiB there, or point XDG_CACHE_HOME to another disk"
    message = (
        f"{free} MiB free in {place}; baking the image takes {needed} MiB" if needed else f"{free} MiB free in {place}"
    )
    return Check(name="disk space", ok=free >= needed, message=message, hint=hint)


def _memory() -> Check:
    free = psutil.virtual_memory().available >> 20
    hint = None if free >= FLEET_MIB else "set qemu.memory_mib in netlab.yml to less, or end other programs"
    message = f"{free} MiB available; the default fleet takes up to {FLEET_MIB} MiB, a cluster {CLUSTER_MIB} MiB"
    return Check(name="memory", ok=free >= FLEET_MIB, message=message, hint=hint)
