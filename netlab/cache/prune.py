"""What of the cache is no longer needed, and its removal.

Without an age, what nobody can use any more: what killed processes left, what is damaged, images that no recipe of this
netlab makes, and snapshots that lie on something that is gone. With one, also what was not used for so long. What a
netlab or a machine uses now stays, and all that it lies on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from netlab import locks
from netlab.artifacts.payload import remove_payload
from netlab.cache.contents import below, last_used, snapshot_damage, working_folders
from netlab.hosts.qemu import image
from netlab.storage import leases, work

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from netlab.cache.contents import Entry

DOWNLOAD_AGE = timedelta(days=1)
"""Younger unfinished downloads may still be resumed, or be coming just now."""

AGED = {"image", "snapshot", "payload", "artifact", "log"}
"""Kinds that go by age; what `make kubernetes` builds in tens of minutes does not."""


class Doomed(NamedTuple):
    """An entry to remove, and why."""

    entry: Entry
    reason: str


class Kept(NamedTuple):
    """An entry that would be removed, and why it is not."""

    entry: Entry
    reason: str


class Judgement(NamedTuple):
    """What is to be removed, those that lie on others first; and what stays although it is stale."""

    doomed: list[Doomed]
    kept: list[Kept]


def judge(entries: Sequence[Entry], now: datetime, older_than: timedelta | None = None) -> Judgement:
    """Decide what is removed."""
    recipes = {recipe.key for recipe in image.recipes()}
    reasons = {entry.label: reason for entry in entries if (reason := _stale(entry, recipes, now, older_than))}
    here = {entry.label for entry in entries}
    for entry in _from_below(entries):
        gone = next((label for label in entry.lies_on if label not in here or label in reasons), None)
        if gone and entry.label not in reasons:
            reasons[entry.label] = f"lies on {gone}, which is {'removed' if gone in here else 'gone'}"
    needed = {label for entry in entries if entry.in_use for label in (entry.label, *entry.lies_on)}
    stale = [entry for entry in reversed(_from_below(entries)) if entry.label in reasons]
    return Judgement(
        doomed=[Doomed(entry, reasons[entry.label]) for entry in stale if entry.label not in needed],
        kept=[Kept(entry, "in use") for entry in stale if entry.label in needed],
    )


def _stale(entry: Entry, recipes: set[str], now: datetime, older_than: timedelta | None) -> str | None:
    age = now - entry.last_used
    if entry.kind == "leftover":
        return "left by a process that was killed"
    if entry.kind == "download":
        return "has not grown for a day" if age > DOWNLOAD_AGE else None
    if entry.damage and entry.kind != "kubernetes-source":
        return f"damaged: {entry.damage}"
    if entry.kind == "image" and entry.name not in recipes:
        return "no recipe of this netlab makes it"
    if older_than is not None and entry.kind in AGED and age > older_than:
        return f"not used for {_words(age)}"
    return None


def _words(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{age.days} days" if age.days > 1 else f"{hours} h" if hours else "less than an hour"


def _from_below(entries: Sequence[Entry]) -> list[Entry]:
    """Sort so that each comes after what it lies on."""
    by_label = {entry.label: entry for entry in entries}
    return sorted(entries, key=lambda entry: _depth(entry, by_label))


def _depth(entry: Entry, by_label: dict[str, Entry]) -> int:
    below = [by_label[label] for label in entry.lies_on if label in by_label]
    return 1 + max((_depth(each, by_label) for each in below), default=0)


def remove(cache: Path, doomed: Sequence[Doomed]) -> Iterator[Doomed | Kept]:
    """Remove the entries one after the other, each at once or not at all; yield what became of each.

    One of which only a part could be deleted is kept as a leftover.
    """
    for each in doomed:
        reason = _removed(cache, each.entry)
        yield Kept(each.entry, reason) if reason else each
    for fleet in cache.glob("fleets/[!.]*"):
        with leases.unused(cache, leases.fleet(fleet.name)) as free:
            if free and fleet.is_dir() and not any(fleet.iterdir()):
                fleet.rmdir()
    for folder in (cache / "fleets", *working_folders(cache)):
        work.remove_orphaned_locks(folder)
    _forget_leases(cache)


def _removed(cache: Path, entry: Entry) -> str | None:
    """Remove an entry; say why it, or something of it, is still there."""
    try:
        return _remove(cache, entry)
    except FileNotFoundError:  # another process has removed it
        return None
    except OSError as error:
        return work.why_not(error)


def _remove(cache: Path, entry: Entry) -> str | None:
    """Remove an entry; say why not, if it had to stay."""
    match entry.kind:
        case "leftover":
            return work.finish(entry.path)
        case "image":
            return _remove_unused(cache, leases.image(entry.name), entry)
        case "payload":
            return _remove_unused(cache, leases.payload(entry.name), entry)
        case "snapshot":
            return _remove_unused(cache, leases.fleet(entry.path.parent.name), entry)
        case "download":
            return _remove_download(entry)
        case _:
            return _discard(entry)


def _discard(entry: Entry) -> str | None:
    """Remove an entry, unless it was used, or replaced by another, since it was judged."""
    if last_used(entry.kind, entry.path) > entry.last_used:
        return "used just now"
    return remove_payload(entry.path) if entry.kind == "payload" else work.discard(entry.path)


def _remove_unused(cache: Path, lease: str, entry: Entry) -> str | None:
    with leases.unused(cache, lease) as free:
        if not free:
            return "in use"
        above = _lying_on(cache, entry)
        if above:
            return f"{above} lies on it"
        return _discard(entry)


def _lying_on(cache: Path, entry: Entry) -> str | None:
    """Name a snapshot that is there and needs the entry: one may have been saved, or kept, since this began."""
    for folder in sorted(cache.glob("fleets/*/[!.]*")):
        if entry.label in below(folder) and snapshot_damage(cache, folder) is None:
            return f"snapshot {folder.parent.name}/{folder.name}"
    return None


def _remove_download(entry: Entry) -> str | None:
    lock = entry.path.with_name(f"{entry.path.name.removesuffix('.json')}.lock")
    with locks.tried(lock) as mine:
        if not mine:
            return "in use"
        return _discard(entry)


def _forget_leases(cache: Path) -> None:
    """Remove the leases of entries that are gone."""
    here = {leases.image(path.name) for path in cache.glob("images/*")}
    here |= {leases.fleet(path.name) for path in cache.glob("fleets/*")}
    here |= {leases.payload(path.name) for path in cache.glob("payloads/*")}
    for path in leases.place(cache).glob("*"):
        if path.name not in here:
            with leases.unused(cache, path.name) as free:
                if free:
                    leases.forget(cache, path.name)
