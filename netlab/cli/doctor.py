"""``netlab doctor``: what is missing on this machine, or what measuring on it would suffer from."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

from netlab.cli import options
from netlab.cli.parser import add_command
from netlab.errors import (
    AnsibleFailed,
    CloudError,
    ConfigError,
    LabBusy,
    MachineError,
    NotUp,
    RequirementError,
    ResultsError,
)

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from netlab.cli.parser import Subparsers
    from netlab.lab import Lab
    from netlab.model.check import Check
    from netlab.progress import Progress


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = add_command(
        subparsers,
        "doctor",
        run,
        summary="check what is missing on this machine",
        description=(
            "Check what the lab's provider needs: programs, space and accelerator of this machine, or the hosts that\n"
            "are there; say how to get what is missing.\n"
            "Registries and servers that real clusters come from are asked too, for three seconds; nothing else needs\n"
            "them.\n"
            "With --bench it looks, instead, at what measuring would suffer from: on the machine under the lab (load,\n"
            "frequency, throttling; on the real clock), and on hosts that are up with a profile applied, of which one\n"
            "sample along each path is taken and thrown away. Each rule has a limit (docs/gates.md); what is beyond\n"
            "it is a warning, and the exit code stays 0."
        ),
        example="netlab doctor --bench",
        raises=(
            *(ConfigError, RequirementError),
            *(LabBusy, NotUp, MachineError, AnsibleFailed, ResultsError, CloudError),
        ),
    )
    parser.add_argument("--bench", action="store_true", help="look at what measuring would suffer from")
    options.add_provider(parser)
    options.add_json(parser)


def run(args: Namespace) -> int:
    """Run the command."""
    import json  # noqa: PLC0415 - imported late, so that --help is quick

    from netlab.cli.work import open_lab  # noqa: PLC0415 - as above

    lab = open_lab()
    found = _gates(lab, args) if args.bench else _needs(lab, args)
    if args.json:
        print(json.dumps([check.model_dump(mode="json") for check in found], indent=2))
    else:
        for check in found:
            print(f"{check.mark:<8}{check.name}: {check.message}")
            if check.hint:
                print(f"        {check.hint}")
    return 0 if all(check.ok or not check.needed for check in found) else RequirementError.exit_code


def _needs(lab: Lab, args: Namespace) -> Sequence[Check]:
    from netlab.cli.work import spec_of  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.doctor import checks  # noqa: PLC0415 - as above

    return checks(lab, spec_of(lab, args))


def _gates(lab: Lab, args: Namespace) -> Sequence[Check]:
    from netlab import workflow  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.cli.work import spec_of  # noqa: PLC0415 - as above

    with _progress(lab, args) as progress:
        return workflow.look_before(lab, spec_of(lab, args), progress)


def _progress(lab: Lab, args: Namespace) -> AbstractContextManager[Progress]:
    """Show what is done where there is a lab; one that is only looked at gets no state folder."""
    from netlab.cli.work import progress_of  # noqa: PLC0415 - imported late, so that --help is quick
    from netlab.progress import Reporter  # noqa: PLC0415 - as above

    return progress_of(lab, args) if lab.state_folder.exists() else nullcontext(Reporter())
