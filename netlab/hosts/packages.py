"""Whether a host can have the packages that roles install: its apt is asked, before one is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab import assets
from netlab.errors import HostUnsuitable
from netlab.hosts.releases import KERNEL_FACT, RELEASES, packages
from netlab.samples.machine import parse_answers
from netlab.versions import at_least

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from netlab.hosts.remote import RemoteHosts
    from netlab.model.host import Host

BAKING = {"bootable", "image", "virtual_hosts"}
"""Roles that are applied to disks of netlab's own alone."""
BARE = ("base", "benchmark")
"""Roles that every host gets, whatever the profile."""

TIMEOUT_S = 180.0
"""Of an answer: apt may have to read all its lists first, and a host may be slow."""

HINT = (
    "run 'apt-get update' there; on Ubuntu some are in the component universe, and linux-tools are kept for newer "
    "kernels alone: upgrade, and reboot"
)
_SCRIPT = """LC_ALL=C apt-cache policy {names} 2>/dev/null | awk '
    /^[^ ].*:$/ {{ name = substr($1, 1, length($1) - 1) }}
    $1 == "Installed:" {{ version = $2 }}
    $1 == "Candidate:" && version == "(none)" {{ version = $2 }}
    $1 == "Candidate:" && version != "(none)" {{ print "package " name "=" version }}
'
"""
REFRESH = """lists() { ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; }
for attempt in 1 2 3; do
    lists && break
    [ $attempt = 1 ] || sleep 5
    timeout 50 apt-get -qq update </dev/null >/dev/null 2>&1
done
true
"""
"""Has apt fetch its lists where it has none, as on a fresh cloud image; a host that boots may be doing so itself."""
_ALONE = """export PATH=$PATH:/usr/sbin:/sbin
printf 'kernel=%s\\n' "$(uname -r)"
"""


def script() -> str:
    """Return what asks a host for every package of every role, whatever it runs; for ``sh``, with sbin in its PATH."""
    names = {name for role in roles() for release in RELEASES for name in packages(role, release)}
    return _SCRIPT.format(names=" ".join(sorted(names)).replace(KERNEL_FACT, "$(uname -r)"))


def roles() -> list[str]:
    """Return the roles that hosts of others get."""
    return sorted(path.name for path in assets.roles().iterdir() if path.is_dir() and path.name not in BAKING)


def missing(said: Mapping[str, str], release: str, names: Iterable[str]) -> list[str]:
    """Return what these roles would install that the host's apt knows nothing of."""
    kernel = said.get("kernel", "")
    wanted = {name.replace(KERNEL_FACT, kernel) for role in names for name in packages(role, release)}
    return sorted(name for name in wanted if f"package {name}" not in said)


def too_old(said: Mapping[str, str], least: Mapping[str, str]) -> list[str]:
    """Return the packages that are older there than a profile takes them, each with its version."""
    found = {name: said.get(f"package {name}", "none") for name in least}
    return [f"{name} {version}" for name, version in found.items() if not at_least(version, least[name])]


def require(
    remote: RemoteHosts, hosts: Sequence[Host], wanted: Callable[[Host], Iterable[str]], least: Mapping[str, str]
) -> None:
    """HostUnsuitable where a host has nowhere to install from what its roles want, or has it too old for a profile.

    ``wanted`` returns the roles of a host; ``least`` has versions by the packages' names, which nodes alone must have.
    """
    answers = remote.ask(_ALONE + script(), "it does not say which packages it can have")
    for host in hosts:
        said = parse_answers(answers[host.name])
        if lost := missing(said, host.release, wanted(host)):
            raise HostUnsuitable(f"{host.name} has no package {', '.join(lost)} to install", hint=HINT)
        if host.part == "node" and (old := too_old(said, least)):
            needed = ", ".join(f"{name} {version}" for name, version in least.items())
            title = RELEASES[host.release].title
            hint = f"install a newer one there ({title}'s own is older), or choose another profile"
            raise HostUnsuitable(f"{host.name} has {', '.join(old)}; the profile needs {needed} or newer", hint=hint)
