"""The one place that speaks HTTP: connections, proxies, limits. Its errors are urllib3's; ``transfer`` judges them."""

from __future__ import annotations

import contextlib
import functools
import threading
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import urllib3

from netlab import __version__
from netlab.artifacts.mirror import is_url
from netlab.artifacts.proxy import PORTS, Proxy, proxy_for
from netlab.credentials import split_login
from netlab.model.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHUNK_BYTES = 1 << 18


class Limits(Frozen):
    """What a download may take. Times are seconds."""

    parallel: int = 4
    attempts: int = 5
    """How often in a row an attempt may bring nothing new."""
    redirects: int = 10
    connect_s: float = 15.0
    stall_s: float = 30.0
    """Longest time without a byte."""
    total_s: float = 3600.0
    """Longest time for one file."""
    max_bytes: int = 4 << 30
    backoff_s: float = 1.0
    """Pause before the second attempt; it doubles with each one that brings nothing new."""
    patience_s: float = 120.0
    """Longest pause that a server may ask for (Retry-After)."""


class Astray(urllib3.exceptions.HTTPError):
    """A redirect that is not followed; the message says why."""


class Client:
    """Opens URLs; threads may share it. ``stop`` ends all requests, as does ``interrupt``.

    ``logins`` are values of the header Authorization by ``origin``: nobody else is sent one.
    """

    def __init__(self, limits: Limits, stop: threading.Event, logins: Mapping[str, str] | None = None) -> None:
        self.limits = limits
        self._logins = logins or {}
        self.stop = stop
        self.received = 0
        """Bytes that came so far."""
        self._turn = threading.Lock()
        self._open: set[urllib3.BaseHTTPResponse] = set()

    @contextlib.contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[urllib3.BaseHTTPResponse]:
        """Send a request, follow redirects, hand out the response before its body is read."""
        response = self._follow(url, headers)
        self._open.add(response)
        try:
            yield response
        finally:
            self._open.discard(response)
            response.close()

    def _follow(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """Ask where each answer points to: who is asked, through which proxy and with which log-in, is judged again."""
        for _ in range(self.limits.redirects + 1):
            response = self._ask(url, headers)
            place = response.get_redirect_location()
            if not place:
                return response
            response.close()
            url = _next(url, place)
        raise Astray(f"more than {self.limits.redirects} redirects")

    def _ask(self, url: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        limits, login = self.limits, self._logins.get(origin(url), "")
        own = {"User-Agent": f"netlab/{__version__}", "Accept-Encoding": "identity"}
        return _pool(proxy_for(url)).request(
            "GET",
            url,
            headers={**own, **headers, **({"Authorization": login} if login else {})},
            preload_content=False,
            redirect=False,
            timeout=urllib3.Timeout(connect=limits.connect_s, read=limits.stall_s),
            retries=urllib3.Retry(0, respect_retry_after_header=False),
        )

    def chunks(self, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        """Yield the body as it comes, undecoded."""
        while chunk := response.read1(CHUNK_BYTES, decode_content=False):
            with self._turn:
                self.received += len(chunk)
            yield chunk

    def interrupt(self) -> None:
        """End requests of other threads, also where they wait for a silent server."""
        self.stop.set()
        for response in self._open.copy():
            with contextlib.suppress(ValueError, RuntimeError, OSError):
                response.shutdown()


def origin(url: str) -> str:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or PORTS.get(parts.scheme)}"


def _next(url: str, place: str) -> str:
    """Return the URL that a redirect from ``url`` leads to, without a log-in that it names; Astray."""
    try:
        found, _ = split_login(urljoin(url, place))
        usable = is_url(found) and bool(urlsplit(found).hostname and origin(found))
    except ValueError:
        usable = False
    if not usable:
        raise Astray("it redirects to something other than an http:// or https:// URL")
    if (urlsplit(url).scheme, urlsplit(found).scheme) == ("https", "http"):
        raise Astray("it redirects to an unencrypted URL")
    return found


@functools.cache
def _pool(proxy: Proxy | None) -> urllib3.PoolManager:
    """Return the connections of this process; certificates are checked against the system's."""
    if proxy is None:
        return urllib3.PoolManager()
    login = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
    return urllib3.ProxyManager(proxy.url, proxy_headers=login)
