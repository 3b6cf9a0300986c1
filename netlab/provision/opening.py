"""Holds a lab while one command works on it, and removes what an error leaves half done."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from netlab import ansible, profiles
from netlab.artifacts import prepare
from netlab.errors import AnsibleFailed, ArtifactError, BenchmarkFailed, ConfigError, MissingTool, ProofFailed
from netlab.hosts.provider import Snapshots
from netlab.hosts.registry import provider_of, remembered, still_costs
from netlab.provision.session import Session
from netlab.selection import artifacts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from netlab.lab import Lab
    from netlab.model.profile import Profile
    from netlab.progress import Progress
    from netlab.spec.lab import LabSpec


@contextlib.contextmanager
def opened(lab: Lab, spec: LabSpec, progress: Progress, chosen: Sequence[Profile]) -> Iterator[Session]:
    """Hold the lab's lock, with the payload of the chosen profiles.

    What an error leaves half done is removed, unless it is there to be looked at, or was there before and cannot be
    had again from a snapshot. ConfigError where the lab's hosts are of another provider.

    An unfinished start of an earlier, killed netlab is cleared away by the provider.
    """
    lab.state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lab.lock():
        lab.create()
        before = lab.load_state()
        _refuse_another_provider(remembered(lab), spec)
        payload = _prepare_payload(lab, spec, progress, chosen)
        session = Session(lab, spec, provider_of(lab, spec, progress, payload), progress)
        try:
            with _saying_what_costs(lab, progress):
                yield session
        except (AnsibleFailed, BenchmarkFailed, ProofFailed):
            raise  # 'netlab ssh' shows why
        except BaseException:
            state = lab.load_state()
            kept = before is not None and before.hosts and not isinstance(session.provider, Snapshots)
            if state is not None and state.profile is None and not kept:
                remove(session)
            raise


@contextlib.contextmanager
def _saying_what_costs(lab: Lab, progress: Progress) -> Iterator[None]:
    """Say after an error that hosts which cost money are still there."""
    try:
        yield
    except BaseException:
        if text := still_costs(lab):
            progress.warn(text)
        raise


def _refuse_another_provider(known: str | None, spec: LabSpec) -> None:
    if known not in {None, spec.provider}:
        message = f"the lab's hosts are of the provider '{known}', but '{spec.provider}' is asked for"
        raise ConfigError(message, hint=f"'netlab down' removes them; '--provider {known}' works with them")


def _prepare_payload(lab: Lab, spec: LabSpec, progress: Progress, chosen: Sequence[Profile]) -> Path | None:
    """Return the disk with all that the profiles download; where it cannot be had, the error names replicas."""
    words = artifacts_of(chosen)
    if not words:
        return None
    try:
        return prepare.prepare_payload(words, spec.artifacts, lab.folder, progress, prepare.unused(chosen))
    except (ArtifactError, MissingTool) as error:
        if all(profiles.find(profile.name, lab.folder / "profiles").stack != "kubeadm" for profile in chosen):
            replica = "'--stack datapath' takes the replica of the data path, which needs nothing to be downloaded"
            error.hint = f"{error.hint}; {replica}" if error.hint else replica
        raise


def remove(session: Session) -> None:
    """Remove the lab's hosts, and forget them."""
    ansible.close_connections(session.lab.sockets)
    session.provider.down()
    session.lab.save_state(None)
