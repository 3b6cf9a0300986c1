"""Whether an interrupted run can be continued: by the same profiles, on hosts that are what they were.

Else its samples would be of two things under one name. All of these raise ConfigError, and nothing has been measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.errors import ConfigError
from netlab.samples.evidence import read_proof
from netlab.spec.lab import LabSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from netlab.model.profile import Profile
    from netlab.model.run import Environment, ProfileInfo, Provenance, RunHeader

NAMED = 4
"""Differences that a sentence names."""


def spec_of(spec: LabSpec, header: RunHeader) -> LabSpec:
    """Return the lab's spec with all that the run says of itself, whatever options it was begun with."""
    environment = header.environment
    data = spec.model_dump(exclude_unset=True)
    data |= {
        "profiles": tuple(profile.name for profile in header.profiles),
        "paths": tuple(dict.fromkeys(path for profile in header.profiles for path in profile.paths)),
        "provider": environment.provider,
        "clock": environment.clock,
        "stack": header.stack or spec.stack,
        "seed": header.seed,
        "baseline": {"profile": header.baseline_profile, "path": header.baseline_path},
        "load": header.load.model_dump(),
    }
    return LabSpec.model_validate(data)


def refuse_finished(header: RunHeader) -> None:
    """Refuse a run that ended by itself, of an older netlab too, which could not be interrupted to be continued."""
    if header.stop:
        raise ConfigError(f"run {header.run_id} is complete", hint="measure another one: netlab bench")


def refuse_other_profiles(header: RunHeader, now: Sequence[ProfileInfo]) -> None:
    """Refuse where a profile is made of something else than what the run was measured on."""
    for then, found in zip(header.profiles, now, strict=True):
        differing = list(_differing(then, found))
        if differing:
            more = f" and {len(differing) - NAMED} more" if len(differing) > NAMED else ""
            what = f"of {found.name}, {', '.join(differing[:NAMED])}{more} changed since"
            raise _refused(header, what)


def _differing(then: ProfileInfo, now: ProfileInfo) -> Iterator[str]:
    if then.paths != now.paths:
        yield "the paths that it has"
    mine, theirs = _parts(then.provenance), _parts(now.provenance)
    yield from (name for name in dict.fromkeys([*mine, *theirs]) if mine.get(name) != theirs.get(name))
    if then.snapshot != now.snapshot and mine == theirs:
        yield "its inputs"


def _parts(made: Provenance | None) -> dict[str, str]:
    if made is None:
        return {}
    return {**made.digests, **{name: f"{one.version} {one.digest}" for name, one in made.artifacts.items()}}


def refuse_lost_snapshots(header: RunHeader, missing: Iterable[Profile]) -> None:
    """Refuse where a snapshot is gone: one made now would be of another build than what was measured on it."""
    if names := ", ".join(profile.name for profile in missing):
        raise _refused(header, f"the snapshots of {names} that it was measured on are no longer there")


def refuse_other_hosts(header: RunHeader, now: Environment) -> None:
    """Refuse where hosts, or the machine that they are on, are not what they were."""
    for name, was in header.environment:
        found = getattr(now, name)
        if found != was:
            what = name.replace("_", " ")
            told = f"{what} was {was} and is {found}" if isinstance(was, str | int) else f"{what} are not as they were"
            raise _refused(header, told)


def lost_hosts(header: RunHeader, build: int) -> ConfigError:
    """Refuse where hosts of a build that was measured in part are gone: others would be another build."""
    return _refused(header, f"the hosts of build {build}, which is measured in part, are no longer there")


def refuse_other_proof(header: RunHeader, profile: str, before: Path, evidence: Path) -> None:
    """Refuse where what proves the profile now is not what the run was measured on, the files in ``before``.

    A snapshot keeps its own proof, byte by byte. Hosts that were proven again say the same of their kernels.
    """
    if header.environment.resumed:
        if _files(before) != _files(evidence):
            raise _refused(header, f"the snapshot of {profile} was made again since")
    elif _kernels(before, profile) != _kernels(evidence, profile):
        raise _refused(header, f"under {profile}, kernels have other arguments, or other guards against CPU faults")


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _kernels(folder: Path, profile: str) -> dict[str, tuple[str, dict[str, str]]]:
    facts = read_proof(folder, profile).facts
    return {place: (host.kernel_arguments, host.vulnerabilities) for place, host in facts.items()}


def _refused(header: RunHeader, what: str) -> ConfigError:
    message = f"run {header.run_id} cannot be continued: {what}"
    return ConfigError(message, hint="its samples stay, 'netlab report' shows them; to begin another run: netlab bench")
