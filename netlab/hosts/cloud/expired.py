"""Labs of the account that somebody has forgotten: found by what they carry, not by what a folder remembers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from netlab.hosts.cloud import keys, record
from netlab.hosts.cloud.provider import remove_lab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netlab.hosts.cloud.api import Api
    from netlab.hosts.cloud.cloud import ForeignLab
    from netlab.lab import Lab


def remove_expired(api: Api) -> Sequence[ForeignLab]:
    """Remove every lab of the account whose time is over, wherever it is; return those that were removed."""
    with api.progress.step(f"look for labs on {api.cloud.title}"):
        found = api.cloud.labs(api.play("labs", api.cloud.place, {}))
    over = [lab for lab in found if is_over(lab, datetime.now(UTC))]
    for lab in over:
        with api.progress.step(f"remove the lab {lab.name} ({lab.lab}, {lab.place})"):
            remove_lab(api, lab.lab, lab.place)
        _forget(api.lab, lab.lab)
    return over


def _forget(here: Lab, removed: str) -> None:
    """Forget the hosts of the lab in this folder where it is the one that was removed."""
    own = record.load(here)
    if own is not None and own.lab == removed:
        here.save_state(None)
        record.remove(here)
        keys.forget(here)


def is_over(lab: ForeignLab, now: datetime) -> bool:
    """Whether the lab's time is over; one that does not say when it ends is left alone."""
    return lab.expires is not None and lab.expires < now
