"""Hosts without snapshots of a build's own: what is kept of a build are the hosts, until another one's are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from netlab.lab import Lab


def make_way(lab: Lab, build: str, down: Callable[[], None]) -> None:
    """Remove the lab's hosts with ``down`` unless its state says that they are of this build."""
    state = lab.load_state()
    if state is None or state.build != build:
        down()
        lab.save_state(None)
