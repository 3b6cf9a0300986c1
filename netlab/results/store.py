"""Stored runs: ``run.json`` and the raw files beside it, read into a ``Run``.

The layout is in docs/architecture.md. Raw files are only ever read here; a run that was killed in the middle is a run
with fewer samples.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from netlab.errors import MisfiledSample, NotUp, ResultsError, UnusableSample
from netlab.files import write_atomic
from netlab.model.run import Run, RunHeader
from netlab.model.sample import Excluded, HotSpots, RefusedHotSpots, RefusedSample, Sample
from netlab.results.names import cell_of, is_control
from netlab.results.versions import READABLE, SCHEMA_VERSION, upgraded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from netlab.model.proof import Proof

HEADER = "run.json"
_ROUND = re.compile(r"r(?P<round>\d+)-p(?P<position>\d+)-(?P<profile>.+)")
_HOTSPOTS = "hotspots-"
_PERF = ".perf.gz"
_SAMPLE = ".json"
_REFUSED = re.compile(r"(?P<file>.+)\.json\.refused-(?P<attempt>[0-9]+)")
"""A raw sample that was refused is no ``.json`` any more: what counts the samples of a folder need not know of it."""
_REASON = re.compile(rf"{_REFUSED.pattern}\.reason")
"""Why one was taken again that can be used (`Excluded`)."""
_T = TypeVar("_T")


def load_run(directory: Path) -> Run:
    """Read the run in ``directory``; raises ``ResultsError`` for a file that cannot be understood, but a profiler's."""
    header = load_header(directory)
    samples, refused = load_samples(directory, header)
    raw = directory / "raw"
    hotspots = list(_hotspots(raw))
    return Run(
        header=header,
        samples=tuple(sample for sample in samples if not sample.control),
        controls=tuple(sample for sample in samples if sample.control),
        hotspots=tuple(one for one in hotspots if isinstance(one, HotSpots)),
        proofs=tuple(_proofs(raw, header)),
        refused=tuple(refused),
        refused_hotspots=tuple(one for one in hotspots if isinstance(one, RefusedHotSpots)),
    )


def load_samples(directory: Path, header: RunHeader) -> tuple[list[Sample], list[RefusedSample]]:
    """Read the run's samples, controls too, and those that are refused, in the order in which they were measured."""
    found = list(_samples(directory / "raw", header))
    samples = [one for one in found if isinstance(one, Sample)]
    refused = [one for one in found if isinstance(one, RefusedSample)]
    refused.sort(key=lambda one: (one.round, one.attempt))
    samples.sort(key=lambda sample: (sample.round, sample.position, sample.path))
    return samples, refused


def refuse(raw: Path, attempt: int, why: Excluded | None = None) -> Path:
    """Give the raw sample a name under which it is kept and counts no more; return its new path.

    ``why``, of one that can be used, is kept beside it: no file of a sample says so by itself.
    """
    kept = raw.with_name(f"{raw.name}.refused-{attempt}")
    if why:
        write_atomic(_reason_file(kept), (why.model_dump_json() + "\n").encode(), mode=0o644)
    return raw.rename(kept)


def refusals(raw: Path) -> int:
    """Count how often a sample that would be called ``raw`` was refused."""
    return len([path for path in raw.parent.glob(f"{raw.name}.refused-*") if _REFUSED.fullmatch(path.name)])


def _reason_file(kept: Path) -> Path:
    return kept.with_name(f"{kept.name}.reason")


def excluded(directory: Path) -> int:
    """Count the run's samples that a gate had taken again."""
    return len([path for path in directory.glob("raw/r*-p*-*/*.reason") if _REASON.fullmatch(path.name)])


def load_header(directory: Path) -> RunHeader:
    """Read what was known before the run's first sample."""
    path = directory / HEADER
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ResultsError(
            f"{directory} holds no run: it has no {HEADER}", hint="name a directory below .netlab/runs"
        ) from None
    except (OSError, ValueError) as error:
        raise _broken(path, error) from error
    return _header(path, content)


