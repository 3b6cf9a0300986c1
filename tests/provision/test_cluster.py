from datetime import UTC, datetime

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
    monkeypatch.setattr(cluster.proc, "run", lambda *_, **__: outcome)


def test_the_api_is_reached_on_this_machine_under_its_own_name(tmp_path, monkeypatch):
    answer(monkeypatch, 0, ADMIN)
    (entry,) = yaml.safe_load(cluster.kubeconfig(up(tmp_path, CLIENT, CONTROL)))["clusters"]
    assert entry["cluster"] == {
        "certificate-authority-data": "QQ==",
        "server": "https://127.0.0.1:6001",
        "tls-server-name": "10.10.0.13",
    }


def test_hosts_without_a_control_plane_are_no_cluster(tmp_path):
    with pytest.raises(NotUp, match="no cluster"):
        cluster.kubeconfig(up(tmp_path, CLIENT))


def test_a_control_plane_that_was_not_made_yet_is_named(tmp_path, monkeypatch):
    answer(monkeypatch, 1, "")
    with pytest.raises(NotUp, match="control is no control plane yet"):
        cluster.kubeconfig(up(tmp_path, CLIENT, CONTROL))
