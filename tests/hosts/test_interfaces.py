"""Which interface has the lab's address, and what configures it, as hosts say it, whatever else they may say."""

import os
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import HostUnsuitable
from netlab.hosts.interfaces import SCRIPT, interface_of, located, mtu_of, networkd_file_of
from netlab.model.host import Host
from netlab.samples.machine import parse_answers

HOST = Host(name="node1", part="node", address="192.0.2.11", lab_address="10.0.0.7")
ANSWERS = """address 127.0.0.1=lo
networkd lo=
address 10.0.0.7=ens4
networkd ens4=/run/systemd/network/10-netplan-ens4.network
mtu lo=65536
mtu ens4=1442
"""
SHOWN = """1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: ens3    inet 192.0.2.11/24 brd 192.0.2.255 scope global dynamic ens3\\       valid_lft 86000sec
3: ens4    inet 10.0.0.7/24 brd 10.0.0.255 scope global ens4\\       valid_lft forever preferred_lft forever
4: tun0    inet 10.9.0.1 peer 10.9.0.2/32 scope global tun0\\       valid_lft forever preferred_lft forever
"""
"""What ``ip -o -4 address show`` prints."""


def test_a_host_knows_its_interface_by_its_address():
    found = located(HOST, parse_answers(ANSWERS))
    assert (found.interface, found.networkd_file) == ("ens4", "10-netplan-ens4.network")
    assert found.mtu == 1442
    assert located(found, parse_answers(ANSWERS.replace("1442", "1500"))).mtu == 1500, "it is asked again"


def test_what_the_user_says_of_the_network_wins_over_the_interface():
    host = HOST.model_copy(update={"mtu": 1400, "own_mtu": 1400})
    assert located(host, parse_answers(ANSWERS)).mtu == 1400


@given(st.text())
def test_an_mtu_is_a_number_whatever_is_said(text):
    assert mtu_of("ens4", {"mtu ens4": text}) in range(65_536)


def test_an_interface_that_another_program_configures_has_no_file():
    found = located(HOST, {"address 10.0.0.7": "eth0"})
    assert (found.interface, found.networkd_file, found.mtu) == ("eth0", "", 1500)


@pytest.mark.parametrize(
    "said", [{}, {"address 10.0.0.70": "ens4"}, {"address 10.0.0.7": "{{ lookup('pipe', 'id') }}"}]
)
def test_a_host_without_its_address_is_refused(said):
    with pytest.raises(HostUnsuitable, match=r"node1 has no interface with the address 10\.0\.0\.7") as caught:
        located(HOST, said)
    assert caught.value.hint


@given(st.text())
def test_no_interface_is_a_template_or_words_for_a_shell(name):
    known = interface_of(HOST, {"address 10.0.0.7": name})
    assert known in {"", name}
    assert not set(known) & set("{}$`;&|<>()'\" \n/%")


@given(st.text())
def test_no_name_of_a_file_leads_to_another_folder(name):
    known = networkd_file_of("ens4", {"networkd ens4": name})
    assert not set(known) & set("{}$`;&|<>()'\" \n/%")


def test_the_script_asks_ip_and_networkctl(tmp_path):
    files = {"ens3": "n/a", "ens4": "/etc/systemd/network/50-lab.network"}
    cases = "".join(f"*{name}) echo '     Network File: {file}' ;;\n" for name, file in files.items())
    for name, text in {"ip": f"cat <<'END'\n{SHOWN}END\n", "networkctl": f'case "$*" in\n{cases}esac\n'}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}")
        (tmp_path / name).chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-s"], input=SCRIPT, env=env, capture_output=True, text=True, check=True)
    said = parse_answers(done.stdout)
    assert {name: said[name] for name in said if name.startswith("address")} == {
        "address 127.0.0.1": "lo",
        "address 192.0.2.11": "ens3",
        "address 10.0.0.7": "ens4",
        "address 10.9.0.1": "tun0",
    }
    assert networkd_file_of("ens4", said) == "50-lab.network"
    assert [networkd_file_of(name, said) for name in ("ens3", "lo", "tun0")] == ["", "", ""]
