"""What commands that work on a lab share: the lab, its spec with the options laid over it, the progress display."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from netlab import profiles
from netlab.console import open_console
from netlab.errors import NetlabError, UsageError
from netlab.lab import find_lab
from netlab.progress import open_progress
from netlab.spec.experiment import with_experiment
from netlab.spec.file import load_spec
from netlab.spec.lab import LabSpec

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from netlab.lab import Lab
    from netlab.progress import Progress
    from netlab.report.render.files import Format
    from netlab.report.values import Report
    from netlab.spec.report import ReportSpec


def open_lab() -> Lab:
    """Find the lab of the folder that the command was started in; NetlabError where its state cannot be kept."""
    lab = find_lab(Path.cwd())
    if os.path.lexists(lab.state_folder) and not lab.state_folder.is_dir():
        message = f"{lab.state_folder} is not a folder, but that is where netlab keeps the lab's state"
        raise NetlabError(message, hint="move it away")
    if any(letter < " " or "\ud800" <= letter <= "\udfff" for letter in str(lab.folder)):
        message = f"the path of the lab's folder has a character that is not text: {str(lab.folder)!r}"
        raise NetlabError(message, hint="rename the folder")
    return lab


def spec_of(lab: Lab, args: Namespace) -> LabSpec:
    """Read the lab's spec and lay the command's options over it; the profile ``all`` becomes every one of the stack."""
    options = vars(args)
    if options.get("profiles") == (ALL,) and options.get("paths") is None:
        options = {**options, "paths": (ALL,)}
    named = {"experiment": options.get("experiment")}
    spec = override(with_experiment(override(load_spec(lab.folder, warn), named), lab.folder), options)
    if spec.profiles != (ALL,):
        return spec
    own = lab.folder / "profiles"
    found = profiles.of_stack(spec.stack, own)
    return spec.model_copy(update={"profiles": tuple(profile.name for profile in found)})


def report_spec(lab: Lab, args: Namespace) -> ReportSpec:
    """Read what the lab's reports call equal, and lay the command's options over it."""
    return override(load_spec(lab.folder, warn), vars(args)).report


def warn(text: str) -> None:
    """Say on standard error what the user should act on, before any progress is shown."""
    print(f"netlab: warning: {text}", file=sys.stderr)


def spec_of_profile(lab: Lab, args: Namespace) -> LabSpec:
    """Read the spec for ``--profile NAME``: where nobody chose a stack, a name means the real cluster if there is one.

    Only what measures many profiles takes the stack that works everywhere by itself (``netlab.spec``).
    """
    spec = spec_of(lab, args)
    if args.profile is None or "stack" in spec.model_fields_set:
        return spec
    stack = profiles.find(args.profile, lab.folder / "profiles", "kubeadm").stack
    return override(spec, {"stack": stack}) if stack == "kubeadm" else spec


def override(spec: LabSpec, options: dict[str, Any]) -> LabSpec:
    """Lay those options that were given over the spec; an option wins over ``netlab.yml``, key by key.

    What neither says stays unset.
    """
    data = spec.model_dump(exclude_unset=True)
    given = {name: value for name, value in options.items() if value is not None}
    data |= {name: given[name] for name in _TOP if name in given}
    if "precision" in given:
        data["precision_percent"] = given["precision"]
    if "paths" in given:
        data["paths"] = () if given["paths"] == (ALL,) else given["paths"]
    if "locked" in given:
        data["artifacts"] = data.get("artifacts", {}) | {"locked": given["locked"]}
    for section, keys in _SECTIONS.items():
        data[section] = data.get(section, {}) | {key: given[name] for name, key in keys.items() if name in given}
    try:
        return LabSpec.model_validate(data)
    except ValidationError as error:
        detail = error.errors()[0]
        raise UsageError(f"{_option(detail['loc'])}{detail['msg'].removeprefix('Value error, ')}") from None


def progress_of(lab: Lab, args: Namespace) -> AbstractContextManager[Progress]:
    """Open the display and the command's log in the lab."""
    lab.state_folder.mkdir(mode=0o700, exist_ok=True)
    return progress_to(lab.logs / f"{args.command}.log", args)


@contextlib.contextmanager
def progress_to(log: Path, args: Namespace) -> Iterator[Progress]:
    """Open the display and a log; an error that names no log of its own names this one."""
    try:
        with open_progress(log, quiet=args.quiet, colour=not args.no_colour) as progress:
            yield progress
    except NetlabError as error:
        error.log = error.log or log
        raise


def show_report(report: Report, written: Mapping[Format, Sequence[Path]], args: Namespace) -> None:
    """Print the report's main table, then where all of it is."""
    from netlab.report.render.terminal import print_report  # noqa: PLC0415 - most commands show no report

    print_report(report, open_console(sys.stdout, colour=not args.no_colour))
    print()
    for name, files in written.items():
        if name != "html":
            print(f"{name}: {_place(files)}")
    for file in written.get("html", ()):
        print(f"CPU time by subsystem, packets' paths, warnings, method:\nreport: {file}")


def _place(files: Sequence[Path]) -> str:
    """Name the files of a format, or their folder where there are many."""
    if not files:
        return "nothing was recorded that it could show"
    return str(files[0].parent) if len(files) > 2 else ", ".join(map(str, files))


ALL = "all"

_TOP = ("experiment", "profiles", "provider", "stack", "rounds", "max_rounds", "rebuilds", "seed", "clock", "control")
"""Options that are called as what they set."""
_SECTIONS = {
    "load": {"duration": "duration_s", "connections": "connections"},
    "report": {"margin": "margin_percent", "replica_margin": "margin_points"},
}
"""Options, and the keys of a section that they set."""


def _option(location: tuple[str | int, ...]) -> str:
    """Name the option that a part of the spec came from."""
    names = {key: name for keys in _SECTIONS.values() for name, key in keys.items()}
    names["precision_percent"] = "precision"
    known = [names.get(str(part), str(part)) for part in location if part not in _SECTIONS]
    return f"--{known[0].replace('_', '-')}: " if known else ""