def write_header(directory: Path, header: RunHeader) -> Path:
    """Store ``run.json`` in ``directory``, which is made when it is not there."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / HEADER
    write_atomic(path, (header.model_dump_json(indent=2) + "\n").encode(), mode=0o644)
    return path


def list_runs(runs_dir: Path) -> list[Path]:
    """Directories of all runs, newest first; those whose header cannot be read come last and stay visible."""
    runs = [path.parent for path in runs_dir.glob(f"*/{HEADER}")]
    return sorted(runs, key=lambda run: (_created_at(run), run.name), reverse=True)


def latest(runs_dir: Path) -> Path:
    """Directory of the newest run; raises ``NotUp`` when there is none."""
    runs = list_runs(runs_dir)
    if not runs:
        raise NotUp(f"no run is stored in {runs_dir}", hint="measure one first: netlab bench")
    return runs[0]


def unfinished(runs_dir: Path) -> Path:
    """Directory of the newest run that was interrupted; raises ``NotUp`` when there is none."""
    for run in list_runs(runs_dir):
        with contextlib.suppress(ResultsError):
            if load_header(run).stop is None:
                return run
    raise NotUp(f"no run in {runs_dir} was interrupted", hint="measure a new one: netlab bench")


def _created_at(run: Path) -> float:
    try:
        return load_header(run).created_at.timestamp()
    except ResultsError:
        return float("-inf")


def _header(path: Path, content: Any) -> RunHeader:
    version = content.get("schema_version", SCHEMA_VERSION) if isinstance(content, dict) else None
    if version in READABLE:
        content = upgraded(content)
    elif isinstance(version, int):
        raise ResultsError(
            f"{path} has schema version {version}; this netlab reads versions up to {SCHEMA_VERSION}",
            hint="read it with the version of netlab that wrote it, or a newer one",
        )
    try:
        return RunHeader.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise _broken(path, error) from error


def _samples(raw: Path, header: RunHeader) -> Iterator[Sample | RefusedSample]:
    profiles = {profile.name: profile for profile in header.profiles}
    for folder in sorted(raw.glob("r*-p*-*")):
        if at := _ROUND.fullmatch(folder.name):
            of: dict[str, Any] = {
                "profile": sys.intern(at["profile"]),
                "round_": int(at["round"]),
                "position": int(at["position"]),
                "known": header.environment.kernels,
            }
            info = profiles.get(at["profile"])
            of["snapshot"] = (header.snapshot_of(info, of["round_"]) if info else "") or None
            for path in sorted(folder.iterdir()):
                refused = _REFUSED.fullmatch(path.name)
                if refused:
                    yield _refused(path, of, refused["file"], int(refused["attempt"]))
                elif _finished(path, _SAMPLE):
                    yield _sample(path, of, header.build_of(of["round_"]))


def _sample(path: Path, of: dict[str, Any], build: int) -> Sample | RefusedSample:
    """Read one sample; those that must be left out may be among the others: of an older netlab, or moved by hand."""
    from netlab.samples.sample import parse_sample  # noqa: PLC0415 - listing runs needs no parser

    file = path.name.removesuffix(_SAMPLE)
    try:
        sample = _parsed(path, partial(parse_sample, **of))
    except (MisfiledSample, UnusableSample) as error:
        return _left_out(file, of, 1, error.message)
    return sample.model_copy(update={"control": is_control(file), "build": build})


def _refused(path: Path, of: dict[str, Any], file: str, attempt: int) -> RefusedSample:
    from netlab.samples.sample import parse_sample  # noqa: PLC0415 - listing runs needs no parser

    try:
        parse_sample(path.read_bytes(), **of)
    except (OSError, ResultsError) as error:
        return _left_out(file, of, attempt, str(error))
    why = _excluded(_reason_file(path))
    return _left_out(file, of, attempt, why.reason, why.gate)


def _excluded(path: Path) -> Excluded:
    """Read why a sample that can be used was taken again; of an older netlab, nothing says so."""
    try:
        return Excluded.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return Excluded(gate="", reason="it was refused by the netlab that measured it")
    except (OSError, ValidationError) as error:
        raise _broken(path, error) from error


def _left_out(file: str, of: dict[str, Any], attempt: int, reason: str, gate: str = "") -> RefusedSample:
    path, keepalive = cell_of(file)
    return RefusedSample(
        profile=of["profile"],
        path=path,
        keepalive=keepalive,
        round=of["round_"],
        attempt=attempt,
        reason=reason,
        gate=gate,
        control=is_control(file),
    )


def profiled(raw: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the profiler's files, each with the cell that it is of: ``profile``, ``path``, ``keepalive``."""
    for folder in sorted(raw.glob(f"{_HOTSPOTS}*")):
        profile = folder.name.removeprefix(_HOTSPOTS)
        for file in _visible(folder, _PERF):
            path, keepalive = cell_of(file.name.removesuffix(_PERF))
            yield file, {"profile": profile, "path": path, "keepalive": keepalive}


def _hotspots(raw: Path) -> Iterator[HotSpots | RefusedHotSpots]:
    from netlab.samples.perf import parse_hotspots  # noqa: PLC0415 - listing runs needs no parser

    for file, cell in profiled(raw):
        try:
            yield _parsed(file, partial(parse_hotspots, **cell))
        except ResultsError as error:  # no number of a cell's samples needs it
            yield RefusedHotSpots(**cell, reason=error.message)


def _proofs(raw: Path, header: RunHeader) -> Iterator[Proof]:
    from netlab.samples.evidence import read_proof  # noqa: PLC0415 - listing runs needs no parser

    for profile in header.profiles:
        folder = proof_folder(raw, profile.name)
        if folder.is_dir():
            yield read_proof(folder, profile.name)


def hotspots_folder(raw: Path, profile: str) -> Path:
    """Where a run keeps what the profiler saw of the profile."""
    return raw / f"{_HOTSPOTS}{profile}"


def hotspots_file(folder: Path, file: str) -> Path:
    """Return the profiler's file of the cell whose raw files are called ``file``."""
    return folder / f"{file}{_PERF}"


def proof_folder(raw: Path, profile: str, build: int = 1) -> Path:
    """Where a run keeps what proved the profile in one of its builds; no profile's name has a plus."""
    return raw / (f"proof-{profile}" if build == 1 else f"proof-{profile}+build{build}")


def _visible(folder: Path, suffix: str) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if _finished(path, suffix)]


def _finished(path: Path, suffix: str) -> bool:
    """Whether it is a finished file: one that was being written when the run was killed has another name."""
    return path.name.endswith(suffix) and path.name[0] != "."


def _parsed(path: Path, parse: Callable[[bytes], _T]) -> _T:
    try:
        return parse(path.read_bytes())
    except (MisfiledSample, UnusableSample):
        raise
    except (OSError, ResultsError) as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> ResultsError:
    return ResultsError(
        f"{path} cannot be read: {' '.join(str(error).split())}",
        hint=f"restore {path.name} from a copy, or move it away to do without it",
    )
