"""Does this machine have what netlab needs? Each check says what it found and, where something lacks, what to do."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import psutil

from netlab import assets, proc
from netlab.artifacts import reach
from netlab.artifacts.lock import load_lock
from netlab.cache.contents import entries
from netlab.errors import MissingTool, RequirementError
from netlab.hosts.qemu import accel, bake, image
from netlab.model.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TOOLS = (accel.QEMU, "qemu-img", "mmdebstrap", "ssh", "ssh-keygen", "mkfs.ext4")
FLEET_MIB = 3072
"""Memory that the default fleet takes at most, QEMU's own included."""
CLUSTER_MIB = 6144
"""The same of a cluster: client, control plane and two nodes."""


class Check(Frozen):
    """One thing that netlab needs."""

    name: str
    ok: bool
    message: str
    hint: str | None = None
    needed: bool = True
    """Whether nothing works without; real clusters alone want the others."""


def checks() -> list[Check]:
    """Look at programs, accelerator, disk space, memory, and who can be reached; nothing is changed."""
    try:
        accel.require_linux()
    except RequirementError as error:
        return [Check(name="system", ok=False, message=error.message, hint=error.hint)]
    return [*_tools(), *_accelerator(), _space(), _memory(), _cache(), _skopeo(), *_network()]


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


def _cache() -> Check:
    """Look whether images, snapshots and payloads are as they were made; contents are read where dates differ."""
    kept = [entry for entry in entries(assets.cache()) if entry.kind in {"image", "snapshot", "payload"}]
    wrong = [f"{entry.label}: {entry.damage}" for entry in kept if entry.damage]
    if not wrong:
        return Check(name="cache", ok=True, message=f"{len(kept)} images, snapshots and payloads are as they were made")
    message = f"{len(wrong)} of {len(kept)} images, snapshots and payloads cannot be used; {wrong[0]}"
    hint = "what is needed of them is made again; 'netlab cache prune' removes them, 'netlab cache list' shows all"
    return Check(name="cache", ok=False, message=message, hint=hint)


def _skopeo() -> Check:
    try:
        return Check(name="skopeo", ok=True, message=proc.find_tool("skopeo"), needed=False)
    except MissingTool as error:
        hint = f"{error.hint}; it fetches images, which real clusters alone want (stack kubeadm)"
        return Check(name="skopeo", ok=False, message=error.message, hint=hint, needed=False)


def _network() -> Iterator[Check]:
    """Ask those whom the lock names, which a machine without a network does as quickly as another."""
    lock = load_lock()
    wanted = {"registries": reach.registries(lock), "downloads": reach.servers(lock)}
    found = reach.reach([url for urls in wanted.values() for url in urls])
    for name, urls in wanted.items():
        mine, found = found[: len(urls)], found[len(urls) :]
        ok = not any(each.problem for each in mine)
        yield Check(name=name, ok=ok, message=_grouped(mine), hint=None if ok else _WITHOUT, needed=False)


_WITHOUT = (
    "real clusters alone download (stack kubeadm): from a mirror, too (artifacts.mirror and artifacts.registry_mirror, "
    "docs/artifacts.md)"
)


def _grouped(servers: Iterable[reach.Reached]) -> str:
    """Name together those that answer, or do not answer, in the same way."""
    groups: dict[tuple[str, str], list[str]] = {}
    for server in servers:
        groups.setdefault((server.problem, server.proxy), []).append(server.host)
    return "; ".join(_reached(", ".join(hosts), *key) for key, hosts in groups.items())


def _reached(hosts: str, problem: str, proxy: str) -> str:
    way = f", through the proxy {proxy}" if proxy else ""
    return f"no answer from {hosts}{way}: {problem}" if problem else f"answers from {hosts}{way}"
