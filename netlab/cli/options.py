"""Options that several commands take."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from netlab.errors import (
    AnsibleFailed,
    CloudError,
    ConfigError,
    ImageError,
    LabBusy,
    MachineError,
    RequirementError,
)
from netlab.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netlab.cli.parser import Parser
    from netlab.report.render.comparison_files import Format as ComparisonFormat


PROVIDERS = ("qemu", "ssh", "vagrant", "ec2", "hcloud", "openstack")
"""Those of ``netlab.spec.lab``, which a help page is not to wait for."""


FORMATS = ("html", "json", "csv", "openmetrics", "markdown", "svg", "folded")
"""Those of ``netlab.report.render.files``."""
COMPARISON_FORMATS: tuple[ComparisonFormat, ...] = ("markdown", "json")
"""Those of ``netlab.report.render.comparison_files``."""

MAKING = (ConfigError, RequirementError, LabBusy, MachineError, AnsibleFailed, ImageError, CloudError)
"""What commands that make hosts and apply profiles raise."""


def names(text: str) -> tuple[str, ...]:
    """Split ``a,b,c``."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def amount(text: str) -> float:
    """Read a number of percent or points, with or without the sign: ``1``, ``0.5%``, ``0.5 %``."""
    return float(text.removesuffix("%").rstrip())


def add_margin(parser: Parser) -> None:
    """Add what is called no difference."""
    parser.add_argument(
        "--margin",
        type=amount,
        metavar="PERCENT",
        help="no difference: requests/s are surely within so much",
    )


def add_margins(parser: Parser) -> None:
    """Add what a report calls equal."""
    add_margin(parser)
    parser.add_argument(
        "--replica-margin",
        type=amount,
        metavar="POINTS",
        help="a replica agrees with its cluster: their losses are surely within so much",
    )


def add_profiles(parser: Parser) -> None:
    """Add ``--profiles`` and what decides how hosts are made."""
    parser.add_argument(
        "--profiles", type=names, metavar="A,B", help="profiles to measure; 'all': every one, on all its paths"
    )
    add_making(parser)


def add_making(parser: Parser) -> None:
    """Add what decides how hosts are made."""
    add_provider(parser)
    parser.add_argument(
        "--stack",
        choices=("vm", "datapath", "kubeadm"),
        help="datapath: the replica of a CNI's packet path; kubeadm: the real cluster",
    )
    parser.add_argument("--clock", choices=("auto", "real", "virtual"), help="what the hosts' clocks count")
    add_locked(parser)


def add_provider(parser: Parser) -> None:
    """Add ``--provider``."""
    parser.add_argument("--provider", choices=PROVIDERS, help="where hosts come from")


def add_locked(parser: Parser) -> None:
    """Add ``--locked``."""
    parser.add_argument(
        "--locked",
        action="store_true",
        default=None,  # not given: netlab.yml decides
        help="download nothing that has no digest in the lock or in netlab.lock.yml yet",
    )


def add_measuring(parser: Parser) -> None:
    """Add what decides how it is measured."""
    parser.add_argument(
        "--experiment", metavar="NAME", help="settings that answer a question: softirqs; other options win over them"
    )
    add_profiles(parser)
    parser.add_argument(
        "--paths", type=names, metavar="A,B", help="paths to measure; 'all': every one that a profile has"
    )
    parser.add_argument(
        "--rounds",
        type=int,
        metavar="N",
        help="passes over all profiles and paths, 3 or more; with --precision, the fewest",
    )
    parser.add_argument(
        "--precision",
        type=amount,
        metavar="PERCENT",
        help="stop after the round in which every comparison is known to within so much",
    )
    parser.add_argument("--max-rounds", type=int, metavar="N", help="the most rounds, with --precision")
    parser.add_argument(
        "--rebuilds",
        type=int,
        metavar="N",
        help="build the hosts N times (boot, provision), the rounds spread over that; with --precision, the fewest",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="seed of the random order, which it repeats")
    parser.add_argument(
        "--control",
        action=argparse.BooleanOptionalAction,
        default=None,  # not given: netlab.yml decides
        help="measure the baseline twice a round and compare it with itself (A/A control)",
    )
    parser.add_argument("--duration", type=int, metavar="S", help="seconds of a sample")
    parser.add_argument("--connections", type=int, metavar="N", help="requests in flight")


def add_formats(parser: Parser, known: Sequence[str], usual: str, folder: str) -> None:
    """Add which files are written, and where."""
    parser.add_argument(
        "--format",
        type=_formats(known),
        metavar="A,B",
        help=f"files to write ({usual}): {', '.join(known)}; 'all'",
    )
    parser.add_argument("--out", metavar="DIR", help=f"folder to write them into ({folder})")


def _formats(known: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        chosen = names(text)
        if chosen == ("all",):
            return tuple(known)
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"unknown format '{name}'{did_you_mean(name, known) or _one_of(known)}"
                )
        if not chosen:
            raise argparse.ArgumentTypeError(f"no format is named{_one_of(known)}")
        return chosen

    return read


def _one_of(known: Sequence[str]) -> str:
    return f" (known: {', '.join(known)})"


def add_json(parser: Parser) -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", help="print JSON for scripts")
