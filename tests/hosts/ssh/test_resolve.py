"""How ssh itself says that a host is entered: its own answers, for configurations and known hosts of the test's own."""

import contextlib
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import ConfigError, HostRefused, NetlabError
from netlab.hosts.ssh.resolve import asked, host_of, parse_keys, parse_settings
from netlab.model.host import Server

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIPm2T1Vr9p3cU6gS0L0y1T8J1m3b4U2y7l0b6mN8hQeX"
ANOTHER = "AAAAC3NzaC1lZDI1NTE5AAAAIA6rWI3G1sz07DnfFlrouTcysQlj2P+jpNSOEWD9OJ3X"

FOUND = f"""# Host node1 found: line 1
|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-rsa AAAAB3Nz user@laptop
# Host node1 found: line 2
|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 {KEY}
# Host node1 found: line 3
node1,192.0.2.1 ecdsa-sha2-nistp256 AAAAE2Vj
"""


class Machine:
    """A user's configuration of ssh in one folder; the real one of the home folder is not read."""

    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "config"
        self.known = folder / "known hosts"
        self.known.touch()
        self.key = folder / "id_test"
        self.key.write_text("a key")

    def write(self, text, known=""):
        self.config.write_text(f'{text}\nHost *\n  UserKnownHostsFile "{self.known}"\n  GlobalKnownHostsFile none\n')
        self.known.write_text(known)

    def host(self, **variables):
        default = {"ansible_ssh_common_args": f"-F '{self.config}'", "ansible_host": "192.0.2.11"}
        if "IdentityFile" not in self.config.read_text():
            default["ansible_ssh_private_key_file"] = str(self.key)
        return host_of("node1", "node", "web1", {**default, **variables})


@pytest.fixture
def machine(tmp_path):
    found = Machine(tmp_path)
    found.write("", f"192.0.2.11 ssh-ed25519 {KEY}\n")
    return found


def test_an_address_alone_will_do(machine):
    host = machine.host(ansible_user="debian")
    assert (host.name, host.part, host.address, host.port, host.user) == ("node1", "node", "192.0.2.11", 22, "debian")
    assert (host.lab_address, host.lab_port, host.interface, host.jump) == ("192.0.2.11", 22, "lab0", None)
    assert host.host_key == f"ssh-ed25519 {KEY}"
    assert host.identity == machine.key


def test_the_inventorys_name_is_what_ssh_knows_it_by(machine):
    text = f"Host web1\n  HostName 192.0.2.77\n  Port 2222\n  User admin\n  IdentityFile {machine.key}\n"
    machine.write(text, f"[192.0.2.77]:2222 ssh-ed25519 {KEY}\n")
    host = host_of("node1", "node", "web1", {"ansible_ssh_common_args": f"-F '{machine.config}'"})
    assert (host.address, host.port, host.user, host.identity) == ("192.0.2.77", 2222, "admin", machine.key)
    assert (host.lab_address, host.lab_port) == ("192.0.2.77", 2222)


@pytest.mark.parametrize("names", [("port", "user"), ("ssh_port", "ssh_user")])
def test_what_the_inventory_says_wins(machine, names):
    machine.write("Host *\n  Port 2222\n  User admin\n", f"[192.0.2.11]:2201 ssh-ed25519 {KEY}\n")
    host = machine.host(**dict(zip([f"ansible_{name}" for name in names], [2201, "debian"], strict=True)))
    assert (host.port, host.user) == (2201, "debian")


def test_the_labs_own_network_has_its_own_address_port_and_interface(machine):
    host = machine.host(netlab_address="10.0.0.7", netlab_interface="eth1", netlab_ssh_port="2022")
    assert (host.address, host.lab_address, host.interface, host.lab_port) == ("192.0.2.11", "10.0.0.7", "eth1", 2022)


