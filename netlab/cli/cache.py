"""``netlab cache``: what is in the user's cache folder, whether it is as it was made, and what can go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_actions, add_command
from netlab.errors import CacheDamaged, UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    from netlab.cache.contents import Entry
    from netlab.cache.prune import Doomed, Kept
    from netlab.cli.parser import Subparsers

DAYS = {"h": 1 / 24, "d": 1, "w": 7}


def register(subparsers: Subparsers) -> None:
    """Add the command with its actions."""
    parser = add_command(
        subparsers,
        "cache",
        run_list,
        summary="list, check and shrink the cache",
        description="Work with the images, snapshots and downloads that all labs of a user share.",
        example="netlab cache prune --older-than 30d --dry-run",
        raises=(CacheDamaged,),
    )
    add_actions(parser, _register_list, _register_verify, _register_prune)


def _register_list(actions: Subparsers) -> None:
    parser = add_command(
        actions,
        "list",
        run_list,
        summary="list what is in the cache",
        description="List every entry: its size on disk, when it was last used, what it lies on, whether it is in use.",
        example="netlab cache list --json",
    )
    options.add_json(parser)


def _register_verify(actions: Subparsers) -> None:
    parser = add_command(
        actions,
        "verify",
        run_verify,
        summary="read all of the cache and say what is damaged",
        description=(
            "Read every file in the cache and compare it with what it was when it was made. What is damaged is made\n"
            "or downloaded again when it is next needed; only what 'make kubernetes' built has to be removed by hand."
        ),
        example="netlab cache verify",
        raises=(CacheDamaged,),
    )
    options.add_json(parser)


def _register_prune(actions: Subparsers) -> None:
    parser = add_command(
        actions,
        "prune",
        run_prune,
        summary="remove what is no longer needed",
        description=(
            "Remove what killed processes left, what is damaged, images that no recipe of this netlab makes, and\n"
            "snapshots that lie on something that is gone; with --older-than also images, snapshots, payloads,\n"
            "artifacts and logs that were not used for so long. What a netlab or a running machine uses stays, in\n"
            "whichever folder its lab is; so do the results of 'make kubernetes'."
        ),
        example="netlab cache prune --older-than 30d --dry-run",
    )
    parser.add_argument("--older-than", type=age, metavar="AGE", help="hours, days or weeks: 12h, 30d, 4w")
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed, remove nothing")
    options.add_json(parser)


def age(text: str) -> timedelta:
    """Read ``12h``, ``30d`` or ``4w``; UsageError."""
    from datetime import timedelta  # noqa: PLC0415 - imported late, so that --help is quick

    found = re.fullmatch(r"(\d{1,4})([hdw])", text, re.ASCII)
    if found is None:
        raise UsageError(f"argument --older-than: '{text}' is not an age", hint="for example 12h, 30d or 4w")
    return timedelta(days=int(found[1]) * DAYS[found[2]])


def run_list(args: Namespace) -> int:
    """Run the action."""
    from netlab import assets  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cache.contents import entries  # noqa: PLC0415 - as above

    _show(entries(assets.cache()), args)
    return 0


def run_verify(args: Namespace) -> int:
    """Run the action."""
    from netlab import assets  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cache.contents import entries  # noqa: PLC0415 - as above
    from netlab.cli.work import progress_to  # noqa: PLC0415 - as above

    cache = assets.cache()
    with progress_to(cache / "logs" / "cache.log", args) as progress, progress.step("read the cache"):
        found = entries(cache, deep=True, tell=lambda name: progress.task("cache", name))
    _show(found, args)
    wrong = [entry for entry in found if entry.damage]
    if wrong:
        message = f"{len(wrong)} of {len(found)} entries are damaged: {wrong[0].label}: {wrong[0].damage}"
        raise CacheDamaged(message, hint="; ".join(dict.fromkeys(_remedy(entry) for entry in wrong)))
    return 0


def _remedy(entry: Entry) -> str:
    """Say what becomes of a damaged entry, or what has to be done."""
    match entry.kind:
        case "artifact":
            return "an artifact is fetched again when it is next needed"
        case "kubernetes-source":
            return f"remove {entry.path}, then run 'make kubernetes', which looks at sizes only"
        case _:
            return "what is damaged is made again when it is next needed, and 'netlab cache prune' removes it"


def run_prune(args: Namespace) -> int:
    """Run the action."""
    from datetime import UTC, datetime  # noqa: PLC0415 - imported late, so that --help is quick

    from netlab import assets  # noqa: PLC0415 - as above
    from netlab.cache.contents import entries  # noqa: PLC0415 - as above
    from netlab.cache.prune import judge, remove  # noqa: PLC0415 - as above

    cache = assets.cache()
    judgement = judge(entries(cache), datetime.now(UTC), args.older_than)
    done = judgement.doomed if args.dry_run else remove(cache, judgement.doomed)
    _tell([*done, *judgement.kept], args)
    return 0


def _tell(outcomes: Sequence[Doomed | Kept], args: Namespace) -> None:
    """Print what was removed, or would be, and what stays although it is stale."""
    import json  # noqa: PLC0415 - imported late, so that --help is quick

    from netlab.cache.prune import Doomed  # noqa: PLC0415 - as above
    from netlab.progress import size  # noqa: PLC0415 - as above

    freed = sum(each.entry.size for each in outcomes if isinstance(each, Doomed))
    if args.json:
        words = [
            {"removed": isinstance(each, Doomed), "reason": each.reason, **each.entry.model_dump(mode="json")}
            for each in outcomes
        ]
        print(json.dumps({"dry_run": args.dry_run, "freed": freed, "entries": words}, indent=2))
        return
    verb = "would remove" if args.dry_run else "removed"
    for each in outcomes:
        what = verb if isinstance(each, Doomed) else "kept"
        print(f"{what} {each.entry.label} ({size(each.entry.size)}): {each.reason}")
    print(f"{'would free' if args.dry_run else 'freed'} {size(freed)}")


def _show(found: Sequence[Entry], args: Namespace) -> None:
    import json  # noqa: PLC0415 - imported late, so that --help is quick

    if args.json:
        print(json.dumps([entry.model_dump(mode="json") for entry in found], indent=2))
        return
    from datetime import UTC, datetime  # noqa: PLC0415 - as above

    print("\n".join(_lines(found, datetime.now(UTC))))


def _lines(found: Sequence[Entry], now: datetime) -> Iterator[str]:
    """Yield a table, one line per entry; artifacts, of which there are many, are one line unless they are damaged."""
    from netlab import assets  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.progress import size  # noqa: PLC0415 - as above

    single = [entry for entry in found if entry.kind != "artifact" or entry.damage]
    rows = [
        (entry.label, size(entry.size), _ago(now - entry.last_used), _state(entry), ", ".join(entry.lies_on))
        for entry in single
    ]
    artifacts = [entry for entry in found if entry.kind == "artifact" and not entry.damage]
    if artifacts:
        used = _ago(now - max(entry.last_used for entry in artifacts))
        rows.append((f"{len(artifacts)} artifacts", size(sum(entry.size for entry in artifacts)), used, "", ""))
    header = ("entry", "size", "last used", "state", "lies on")
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    for row in (header, *rows):
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
    yield f"{size(sum(entry.size for entry in found))} in {assets.cache()}"


def _state(entry: Entry) -> str:
    return "in use" if entry.in_use and not entry.damage else f"damaged: {entry.damage}" if entry.damage else ""


def _ago(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} d ago" if hours >= 48 else f"{hours} h ago" if hours else "just now"
