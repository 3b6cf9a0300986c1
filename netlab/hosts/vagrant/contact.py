"""First contact with a machine that Vagrant made: its host key is learnt and pinned, the lab's key replaces all others.

Vagrant says where a machine answers, and by which key it is entered; not what the machine proves itself with. So the
host key is asked for once, right after the boot, and from then on no other is accepted.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from netlab import access, proc
from netlab.errors import HostRefused, MachineSilent
from netlab.excerpt import last_line
from netlab.hosts.ssh.resolve import parse_keys
from netlab.model.host import Host

if TYPE_CHECKING:
    from pathlib import Path

    from netlab.hosts.vagrant.fleet import FleetHost
    from netlab.hosts.vagrant.sshconfig import Login
    from netlab.lab import Lab

KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")
"""The best first."""
SCAN_TIMEOUT_S = 30
ENTER_TIMEOUT_S = 120.0

_INSTALL = """set -e
umask 077
mkdir -p ~/.ssh
cat > ~/.ssh/authorized_keys.netlab <<'KEY'
{key}
KEY
mv ~/.ssh/authorized_keys.netlab ~/.ssh/authorized_keys
"""


def pinned(text: str) -> str | None:
    """Return the best host key of what ``ssh-keyscan`` wrote, as ``known_hosts`` has it; None where there is none."""
    return parse_keys(text, KEY_TYPES) or None


def learn_host_key(login: Login) -> str:
    """Ask the machine for its host key; MachineSilent where it does not say one."""
    words = ["ssh-keyscan", "-T", SCAN_TIMEOUT_S, "-p", login.port, login.address]
    done = proc.run(words, timeout=10 * SCAN_TIMEOUT_S, check=False, error=MachineSilent)
    key = pinned(done.stdout)
    if key is None:
        raise MachineSilent(f"{login.name} shows no host key at {login.address}:{login.port}")
    return key


def host_of(machine: FleetHost, login: Login, host_key: str) -> Host:
    """Return the host as the lab's key enters it."""
    return Host(
        name=machine.name,
        part=machine.part,
        address=login.address,
        port=login.port,
        user=login.user,
        host_key=host_key,
        lab_address=machine.lab_address,
    )


def hand_over(host: Host, login: Login, lab: Lab, folder: Path) -> None:
    """Have only the lab's key open the host; it is entered with Vagrant's, which is then the lab's as well.

    HostRefused where Vagrant's key does not open it.
    """
    config, known = folder / "first_ssh_config", folder / "first_known_hosts"
    known.write_text(access.known_hosts([host]), encoding="utf-8")
    first = host.model_copy(update={"identity": login.key})
    config.write_text(access.ssh_config([first], lab.key, known), encoding="utf-8")
    script = _INSTALL.format(key=lab.key.with_suffix(".pub").read_text(encoding="utf-8").strip())
    words = ["ssh", "-F", config, "-oBatchMode=yes", host.name, "sh", "-s"]
    done = proc.run(words, input=script, timeout=ENTER_TIMEOUT_S, check=False, error=MachineSilent)
    if done.exit_code:
        why = last_line(done.stderr)
        raise HostRefused(f"{host.name} cannot be entered with Vagrant's key {login.key}: {why}")
    _give_to_vagrant(lab.key, folder, host.name, login.key)


def _give_to_vagrant(key: Path, folder: Path, name: str, used: Path) -> None:
    """Put the lab's key where Vagrant keeps the machine's own, so that ``vagrant ssh`` and ``halt`` work as before."""
    machines = folder / ".vagrant" / "machines" / name
    places = [used] if used.is_relative_to(machines) else [path / "private_key" for path in machines.iterdir()]
    for place in places:
        shutil.copyfile(key, place)
        place.chmod(0o600)
