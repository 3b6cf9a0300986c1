"""A cluster's API that is reached through a real SSH server; what answers there is the test's own."""

import http.server
import socket
import threading

import pytest
import yaml

from netlab import access
from netlab.__main__ import main
from netlab.errors import MachineError, NotUp
from netlab.lab import Lab, LabState
from netlab.provision import cluster
from tests.hosts.sshd import Server, needs_sshd
from tests.provision.test_cluster import ADMIN

pytestmark = [pytest.mark.real, needs_sshd]

ASK = """
import os, urllib.request
with open(os.environ["KUBECONFIG"]) as file:
    text = file.read()
port = text.partition("server: https://127.0.0.1:")[2].split()[0]
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(port, direct.open(f"http://127.0.0.1:{port}/").status)
raise SystemExit(7)
"""


class Api(http.server.BaseHTTPRequestHandler):
    """Says that it is well."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def api(monkeypatch):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        monkeypatch.setattr(access, "api", lambda _: f"127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def server(tmp_path):
    (tmp_path / "sshd").mkdir()
    found = Server(tmp_path / "sshd")
    found.start(found.host_key)
    yield found
    found.stop()


@pytest.fixture
def lab(tmp_path, server, api, monkeypatch):
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "admin.conf").write_text(ADMIN)
    monkeypatch.setattr(cluster, "ADMIN", str(folder / "admin.conf"))
    found = Lab(folder)
    found.state_folder.mkdir()
    control = server.host(name="control", part="control")
    found.save_state(LabState(provider="ssh", clock="real", stack="kubeadm", profile="ptp", hosts=(control,)))
    monkeypatch.chdir(folder)
    return found


def listens(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_a_command_reaches_the_api_for_as_long_as_it_runs(lab, capfd):
    before = sorted(path.relative_to(lab.folder) for path in lab.folder.rglob("*"))
    assert main(["kubeconfig", "--", "python3", "-c", ASK]) == 7, "the command's own exit code"
    out, err = capfd.readouterr()
    port, status = out.split()
    assert (status, err) == ("200", "")
    assert not listens(int(port))
    assert sorted(path.relative_to(lab.folder) for path in lab.folder.rglob("*")) == before, "nothing is left"


def test_two_commands_at_the_same_time_have_a_port_each(lab):
    with cluster.reached(lab) as first, cluster.reached(lab) as second:
        servers = {yaml.safe_load(file.read_text())["clusters"][0]["cluster"]["server"] for file in (first, second)}
        assert len(servers) == 2
        assert all(listens(int(server.rpartition(":")[2])) for server in servers)


def test_the_printed_kubeconfig_says_what_forwards_to_the_api(lab, capfd):
    assert main(["kubeconfig"]) == 0
    out, err = capfd.readouterr()
    assert yaml.safe_load(out)["clusters"][0]["cluster"]["server"] == f"https://127.0.0.1:{lab.api_port}"
    assert err == f"netlab: {cluster.way(lab)}\n"
    assert main(["kubeconfig", "--quiet"]) == 0
    assert capfd.readouterr().err == ""


def test_a_server_that_forwards_nothing_is_named(lab, server, monkeypatch):
    monkeypatch.setattr(access, "api", lambda _: "no such place")
    with pytest.raises(MachineError, match="ssh does not forward to the API on control: ") as caught:
        cluster.reached(lab).__enter__()
    assert "AllowTcpForwarding" in caught.value.hint


def test_hosts_without_a_cluster_are_told_apart(lab, monkeypatch):
    monkeypatch.setattr(cluster, "ADMIN", str(lab.folder / "none"))
    with pytest.raises(NotUp, match="control is no control plane yet"):
        cluster.reached(lab).__enter__()
