"""``vagrant``, ``virsh``, ``ssh`` and ``ssh-keyscan`` that keep machines in a folder, and note what they are asked."""

from __future__ import annotations

import fcntl
import json
import os
import re
import sys
import time
import uuid
from pathlib import Path

PROGRAM = """#!{python}
import sys
import time
sys.path.insert(0, {root!r})
from tests.hosts.vagrant import fake
sys.exit(fake.main({name!r}, sys.argv[1:]))
"""
ROOT = Path(__file__).parents[3]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFa"
VAGRANTS_KEY = "vagrant's own"
SAID = """distribution=debian 13
os=Debian GNU/Linux 13 (trixie)
kernel=6.12.0
init=systemd
time={now}
free_mib=4000
networkd=active
claim=
btf=yes
python=yes
modprobe=yes
address 127.0.0.1=lo
address {address}=eth1
mtu eth1=1500
cpus=1
memory_kib=500000
cpu=An emulated one
cpu_flags=sse
"""


TAKEN = """Name `{domain}` of domain about to create is already taken. Please try to run
`vagrant up` command again."""
VOLUME = "Volume for domain is already created. Please run 'vagrant destroy' first."
BATCH = "An error occurred while executing the action on the '{name}'\nmachine. Please handle this error:\n\n{said}"
_EMPTY = {
    "states": {}, "calls": [], "failures": [], "boxes": [], "keys": {}, "slow": 0, "snapshots": [],
    "orphans": [], "late": [], "volumes": [],
}  # fmt: skip
_ALWAYS = {"--no-color", "--machine-readable"}


