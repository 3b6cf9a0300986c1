"""A payload on its way to hosts that are really entered: SSH servers of the test's own, each with its own folder."""

import os
import socket
import threading

import pytest

from netlab.artifacts import payload
from netlab.errors import ArtifactMissing, HostUnsuitable, MachineError
from netlab.hosts import delivery
from netlab.hosts.delivery import Delivery
from netlab.hosts.remote import RemoteHosts
from netlab.lab import Lab
from netlab.progress import Reporter
from tests.hosts.sshd import Server, needs_sshd

pytestmark = [pytest.mark.real, needs_sshd]

CONTENT = os.urandom(3_000_000)
PARTS = {"control": "control", "node1": "node", "node2": "node", "client": "client"}


@pytest.fixture
def servers(tmp_path, monkeypatch):
    """Four hosts; the shell of each puts its own place where the others have theirs."""
    monkeypatch.setattr(delivery, "PLACE", "$HOST_FOLDER/netlab/payload.ext4")
    found = {}
    for name in PARTS:
        folder = tmp_path / name
        folder.mkdir()
        found[name] = Server(folder, HOST_FOLDER=str(folder))
        found[name].start(found[name].host_key)
    yield found
    for server in found.values():
        server.stop()


@pytest.fixture
def remote(tmp_path, servers):
    lab = Lab(tmp_path / "my lab")
    lab.logs.mkdir(parents=True)
    hosts = tuple(servers[name].host(name=name, part=part) for name, part in PARTS.items())
    lab.write_access(hosts)
    return RemoteHosts(lab, hosts, Reporter())


def made(folder, content=CONTENT):
    """A payload of the cache, with its record."""
    folder.mkdir(exist_ok=True)
    (folder / "new").write_bytes(content)
    payload._publish(folder / "new", folder / "p.ext4")
    return folder / "p.ext4"


def place(servers, name):
    return servers[name].folder / "netlab" / "payload.ext4"


def received(servers):
    """The hosts that have it, and nothing half of it."""
    there = {name for name in PARTS if place(servers, name).is_file()}
    assert all([path.name for path in place(servers, name).parent.iterdir()] == ["payload.ext4"] for name in there)
    assert all(place(servers, name).read_bytes() == CONTENT for name in there)
    return there


@pytest.fixture
def sent(monkeypatch):
    """Which hosts were sent something by this machine."""
    names = []
    original = Delivery._sent

    def note(self, host):
        names.append(host.name)
        return original(self, host)

    monkeypatch.setattr(Delivery, "_sent", note)
    return names


def test_it_is_sent_once_and_handed_on_and_never_again(servers, remote, sent, tmp_path):
    place(servers, "node1").parent.mkdir()
    place(servers, "node1").write_bytes(b"of another lab's, long ago")
    (place(servers, "node1").parent / "payload.ext4.0123456789abcdef").write_bytes(b"half of yet another")
    source = made(tmp_path / "payloads")
    Delivery(remote, source).deliver()
    assert received(servers) == {"control", "node1", "node2"}, "the client needs none"
    assert sent == ["control"]
    before = {name: place(servers, name).stat().st_mtime_ns for name in received(servers)}

    Delivery(remote, source).deliver()
    assert {name: place(servers, name).stat().st_mtime_ns for name in before} == before
    assert len(sent) == 1


def test_one_that_is_damaged_is_found_and_comes_again_from_another_host(servers, remote, sent, tmp_path):
    source = made(tmp_path / "payloads")
    Delivery(remote, source).deliver()
    damaged = bytearray(CONTENT)
    damaged[1_000_000] ^= 1
    place(servers, "node2").chmod(0o644)
    place(servers, "node2").write_bytes(damaged)
    Delivery(remote, source).deliver()
    assert received(servers) == {"control", "node1", "node2"}
    assert len(sent) == 1, "by this machine, once in all"


def test_what_has_come_is_not_sent_again(servers, remote, tmp_path, monkeypatch):
    source = made(tmp_path / "payloads")
    digest = payload.content_of(source).sha256
    half = place(servers, "control").with_name(f"payload.ext4.{digest[:16]}")
    half.parent.mkdir()
    half.write_bytes(CONTENT[:2_000_000])
    offsets = []
    original = Delivery._program
    monkeypatch.setattr(
        Delivery, "_program", lambda self, verb, *words: offsets.append((verb, words)) or original(self, verb, *words)
    )
    Delivery(remote, source).deliver()
    assert ("take", (2_000_000,)) in offsets
    assert received(servers) == {"control", "node1", "node2"}


