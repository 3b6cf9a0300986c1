"""Which proxy a URL is asked through: the variables of the environment, read as curl reads them."""

from __future__ import annotations

import ipaddress
import re
import urllib.request
from typing import NamedTuple
from urllib.parse import urlsplit

from netlab.credentials import basic, blanked, requoted, split_login
from netlab.errors import ArtifactUnreachable

PORTS = {"http": 80, "https": 443}


class Proxy(NamedTuple):
    """A proxy; ``authorization`` is the header's value, which is shown nowhere."""

    url: str
    authorization: str = ""

    @property
    def shown(self) -> str:
        """Return it for messages."""
        return self.url.replace("://", "://***@", 1) if self.authorization else self.url


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy that the environment names for this URL; none for this machine itself. ArtifactUnreachable."""
    parts, known = urlsplit(url), urllib.request.getproxies()
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    if is_loopback(host) or bypassed(host, port, known.get("no", "")):
        return None
    text = _named(known, parts.scheme)
    return _parsed(text) if text else None


def environment() -> dict[str, str]:
    """Return variables that tell skopeo the same: Go knows no ALL_PROXY, fewer ways to write one, and dots differ."""
    known = urllib.request.getproxies()
    found = {f"{scheme}_proxy": _plain(text) for scheme in PORTS if (text := _named(known, scheme))}
    if known.get("no"):
        found["no_proxy"] = ",".join(_names(known["no"]))
    return found | {name.upper(): value for name, value in found.items()}


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def bypassed(host: str, port: int, names: str) -> bool:
    """Whether ``NO_PROXY`` has the host: by name, as a part of a domain, by address or network, perhaps with a port."""
    address = _address(host)
    for name in _names(names):
        if name == "*":
            return True
        bare, _, last = name.rpartition(":")
        wanted = bare if bare and last == str(port) and (":" not in bare or bare.endswith("]")) else name
        if _matches(host.rstrip(".").lower(), wanted.strip("[]")) if address is None else _within(address, wanted):
            return True
    return False


def _matches(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _within(address: ipaddress.IPv4Address | ipaddress.IPv6Address, text: str) -> bool:
    try:
        return address in ipaddress.ip_network(text.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return False


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _names(text: str) -> list[str]:
    names = [name.strip(".").lower() for name in re.split(r"[,\s]+", text)]
    return [name for name in names if name]


def _named(known: dict[str, str], scheme: str) -> str:
    return known.get(scheme) or known.get("all") or ""


def _plain(text: str) -> str:
    """Write a proxy with its scheme, and its log-in with all escapes."""
    url, login = split_login(_whole(text))
    return url.replace("://", f"://{requoted(login)}@", 1) if login else url


def _whole(text: str) -> str:
    return text if "://" in text else f"http://{text}"


def _parsed(text: str) -> Proxy:
    url, login = split_login(_whole(text))
    try:
        parts = urlsplit(url)
        usable = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
        usable = usable and "@" not in url  # a log-in with an unescaped slash, of which a part passes for the host
    except ValueError:
        usable = False
    if not usable:
        hint = "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY: [http://][USER:PASSWORD@]HOST[:PORT], or https:// before it"
        message = f"the environment's proxy '{blanked(_whole(text))}' is of a kind that netlab does not know"
        raise ArtifactUnreachable(message, hint=hint)
    return Proxy(f"{parts.scheme}://{parts.netloc}", basic(login))
