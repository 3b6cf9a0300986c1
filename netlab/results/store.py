"""Stored runs: ``run.json`` and the raw files beside it, read into a ``Run``.

The layout is in docs/architecture.md. Raw files are only ever read here; a run that was killed in the middle is a run
with fewer samples.
"""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from netlab.errors import NotUp, ResultsError
from netlab.files import write_atomic
from netlab.results.model import Environment, HotSpots, Proof, Run, RunHeader, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HEADER = "run.json"
SCHEMA_VERSION = 2
_READABLE = (1, SCHEMA_VERSION)
"""Version 1 is version 2 without what profiles and image were made of, which all have a default."""
_ROUND = re.compile(r"r(?P<round>\d+)-p(?P<position>\d+)-(?P<profile>.+)")
_HOTSPOTS = "hotspots-"
_PERF = ".perf.gz"
_T = TypeVar("_T")


def load_run(directory: Path) -> Run:
    """Read the run in ``directory``; raises ``ResultsError`` for a file that cannot be understood."""
    header = load_header(directory)
    samples = sorted(_samples(directory / "raw"), key=lambda sample: (sample.round, sample.position, sample.path))
    if header.environment.clock == "virtual":
        samples = [_on_one_kernel(sample, header.environment) for sample in samples]
    raw = directory / "raw"
    return Run(
        header=header, samples=tuple(samples), hotspots=tuple(_hotspots(raw)), proofs=tuple(_proofs(raw, header))
    )


def _on_one_kernel(sample: Sample, environment: Environment) -> Sample:
    """Count the one kernel of a virtual-clock lab once: systemd-nspawn gives each of its hosts a boot id of its own."""
    shared = sample.kernels[0].model_copy(update={"hosts": tuple(environment.fleet)})
    return sample.model_copy(update={"kernels": (shared,)})


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


def _created_at(run: Path) -> float:
    try:
        return load_header(run).created_at.timestamp()
    except ResultsError:
        return float("-inf")


def _header(path: Path, content: Any) -> RunHeader:
    version = content.get("schema_version", SCHEMA_VERSION) if isinstance(content, dict) else None
    if version in _READABLE:
        content = {**content, "schema_version": SCHEMA_VERSION}
    elif isinstance(version, int):
        raise ResultsError(
            f"{path} has schema version {version}; this netlab reads versions up to {SCHEMA_VERSION}",
            hint="read it with the version of netlab that wrote it, or a newer one",
        )
    try:
        return RunHeader.model_validate_json(json.dumps(content))
    except ValidationError as error:
        raise _broken(path, error) from error


def _samples(raw: Path) -> Iterator[Sample]:
    from netlab.bench.sample import parse_sample  # noqa: PLC0415 - listing runs needs no parser

    for folder in sorted(raw.glob("r*-p*-*")):
        if at := _ROUND.fullmatch(folder.name):
            of: dict[str, Any] = {"profile": at["profile"], "round_": int(at["round"]), "position": int(at["position"])}
            yield from (_parsed(path, partial(parse_sample, **of)) for path in _visible(folder, ".json"))


def _hotspots(raw: Path) -> Iterator[HotSpots]:
    from netlab.bench.perf import parse_hotspots  # noqa: PLC0415 - listing runs needs no parser
    from netlab.bench.plan import CLOSE  # noqa: PLC0415 - as above

    for folder in sorted(raw.glob(f"{_HOTSPOTS}*")):
        profile = folder.name.removeprefix(_HOTSPOTS)
        for path in _visible(folder, _PERF):
            name = path.name.removesuffix(_PERF)
            of: dict[str, Any] = {"profile": profile, "path": name.removesuffix(CLOSE), "keepalive": CLOSE not in name}
            yield _parsed(path, partial(parse_hotspots, **of))


def _proofs(raw: Path, header: RunHeader) -> Iterator[Proof]:
    from netlab.proof.evidence import read_proof  # noqa: PLC0415 - listing runs needs no parser

    for profile in header.profiles:
        folder = proof_folder(raw, profile.name)
        if folder.is_dir():
            yield read_proof(folder, profile.name)


def hotspots_folder(raw: Path, profile: str) -> Path:
    """Where a run keeps what the profiler saw of the profile."""
    return raw / f"{_HOTSPOTS}{profile}"


def proof_folder(raw: Path, profile: str) -> Path:
    """Where a run keeps what proved the profile."""
    return raw / f"proof-{profile}"


def _visible(folder: Path, suffix: str) -> list[Path]:
    """Finished files only: one that was being written when the run was killed has another name."""
    return [path for path in sorted(folder.iterdir()) if path.name.endswith(suffix) and path.name[0] != "."]


def _parsed(path: Path, parse: Callable[[bytes], _T]) -> _T:
    try:
        return parse(path.read_bytes())
    except (OSError, ResultsError) as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> ResultsError:
    return ResultsError(
        f"{path} cannot be read: {' '.join(str(error).split())}",
        hint=f"restore {path.name} from a copy, or move it away to do without it",
    )
