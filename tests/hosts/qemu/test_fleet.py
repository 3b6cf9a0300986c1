import errno
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from netlab.errors import ImageError, MachineError, NoSpace
from netlab.hosts.qemu import accel, boot, snapshot
from netlab.hosts.qemu import fleet as fleet_module
from netlab.hosts.qemu.accel import Accelerator
from netlab.hosts.qemu.fleet import Fleet, FleetShape
from netlab.hosts.qemu.image import Image
from netlab.hosts.qemu.machine import DISKS, Machine
from netlab.model.host import Host
from tests.cache.factories import make_image, make_snapshot

HOSTS = tuple(
    Host(name=name, part=part, address="127.0.0.1", port=2200 + index, lab_address=f"10.10.0.{10 + index}")
    for index, (name, part) in enumerate((("client", "client"), ("node1", "node"), ("node2", "node")))
)
MEMORY = {"client": 512, "node": 512, "control": 2048}


def fleet(tmp_path, *, clock="virtual", hosts=HOSTS, **changes) -> Fleet:
    files = {"disk": Path("/i/disk.raw"), "kernel": Path("/i/k"), "initrd": Path("/i/i")}
    image = changes.pop("image", Image(key="k", kernel_version="6.12", digest="d", **files))
    words = {"image": image, "accelerator": Accelerator(name="tcg", qemu_version="7.2"), "clock": clock, "cpus": 2}
    shape = FleetShape(**{**words, "memory_mib": MEMORY, **changes})
    keys = {"opt/netlab/key": tmp_path / "key"}
    return Fleet(tmp_path / "machines", tmp_path / "cache", tmp_path / "logs", shape=shape, hosts=hosts, keys=keys)


def command(machine) -> str:
    machine.folder.mkdir(parents=True, exist_ok=True)
    return " ".join(machine._command())


def test_virtual_clock_puts_all_hosts_into_one_machine_with_one_processor(tmp_path):
    (machine,) = fleet(tmp_path).machines
    words = command(machine)
    assert "-icount shift=2,sleep=on -rtc base=utc,clock=vm" in words
    assert "-smp 1 -m 1536" in words
    for host in HOSTS:
        assert f"systemd.wants=netlab-host@{host.name}.service" in words
        assert f"hostfwd=tcp:127.0.0.1:{host.port}-:22" in words


def test_real_clock_gives_each_host_a_machine_and_a_cable_to_the_first(tmp_path):
    client, node1, node2 = fleet(tmp_path, clock="real").machines
    assert "icount" not in command(client)
    assert command(client).count("stream,id=cable") == 2
    assert "server=off,addr.type=unix,addr.path=../link1.sock" in command(node1)
    assert "server=off,addr.type=unix,addr.path=../link2.sock" in command(node2)
    assert "-smp 2 -m 512" in command(node1)


def test_every_port_is_on_the_loopback_interface(tmp_path):
    for clock in ("virtual", "real"):
        for machine in fleet(tmp_path, clock=clock).machines:
            words = command(machine)
            assert words.count("hostfwd=") == words.count("hostfwd=tcp:127.0.0.1:")
            assert "tcp::" not in words


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_nothing_leaves_by_the_network_that_ssh_comes_in_by(tmp_path, clock):
    words = [word for machine in fleet(tmp_path, clock=clock).machines for word in command(machine).split()]
    users = [word for word in words if word.startswith("user,")]
    assert len(users) == len(HOSTS)
    assert all("restrict=on" in word.split(",") for word in users)


@pytest.mark.parametrize("clock", ["virtual", "real"])
@pytest.mark.parametrize("mitigations", ["off", "auto"])
def test_every_kernel_is_told_of_mitigations_once(tmp_path, clock, mitigations):
    for machine in fleet(tmp_path, clock=clock, mitigations=mitigations).machines:
        assert re.findall(r"mitigations=(\S+)", command(machine)) == [mitigations]


@pytest.mark.parametrize(
    "change", [{"cpus": 4}, {"memory_mib": {**MEMORY, "node": 999}}, {"clock": "real"}, {"mitigations": "auto"}]
)
def test_snapshots_are_not_shared_between_different_fleets(tmp_path, change):
    assert fleet(tmp_path).key == fleet(tmp_path).key
    if "cpus" not in change:  # the virtual clock always has one
        assert fleet(tmp_path).key != fleet(tmp_path, **change).key


def test_a_snapshot_belongs_to_the_processor_it_was_made_on(tmp_path, monkeypatch):
    before = fleet(tmp_path).key
    monkeypatch.setattr(accel, "_TCG_CPU", "max,smap=off")
    assert fleet(tmp_path).key != before


def test_ports_and_keys_are_no_part_of_a_snapshot(tmp_path):
    moved = tuple(host.model_copy(update={"port": host.port + 1000}) for host in HOSTS)
    assert fleet(tmp_path).key == fleet(tmp_path, hosts=moved).key
    assert fleet(tmp_path).key == fleet(tmp_path / "elsewhere").key


