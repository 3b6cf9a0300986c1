"""The one place that speaks HTTP: connections, proxies, limits. Its errors are urllib3's; ``transfer`` judges them."""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import threading
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3

from netlab import __version__
from netlab.results.model import Frozen

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


class Client:
    """Opens URLs; threads may share it. ``stop`` ends all that goes on, as does ``interrupt``."""

    def __init__(self, limits: Limits, stop: threading.Event) -> None:
        self.limits = limits
        self.stop = stop
        self.received = 0
        """Bytes that came so far."""
        self._turn = threading.Lock()
        self._open: set[urllib3.BaseHTTPResponse] = set()

    @contextlib.contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[urllib3.BaseHTTPResponse]:
        """Send a request, follow redirects, hand out the response before its body is read."""
        limits = self.limits
        response = _pool(_proxy(url)).request(
            "GET",
            url,
            headers={"User-Agent": f"netlab/{__version__}", "Accept-Encoding": "identity", **headers},
            preload_content=False,
            timeout=urllib3.Timeout(connect=limits.connect_s, read=limits.stall_s),
            retries=urllib3.Retry(
                None, connect=0, read=0, status=0, other=0, redirect=limits.redirects, respect_retry_after_header=False
            ),
        )
        self._open.add(response)
        try:
            yield response
        finally:
            self._open.discard(response)
            response.close()

    def chunks(self, response: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        """Yield the body as it comes, undecoded."""
        while chunk := response.read1(CHUNK_BYTES, decode_content=False):
            with self._turn:
                self.received += len(chunk)
            yield chunk

    def interrupt(self) -> None:
        """End what goes on in other threads, also where they wait for a silent server."""
        self.stop.set()
        for response in self._open.copy():
            with contextlib.suppress(ValueError, RuntimeError, OSError):
                response.shutdown()


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _proxy(url: str) -> str | None:
    """Return the proxy that the environment names for this URL; none for this machine itself."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(parts.scheme)


@functools.cache
def _pool(proxy: str | None) -> urllib3.PoolManager:
    """Return the connections of this process; certificates are checked against the system's."""
    return urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()
