"""Does this machine have what netlab needs? Each check says what it found and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab import assets, proc
from netlab.artifacts import reach
from netlab.artifacts.lock import load_lock
from netlab.cache.contents import entries
from netlab.errors import MissingTool
from netlab.hosts.registry import PROVIDERS
from netlab.model.check import Check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from netlab.lab import Lab
    from netlab.spec.lab import LabSpec


def checks(lab: Lab, spec: LabSpec) -> list[Check]:
    """Look at what the lab's provider needs, at the cache, and at who can be reached; nothing is changed."""
    return [*PROVIDERS[spec.provider].checks(lab, spec), _cache(), _skopeo(), *_network()]


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