@pytest.mark.parametrize("written", [1442, "1442"])
def test_the_user_may_know_what_the_network_carries(machine, written):
    host = machine.host(netlab_mtu=written)
    assert (host.mtu, host.own_mtu) == (1442, 1442)
    assert (machine.host().mtu, machine.host().own_mtu) == (1500, 0), "the host is asked"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"netlab_mtu": "jumbo"}, "web1: netlab_mtu 'jumbo' is no MTU"),
        ({"netlab_mtu": 500}, "web1: netlab_mtu '500' is no MTU"),
        ({"netlab_mtu": ""}, "web1: netlab_mtu '' is no MTU"),
        ({"netlab_mtu": "{{ mtu }}"}, "web1: netlab_mtu of the inventory is neither a text nor a number"),
        ({"netlab_address": "10.0.0.300"}, "web1: '10.0.0.300' is no IPv4 address"),
        ({"netlab_address": "fd00::1"}, "web1: 'fd00::1' is no IPv4 address"),
        ({"netlab_ssh_port": "ssh"}, "web1: netlab_ssh_port 'ssh' is no port"),
        ({"netlab_ssh_port": 0}, "web1: netlab_ssh_port '0' is no port"),
        ({"netlab_ssh_port": 65_536}, "web1: netlab_ssh_port '65536' is no port"),
        ({"ansible_host": "{{ address }}"}, "web1: ansible_host of the inventory is neither a text nor a number"),
        ({"ansible_user": {"__ansible_vault": "…"}}, "web1: ansible_user of the inventory is neither"),
        (
            {"ansible_ssh_common_args": "-o 'x"},
            "web1: ansible_ssh_common_args cannot be split .*: No closing quotation",
        ),
        ({"ansible_port": "no-such"}, "ssh cannot tell how 192.0.2.11 is entered: Bad port 'no-such'"),
        ({"ansible_ssh_extra_args": "-o NoSuch=yes"}, "ssh cannot tell how 192.0.2.11 is entered: .*nosuch"),
        ({"ansible_ssh_private_key_file": "/no/key"}, "the key that enters web1 is not there: /no/key"),
        ({"ansible_ssh_private_key_file": "~nobody-is-so/key"}, "there is no user 'nobody-is-so'"),
    ],
)
def test_what_the_inventory_gets_wrong_is_named(machine, variables, message):
    with pytest.raises(ConfigError, match=f"(?i){message}"):
        machine.host(**variables)


def test_a_name_that_is_no_address_wants_the_address_in_the_lab(machine):
    machine.write("", f"web.example.org ssh-ed25519 {KEY}\n")
    with pytest.raises(ConfigError, match=r"web1: 'web\.example\.org' is no IPv4 address") as caught:
        machine.host(ansible_host="web.example.org")
    assert "netlab_address" in caught.value.hint
    assert machine.host(ansible_host="web.example.org", netlab_address="10.0.0.7").address == "web.example.org"


def test_without_a_key_file_nobody_enters(machine):
    machine.write(f"IdentityFile {machine.folder}/none\nIdentityFile none\n")
    with pytest.raises(ConfigError, match="no key is known that enters web1") as caught:
        machine.host()
    assert "IdentityFile" in caught.value.hint


def test_of_several_keys_the_first_that_is_there_counts_and_a_public_half_last(machine):
    public = machine.folder / "agent.pub"
    public.touch()
    known = f"192.0.2.11 ssh-ed25519 {KEY}\n"
    machine.write(f"IdentityFile {machine.folder}/agent\n", known)
    assert machine.host().identity == public, "an agent holds the other half"
    machine.write(f"IdentityFile {machine.folder}/agent\nIdentityFile {machine.key}\n", known)
    assert machine.host().identity == machine.key


def test_a_key_in_the_home_folder_is_found_by_ssh_tokens(machine, monkeypatch):
    monkeypatch.setenv("HOME", str(machine.folder))
    machine.write("IdentityFile %d/100%%\n", f"192.0.2.11 ssh-ed25519 {KEY}\n")
    (machine.folder / "100%").touch()
    assert machine.host().identity == machine.folder / "100%"


