from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from netlab import proc
from netlab.errors import NotUp
from netlab.lab import Lab, LabState
from netlab.model.host import Host
from netlab.provision import cluster

ADMIN = """
apiVersion: v1
kind: Config
clusters:
- cluster: {certificate-authority-data: QQ==, server: "https://10.10.0.13:6443"}
  name: kubernetes
users: []
"""
CONTROL = Host(name="control", part="control", address="127.0.0.1", port=4, lab_address="10.10.0.13", api_port=6001)
CLIENT = Host(name="client", part="client", address="127.0.0.1", port=1, lab_address="10.10.0.10")


def up(tmp_path, *hosts):
    lab = Lab(tmp_path)
    lab.state_folder.mkdir()
    lab.save_state(LabState(provider="qemu", clock="real", stack="kubeadm", profile="ipvlan-l2", hosts=hosts))
    return lab


def answer(monkeypatch, exit_code, text):
    began = datetime.now(UTC)
    outcome = proc.Outcome(argv=("ssh",), exit_code=exit_code, stdout=text, stderr="", started=began, seconds=0.1)
    asked = []
    monkeypatch.setattr(cluster.proc, "run", lambda words, **__: asked.append([str(word) for word in words]) or outcome)
    return asked


def test_the_api_is_reached_on_this_machine_under_its_own_name(tmp_path, monkeypatch):
    answer(monkeypatch, 0, ADMIN)
    (entry,) = yaml.safe_load(cluster.kubeconfig(up(tmp_path, CLIENT, CONTROL)))["clusters"]
    assert entry["cluster"] == {
        "certificate-authority-data": "QQ==",
        "server": "https://127.0.0.1:6001",
        "tls-server-name": "10.10.0.13",
    }


OTHERS = CONTROL.model_copy(update={"address": "192.0.2.13", "user": "debian", "api_port": None})


def test_the_api_of_other_hosts_is_where_ssh_forwards_it_to(tmp_path, monkeypatch):
    asked = answer(monkeypatch, 0, ADMIN)
    lab = up(tmp_path, CLIENT, OTHERS)
    (entry,) = yaml.safe_load(cluster.kubeconfig(lab))["clusters"]
    assert entry["cluster"]["server"] == f"https://127.0.0.1:{lab.api_port}"
    assert asked[0][3:] == ["control", "sudo", "--non-interactive", "cat", "/etc/kubernetes/admin.conf"]
    assert f"LocalForward 127.0.0.1:{lab.api_port} 10.10.0.13:6443" in lab.ssh_config.read_text()
    assert cluster.way(lab) == (
        f"the API answers at 127.0.0.1:{lab.api_port} while this runs: ssh -F {lab.ssh_config} -N control-api"
    )


def test_a_labs_port_is_its_own_and_stays():
    ports = [Lab(Path(f"/home/me/lab{number}")).api_port for number in range(50)]
    assert len(set(ports)) > 45
    assert all(20_000 <= port < 30_000 for port in ports)
    assert Lab(Path("/home/me/lab0")).api_port == ports[0]


def test_an_api_that_qemu_forwards_needs_nothing_else(tmp_path, monkeypatch):
    answer(monkeypatch, 0, ADMIN)
    lab = up(tmp_path, CLIENT, CONTROL)
    assert cluster.way(lab) == ""
    with cluster.reached(lab) as file:
        (entry,) = yaml.safe_load(file.read_text())["clusters"]
        assert entry["cluster"]["server"] == "https://127.0.0.1:6001"
        assert file.stat().st_mode & 0o777 == 0o600
    assert not file.exists()


def test_hosts_without_a_control_plane_are_no_cluster(tmp_path):
    with pytest.raises(NotUp, match="no cluster"):
        cluster.kubeconfig(up(tmp_path, CLIENT))


def test_a_control_plane_that_was_not_made_yet_is_named(tmp_path, monkeypatch):
    answer(monkeypatch, 1, "")
    with pytest.raises(NotUp, match="control is no control plane yet"):
        cluster.kubeconfig(up(tmp_path, CLIENT, CONTROL))
