"""How hosts are entered, as ssh itself and Ansible understand it."""

import shlex
import subprocess

import pytest

from netlab import access
from netlab.model.host import Host, Server
from tests.paths import ALL_AT_ONCE, AWKWARD

JUMP = Server(address="192.0.2.1", port=2200, user="gate", host_key="ssh-ed25519 AAAAJ")
HOSTS = (
    Host(
        name="client",
        part="client",
        address="127.0.0.1",
        port=2201,
        lab_address="10.10.0.10",
        host_key="ssh-ed25519 AAAAC",
    ),
    Host(name="node1", part="node", address="10.0.0.5", user="debian", lab_address="10.10.0.11", jump=JUMP),
)


@pytest.fixture
def files(tmp_path):
    """The private key and the known hosts of a lab."""
    return tmp_path / "id", tmp_path / "known hosts"


def understood(*words) -> dict[str, str]:
    """What ssh makes of its options."""
    shown = subprocess.run(["ssh", "-G", *words], capture_output=True, text=True, check=True).stdout
    return dict(line.split(" ", 1) for line in shown.splitlines())


def test_every_server_is_known_by_a_name_of_its_own():
    assert access.known_hosts(HOSTS).splitlines() == ["client ssh-ed25519 AAAAC", "node1-jump ssh-ed25519 AAAAJ"]


def test_config_and_inventory_say_the_same(files, tmp_path):
    config = tmp_path / "config"
    config.write_text(access.ssh_config(HOSTS, *files))
    groups = access.inventory(HOSTS, *files)["all"]["children"]
    for host in HOSTS:
        variables = groups[host.part]["hosts"][host.name]
        login = ["-p", str(variables["ansible_port"]), "-l", variables["ansible_user"]]
        words = [*shlex.split(variables["ansible_ssh_common_args"]), *login, variables["ansible_host"]]
        of_ansible, of_config = understood("-F", "/dev/null", *words), understood("-F", config, host.name)
        for option in ("host", "originalhost"):  # the name that was asked for
            of_ansible.pop(option, None), of_config.pop(option, None)
        assert of_ansible == of_config
        assert (of_config["hostname"], of_config["port"]) == (host.address, str(host.port))
        assert (of_config["user"], of_config["hostkeyalias"]) == (host.user, host.name)


def test_only_root_needs_not_become_it(files):
    groups = access.inventory(HOSTS, *files)["all"]["children"]
    assert "ansible_become" not in groups["client"]["hosts"]["client"]
    assert groups["node"]["hosts"]["node1"]["ansible_become"] is True


@pytest.mark.parametrize("name", [*AWKWARD, ALL_AT_ONCE])
def test_the_way_through_a_jump_host_is_taken_with_the_labs_own_settings(name, tmp_path):
    """A stand-in for ssh notes how the jump host is entered, and lets nobody through."""
    folder = tmp_path / name
    folder.mkdir()
    (tmp_path / "bin").mkdir()
    stand_in = tmp_path / "bin" / "ssh"
    stand_in.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" > {shlex.quote(str(tmp_path / 'asked'))}\nexit 1\n")
    stand_in.chmod(0o755)
    config = tmp_path / "config"
    config.write_text(access.ssh_config(HOSTS, folder / "id", folder / "known"))
    env = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    subprocess.run(["/usr/bin/ssh", "-F", config, "node1", "true"], env=env, capture_output=True, check=False)
    *words, forward, to, jump = (tmp_path / "asked").read_text().split("\0")[:-1]
    assert (forward, to, jump) == ("-W", "[10.0.0.5]:22", "node1-jump")
    entered = understood(*words, jump)
    assert (entered["hostname"], entered["port"], entered["user"]) == ("192.0.2.1", "2200", "gate")
    assert (entered["hostkeyalias"], entered["stricthostkeychecking"]) == ("node1-jump", "true")
    plain = understood("-F", config, "client")
    assert (entered["identityfile"], entered["userknownhostsfile"]) == (
        plain["identityfile"],
        plain["userknownhostsfile"],
    )


def through(text: str) -> dict[str, str]:
    """What ssh makes of the options by which a jump host is entered."""
    words = shlex.split(text.replace("%%", "%"))
    return understood(*words[1 : words.index("-W")], "jump")


def test_a_jump_host_is_entered_once_for_all_that_netlab_does(files, tmp_path):
    """By Ansible and by netlab's own ssh; others take that connection, and open none that would outlive its folder."""
    sockets = tmp_path / "my sockets"
    second = HOSTS[1].model_copy(update={"name": "node2", "address": "10.0.0.6"})
    hosts = (*HOSTS, second)
    variables = access.inventory(hosts, *files, sockets)["all"]["children"]["node"]["hosts"]
    of_ansible = {
        name: through(understood("-F", "/dev/null", *shlex.split(each["ansible_ssh_common_args"]), "x")["proxycommand"])
        for name, each in variables.items()
    }
    (own,) = access.shared_jump(HOSTS[1], *files, sockets)
    config = tmp_path / "config"
    config.write_text(access.ssh_config(hosts, *files, sockets))
    of_users = through(understood("-F", config, "node1")["proxycommand"])
    shared = [of_ansible["node1"], of_ansible["node2"], through(own.removeprefix("-oProxyCommand="))]
    paths = {each["controlpath"] for each in [*shared, of_users]}
    (path,) = paths
    assert path.startswith(f"{sockets}/ssh-jump-")
    assert all((each["controlmaster"], each["controlpersist"]) == ("auto", "60") for each in shared)
    assert of_users["controlmaster"] == "false"
    assert access.shared_jump(HOSTS[0], *files, sockets) == []