class Machines:
    """What the fakes know, in a file: states by name, calls, and failures that are still to come.

    ``orphans`` are hosts whose machine libvirt has and Vagrant does not know, ``late`` those that become orphans after
    the next destroy, ``volumes`` those whose disk alone is there.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "machines.json"
        if not self.file.exists():
            self.write(_EMPTY)

    def read(self) -> dict:
        return json.loads(self.file.read_text())

    def write(self, content: dict) -> None:
        self.file.write_text(json.dumps(content))

    def change(self, **values) -> None:
        self.write({**self.read(), **values})

    @property
    def calls(self) -> list[list[str]]:
        return self.read()["calls"]

    def called(self, word: str) -> list[list[str]]:
        return [call for call in self.calls if call[1:2] == [word]]


def install(folder: Path, monkeypatch) -> Machines:
    """Put the programs in front of all others."""
    programs = folder / "bin"
    programs.mkdir()
    for name in ("vagrant", "virsh", "ssh", "ssh-keyscan"):
        path = programs / name
        path.write_text(PROGRAM.format(python=sys.executable, root=str(ROOT), name=name))
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_MACHINES", str(folder))
    (folder / "packages").write_text(_packages())
    return Machines(folder)


def _packages() -> str:
    """What apt of a host knows; written down once, because each program would take long to find it out."""
    from tests.hosts.ssh_program import PACKAGES  # noqa: PLC0415 - as above

    return PACKAGES


def main(program: str, words: list[str]) -> int:
    folder = Path(os.environ["FAKE_MACHINES"])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # hosts are asked at the same time
        return _answer(program, words, Machines(folder))


def _answer(program: str, words: list[str], machines: Machines) -> int:
    known = machines.read()
    known["calls"].append([program, *[word for word in words if word not in _ALWAYS]])
    machines.write(known)
    return {"vagrant": _vagrant, "virsh": _virsh, "ssh": _ssh, "ssh-keyscan": _keyscan}[program](machines, words)


def _vagrant(machines: Machines, words: list[str]) -> int:
    words = [word for word in words if word not in _ALWAYS]
    known = machines.read()
    if words[0] == "up" and known["slow"]:
        time.sleep(known["slow"])
    if words[0] in {"up", "destroy"} and known["failures"]:
        failure = known["failures"].pop(0)
        machines.write(known)
        return _fail(failure)
    return _COMMANDS[words[0]](machines, words)


def _fleet() -> dict:
    return json.loads((Path(os.environ["VAGRANT_CWD"]) / "fleet.json").read_text())


def _fail(message: str) -> int:
    said = message.replace(",", "%!(VAGRANT_COMMA)").replace("\n", "\\n")
    print(f"1,,error-exit,Vagrant::Errors::VagrantError,{said}")
    return 1


def _id_file(name: str) -> Path:
    return Path(os.environ["VAGRANT_CWD"]) / ".vagrant" / "machines" / name / "libvirt" / "id"


def _id_of(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def _taken(name: str, machines: Machines) -> str | None:
    """Return what the plugin says of a machine that is there and that it does not know."""
    if name in machines.read()["orphans"] and not _id_file(name).exists():
        return TAKEN.format(domain=f"{_fleet()['name']}-{name}")
    return None


def _up(machines: Machines, words: list[str]) -> int:
    names = [host["name"] for host in _fleet()["hosts"]]
    for name in names:
        _id_file(name).parent.mkdir(parents=True, exist_ok=True)
        if said := _taken(name, machines) or (VOLUME if name in machines.read()["volumes"] else None):
            return _fail(BATCH.format(name=name, said=said))
    machines.change(states=dict.fromkeys(names, "running"))
    for name in names:
        key = Path(os.environ["VAGRANT_CWD"]) / ".vagrant" / "machines" / name / "libvirt" / "private_key"
        key.parent.mkdir(parents=True, exist_ok=True)
        if not key.exists():
            key.write_text(VAGRANTS_KEY)
        _id_file(name).write_text(_id_of(name))
        print(f"1,{name},ui,info,==> {name}: Starting domain.")
    return 0


def _status(machines: Machines, words: list[str]) -> int:
    states = machines.read()["states"]
    for host in _fleet()["hosts"]:
        print(f"1,{host['name']},state,{states.get(host['name'], 'not_created')}")
    return 0


def _ssh_config(machines: Machines, words: list[str]) -> int:
    for index, name in enumerate(machines.read()["states"]):
        key = Path(os.environ["VAGRANT_CWD"]) / ".vagrant" / "machines" / name / "libvirt" / "private_key"
        print(f"Host {name}\n  HostName 192.0.2.{index + 1}\n  User vagrant\n  Port 22\n  IdentityFile {key}\n")
    return 0


def _destroy(machines: Machines, words: list[str]) -> int:
    """Begin with the last, and end with the first that fails, as Vagrant does."""
    for name in words[2:] or [host["name"] for host in reversed(_fleet()["hosts"])]:
        if said := _taken(name, machines):
            return _fail(said)
        known = machines.read()
        machines.change(**{kind: [other for other in known[kind] if other != name] for kind in ("orphans", "volumes")})
        if known["states"].get(name) != "stubborn":
            machines.change(states={other: state for other, state in known["states"].items() if other != name})
            _id_file(name).unlink(missing_ok=True)
    known = machines.read()
    machines.change(orphans=known["orphans"] + known["late"], late=[])
    return 0


def _box(machines: Machines, words: list[str]) -> int:
    known = machines.read()
    if words[1] == "add":
        machines.change(boxes=[*known["boxes"], words[words.index("--name") + 1]])
    for name in known["boxes"]:
        print(f"1,,box-name,{name}\n1,,box-provider,libvirt\n1,,box-version,0")
    return 0


def _snapshot(machines: Machines, words: list[str]) -> int:
    known = machines.read()
    if words[1] == "save":
        machines.change(snapshots=[*known["snapshots"], words[-1]])
    if words[1] == "list":
        for name in known["states"]:
            for line in known["snapshots"] or ["You can take a snapshot with `vagrant snapshot save`."]:
                print(f"1,{name},ui,detail,{line}")
    return 0 if words[1] != "restore" or words[-1] in known["snapshots"] else 1


def _plugin(machines: Machines, words: list[str]) -> int:
    print("1,,plugin-name,vagrant-libvirt\n1,vagrant-libvirt,plugin-version,0.11.2%!(VAGRANT_COMMA) system")
    return 0


def _version(machines: Machines, words: list[str]) -> int:
    print("Vagrant 2.3.4")
    return 0


_COMMANDS = {
    "up": _up,
    "status": _status,
    "ssh-config": _ssh_config,
    "destroy": _destroy,
    "box": _box,
    "plugin": _plugin,
    "snapshot": _snapshot,
    "--version": _version,
}


def _virsh(machines: Machines, words: list[str]) -> int:
    """Know the orphans by the names that libvirt has for them: the fleet's, and the host's."""
    *where, command, domain = words
    assert (where, command) == (["-c", "qemu:///system"], "domuuid")
    prefix, _, name = domain.rpartition("-")
    if re.fullmatch("netlab-[0-9a-f]{8}", prefix) and name in machines.read()["orphans"]:
        print(f"{_id_of(name)}\n")
        return 0
    print(f"error: failed to get domain '{domain}'", file=sys.stderr)
    return 1


def _keyscan(machines: Machines, words: list[str]) -> int:
    print(f"# {words[-1]}:22 SSH-2.0-OpenSSH\n{words[-1]} ssh-rsa AAAAB3Nza\n{words[-1]} {KEY}")
    return 0


def _ssh(machines: Machines, words: list[str]) -> int:
    """Answer where the machine runs and the key that is offered is one of its own."""
    config = Path(words[words.index("-F") + 1]).read_text()
    name = next(word for word in words if f"Host {word}\n" in config)
    stanza = config.split(f"Host {name}\n")[1].split("\n\n")[0]
    script = sys.stdin.read()
    lab = Path(re.search(r'"(/.*/\.netlab)/', config)[1])
    known = machines.read()
    if known["states"].get(name) != "running":
        print("ssh: connect to host: Connection refused", file=sys.stderr)
        return 255
    offered = Path(re.search(r'IdentityFile "(.*)"', stanza)[1]).read_text()
    if offered != known["keys"].get(name, VAGRANTS_KEY):
        print("Permission denied (publickey).", file=sys.stderr)
        return 255
    if "authorized_keys" in script:
        machines.change(keys={**known["keys"], name: (lab / "keys" / "id_ed25519").read_text()})
    fleet = json.loads((lab / "vagrant" / "fleet.json").read_text())
    address = next(host["lab_address"] for host in fleet["hosts"] if host["name"] == name)
    print(SAID.format(now=time.time(), address=address))
    print((machines.file.parent / "packages").read_text())
    return 0
