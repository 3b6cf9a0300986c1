"""One raw sample, as the driver on the client wrote it → `Sample`. The format is in docs/architecture.md."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from netlab.bench.procfs import RawHost, kernels
from netlab.bench.wrk import RawWrk, wrk_result
from netlab.errors import ResultsError
from netlab.results.model import Frozen, Load, Sample


class RawSample(Frozen):
    """The file, key by key; `started_at` in UNIX seconds of the client's clock."""

    format: Literal[1]
    path: str
    url: str
    load: Load
    started_at: Annotated[float, Field(ge=0, lt=1e11, allow_inf_nan=False)]
    wrk: RawWrk
    hosts: dict[str, RawHost]


def parse_sample(raw: bytes, *, profile: str, round_: int, position: int) -> Sample:
    """Read the sample in ``raw``; profile, round and position are known from the place where it was stored.

    Raises ResultsError, which names the field and not the file.
    """
    parsed = _read(raw)
    return Sample(
        profile=profile,
        path=parsed.path,
        round=round_,
        position=position,
        url=parsed.url,
        load=parsed.load,
        started_at=datetime.fromtimestamp(parsed.started_at, UTC),
        wrk=wrk_result(parsed.wrk, parsed.load.connections),
        kernels=kernels(parsed.hosts),
    )


def _read(raw: bytes) -> RawSample:
    try:
        return RawSample.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ResultsError(f"not a raw sample of format 1: {field}: {first['msg']}") from error
