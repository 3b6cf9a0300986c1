"""Whether those whom the lock names answer from here, and through which proxy."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import urllib3

from netlab.artifacts.client import Astray, Client, Limits, origin
from netlab.artifacts.images import repository
from netlab.artifacts.proxy import proxy_for
from netlab.artifacts.transfer import words_of
from netlab.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netlab.artifacts.lock import Lock

DEADLINE_S = 3.0


class Reached(NamedTuple):
    """One server; ``problem`` says why it cannot be used, and is empty where it answers."""

    host: str
    problem: str
    proxy: str = ""


def registries(lock: Lock) -> list[str]:
    """Return the URLs of the registries that the lock has images of."""
    images = [image for each in lock.components for image in each.images if image.url is None]
    return list(dict.fromkeys(f"https://{repository(image.name)[0]}/v2/" for image in images))


def servers(lock: Lock) -> list[str]:
    """Return the URLs of the servers that the lock has files of."""
    urls = [item.url for each in lock.components for item in each.items() if item.url]
    return list(dict.fromkeys(f"{origin(url)}/" for url in urls))


def reach(urls: Iterable[str], deadline: float = DEADLINE_S) -> list[Reached]:
    """Ask all at the same time; any answer will do. It takes ``deadline`` seconds at most, whatever a resolver does."""
    answers: dict[str, str] = {}
    client = Client(Limits(connect_s=deadline, stall_s=deadline, redirects=0), threading.Event())

    def ask(url: str) -> None:
        answers[url] = _problem(client, url)

    wanted = list(urls)
    threads = [threading.Thread(target=ask, args=(url,), daemon=True) for url in wanted]
    for thread in threads:
        thread.start()
    end = time.monotonic() + deadline
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    late = f"no answer within {deadline:g} s"
    return [Reached(_host(url), answers.get(url, late), _proxy(url)) for url in wanted]


def _problem(client: Client, url: str) -> str:
    try:
        with client.get(url, {}) as response:
            return "its proxy asks for a user and a password" if response.status == 407 else ""
    except Astray:
        return ""  # it answers, and sends elsewhere
    except urllib3.exceptions.MaxRetryError as error:
        return words_of(error.reason)
    except urllib3.exceptions.HTTPError as error:
        return words_of(error)
    except ArtifactError as error:
        return error.message


def _host(url: str) -> str:
    return url.split("/")[2].removesuffix(":443")


def _proxy(url: str) -> str:
    try:
        proxy = proxy_for(url)
    except ArtifactError:
        return ""
    return proxy.shown if proxy else ""