def test_a_host_that_is_not_known_is_refused_with_the_way_to_know_it(machine):
    machine.write("", f"192.0.2.11 ssh-ed25519 {KEY}\n")
    with pytest.raises(HostRefused, match=r"the key that web1 \(\[192.0.2.11\]:2222\) proves itself with") as caught:
        machine.host(ansible_port=2222)
    assert "ssh -p 2222 192.0.2.11" in caught.value.hint
    machine.known.unlink()
    with pytest.raises(HostRefused):
        machine.host()


@pytest.mark.parametrize("port", [22, 2222])
def test_an_alias_is_what_a_key_is_known_by_whatever_the_port(machine, port):
    machine.write("HostKeyAlias farm\n", f"farm ssh-ed25519 {KEY}\n")
    assert machine.host(ansible_port=port).host_key == f"ssh-ed25519 {KEY}"


def test_a_port_other_than_22_is_a_part_of_the_name(machine):
    machine.write("", f"192.0.2.11 ssh-ed25519 AAAA\n[192.0.2.11]:2222 ssh-ed25519 {KEY}\n")
    assert machine.host(ansible_port=2222).host_key == f"ssh-ed25519 {KEY}"


def test_several_files_of_known_hosts_are_read(machine):
    other = machine.folder / "others"
    other.write_text(f"192.0.2.11 ssh-ed25519 {KEY}\n")
    machine.config.write_text(f"UserKnownHostsFile {machine.folder}/none {other}\nGlobalKnownHostsFile none\n")
    assert machine.host().host_key == f"ssh-ed25519 {KEY}"
    machine.config.write_text(f"UserKnownHostsFile none\nGlobalKnownHostsFile {other}\n")
    assert machine.host().host_key == f"ssh-ed25519 {KEY}"


def test_hashed_names_are_found(machine):
    subprocess.run(["ssh-keygen", "-H", "-f", machine.known], check=True, capture_output=True)
    assert "192.0.2.11" not in machine.known.read_text()
    assert machine.host().host_key == f"ssh-ed25519 {KEY}"


@pytest.mark.parametrize("marker", ["@revoked", "@cert-authority"])
def test_marked_keys_are_no_host_keys(machine, marker):
    machine.write("", f"{marker} 192.0.2.11 ssh-ed25519 {ANOTHER}\n192.0.2.11 ssh-ed25519 {KEY}\n")
    assert machine.host().host_key == f"ssh-ed25519 {KEY}"
    machine.write("", f"{marker} 192.0.2.11 ssh-ed25519 {KEY}\n")
    with pytest.raises(HostRefused):
        machine.host()


def test_a_key_that_was_revoked_is_not_known_whichever_line_has_it(machine):
    machine.write("", f"192.0.2.11 ssh-ed25519 {KEY}\n@revoked 192.0.2.11 ssh-ed25519 {KEY}\n")
    with pytest.raises(HostRefused):
        machine.host()


JUMPED = "Host 192.0.2.11\n  ProxyJump gate\n"
GATE = "Host gate\n  HostName 198.51.100.1\n  Port 2200\n  User porter\n"


def test_a_jump_host_is_entered_as_the_hosts_own_configuration_says(machine):
    """As ssh does it: what ``-F`` named counts for the jump host too."""
    text = f"{JUMPED}{GATE}Host *\n  IdentityFile {machine.key}\n"
    machine.write(text, f"192.0.2.11 ssh-ed25519 {KEY}\n[198.51.100.1]:2200 ssh-ed25519 {ANOTHER}\n")
    jump = machine.host().jump
    expected = Server(address="198.51.100.1", port=2200, user="porter", host_key=f"ssh-ed25519 {ANOTHER}")
    assert jump == expected.model_copy(update={"identity": machine.key})


