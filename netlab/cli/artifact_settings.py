"""What the actions of ``netlab artifacts`` share: the lock and the sources, from ``netlab.yml`` and the options."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from netlab import assets, userpaths
from netlab.artifacts.settings import host_arch, lock_of, origin_of
from netlab.cli.work import open_lab, progress_to
from netlab.errors import UsageError
from netlab.spec.artifacts import ArtifactsSpec
from netlab.spec.file import load_spec

if TYPE_CHECKING:
    from argparse import Namespace
    from contextlib import AbstractContextManager
    from pathlib import Path

    from netlab.artifacts.lock import Arch, Lock
    from netlab.artifacts.obtain import Origin
    from netlab.progress import Progress


class Chosen(NamedTuple):
    """Settings of one command."""

    arch: Arch
    origin: Origin
    spec: ArtifactsSpec
    folder: Path
    """The lab's."""

    @classmethod
    def of(cls, args: Namespace) -> Chosen:
        """Lay the options over the lab's ``artifacts:``; their paths are relative to where the command was started."""
        lab = open_lab()
        spec = _override(load_spec(lab.folder).artifacts, vars(args))
        return cls(vars(args).get("arch") or host_arch(), origin_of(spec, lab.folder), spec, lab.folder)

    @property
    def lock(self) -> Lock:
        """The lock to work with."""
        return lock_of(self.spec, self.folder)

    @property
    def lock_file(self) -> Path | None:
        """The lab's or the user's own lock file, which need not exist yet."""
        return self.folder / self.spec.lock if self.spec.lock else None

    def progress(self, args: Namespace) -> AbstractContextManager[Progress]:
        """Open the display and the command's log, which is in the cache: no lab is needed."""
        return progress_to(assets.cache() / "logs" / "artifacts.log", args)


def _override(spec: ArtifactsSpec, options: dict[str, object]) -> ArtifactsSpec:
    given = {
        name: str(value) for name in ("mirror", "registry_mirror", "lock") if (value := options.get(name)) is not None
    }
    for name in ("mirror", "lock"):
        if given.get(name) and "://" not in given[name]:
            given[name] = str(userpaths.of_option(given[name], f"--{name}"))
    locked = spec.locked or bool(options.get("locked"))
    try:
        return ArtifactsSpec.model_validate({**spec.model_dump(), **given, "locked": locked})
    except ValidationError as error:
        detail = error.errors()[0]
        option = str(detail["loc"][0]).replace("_", "-")
        raise UsageError(f"--{option}: {detail['msg'].removeprefix('Value error, ')}") from None
