"""``netlab explain``: the way of a profile's packets, and what on it costs what."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.cli.report import find_run
from netlab.errors import NotUp, ResultsError, UnknownProfile

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator
    from pathlib import Path

    from netlab.cli.parser import Subparsers
    from netlab.lab import Lab
    from netlab.model.run import RunHeader


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "explain",
        run,
        summary="show a profile's path and say what on it costs what",
        description="Draw what the packets of a profile cross, as the kernel recorded it, and say in words what a\n"
        "request costs more than on the baseline, by subsystem. Reads a stored run; measures nothing.",
        example="netlab explain calico-ipip",
        raises=(UnknownProfile, NotUp, ResultsError),
    )
    parser.add_argument("profile", metavar="PROFILE", help="name of a profile")
    parser.add_argument("--run", dest="run_name", metavar="RUN", help="id or folder of a run (the newest that has it)")
    options.add_json(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab.cli.work import open_lab  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.console import open_console  # noqa: PLC0415 - as above
    from netlab.report.compute.explain import explain  # noqa: PLC0415 - as above
    from netlab.report.render.explain_terminal import print_explanation  # noqa: PLC0415 - as above
    from netlab.results.store import load_run  # noqa: PLC0415 - as above

    lab = open_lab()
    folder = _named_run(lab, args.run_name, args.profile) if args.run_name else _newest_run(lab, args.profile)
    stored = load_run(folder)
    info = next(one for one in stored.header.profiles if one.name == args.profile)
    explanation = explain(stored, info)
    if args.json:
        print(explanation.model_dump_json(indent=2))
    else:
        print_explanation(explanation, open_console(sys.stdout, colour=not args.no_colour))
    return 0


def _named_run(lab: Lab, run_name: str, profile: str) -> Path:
    from netlab.results.store import load_header  # noqa: PLC0415 - as above
    from netlab.suggest import did_you_mean  # noqa: PLC0415 - as above

    folder = find_run(lab, run_name)
    names = [info.name for info in load_header(folder).profiles]
    if profile not in names:
        message = f"run {folder.name} has no profile '{profile}'{did_you_mean(profile, names)}"
        raise NotUp(message, hint=f"it has: {', '.join(names)}")
    return folder


def _newest_run(lab: Lab, profile: str) -> Path:
    """Find the newest run that has the profile; a profile that nobody knows is another error than an unmeasured one."""
    from netlab.suggest import did_you_mean  # noqa: PLC0415 - as above

    known: dict[str, Path] = {}
    for folder, header in _headers(lab):
        for info in header.profiles:
            known.setdefault(info.name, folder)
    if profile in known:
        return known[profile]
    names = sorted({*known, *_profile_names(lab)})
    if profile not in names:
        message = f"there is no profile '{profile}'{did_you_mean(profile, names)}"
        raise UnknownProfile(message, hint=f"known profiles: {', '.join(names)}")
    raise NotUp(f"no stored run has profile '{profile}'", hint=f"netlab run --profiles {_with_baseline(profile)}")


def _headers(lab: Lab) -> Iterator[tuple[Path, RunHeader]]:
    """Headers of all runs, newest first; one that cannot be read is no reason to refuse the others."""
    from netlab.results.store import list_runs, load_header  # noqa: PLC0415 - as above

    for folder in list_runs(lab.runs):
        try:
            yield folder, load_header(folder)
        except ResultsError:
            continue


def _profile_names(lab: Lab) -> list[str]:
    from netlab import profiles  # noqa: PLC0415 - as above

    return profiles.names(lab.folder / "profiles")


def _with_baseline(profile: str) -> str:
    return ",".join(dict.fromkeys(("baseline-vm", profile)))
