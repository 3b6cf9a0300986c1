"""``netlab prove``: which path packets really take."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.errors import AnsibleFailed, CloudError, ConfigError, LabBusy, MachineError, NotUp, ProofFailed

if TYPE_CHECKING:
    from argparse import Namespace

    from netlab.cli.parser import Subparsers
    from netlab.model.proof import Hop, Proof


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "prove",
        run,
        summary="record which path packets really take",
        description="Send one request along each path of the profile that is up, record in the kernel which devices\n"
        "and hooks it and its response cross, and compare that with what the profile promises. 'netlab up' does\n"
        "so once, before it keeps the profile's snapshot; this looks again at the hosts as they are now.",
        example="netlab prove --stack datapath --profile calico-ipip",
        raises=(ConfigError, LabBusy, NotUp, MachineError, AnsibleFailed, ProofFailed, CloudError),
    )
    parser.add_argument("--profile", metavar="NAME", help="turn the hosts into this profile first (what is up)")
    options.add_making(parser)
    options.add_json(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    from netlab import workflow  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import open_lab, progress_of, spec_of_profile  # noqa: PLC0415 - as above

    lab = open_lab()
    with progress_of(lab, args) as progress:
        proof = workflow.prove_paths(lab, spec_of_profile(lab, args), args.profile, progress)
    print(proof.model_dump_json(indent=2) if args.json else as_text(proof))
    return 0


def as_text(proof: Proof) -> str:
    """Render every path for humans: one line a network namespace."""
    lines = [f"{proof.profile}: every packet takes the path that the profile promises"]
    for trace in proof.paths:
        lines += ["", trace.path]
        for direction in ("request", "response"):
            lines += [f"  {direction}", *(f"    {line}" for line in journey(getattr(trace, direction)))]
    return "\n".join(lines)


def journey(hops: tuple[Hop, ...]) -> list[str]:
    """Write hops in order, a line for each namespace entered."""
    lines = [(place, [hop.what for hop in run]) for place, run in groupby(hops, key=lambda hop: hop.place)]
    width = max((len(place) for place, _ in lines), default=0)
    return [f"{place:<{width}}  {' → '.join(whats)}" for place, whats in lines]