def test_what_came_before_and_is_wrong_is_sent_from_its_beginning(servers, remote, sent, tmp_path):
    source = made(tmp_path / "payloads")
    half = place(servers, "control").with_name(f"payload.ext4.{payload.content_of(source).sha256[:16]}")
    half.parent.mkdir()
    half.write_bytes(bytes(2_000_000))
    Delivery(remote, source).deliver()
    assert sent == ["control", "control"]
    assert received(servers) == {"control", "node1", "node2"}


def test_hosts_that_cannot_reach_each_other_are_sent_it_each(servers, remote, sent, tmp_path):
    """They come from other addresses than those that the holder gives it to."""
    addresses = {"node1": "127.0.0.2", "node2": "127.0.0.3"}
    hosts = tuple(
        host.model_copy(update={"lab_address": addresses.get(host.name, "127.0.0.1")}) for host in remote.hosts
    )
    Delivery(RemoteHosts(remote.lab, hosts, Reporter()), made(tmp_path / "payloads")).deliver()
    assert received(servers) == {"control", "node1", "node2"}
    assert sent == ["control", "node1", "node2"]


def test_where_no_room_is_left_nothing_is_sent(servers, remote, sent, tmp_path, monkeypatch):
    source = made(tmp_path / "payloads")
    original = Delivery._ask

    def full(self, hosts, verb, *words):
        said = original(self, hosts, verb, *words)
        return {name: answers | ({"free": "1000000"} if name == "node2" else {}) for name, answers in said.items()}

    monkeypatch.setattr(Delivery, "_ask", full)
    with pytest.raises(HostUnsuitable, match=r"node2 has 977 KiB left in /var/lib/netlab, but the payload needs 2.9"):
        Delivery(remote, source).deliver()
    assert sent == []
    assert received(servers) == set()


def test_a_host_where_it_does_not_arrive_is_named(servers, remote, tmp_path):
    servers["control"].folder.joinpath("netlab").write_text("a file where the folder should be")
    with pytest.raises(MachineError, match=r"control did not receive the payload: .*netlab"):
        Delivery(remote, made(tmp_path / "payloads")).deliver()


def test_a_host_that_is_lost_meanwhile_is_named_and_what_has_come_is_kept(servers, remote, tmp_path, monkeypatch):
    source = made(tmp_path / "payloads")
    original = RemoteHosts.command

    def cut(self, host, *words):
        command = original(self, host, *words)
        return ["sh", "-c", 'head -c 1000000 | "$@"; exit 255', "sh", *command] if "take" in words else command

    monkeypatch.setattr(RemoteHosts, "command", cut)
    with pytest.raises(MachineError, match="control was lost while it received the payload") as caught:
        Delivery(remote, source).deliver()
    assert "what has come of it is kept" in caught.value.hint
    monkeypatch.undo()
    monkeypatch.setattr(delivery, "PLACE", "$HOST_FOLDER/netlab/payload.ext4")
    (half,) = place(servers, "control").parent.iterdir()
    assert half.read_bytes() == CONTENT[:1_000_000]
    Delivery(remote, source).deliver()
    assert received(servers) == {"control", "node1", "node2"}


def test_nobody_serves_it_any_more_afterwards(servers, remote, tmp_path):
    urls = []
    work = Delivery(remote, made(tmp_path / "payloads"))
    work._send(remote.hosts[0])
    with work._served(remote.hosts[0], remote.hosts[1:2]) as url:
        urls.append(url)
        port = int(url.split(":")[2].split("/")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as peer:
            peer.sendall(b"GET /etc/passwd HTTP/1.0\r\n\r\n")
            assert peer.recv(100).startswith(b"HTTP/1.0 404 ")
    ended = threading.Event()
    for _ in range(100):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)):
                break
        ended.wait(0.1)
    else:
        pytest.fail("it is still served")


def test_a_payload_that_was_removed_just_now_is_an_error_of_its_own(remote, tmp_path):
    with pytest.raises(ArtifactMissing, match="was removed or changed just now"):
        Delivery(remote, tmp_path / "gone.ext4")
