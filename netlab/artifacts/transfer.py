"""One URL into one file: resumed where it broke off, retried with growing pauses, given up when that is hopeless."""

from __future__ import annotations

import json
import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, NamedTuple

import urllib3

from netlab.artifacts.client import Astray
from netlab.artifacts.proxy import proxy_for
from netlab.errors import ArtifactChanged, ArtifactMissing, ArtifactUnreachable
from netlab.files import write_atomic
from netlab.progress import size

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.artifacts.client import Client

ELSEWHERE = (
    "name another place with --mirror URL or --mirror FOLDER; where there is a network, "
    "'netlab artifacts bundle FOLDER' makes such a folder (docs/artifacts.md)"
)

LOGIN = "it asks for a user and a password: name the mirror as https://USER:PASSWORD@HOST/…, special characters as %XX"

ABSENT = {401, 403, 404, 410}
"""Object stores answer 401 and 403 for what they do not have, too."""
PASSING = {408, 425, 429, 500, 502, 503, 504}


class Again(NamedTuple):
    """Why an attempt ended early, and the pause in seconds that the server asked for."""

    reason: str
    pause: float = 0.0


class Transfer:
    """Fetches ``url`` into ``file``, which may hold the beginning from an earlier time."""

    def __init__(self, client: Client, label: str, url: str, file: Path) -> None:
        self._client = client
        self._label = label
        self._url = url
        self._file = file
        self._memory = file.with_suffix(".json")
        self._deadline = time.monotonic() + client.limits.total_s
        self.resumed = False
        """Whether the file was put together from more than one answer."""

    def run(self) -> None:
        """Fetch the whole file; ArtifactMissing, ArtifactUnreachable, or CancelledError when the client is stopped."""
        limits, failures, before = self._client.limits, 0, self._had()
        while (again := self._attempt()) is not None:
            failures = 1 if self._had() > before else failures + 1
            before = self._had()
            pause = max(again.pause, limits.backoff_s * 2 ** (failures - 1))
            if failures >= limits.attempts or again.pause > limits.patience_s:
                raise self._unreachable(again.reason)
            if time.monotonic() + pause > self._deadline:
                raise self._unreachable(f"{again.reason}; not complete after {limits.total_s:g} s")
            if self._client.stop.wait(pause):
                raise CancelledError
        self._memory.unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove what came."""
        self._file.unlink(missing_ok=True)
        self._memory.unlink(missing_ok=True)
        self.resumed = False

    def _had(self) -> int:
        return self._file.stat().st_size if self._file.exists() else 0

    def _attempt(self) -> Again | None:
        begin = self._had()
        try:
            with self._client.get(self._url, self._range(begin)) as response:
                return self._judge(response, begin) or self._receive(response, begin)
        except Astray as error:
            raise self._unreachable(str(error)) from error
        except urllib3.exceptions.MaxRetryError as error:
            return Again(words_of(error.reason))
        except urllib3.exceptions.HTTPError as error:
            return Again(words_of(error))

    def _range(self, begin: int) -> dict[str, str]:
        """Ask for the rest only, where the server still has the same; without its word the digest decides later."""
        if not begin:
            return {}
        try:
            memory = json.loads(self._memory.read_text(encoding="utf-8"))
            validator = str(memory["validator"]) if memory["url"] == self._url else ""
        except (OSError, ValueError, KeyError, TypeError):
            validator = ""
        return {"Range": f"bytes={begin}-", **({"If-Range": validator} if validator else {})}

    def _judge(self, response: urllib3.BaseHTTPResponse, begin: int) -> Again | None:
        """Look at the head of an answer; None when its body is what was asked for."""
        status = response.status
        if status in PASSING:
            return Again(f"HTTP {status}", _retry_after(response))
        if status in ABSENT:
            message = f"{self._label} is not at {self._url}: HTTP {status}"
            raise ArtifactMissing(message, hint=LOGIN if status == 401 else ELSEWHERE)
        if status == 407:
            raise self._unreachable(f"HTTP {status}: the proxy asks for a user and a password")
        if status == 416 or (status == 206 and _first_byte(response) != begin):
            self.forget()
            return Again("the server does not have the part that was asked for")
        if status not in {200, 206}:
            raise self._unreachable(f"HTTP {status}")
        return None

    def _receive(self, response: urllib3.BaseHTTPResponse, begin: int) -> Again | None:
        resumes = response.status == 206 and begin > 0
        self.resumed = resumes
        self._remember(response)
        count = begin if resumes else 0
        with self._file.open("ab" if resumes else "wb") as file:
            for chunk in self._client.chunks(response):
                count += len(chunk)
                self._check(count)
                file.write(chunk)
        if self._client.stop.is_set():  # the connection was shut down, which looks like the end of the body
            raise CancelledError
        return None

    def _remember(self, response: urllib3.BaseHTTPResponse) -> None:
        """Keep what tells later whether the server still has the same file; weak tags do not."""
        tag = response.headers.get("ETag", "")
        validator = tag if tag.startswith('"') else response.headers.get("Last-Modified", "")
        write_atomic(self._memory, json.dumps({"url": self._url, "validator": validator}).encode())

    def _check(self, count: int) -> None:
        limits = self._client.limits
        if self._client.stop.is_set():
            raise CancelledError
        if count > limits.max_bytes:
            self.forget()
            raise ArtifactChanged(f"{self._label} from {self._url} is larger than {size(limits.max_bytes)}")
        if time.monotonic() > self._deadline:
            raise self._unreachable(f"not complete after {limits.total_s:g} s ({size(count)} came)")

    def _unreachable(self, reason: str) -> ArtifactUnreachable:
        proxy = proxy_for(self._url)
        place = f"{self._url} (through the proxy {proxy.shown})" if proxy else self._url
        return ArtifactUnreachable(f"{self._label} could not be fetched from {place}: {reason}", hint=ELSEWHERE)


def words_of(error: object) -> str:
    """Say what urllib3 met, without the names of its objects."""
    if isinstance(error, urllib3.exceptions.ProxyError):
        error = error.original_error
    match error:
        case urllib3.exceptions.NameResolutionError():
            return "its name cannot be resolved"
        case urllib3.exceptions.NewConnectionError():
            return str(error).rpartition(": ")[2].rpartition("] ")[2]
        case urllib3.exceptions.ConnectTimeoutError():
            return "no connection in time"
        case urllib3.exceptions.ReadTimeoutError():
            return "the server fell silent"
        case urllib3.exceptions.ProtocolError() if error.args:
            return f"the connection broke off ({error.args[-1]})"
        case _:
            return str(error)


def _retry_after(response: urllib3.BaseHTTPResponse) -> float:
    try:
        return urllib3.Retry().get_retry_after(response) or 0.0
    except urllib3.exceptions.InvalidHeader:
        return 0.0


def _first_byte(response: urllib3.BaseHTTPResponse) -> int | None:
    """Return the first byte's position in ``Content-Range: bytes 100-199/200``."""
    unit, _, rest = response.headers.get("Content-Range", "").partition(" ")
    first = rest.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdecimal() and len(first) < 20 else None
