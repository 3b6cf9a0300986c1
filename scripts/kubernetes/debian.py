"""Debian's packages of a given suite: fetched and unpacked, never installed. The host's own packages stay as they are.

apt works on a folder of its own, with the host's mirrors, proxies and keys. It needs no root.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from urllib.parse import unquote

from netlab.errors import NetlabError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from scripts.kubernetes.context import BuildContext

MULTIARCH = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
"""Architectures that this recipe knows, and the name of their folder below /usr/lib."""

MERGED = ("bin", "lib", "lib64", "sbin")
"""What has long been a link into /usr; some packages of bookworm still say it the old way."""


class Suite:
    """One release of Debian, its updates and its security fixes."""

    def __init__(self, context: BuildContext, name: str) -> None:
        """Fetch the lists of packages. A mirror that answers badly is an error, not a warning."""
        self.name = name
        self._context = context
        self._folder = context.folder / f"apt-{name}"
        for folder in ("etc", "state/lists/partial", "cache/archives/partial"):
            (self._folder / folder).mkdir(parents=True, exist_ok=True)
        (self._folder / "state/status").touch()
        (self._folder / "etc/sources.list").write_text("".join(sources(mirrors(context), name)))
        context.say(f"fetch the list of packages of {name}")
        self._apt(f"fetch the list of packages of {name}", "update", "--error-on=any")

    def unpack(self, names: Sequence[str], tree: Path) -> dict[str, str]:
        """Unpack packages, and whatever they depend on, into a folder; return the version of each."""
        what = f"fetch {', '.join(names)}"
        self._context.say(f"{what} of {self.name}")
        self._apt(what, "autoclean")  # what an earlier build kept may have been replaced in the archive
        self._apt(what, "install", "--yes", "--download-only", "--no-install-recommends", *names)
        shutil.rmtree(tree, ignore_errors=True)
        packages = sorted((self._folder / "cache/archives").glob("*.deb"))
        for package in packages:
            self._context.run(f"unpack {package.name}", ["dpkg-deb", "--extract", package, tree])
        merge(tree)
        return dict(unquote(package.name).split("_")[:2] for package in packages)

    def source(self, name: str, folder: Path) -> tuple[str, list[Path]]:
        """Fetch a source package, whose digests apt checks against the signed lists; return its version and files."""
        what = f"fetch the source of {name}"
        self._context.say(f"{what} of {self.name}")
        folder.mkdir(exist_ok=True)
        self._apt(what, "source", "--download-only", "--only-source", name, cwd=folder)
        newest = max(folder.glob(f"{name}_*.dsc"), key=lambda path: path.stat().st_mtime)
        upstream = newest.stem.rpartition("-")[0]
        files = [*folder.glob(f"{upstream}.orig.*"), *folder.glob(f"{newest.stem}.debian.*")]
        return newest.stem.partition("_")[2], files

    def _apt(self, what: str, *words: str, cwd: Path | None = None) -> None:
        folder = self._folder
        options = {
            "Acquire::Retries": "3",
            "APT::Sandbox::User": "root",  # apt's own user may not reach this folder
            "Debug::NoLocking": "true",
            "Dir::Cache": folder / "cache",
            "Dir::Etc::SourceList": folder / "etc/sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State": folder / "state",
            "Dir::State::Status": folder / "state/status",
        }
        settings = (word for name, value in options.items() for word in ("-o", f"{name}={value}"))
        self._context.run(what, ["apt-get", "-qq", *settings, *words], cwd=cwd, env={"LC_ALL": "C.UTF-8"})


def architecture(context: BuildContext) -> str:
    """Return Debian's name of this machine's architecture."""
    arch = context.run("find the architecture", ["dpkg", "--print-architecture"]).strip()
    if arch not in MULTIARCH:
        raise NetlabError(f"this recipe knows {' and '.join(MULTIARCH)}, not {arch}")
    return arch


def mirrors(context: BuildContext) -> dict[str, str]:
    """Return the host's own mirrors of Debian by kind ('', 'updates', 'security'), whatever its release is."""
    query = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)", "Created-By: Packages"]
    words = [line.split() for line in context.run("read this host's apt sources", query).splitlines()]
    found = {word[1].partition("-")[2]: word[2] for word in words if len(word) == 3 and word[0] == "Debian"}
    if "" not in found:
        raise NetlabError(
            "this host's apt sources name no archive of Debian", hint="add one, then run: sudo apt-get update"
        )
    return found


def sources(found: dict[str, str], suite: str) -> Iterable[str]:
    """Yield the lines of sources.list for a suite from the host's mirrors."""
    for kind, uri in sorted(found.items()):
        if kind in {"", "updates", "security"}:
            release = f"{suite}-{kind}" if kind else suite
            yield from (f"{form} {uri} {release} main\n" for form in ("deb", "deb-src"))


def merge(tree: Path) -> None:
    """Move what lies in /bin, /lib … into /usr, and link there."""
    for name in MERGED:
        (tree / "usr" / name).mkdir(parents=True, exist_ok=True)
        if (tree / name).is_dir():
            shutil.copytree(tree / name, tree / "usr" / name, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(tree / name)
        (tree / name).symlink_to(f"usr/{name}")