def test_credentials_travel_in_files_because_commas_are_special(tmp_path):
    (machine,) = fleet(tmp_path).machines
    words = command(machine)
    assert f"-fw_cfg name={boot.CREDENTIALS}/netlab.node1.network,file=" in words
    written = machine.folder / "credentials" / "netlab.node1.network"
    assert "Address=10.10.0.11/24" in written.read_text()


def test_addresses_of_interfaces_are_local_and_differ():
    macs = {boot.mac(kind, index) for kind in (0, 1) for index in range(9)}
    assert len(macs) == 18
    assert all(mac.startswith("52:54:00") for mac in macs)


def test_a_control_plane_is_larger_and_its_api_is_forwarded(tmp_path):
    control = Host(
        name="control", part="control", address="127.0.0.1", port=2300, lab_address="10.10.0.13", api_port=2301
    )
    payload = tmp_path / "payload.ext4"
    *_, node, machine = fleet(tmp_path, clock="real", hosts=(*HOSTS, control), cpus=1, payload=payload).machines
    words = command(machine)
    assert "-smp 2 -m 2048" in words
    assert "hostfwd=tcp:127.0.0.1:2300-:22,hostfwd=tcp:127.0.0.1:2301-:6443" in words
    assert f"file={payload},format=raw,if=virtio,readonly=on" in words
    assert "-smp 1 -m 512" in command(node)
    assert "6443" not in command(node)


def test_a_snapshot_belongs_to_the_content_that_it_lies_on_and_not_to_its_place(tmp_path):
    one, same, baked_again = (
        make_image(tmp_path / name, content=text) for name, text in (("a", b"1"), ("b", b"1"), ("c", b"2"))
    )
    assert one.key == baked_again.key
    assert fleet(tmp_path, image=one).key == fleet(tmp_path, image=same).key
    assert fleet(tmp_path, image=one).key != fleet(tmp_path, image=baked_again).key
    disk = {"clock": "real", "payload": tmp_path / "p.ext4", "image": one}
    here, moved = (fleet(tmp_path, **{**disk, "payload": tmp_path / at / "p.ext4"}, payload_digest="1") for at in "ab")
    assert here.key == moved.key
    assert here.key != fleet(tmp_path, **disk, payload_digest="2").key


@pytest.fixture
def saved(tmp_path):
    """A fleet whose cache holds a base, and a profile on it, made by hand."""
    laid_on = make_image(tmp_path / "cache")
    machines = fleet(tmp_path, image=laid_on)
    make_snapshot(tmp_path / "cache", laid_on, fleet=machines.key)
    make_snapshot(tmp_path / "cache", laid_on, "ipvlan-1", fleet=machines.key, parent="base")
    make_snapshot(tmp_path / "cache", laid_on, "bare-1", fleet=machines.key)
    return machines


SNAPSHOT_DAMAGE = {
    "a truncated state": lambda folder: os.truncate(folder / "fleet" / "state", 1),
    "a missing disk": lambda folder: (folder / "fleet" / "root.qcow2").unlink(),
    "an empty disk": lambda folder: os.truncate(folder / "fleet" / "data.qcow2", 0),
    "another disk": lambda folder: (folder / "fleet" / "root.qcow2").write_bytes(b"x" * len("base root.qcow2")),
    "no record": lambda folder: (folder / "snapshot.json").unlink(),
    "a half record": lambda folder: os.truncate(folder / "snapshot.json", 9),
}


@pytest.mark.parametrize("change", SNAPSHOT_DAMAGE.values(), ids=SNAPSHOT_DAMAGE)
def test_a_damaged_snapshot_is_none_and_those_on_it_neither(saved, change):
    assert saved.tags() == {"base", "ipvlan-1", "bare-1"}
    change(saved.cache / "base")
    assert saved.tags() == {"bare-1"}
    assert saved.drop_damaged().keys() == {"base", "ipvlan-1"}
    assert [path.name for path in saved.cache.iterdir()] == ["bare-1"]


def test_a_snapshot_whose_base_was_made_again_is_none(saved):
    make_snapshot(saved.cache.parents[1], saved.shape.image, "other", fleet=saved.key)
    shutil.rmtree(saved.cache / "base")
    (saved.cache / "other").rename(saved.cache / "base")
    assert "ipvlan-1" not in saved.tags()
    assert "has been replaced" in saved.drop_damaged()["ipvlan-1"]


def test_what_changed_since_a_command_looked_is_not_started(saved):
    os.truncate(saved.cache / "base" / "fleet" / "state", 1)
    with pytest.raises(MachineError, match="the snapshot 'base' is damaged: fleet/state has 1 bytes instead of 10"):
        saved.start("base")
    folder = saved.shape.image.disk.parent
    shutil.rmtree(folder)
    make_image(saved.cache.parents[1], content=b"baked again")
    with pytest.raises(ImageError, match="the image changed while it was in use: it was removed or baked again"):
        saved.start("bare-1")
    os.truncate(folder / "kernel", 1)
    with pytest.raises(ImageError, match="kernel has 1 bytes"):
        saved.start(None)


