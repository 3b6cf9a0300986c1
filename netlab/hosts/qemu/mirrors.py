"""Where Debian's packages come from: the host's own mirrors, so that a site's mirror or proxy is honoured."""

from __future__ import annotations

from netlab import proc
from netlab.errors import NetlabError

KINDS = ("", "updates", "security")
"""Of a suite's archives that every host has."""


def sources(suite: str) -> list[str]:
    """Return the lines of sources.list for a suite; none where the host knows no mirror of Debian."""
    uris = _uris()
    return [f"deb {uris[kind]} {_named(suite, kind)} main" for kind in KINDS if kind in uris]


def backports(suite: str) -> list[str]:
    """Return the line of sources.list for a suite's backports, which are beside the suite itself."""
    return [f"deb {uri} {_named(suite, 'backports')} main" for kind, uri in _uris().items() if not kind]


def _uris() -> dict[str, str]:
    """Return the address of each kind of archive that the host takes Debian's packages from, whatever its release."""
    query = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)", "Created-By: Packages"]
    try:
        lines = proc.run(query, timeout=30).stdout.splitlines()
    except NetlabError:
        return {}
    words = [line.split() for line in lines]
    return {word[1].partition("-")[2]: word[2] for word in words if len(word) == 3 and word[0] == "Debian"}


def _named(suite: str, kind: str) -> str:
    return f"{suite}-{kind}" if kind else suite
