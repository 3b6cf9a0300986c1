"""Whether runs were measured in the same environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.errors import ConfigError
from netlab.report.compute import predictions
from netlab.report.text import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlab.model.run import RunHeader

CONFIGURED = {"netlab_version", "image_key", "image_digest", "control_cpus", "parallel_fleets"}
"""Of an environment, what runs may have of their own: their rows are kept apart (`compute.configurations`)."""


def base(header: RunHeader) -> str:
    """Name the cell that all others of a run are compared with."""
    return f"{header.baseline_profile}/{header.baseline_path}"


def unlike(one: RunHeader, other: RunHeader) -> dict[str, tuple[str, str]]:
    """Return what is not the same in the environments of two runs, by name, in words."""
    mine, theirs = _comparable(one), _comparable(other)
    return {name: _texts(mine[name], value) for name, value in theirs.items() if value != mine[name]}


def refuse_mixtures(headers: Sequence[RunHeader]) -> None:
    """Raise ConfigError unless all were measured in the same environment, with the same baseline."""
    for other in headers[1:]:
        if differing := unlike(headers[0], other):
            raise ConfigError(
                f"runs {headers[0].run_id} and {other.run_id} come from different environments ({listed(differing)})",
                hint=predictions.hint(headers[0], other)
                or "make one report for each, or measure both again on the same lab",
            )


def listed(differing: dict[str, tuple[str, str]]) -> str:
    """Write what differs in one line: ``guest_kernel: 6.1 / 6.12; …``."""
    return "; ".join(
        f"{name}: {' / '.join(texts)}" if texts[0] != texts[1] else f"{name}: {texts[0]}"
        for name, texts in differing.items()
    )


def _comparable(header: RunHeader) -> dict[str, object]:
    # how a block begins follows from the provider, which is compared
    told = CONFIGURED | {"resumed"}
    fields: dict[str, object] = {name: value for name, value in header.environment if name not in told}
    return {**fields, "baseline": base(header)}


def _texts(one: object, other: object) -> tuple[str, str]:
    """Write a value of two environments; of machines that look the same, what their processors can do is not."""
    texts = words.fact(one), words.fact(other)
    return texts if texts[0] != texts[1] else ("flags of the processors",) * 2
