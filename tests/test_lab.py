import json
import os
import subprocess
import sys

import pytest

from netlab.errors import LabBusy, NetlabError, NotUp
from netlab.files import write_atomic
from netlab.lab import Lab, LabState, find_lab, private_folder
from netlab.model.host import Host

HOSTS = (
    Host(name="client", part="client", address="127.0.0.1", port=2201, lab_address="10.10.0.10"),
    Host(name="node1", part="node", address="127.0.0.1", port=2202, lab_address="10.10.0.11"),
)
STATE = LabState(provider="qemu", clock="virtual", stack="datapath", profile="ipvlan-l2", hosts=HOSTS)


@pytest.fixture(autouse=True)
def _own_tmp(tmp_path_factory, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("t")))


@pytest.fixture
def lab(tmp_path):
    folder = tmp_path / "my lab 100%"
    folder.mkdir()
    lab = Lab(folder)
    lab.create()
    return lab


def test_all_is_private(lab):
    paths = [lab.state_folder, lab.key, lab.host_key, lab.agent_key, lab.runs, lab.logs, lab.machines, lab.sockets]
    assert [oct(path.stat().st_mode & 0o077) for path in paths] == ["0o0"] * len(paths)
    assert len(str(lab.sockets / ("x" * 40))) < 100 or not str(lab.sockets).startswith("/tmp/netlab")


def test_creating_again_keeps_the_keys(lab):
    before = lab.key.read_bytes(), lab.host_key.read_bytes()
    lab.create()
    assert (lab.key.read_bytes(), lab.host_key.read_bytes()) == before


def test_the_host_key_is_known_before_first_contact(lab):
    public = lab.public_key(lab.host_key)
    lab.save_state(
        STATE.model_copy(update={"hosts": tuple(host.model_copy(update={"host_key": public}) for host in HOSTS)})
    )
    assert lab.known_hosts.read_text().splitlines() == [f"client {public}", f"node1 {public}"]
    assert public.startswith("ssh-ed25519 AAAA")


def test_state_comes_back_and_goes(lab):
    assert lab.load_state() is None
    lab.save_state(STATE)
    assert lab.load_state() == STATE
    assert lab.hosts() == HOSTS
    lab.save_state(None)
    assert not lab.ssh_config.exists()
    with pytest.raises(NotUp, match="is not up"):
        lab.hosts()


def test_a_state_from_before_mtus_were_known_is_read(lab):
    lab.save_state(STATE)
    path = lab.state_folder / "state.json"
    old = json.loads(path.read_text())
    for host in old["hosts"]:
        del host["mtu"], host["own_mtu"]
    path.write_text(json.dumps(old))
    assert lab.load_state() == STATE
    assert lab.inventory(lab.hosts())["all"]["vars"]["netlab_mtu"] == 1500


def test_a_damaged_state_says_what_to_do(lab):
    (lab.state_folder / "state.json").write_text('{"clock": "sun"}')
    with pytest.raises(NetlabError, match="cannot be read") as caught:
        lab.load_state()
    assert "netlab down" in caught.value.hint


def test_ssh_understands_the_config_in_a_folder_with_spaces(lab):
    lab.save_state(STATE)
    shown = subprocess.run(["ssh", "-G", "-F", lab.ssh_config, "node1"], capture_output=True, text=True, check=True)
    options = dict(line.split(" ", 1) for line in shown.stdout.splitlines())
    assert (options["hostname"], options["port"], options["user"]) == ("127.0.0.1", "2202", "root")
    assert options["userknownhostsfile"] == str(lab.known_hosts)
    assert options["identityfile"].strip('"') == str(lab.key).replace("%", "%%")
    assert options["stricthostkeychecking"] == "true"
    assert options["hostkeyalias"] == "node1"


def test_inventory_groups_hosts_by_part(lab):
    groups = lab.inventory(HOSTS)["all"]["children"]
    assert {name: list(group["hosts"]) for name, group in groups.items()} == {
        "client": ["client"],
        "node": ["node1"],
        "control": [],
    }


def test_the_nearest_lab_upwards_is_found(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_lab(inner) == Lab(inner.resolve())
    (tmp_path / "netlab.yml").touch()
    assert find_lab(inner) == Lab(tmp_path.resolve())
    (tmp_path / "a" / ".netlab").mkdir()
    (tmp_path / "a" / ".netlab" / "state.json").touch()
    assert find_lab(inner) == Lab(tmp_path.resolve() / "a")


def test_a_second_netlab_is_told_who_holds_the_lab(lab):
    code = (
        "import sys, pathlib; from netlab.lab import Lab; from netlab.errors import LabBusy\n"
        "try:\n  with Lab(pathlib.Path(sys.argv[1])).lock(): pass\n"
        "except LabBusy as error: print(error)"
    )
    command = [sys.executable, "-c", code, lab.folder]
    with lab.lock():
        second = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": "."}
        )
    assert f"process {os.getpid()}, " in second.stdout
    third = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": "."})
    assert third.stdout == ""


def test_the_same_process_cannot_lock_twice(lab):
    with lab.lock(), pytest.raises(LabBusy), lab.lock():
        pass


def test_a_failed_write_leaves_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomic(path, b"old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_atomic(path, b"new")
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


def test_a_shared_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "open").mkdir(mode=0o777)
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("open", "link"):
        with pytest.raises(NetlabError, match="belongs to somebody else"):
            private_folder(tmp_path / name)


def test_state_of_a_profile_that_is_half_applied_comes_back(lab):
    state = STATE.model_copy(update={"profile": None, "applied": "ipvlan-l2-0123456789ab"})
    lab.save_state(state)
    assert lab.load_state() == state
    assert STATE.applied is None, "states from before it was written down are read too"


def test_whose_hosts_are_up_is_known_whoever_wrote_it_down(lab):
    assert lab.provider() is None
    lab.save_state(STATE)
    assert lab.provider() == "qemu"
    path = lab.state_folder / "state.json"
    path.write_text('{"schema_version": 1, "provider": "ssh", "hosts": "of another version"}')
    assert lab.provider() == "ssh"
    for text in ("", "{", "[]", "7", "null", '"qemu"', "{}", "\udcff"):
        path.write_bytes(text.encode(errors="surrogateescape"))
        assert lab.provider() is None


def test_the_way_in_is_written_without_any_state(lab):
    lab.write_access(HOSTS)
    shown = subprocess.run(["ssh", "-G", "-F", lab.ssh_config, "node1"], capture_output=True, text=True, check=True)
    assert "port 2202" in shown.stdout.splitlines()
    assert lab.load_state() is None
    lab.write_access(HOSTS[:1])
    assert "node1" not in lab.ssh_config.read_text(), "only the hosts that there are"
