"""How the user's own ssh enters a host: address, port, user, key, jump host, and the key of the host itself.

Asked of ssh once (``ssh -G``, ``ssh-keygen -F``); from then on netlab enters by these settings and no others.
"""

from __future__ import annotations

import ipaddress
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlab import proc
from netlab.errors import ConfigError, HostRefused
from netlab.model.host import LAB_INTERFACE, Host, Server

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlab.model.lab import Part

TIMEOUT_S = 60.0
KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
"""Of host keys, the preferred first."""
NONE = "none"


def host_of(name: str, part: Part, known_as: str, variables: Mapping[str, Any]) -> Host:
    """Return the lab's host ``name`` for one of an inventory, by its variables and ssh's settings.

    ConfigError where ssh cannot tell a key or netlab cannot tell the lab address; HostRefused where the host's key is
    not known.
    """
    address = str(variables.get("ansible_host", known_as))
    settings = asked(address, _options(variables))
    server = _server(known_as, settings, _identity(variables))
    own_port = variables.get("netlab_ssh_port", server.port)
    return Host(
        **server.model_dump(),
        name=name,
        part=part,
        lab_address=_lab_address(known_as, variables, server.address),
        interface=str(variables.get("netlab_interface", LAB_INTERFACE)),
        lab_port=int(own_port),
        jump=_jump(known_as, settings),
    )


def asked(address: str, options: Sequence[str] = ()) -> dict[str, list[str]]:
    """Return what ssh would do to enter ``address``: its settings by name in lower case, each with all its values."""
    done = proc.run(["ssh", "-G", *options, "--", address], timeout=TIMEOUT_S, check=False, error=ConfigError)
    if done.exit_code:
        raise ConfigError(f"ssh cannot tell how {address} is entered: {done.stderr.strip()}")
    return parse_settings(done.stdout)


def parse_settings(text: str) -> dict[str, list[str]]:
    """Read what ``ssh -G`` wrote."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        found.setdefault(name.lower(), []).append(value)
    return found


def parse_keys(text: str) -> str:
    """Read what ``ssh-keygen -F`` wrote; the preferred key, type and text, or nothing."""
    keys = [line.split() for line in text.splitlines() if line and line[0] not in "#@"]
    known = {words[1]: " ".join(words[1:3]) for words in keys if len(words) > 2}
    return next((known[kind] for kind in KEY_TYPES if kind in known), "")


def _options(variables: Mapping[str, Any]) -> list[str]:
    """Return Ansible's settings of a host as ssh's options."""
    words = ["-p", str(variables["ansible_port"])] if "ansible_port" in variables else []
    words += ["-l", str(variables["ansible_user"])] if "ansible_user" in variables else []
    for name in ("ansible_ssh_common_args", "ansible_ssh_extra_args"):
        words += shlex.split(str(variables.get(name, "")))
    return words


def _server(what: str, settings: Mapping[str, list[str]], identity: Path | None) -> Server:
    address, port = settings["hostname"][0], int(settings["port"][0])
    return Server(
        address=address,
        port=port,
        user=settings["user"][0],
        identity=identity or _own_identity(what, settings),
        host_key=_known_key(what, settings, address, port),
    )


def _identity(variables: Mapping[str, Any]) -> Path | None:
    for name in ("ansible_ssh_private_key_file", "ansible_private_key_file"):
        if variables.get(name):
            return Path(str(variables[name])).expanduser().absolute()
    return None


def _own_identity(what: str, settings: Mapping[str, list[str]]) -> Path:
    """Return the first of ssh's key files that exists; the public half will do where an agent holds the other."""
    named = [Path(text).expanduser() for text in settings.get("identityfile", ())]
    for path in [*named, *(path.with_name(f"{path.name}.pub") for path in named)]:
        if path.exists():
            return path.absolute()
    hint = "set ansible_ssh_private_key_file in the inventory, or IdentityFile in ~/.ssh/config"
    raise ConfigError(f"no key is known that enters {what}", hint=hint)


def _jump(what: str, settings: Mapping[str, list[str]]) -> Server | None:
    jump = settings.get("proxyjump", [NONE])[0]
    if jump == NONE:
        if settings.get("proxycommand", [NONE])[0] != NONE:
            hint = "use ProxyJump instead"
            raise ConfigError(f"{what} is entered by a ProxyCommand, which netlab cannot follow", hint=hint)
        return None
    if "," in jump:
        raise ConfigError(f"{what} is entered through several jump hosts ({jump}); netlab can follow one")
    through = f"the jump host of {what} ({jump})"
    address = jump if jump.startswith("ssh://") else f"ssh://{jump}"
    found = asked(address)
    if _jump(through, found):
        raise ConfigError(f"{through} has a jump host itself; netlab can follow one")
    return _server(through, found, None)


def _known_key(what: str, settings: Mapping[str, list[str]], address: str, port: int) -> str:
    alias = settings.get("hostkeyalias", [""])[0] or address
    name = alias if port == 22 else f"[{alias}]:{port}"
    files = shlex.split(" ".join(settings.get("userknownhostsfile", []) + settings.get("globalknownhostsfile", [])))
    for file in (Path(text).expanduser() for text in files):
        if file.is_file():
            done = proc.run(["ssh-keygen", "-F", name, "-f", file], timeout=TIMEOUT_S, check=False)
            if key := parse_keys(done.stdout):
                return key
    hint = f"enter it once by 'ssh -p {port} {address}', and compare the key that it shows with the host's own"
    raise HostRefused(f"the key that {what} ({name}) proves itself with is not known", hint=hint)


def _lab_address(what: str, variables: Mapping[str, Any], address: str) -> str:
    """Return the address that carries what is measured: the one that is named, or the only one that is known."""
    text = str(variables.get("netlab_address", address))
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        hint = "set netlab_address in the inventory to the address by which the lab's hosts reach each other"
        raise ConfigError(f"{what}: {text!r} is no IPv4 address", hint=hint) from None
