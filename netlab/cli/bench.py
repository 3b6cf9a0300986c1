"""``netlab bench``: measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.errors import BenchmarkFailed

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "bench",
        run,
        summary="measure the profiles in interleaved rounds",
        description="Measure the profiles in interleaved rounds and store the samples; prints the run's folder.",
        example="netlab bench --rounds 10 --seed 1",
        raises=(*options.MAKING, BenchmarkFailed),
    )
    options.add_measuring(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import workflow  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab, progress_of, spec_of  # noqa: PLC0415 - as above

    lab = open_lab()
    spec = spec_of(lab, args)
    with progress_of(lab, args) as progress:
        folder = workflow.bench(lab, spec, spec.profiles, progress)
    print(folder)
    return 0
