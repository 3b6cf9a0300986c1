"""Downloads into the cache, several at a time, each checked against the lock before it is an entry."""

from __future__ import annotations

import shutil
import tempfile
import threading
from concurrent.futures import FIRST_COMPLETED, CancelledError, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netlab.artifacts.client import Client, Limits, origin
from netlab.artifacts.mirror import Sources, locate
from netlab.artifacts.transfer import ELSEWHERE, Transfer
from netlab.credentials import basic
from netlab.errors import ArtifactChanged, ArtifactError, ArtifactMissing
from netlab.files import digest_of
from netlab.progress import size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from netlab.artifacts.cache import Cache
    from netlab.progress import Progress

MAX_TEXT_BYTES = 1 << 20


class Wanted(NamedTuple):
    """Something that is to be in the cache."""

    label: str
    url: str
    sha256: str


class Downloader:
    """Fetches what a lock names from its URLs or, where there is one, from the mirror alone."""

    def __init__(self, cache: Cache, sources: Sources, limits: Limits | None = None) -> None:
        self._cache = cache
        self._mirror = sources.mirror
        logins = {origin(sources.mirror): basic(sources.login)} if sources.login else {}
        self._client = Client(limits or Limits(), threading.Event(), logins)

    def fetch(self, wanted: Sequence[Wanted], progress: Progress) -> None:
        """Have all in the cache. Then what failed is raised; a server out of reach, or a Ctrl-C, ends the others."""
        sound = self._cache.sound
        lacking = [each for each in dict.fromkeys(wanted) if not sound(each.sha256, each.label, progress.warn)]
        with ThreadPoolExecutor(self._client.limits.parallel, thread_name_prefix="download") as pool:
            futures = [pool.submit(self._have, each) for each in lacking]
            try:
                self._watch(futures, progress)
            except BaseException:
                self._client.interrupt()
                raise
        _raise_what_failed(futures)

    def text(self, label: str, url: str) -> str:
        """Return a small text of which no digest is known."""
        with tempfile.TemporaryDirectory(dir=self._cache.partials) as folder:
            file = self._arrived(label, url, Path(folder) / "text")
            if file.stat().st_size > MAX_TEXT_BYTES:
                raise ArtifactChanged(
                    f"{label} from {url} is larger than {size(MAX_TEXT_BYTES)}: that is not a checksum"
                )
            return file.read_text(encoding="utf-8", errors="replace")

    def learn(self, label: str, url: str) -> str:
        """Fetch a file of which no digest is known into the cache; return the SHA-256 of what came."""
        with tempfile.TemporaryDirectory(dir=self._cache.partials) as folder:
            file = self._arrived(label, url, Path(folder) / "file")
            sha256 = digest_of(file)
            self._cache.adopt(file, sha256, label, url)
            return sha256

    def _arrived(self, label: str, url: str, file: Path) -> Path:
        place = locate(url, self._mirror)
        if isinstance(place, Path):
            _copy(label, place, file)
        else:
            Transfer(self._client, label, place, file).run()
        return file

    def _have(self, wanted: Wanted) -> None:
        with self._cache.claim(wanted.sha256, self._client.stop) as mine:
            if not mine:
                raise CancelledError
            if not self._cache.holds(wanted.sha256):  # another process may have been faster
                self._bring(wanted)

    def _bring(self, wanted: Wanted) -> None:
        place = locate(wanted.url, self._mirror)
        partial = self._cache.partials / wanted.sha256
        if isinstance(place, Path):
            _copy(wanted.label, place, partial)
            self._cache.adopt(partial, wanted.sha256, wanted.label, str(place))
            return
        transfer = Transfer(self._client, wanted.label, place, partial)
        transfer.run()
        if transfer.resumed and digest_of(partial) != wanted.sha256:
            transfer.forget()  # its parts may belong to different files: take it whole
            transfer.run()
        self._cache.adopt(partial, wanted.sha256, wanted.label, place)

    def _watch(self, futures: Sequence[Future[None]], progress: Progress) -> None:
        pending = set(futures)
        while pending:
            done, pending = wait(pending, timeout=1.0, return_when=FIRST_COMPLETED)
            progress.task(
                "artifacts", f"{len(futures) - len(pending)} of {len(futures)} ({size(self._client.received)} came)"
            )
            if any(_is_hopeless(future.exception()) for future in done):
                self._client.interrupt()


def _copy(label: str, source: Path, target: Path) -> None:
    if not source.is_file():
        raise ArtifactMissing(f"{label} is not at {source}", hint=ELSEWHERE)
    shutil.copyfile(source, target)


def _is_hopeless(error: BaseException | None) -> bool:
    """Whether the others will probably meet the same error; one artifact that is missing says nothing about them."""
    return error is not None and not isinstance(error, (ArtifactMissing, ArtifactChanged))


def _raise_what_failed(futures: Sequence[Future[None]]) -> None:
    errors = [error for future in futures if (error := future.exception())]
    errors = [error for error in errors if not isinstance(error, CancelledError)]
    for error in errors:
        if not isinstance(error, ArtifactError):
            raise error
    known = sorted((error for error in errors if isinstance(error, ArtifactError)), key=_is_hopeless, reverse=True)
    if known:
        raise type(known[0])("\n".join(error.message for error in known), hint=known[0].hint)
