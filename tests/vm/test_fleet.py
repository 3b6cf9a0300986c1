from pathlib import Path

import pytest

from netlab.lab import Host
from netlab.vm import accel, boot
from netlab.vm.accel import Accelerator
from netlab.vm.fleet import Fleet, FleetShape
from netlab.vm.image import Image

HOSTS = tuple(
    Host(name=name, part=part, ssh_port=2200 + index, lab_address=f"10.10.0.{10 + index}")
    for index, (name, part) in enumerate((("client", "client"), ("node1", "node"), ("node2", "node")))
)
MEMORY = {"client": 512, "node": 512, "control": 2048}


def fleet(tmp_path, *, clock="virtual", hosts=HOSTS, **changes) -> Fleet:
    image = Image(key="k", disk=Path("/i/disk.raw"), kernel=Path("/i/k"), initrd=Path("/i/i"), kernel_version="6.12")
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
        assert f"hostfwd=tcp:127.0.0.1:{host.ssh_port}-:22" in words


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


@pytest.mark.parametrize("change", [{"cpus": 4}, {"memory_mib": {**MEMORY, "node": 999}}, {"clock": "real"}])
def test_snapshots_are_not_shared_between_different_fleets(tmp_path, change):
    assert fleet(tmp_path).key == fleet(tmp_path).key
    if "cpus" not in change:  # the virtual clock always has one
        assert fleet(tmp_path).key != fleet(tmp_path, **change).key


def test_a_snapshot_belongs_to_the_processor_it_was_made_on(tmp_path, monkeypatch):
    before = fleet(tmp_path).key
    monkeypatch.setattr(accel, "_TCG_CPU", "max,smap=off")
    assert fleet(tmp_path).key != before


def test_ports_and_keys_are_no_part_of_a_snapshot(tmp_path):
    moved = tuple(host.model_copy(update={"ssh_port": host.ssh_port + 1000}) for host in HOSTS)
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
    control = Host(name="control", part="control", ssh_port=2300, lab_address="10.10.0.13", api_port=2301)
    payload = tmp_path / "payload.ext4"
    *_, node, machine = fleet(tmp_path, clock="real", hosts=(*HOSTS, control), cpus=1, payload=payload).machines
    words = command(machine)
    assert "-smp 2 -m 2048" in words
    assert "hostfwd=tcp:127.0.0.1:2300-:22,hostfwd=tcp:127.0.0.1:2301-:6443" in words
    assert f"file={payload},format=raw,if=virtio,readonly=on" in words
    assert "-smp 1 -m 512" in command(node)
    assert "6443" not in command(node)