def test_a_connection_to_a_jump_host_is_anothers_where_anything_about_it_differs(files, tmp_path):
    found = set()
    for change in ({}, {"host_key": "ssh-ed25519 AAAAX"}, {"user": "other"}, {"identity": tmp_path / "id"}):
        host = HOSTS[1].model_copy(update={"jump": JUMP.model_copy(update=change)})
        (option,) = access.shared_jump(host, *files, tmp_path)
        found.add(through(option.removeprefix("-oProxyCommand="))["controlpath"])
    assert len(found) == 4


def test_without_a_folder_for_sockets_nothing_is_shared(files, tmp_path):
    config = tmp_path / "config"
    config.write_text(access.ssh_config(HOSTS, *files))
    assert "Control" not in config.read_text()
    assert "Control" not in str(access.inventory(HOSTS, *files))


def test_a_clusters_api_is_forwarded_by_a_name_of_its_own(files, tmp_path):
    control = HOSTS[1].model_copy(update={"name": "control", "part": "control"})
    config = tmp_path / "config"
    config.write_text(access.ssh_config((HOSTS[0], control), *files, api_port=20_001))
    way, host = understood("-F", config, "control-api"), understood("-F", config, "control")
    assert way["localforward"] == "[127.0.0.1]:20001 [10.10.0.11]:6443"
    assert "localforward" not in host, "whoever enters the host takes no port"
    for option in ("hostname", "port", "user", "hostkeyalias", "proxycommand", "identityfile"):
        assert way[option] == host[option]
    own = control.model_copy(update={"api_port": 6001})
    assert "LocalForward" not in access.ssh_config((own,), *files, api_port=20_001), "its provider forwards it"


def test_a_host_may_have_a_key_of_its_own(files, tmp_path):
    """Of the user's, or the public half of one that an agent holds; all others are entered by the lab's."""
    own = HOSTS[0].model_copy(update={"identity": tmp_path / "my keys" / "id"})
    jump = JUMP.model_copy(update={"identity": tmp_path / "gate.pub"})
    hosts = (own, HOSTS[1].model_copy(update={"jump": jump}))
    config = tmp_path / "config"
    config.write_text(access.ssh_config(hosts, *files))
    assert understood("-F", config, "client")["identityfile"].strip('"') == str(tmp_path / "my keys" / "id")
    entered = understood("-F", config, "node1")
    assert entered["identityfile"].strip('"') == str(files[0])
    assert f'IdentityFile="{tmp_path / "gate.pub"}"' in entered["proxycommand"]
    assert str(files[0]) not in entered["proxycommand"]
    variables = access.inventory(hosts, *files)["all"]["children"]["client"]["hosts"]["client"]
    login = [*shlex.split(variables["ansible_ssh_common_args"]), "client"]
    assert understood("-F", "/dev/null", *login)["identityfile"].strip('"') == str(tmp_path / "my keys" / "id")


def test_playbooks_know_how_hosts_reach_each_other(files):
    other = {"interface": "eth1", "networkd_file": "10-eth1.network", "lab_port": 2022, "host_key": "ssh-ed25519 AAAAN"}
    host = HOSTS[1].model_copy(update=other)
    variables = access.inventory([host], *files)["all"]["children"]["node"]["hosts"]["node1"]
    told = {name.removeprefix("netlab_"): value for name, value in variables.items() if name.startswith("netlab_")}
    assert told == {
        "part": "node",
        "address": "10.10.0.11",
        "interface": "eth1",
        "networkd_file": "10-eth1.network",
        "ssh_port": 2022,
        "host_key": "ssh-ed25519 AAAAN",
    }
    assert (variables["ansible_host"], variables["ansible_port"]) == ("10.0.0.5", 22)


def test_hosts_of_netlabs_own_making_need_no_words_for_it(files):
    variables = access.inventory(HOSTS[:1], *files)["all"]["children"]["client"]["hosts"]["client"]
    assert (variables["netlab_interface"], variables["netlab_ssh_port"]) == ("lab0", 22)


@pytest.mark.parametrize(("mtus", "labs"), [((1500, 1500), 1500), ((1450, 1450), 1450), ((9000, 1442), 1442)])
def test_playbooks_know_what_the_labs_network_carries(files, mtus, labs):
    hosts = [host.model_copy(update={"mtu": mtu}) for host, mtu in zip(HOSTS, mtus, strict=True)]
    assert access.inventory(hosts, *files)["all"]["vars"]["netlab_mtu"] == labs


def test_hosts_of_others_are_in_groups_of_what_they_run(files):
    releases = {"client": "ubuntu_22_04", "node1": "debian_12"}
    hosts = [host.model_copy(update={"release": releases[host.name]}) for host in HOSTS]
    hosts.append(hosts[1].model_copy(update={"name": "node2", "release": "debian_13"}))
    groups = access.inventory(hosts, *files)["all"]["children"]
    assert groups["ubuntu"] == {"children": {"ubuntu_22_04": {"hosts": {"client": {}}}}}
    assert groups["debian"] == {
        "children": {"debian_12": {"hosts": {"node1": {}}}, "debian_13": {"hosts": {"node2": {}}}}
    }
    assert set(access.inventory(HOSTS, *files)["all"]["children"]) == {"client", "node", "control"}