class Saved(Machine):
    """A paused machine that writes its snapshot as QEMU would; its disks are real ones."""

    def pause(self):
        pass

    def save(self, place):
        place.mkdir(parents=True)
        (place / "state").write_bytes(b"memory")
        for disk in DISKS:
            shutil.move(self.folder / disk, place / disk)


@pytest.fixture
def machines(tmp_path):
    """A fleet on a disk that qemu-img can read, ready to be saved."""
    made = fleet(tmp_path, image=make_image(tmp_path / "cache", content=bytes(1024)))
    made.machines = [Saved(machine.folder, machine.logs, machine.config) for machine in made.machines]
    ready(made)
    return made


def ready(machines, tag=None):
    for machine in machines.machines:
        machine.folder.mkdir(parents=True, exist_ok=True)
        machine._make_disks(machines.cache / tag / machine.config.name if tag else None)


def chain_of(disk):
    """Every file that QEMU opens for a disk."""
    said = subprocess.run(
        ["qemu-img", "info", "--backing-chain", "--output=json", disk], check=True, capture_output=True
    )
    return [Path(os.path.realpath(each["filename"])) for each in json.loads(said.stdout)]


def test_a_saved_snapshot_lies_on_the_image_and_the_next_on_it_wherever_the_cache_is_moved_to(machines, tmp_path):
    machines.save("base")
    ready(machines, "base")
    machines.save("ipvlan-1")
    assert machines.tags() == {"base", "ipvlan-1"}
    record = snapshot.read(machines.cache / "ipvlan-1")
    assert (record.parent, record.base.image_digest) == ("base", machines.shape.image.digest)
    (tmp_path / "cache").rename(tmp_path / "moved")
    fleets = tmp_path / "moved" / "fleets" / machines.key
    assert snapshot.damage(fleets / "ipvlan-1") is None
    moved = [fleets / tag / "fleet" / "root.qcow2" for tag in ("ipvlan-1", "base")]
    disk = tmp_path / "moved" / "images" / machines.shape.image.key / "disk.raw"
    assert chain_of(moved[0]) == [*moved, disk]
    machines.cache = fleets
    ready(machines, "ipvlan-1")
    assert chain_of(machines.machines[0].folder / "root.qcow2")[1:] == [*moved, disk]


def test_who_saves_a_snapshot_second_loses_unless_the_first_is_damaged(machines):
    machines.save("base")
    first = snapshot.read(machines.cache / "base")
    ready(machines)
    (machines.machines[0].folder / "root.qcow2").touch()
    machines.save("base")
    assert snapshot.read(machines.cache / "base") == first
    os.truncate(machines.cache / "base" / "fleet" / "state", 1)
    ready(machines)
    machines.save("base")
    assert snapshot.damage(machines.cache / "base") is None
    assert [path.name for path in machines.cache.iterdir()] == ["base"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_a_snapshot_that_cannot_be_kept_is_an_error(machines, monkeypatch, number):
    def fail(self, target):
        raise OSError(number, os.strerror(number), str(target))

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match=re.escape(os.strerror(number))):
        machines.save("base")
    assert list(machines.cache.iterdir()) == [], "nothing half done stays"


def test_the_room_for_a_snapshot_is_checked_before_anything_is_written(machines, monkeypatch):
    monkeypatch.setattr("netlab.hosts.qemu.fleet._resident", lambda _: 1 << 30)
    usage = shutil.disk_usage("/")._replace(free=100 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(NoSpace, match=r"the snapshot 'base' needs 1\.1 GiB in /.*, but 100 MiB are free") as caught:
        machines.save("base")
    assert "netlab cache prune" in caught.value.hint
    assert "988 MiB" in caught.value.hint
    assert list(machines.cache.iterdir()) == []
    assert (machines.machines[0].folder / "root.qcow2").exists(), "the machines still run"


def test_a_snapshot_takes_no_more_memory_than_the_machine_has(machines):
    (machine,) = machines.machines
    machine.config = machine.config.model_copy(update={"memory_mib": 1})
    (machine.folder / "pid").write_text(str(os.getpid()))
    assert fleet_module._resident(os.getpid()) > 1 << 20
    assert fleet_module._resident(2**22 + 1) == 0
    assert fleet_module._size_of_snapshot(machine, machine.folder) <= 1 << 20


def test_what_a_killed_save_left_is_removed_by_the_next(machines):
    (machines.cache / ".new-dead").mkdir(parents=True)
    machines.save("base")
    assert [path.name for path in machines.cache.iterdir()] == ["base"]
