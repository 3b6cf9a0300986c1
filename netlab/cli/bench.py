"""``netlab bench``: measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.cli.report import find_run
from netlab.errors import BenchmarkFailed, NotUp, ResultsError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers
    from netlab.lab import Lab

DECIDED = (
    *("experiment", "profiles", "paths", "provider", "stack", "clock", "rounds", "precision", "max_rounds"),
    *("rebuilds", "seed", "control", "duration", "connections"),
)
"""Options that were decided when a run began."""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "bench",
        run,
        summary="measure the profiles in interleaved rounds",
        description="Measure the profiles in interleaved rounds and store the samples; prints the run's folder.\n"
        "A run that was interrupted or killed is continued with --resume, also one of 'netlab run': in the same\n"
        "order, without what it has already, and only on hosts and profiles that are what they were.",
        example="netlab bench --rounds 10 --seed 1",
        raises=(*options.MAKING, NotUp, BenchmarkFailed, ResultsError),
    )
    options.add_measuring(parser)
    parser.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar="RUN",
        help="continue an interrupted run by its id (the newest); its own plan, load and profiles count",
    )


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import workflow  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab, progress_of, spec_of  # noqa: PLC0415 - as above

    lab = open_lab()
    if args.resume is not None:
        return _resume(lab, args)
    spec = spec_of(lab, args)
    with progress_of(lab, args) as progress:
        folder = workflow.bench(lab, spec, spec.profiles, progress)
    print(folder)
    return 0


def _resume(lab: Lab, args: Namespace) -> int:
    from netlab import workflow  # noqa: PLC0415 - as above
    from netlab.cli.work import override, progress_of, warn  # noqa: PLC0415 - as above
    from netlab.results.store import unfinished  # noqa: PLC0415 - as above
    from netlab.spec.file import load_spec  # noqa: PLC0415 - as above

    given = [name for name in DECIDED if vars(args)[name] is not None]
    if given:
        option = f"--{given[0].replace('_', '-')}"
        raise UsageError(f"{option} does not go with --resume: the run's own plan, load and profiles are continued")
    folder = find_run(lab, args.resume) if args.resume else unfinished(lab.runs)
    if folder.resolve().parent != lab.runs.resolve():
        raise UsageError(f"{folder} is not a run of this lab", hint="continue it where it was begun: -C DIR")
    spec = override(load_spec(lab.folder, warn), {"locked": args.locked})
    with progress_of(lab, args) as progress:
        workflow.continue_bench(lab, spec, folder, progress)
    print(folder)
    return 0
