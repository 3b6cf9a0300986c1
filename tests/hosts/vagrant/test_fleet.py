"""The one file that the Vagrantfile reads."""

import ipaddress
import json
from pathlib import Path

from netlab.hosts.vagrant.fleet import Box, Fleet, as_text, default_fleet, fleet_of
from netlab.spec.lab import LabSpec

ROOT = Path(__file__).parents[3]


def fleet(**values):
    return fleet_of(LabSpec.model_validate({"provider": "vagrant", **values}), "netlab-1", Box(name="b"))


def test_the_file_that_ships_is_that_of_the_defaults():
    """`python -m netlab.cli.docs` writes it again."""
    assert (ROOT / "vagrant" / "fleet.json").read_text() == as_text(default_fleet(LabSpec()))


def test_it_is_read_back():
    made = fleet(fleet={"nodes": 3})
    assert Fleet.model_validate_json(as_text(made)) == made


def test_hosts_have_parts_sizes_and_addresses():
    made = fleet(fleet={"nodes": 1}, vagrant={"cpus": 2, "memory_mib": 700, "network": "10.77.0.0/24"})
    assert [(host.name, host.part, host.lab_address) for host in made.hosts] == [
        ("client", "client", "10.77.0.10"),
        ("node1", "node", "10.77.0.11"),
    ]
    assert {(host.cpus, host.memory_mib) for host in made.hosts} == {(2, 700)}


def test_a_control_plane_has_its_own_size():
    *_, control = fleet(stack="kubeadm", vagrant={"control_cpus": 3, "control_memory_mib": 3000}).hosts
    assert (control.name, control.cpus, control.memory_mib) == ("control", 3, 3000)


def test_labs_do_not_share_a_multicast_group():
    one, other = (fleet_of(LabSpec(), name, Box(name="b")).multicast for name in ("netlab-1", "netlab-2"))
    assert one != other
    group, port = one.split(":")
    assert ipaddress.ip_address(group) in ipaddress.ip_network("239.255.0.0/16")
    assert 1024 < int(port) < 65_536


def test_the_vagrantfile_reads_every_key_of_it():
    text = (ROOT / "Vagrantfile").read_text()
    keys = json.loads(as_text(default_fleet(LabSpec())))
    wanted = {*keys, *keys["box"], *keys["hosts"][0]} - {"part"}
    quoted = {key for key in wanted if f'"{key}"' in text or f"'{key}'" in text}
    assert quoted == wanted
