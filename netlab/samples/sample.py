"""One raw sample, as the driver on the client wrote it → `Sample`. The format is in docs/architecture.md.

Which samples are unusable, and what becomes of them, is in docs/measuring.md.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationError

from netlab.errors import MisfiledSample, ResultsError, UnusableSample
from netlab.gates.rules import ERRORS
from netlab.model.frozen import Frozen
from netlab.model.lab import Load
from netlab.model.sample import Sample
from netlab.samples.procfs import RawHost, kernels
from netlab.samples.wrk import RawWrk, wrk_result

if TYPE_CHECKING:
    from collections.abc import Sequence


class Stamp(Frozen):
    """What ``playbooks/up.yml`` wrote on a host at its end: which profile the host is, and the snapshot's name."""

    profile: str
    snapshot: str = ""


class RawSample(Frozen):
    """The file, key by key; `started_at` in UNIX seconds of the client's clock."""

    format: Literal[1]
    path: str
    url: str
    load: Load
    started_at: Annotated[float, Field(ge=0, lt=1e11, allow_inf_nan=False)]
    wrk: RawWrk
    hosts: dict[str, RawHost]
    stamps: dict[str, Stamp | None] = Field(default_factory=dict)
    """By host; None where nobody wrote one. Empty in runs of an older netlab."""


def parse_sample(  # noqa: PLR0913 - all that is known of it from elsewhere
    raw: bytes,
    *,
    profile: str,
    round_: int,
    position: int,
    snapshot: str | None = None,
    known: Sequence[tuple[str, ...]] = (),
) -> Sample:
    """Read the sample in ``raw``; profile, round and position are known from the place where it was stored.

    With ``snapshot``, every host must say that it was resumed from that. ``known`` are hosts that share a kernel.
    Raises ResultsError, which names the field and not the file: MisfiledSample where the hosts were another profile,
    UnusableSample where too many requests failed.
    """
    parsed = _read(raw)
    _check_stamps(parsed.stamps, profile, snapshot)
    _check_requests(parsed.wrk)
    return Sample(
        profile=profile,
        path=sys.intern(parsed.path),
        round=round_,
        position=position,
        url=sys.intern(parsed.url),
        load=_shared(parsed.load),
        started_at=datetime.fromtimestamp(parsed.started_at, UTC),
        wrk=wrk_result(parsed.wrk, parsed.load.connections),
        kernels=kernels(parsed.hosts, known),
    )


@lru_cache(maxsize=64)
def _shared(load: Load) -> Load:
    """Return the load that is equal and there already: a run has thousands of samples, and few loads."""
    return load


def _check_stamps(stamps: dict[str, Stamp | None], profile: str, snapshot: str | None) -> None:
    if snapshot is not None and not stamps:
        raise MisfiledSample(f"the sample does not say which profile its hosts were; they should be '{profile}'")
    for host, stamp in stamps.items():
        if stamp is None:
            if snapshot is not None:
                raise MisfiledSample(f"{host} does not say which profile it is; it should be '{profile}'")
        elif stamp.profile != profile:
            raise MisfiledSample(f"{host} was '{stamp.profile}' when this sample of '{profile}' was taken")
        elif snapshot not in {None, stamp.snapshot}:
            raise MisfiledSample(f"{host} was resumed from '{stamp.snapshot}', not from '{snapshot}'")


def _check_requests(wrk: RawWrk) -> None:
    answered, failed = wrk.summary.requests, sum(wrk.summary.errors.model_dump().values())
    if not answered:
        detail = f" and {failed} failed" if failed else ""
        raise UnusableSample(f"no request was answered in {wrk.summary.duration / 1e6:.1f} s{detail}")
    if ERRORS.excludes(1000 * failed / answered):
        kinds = ", ".join(f"{n} {kind}" for kind, n in wrk.summary.errors.model_dump().items() if n)
        raise UnusableSample(f"{failed} of {answered} requests failed ({kinds})")


def _read(raw: bytes) -> RawSample:
    try:
        return RawSample.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ResultsError(f"not a raw sample of format 1: {field}: {first['msg']}") from error