@pytest.mark.parametrize("option", ["-F'{}' -J", "-F '{}' -o ProxyJump="])
@pytest.mark.parametrize("jump", ["keeper@gate:2222", "ssh://keeper@gate:2222"])
def test_a_jump_hosts_user_and_port_win_over_the_configurations(machine, option, jump):
    text = f"{GATE}Host *\n  IdentityFile {machine.key}\n"
    machine.write(text, f"192.0.2.11 ssh-ed25519 {KEY}\n[198.51.100.1]:2222 ssh-ed25519 {ANOTHER}\n")
    found = machine.host(ansible_ssh_common_args=option.format(machine.config) + jump).jump
    assert (found.address, found.port, found.user) == ("198.51.100.1", 2222, "keeper")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ProxyCommand nc %h %p\n", "web1 is entered by a ProxyCommand, which netlab cannot follow"),
        ("ProxyJump one,two\n", r"web1 is entered through several jump hosts \(one,two\)"),
        (f"{JUMPED}Host gate\n  ProxyJump outer\n", r"the jump host of web1 \(gate\) has a jump host itself"),
        (f"{JUMPED}Host gate\n  ProxyCommand nc %h %p\n", r"the jump host of web1 \(gate\) has a jump host itself"),
    ],
)
def test_ways_that_netlab_cannot_follow_are_refused(machine, text, message):
    machine.write(text, f"192.0.2.11 ssh-ed25519 {KEY}\n")
    with pytest.raises(ConfigError, match=message):
        machine.host()


@pytest.mark.parametrize("text", ["ProxyCommand none\n", "ProxyJump none\n"])
def test_a_way_that_is_none_is_direct(machine, text):
    machine.write(text, f"192.0.2.11 ssh-ed25519 {KEY}\n")
    assert machine.host().jump is None


def test_a_jump_host_that_is_not_known_is_refused(machine):
    machine.write(f"{JUMPED}{GATE}Host *\n  IdentityFile {machine.key}\n", f"192.0.2.11 ssh-ed25519 {KEY}\n")
    with pytest.raises(HostRefused, match=r"the jump host of web1 \(gate\) \(\[198.51.100.1\]:2200\) proves"):
        machine.host()


def test_an_address_never_becomes_an_option():
    with pytest.raises(ConfigError):
        asked("-oProxyCommand=touch /tmp/netlab-was-here")


def test_settings_are_read_by_name():
    found = parse_settings(
        "Host a\nidentityfile ~/.ssh/one\nidentityfile ~/.ssh/two\nuserknownhostsfile /a b /c\nempty\n"
    )
    assert found["identityfile"] == ["~/.ssh/one", "~/.ssh/two"]
    assert (found["host"], found["userknownhostsfile"], found["empty"]) == (["a"], ["/a b /c"], [""])


def test_of_several_keys_the_preferred_type_is_taken():
    assert parse_keys(FOUND) == f"ssh-ed25519 {KEY}"
    without = "\n".join(line for line in FOUND.splitlines() if "ed25519" not in line)
    assert parse_keys(without) == "ecdsa-sha2-nistp256 AAAAE2Vj"
    assert parse_keys("node1 ssh-dss AAAAB3Nz\n") == "", "nobody should trust those any more"
    assert parse_keys("") == ""


@given(st.text())
def test_whatever_is_printed_is_read(text):
    assert all(isinstance(values, list) for values in parse_settings(text).values())
    key = parse_keys(text)
    assert not key or len(key.split(" ")) == 2


VALUES = st.one_of(st.text(max_size=20), st.integers(), st.none(), st.booleans(), st.floats(), st.lists(st.integers()))
NAMES = st.sampled_from(
    ["ansible_host", "ansible_port", "ansible_user", "netlab_address", "netlab_mtu", "netlab_ssh_port"]
)


@given(st.dictionaries(NAMES, VALUES))
def test_nothing_in_an_inventory_is_a_bug_of_netlabs(variables):
    with contextlib.suppress(NetlabError):
        assert host_of("node1", "node", "web1", variables).name == "node1"
