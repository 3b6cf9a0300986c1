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
from netlab.model import mtu
from netlab.model.host import LAB_INTERFACE, Host, Server
from netlab.userpaths import expand

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netlab.model.lab import Part

TIMEOUT_S = 60.0
KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
"""Of host keys, the preferred first."""
NONE = "none"
_ALIASES = {
    "ansible_host": "ansible_ssh_host",
    "ansible_port": "ansible_ssh_port",
    "ansible_user": "ansible_ssh_user",
    "ansible_private_key_file": "ansible_ssh_private_key_file",
}
"""Ansible's variables that have two names."""
_OPTIONS = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
_OWN = ("netlab_address", "netlab_interface", "netlab_mtu", "netlab_ssh_port")
"""netlab's own variables."""


def host_of(name: str, part: Part, known_as: str, variables: Mapping[str, Any]) -> Host:
    """Return the lab's host ``name`` for one of an inventory, by its variables and ssh's settings.

    ConfigError where ssh cannot tell a key or netlab cannot tell the lab address; HostRefused where the host's key is
    not known.
    """
    _refuse_unreadable(known_as, variables)
    options = _options(known_as, variables)
    settings = asked(_variable(variables, "ansible_host") or known_as, options)
    server = _server(known_as, settings, _identity(known_as, variables))
    return Host(
        **server.model_dump(),
        name=name,
        part=part,
        lab_address=_lab_address(known_as, variables, server.address),
        interface=str(variables.get("netlab_interface", LAB_INTERFACE)),
        lab_port=_lab_port(known_as, variables, server.port),
        **_mtu(known_as, variables),
        jump=_jump(known_as, settings, _own_config(options)),
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


def parse_keys(text: str, kinds: Sequence[str] = KEY_TYPES) -> str:
    """Read lines of ``known_hosts``, as ``ssh-keygen -F`` and ``ssh-keyscan`` write them.

    Return the key of the first of the kinds that is not revoked, type and text, or nothing.
    """
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    revoked = {tuple(words[2:4]) for words in lines if words[:1] == ["@revoked"]}
    keys = [tuple(words[1:3]) for words in lines if len(words) > 2 and not words[0].startswith("@")]
    kept = [key for key in keys if key not in revoked]
    return next((" ".join(key) for kind in kinds for key in kept if key[0] == kind), "")


def _refuse_unreadable(what: str, variables: Mapping[str, Any]) -> None:
    """ConfigError for a variable that only a play could read, where it says how the host is entered."""
    for name in [*_ALIASES, *_ALIASES.values(), *_OPTIONS, *_OWN]:
        value = variables.get(name, "")
        if not isinstance(value, str | int) or "{{" in str(value) or not str(value).isprintable():
            hint = "write the value itself: templates and encrypted values are read by plays only"
            raise ConfigError(f"{what}: {name} of the inventory is neither a text nor a number", hint=hint)


def _variable(variables: Mapping[str, Any], name: str) -> str:
    """Return one of Ansible's variables, by whichever of its names; empty where it is not set."""
    return str(variables.get(name, variables.get(_ALIASES[name], "")))


def _options(what: str, variables: Mapping[str, Any]) -> list[str]:
    """Return Ansible's settings of a host as ssh's options."""
    port, user = _variable(variables, "ansible_port"), _variable(variables, "ansible_user")
    words = [*(["-p", port] if port else []), *(["-l", user] if user else [])]
    for name in _OPTIONS:
        try:
            words += shlex.split(str(variables.get(name, "")))
        except ValueError as error:
            raise ConfigError(f"{what}: {name} cannot be split into options of ssh: {error}") from None
    return words


def _own_config(options: Sequence[str]) -> list[str]:
    """Return the ``-F`` among options: ssh hands it, and no other, to the ssh that enters a jump host."""
    words = iter(options)
    return next((["-F", word[2:] or next(words, "")] for word in words if word.startswith("-F")), [])


def _server(what: str, settings: Mapping[str, list[str]], identity: Path | None) -> Server:
    address, port = settings["hostname"][0], int(settings["port"][0])
    return Server(
        address=address,
        port=port,
        user=settings["user"][0],
        identity=identity or _own_identity(what, settings),
        host_key=_known_key(what, settings, address, port),
    )


def _identity(what: str, variables: Mapping[str, Any]) -> Path | None:
    if not (text := _variable(variables, "ansible_private_key_file")):
        return None
    path = _path(text)
    if not path.is_file():
        hint = "name an existing one in the inventory (ansible_ssh_private_key_file)"
        raise ConfigError(f"the key that enters {what} is not there: {path}", hint=hint)
    return path


def _own_identity(what: str, settings: Mapping[str, list[str]]) -> Path:
    """Return the first of ssh's key files that exists; the public half will do where an agent holds the other."""
    named = [_path(text) for text in settings.get("identityfile", ()) if text != NONE]
    for path in [*named, *(path.with_name(f"{path.name}.pub") for path in named)]:
        if path.is_file():
            return path
    hint = "set ansible_ssh_private_key_file in the inventory, or IdentityFile in ~/.ssh/config"
    raise ConfigError(f"no key is known that enters {what}", hint=hint)


def _jump(what: str, settings: Mapping[str, list[str]], config: Sequence[str]) -> Server | None:
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
    found = asked(address, config)
    if found.get("proxyjump", [NONE])[0] != NONE or found.get("proxycommand", [NONE])[0] != NONE:
        raise ConfigError(f"{through} has a jump host itself; netlab can follow one")
    return _server(through, found, None)


def _known_key(what: str, settings: Mapping[str, list[str]], address: str, port: int) -> str:
    # ssh looks an alias up as it is, also where the port is another than 22
    name = settings.get("hostkeyalias", [""])[0] or (address if port == 22 else f"[{address}]:{port}")
    files = _files([*settings.get("userknownhostsfile", ()), *settings.get("globalknownhostsfile", ())])
    looked_up = [["ssh-keygen", "-F", name, "-f", file] for file in files if file.is_file()]
    if key := parse_keys("".join(proc.run(words, timeout=TIMEOUT_S, check=False).stdout for words in looked_up)):
        return key
    hint = f"enter it once by 'ssh -p {port} {address}', and compare the key that it shows with the host's own"
    raise HostRefused(f"the key that {what} ({name}) proves itself with is not known", hint=hint)


def _files(values: Sequence[str]) -> Iterator[Path]:
    """Return the files that ssh named in lines: it writes several in one, and does not quote those with spaces."""
    for value in (value for value in values if value != NONE):
        yield _path(value)
        yield from (_path(word) for word in value.split() if word != value)


def _path(text: str) -> Path:
    """Return what ssh or the inventory call a file, with the user's home in place where they have ``~`` or ``%d``."""
    text = text.strip('"')
    try:
        return Path(expand(f"~{text[2:]}" if text.startswith("%d/") else text).replace("%%", "%")).absolute()
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _lab_port(what: str, variables: Mapping[str, Any], port: int) -> int:
    text = str(variables.get("netlab_ssh_port", port))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65_536):
        raise ConfigError(f"{what}: netlab_ssh_port {text!r} is no port", hint="a number from 1 to 65535")
    return int(text)


def _mtu(what: str, variables: Mapping[str, Any]) -> dict[str, int]:
    """Return the MTU that the user names; nothing where it is the interface's, which the host is asked for."""
    if "netlab_mtu" not in variables:
        return {}
    if not (named := mtu.read(str(variables["netlab_mtu"]))):
        hint = f"bytes of the largest packet that the lab's network carries, from {mtu.BOUNDS[0]} to {mtu.BOUNDS[-1]}"
        raise ConfigError(f"{what}: netlab_mtu {str(variables['netlab_mtu'])!r} is no MTU", hint=hint)
    return {"mtu": named, "own_mtu": named}


def _lab_address(what: str, variables: Mapping[str, Any], address: str) -> str:
    """Return the address that carries what is measured: the one that is named, or the only one that is known."""
    text = str(variables.get("netlab_address", address))
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        hint = "set netlab_address in the inventory to the address by which the lab's hosts reach each other"
        raise ConfigError(f"{what}: {text!r} is no IPv4 address", hint=hint) from None
