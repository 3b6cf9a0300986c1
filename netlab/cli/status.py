"""``netlab status``: what is up."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from netlab.cli import options
from netlab.cli.parser import add_command

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers
    from netlab.lab import Lab
    from netlab.model.host import Host


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "status",
        run,
        summary="say what is up",
        description="Say which profile the lab's hosts are, whether they answer, and which runs are stored.",
        example="netlab status --json",
    )
    options.add_json(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    import json  # noqa: PLC0415 - imported late, so that --help is quick

    from netlab.cli.work import open_lab  # noqa: PLC0415 - as above

    status = collect(open_lab())
    print(json.dumps(status, indent=2) if args.json else as_text(status))
    return 0


def collect(lab: Lab) -> dict[str, Any]:
    """Gather what ``status --json`` prints."""
    from netlab.results.store import list_runs  # noqa: PLC0415 - imported late, so that --help is quick

    state = lab.load_state()
    return {
        "folder": str(lab.folder),
        "up": state is not None and bool(state.hosts),
        "unfinished": state is not None and not state.hosts,
        "profile": state.profile if state else None,
        "provider": state.provider if state else None,
        "stack": state.stack if state else None,
        "clock": state.clock if state else None,
        "hosts": [
            {**host.model_dump(mode="json"), "answers": answers(host)} for host in (state.hosts if state else ())
        ],
        "cloud": in_cloud(lab),
        "runs": [str(run) for run in list_runs(lab.runs)],
    }


def in_cloud(lab: Lab) -> dict[str, Any] | None:
    """Say what the lab's hosts in a cloud are and cost, from before the first was made; None where there are none."""
    from datetime import UTC, datetime  # noqa: PLC0415 - as above

    from netlab.hosts.cloud import cost, record  # noqa: PLC0415 - as above

    known = record.load(lab)
    if known is None:
        return None
    now = datetime.now(UTC)
    data = known.model_dump(mode="json", include={"provider", "lab", "place", "created", "expires", "complete", "cost"})
    return {
        **data,
        "age_s": round((now - known.created).total_seconds()),
        "left_s": round((known.expires - now).total_seconds()),
        "spent": cost.spent(known.cost, now - known.created),
    }


def answers(host: Host) -> bool:
    """Whether something listens where the host is reached, or where the way to it begins."""
    server = host.jump or host
    try:
        socket.create_connection((server.address, server.port), timeout=1).close()
    except OSError:
        return False
    return True


def as_text(status: dict[str, Any]) -> str:
    """Render for humans."""
    lines = [f"lab      {status['folder']}", f"state    {_state(status)}"]
    lines += _cloud_lines(status["cloud"])
    for host in status["hosts"]:
        word = "answers" if host["answers"] else "does not answer"
        lines += [f"host     {host['name']} ({host['part']}), {host['address']}:{host['port']}, {word}"]
    lines += [f"run      {run}" for run in status["runs"]]
    return "\n".join(lines)


def _state(status: dict[str, Any]) -> str:
    if status["unfinished"]:
        return f"NOT ALL hosts were made ({status['provider']}): 'netlab up' goes on, 'netlab down' removes them"
    what = f"{status['profile'] or 'no profile'} ({status['provider']}, {status['stack']}, {status['clock']} clock)"
    return what if status["up"] else "down"


def _cloud_lines(cloud: dict[str, Any] | None) -> list[str]:
    if cloud is None:
        return []
    from netlab.progress import duration  # noqa: PLC0415 - imported late, so that --help is quick

    over = f"expires in {duration(cloud['left_s'])}" if cloud["left_s"] > 0 else "EXPIRED"
    half = "" if cloud["complete"] else "; NOT ALL of it was made: 'netlab up' goes on, 'netlab down' removes it"
    where = f"{cloud['provider']}, {cloud['place']}, lab {cloud['lab']}"
    return [f"cloud    {where}; {duration(cloud['age_s'])} old, {over}; {cloud['spent']}{half}"]
