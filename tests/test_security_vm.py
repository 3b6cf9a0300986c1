"""What strangers can do to a lab's hosts: from a pod, from the lab's network, as another user, with the agent's key."""

import json

import pytest

from netlab.lab import Lab

pytestmark = pytest.mark.vm

KEY = "/etc/netlab/agent/id_ed25519"
SSH = "ssh -F /dev/null -oBatchMode=yes -oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null -oLogLevel=ERROR"
NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups"
FROM_POD = "nsenter --net=/run/netns/client"
SCAN = """python3 -c '
import socket
found = []
for port in (*range(1, 1025), 7411, 10250, 30080):
    with socket.socket() as peer:
        peer.settimeout(20)
        if peer.connect_ex((\"{0}\", port)) == 0:
            found.append(port)
print(*found)
'"""


class Attacker:
    """Runs commands on a lab's hosts."""

    def __init__(self, netlab) -> None:
        self.netlab = netlab
        self.address = {host.name: host.lab_address for host in Lab(netlab.folder).hosts()}

    def on(self, host, command, **options):
        return self.netlab("ssh", host, "--", command, **options)

    def listeners(self, host, inside=""):
        """(protocol, port) of every socket that waits for strangers."""
        lines = self.on(host, f"{inside} ss -Hltun").stdout.splitlines()
        return {(line.split()[0], int(line.split()[4].rpartition(":")[2])) for line in lines}


@pytest.fixture
def attacker(netlab):
    done = netlab("up", "--profile", "calico-ipip", "--stack", "datapath")
    assert done.returncode == 0, done.stderr
    return Attacker(netlab)


def nothing_but_ssh_and_the_app_listens(attacker):
    mine = {("tcp", 22), ("udp", 68)}  # the second is the DHCP client's, on the way in of netlab's own SSH
    for host in attacker.address:
        assert attacker.listeners(host) <= mine
        assert ("tcp", 22) in attacker.listeners(host)
    assert attacker.listeners("node1", "nsenter --net=/run/netns/app") == {("tcp", 80)}


def a_scan_from_a_pod_and_from_the_lab_finds_no_more(attacker):
    scan = SCAN.format(attacker.address["node1"])
    for host, inside in (("node2", FROM_POD), ("client", NOBODY)):
        assert attacker.on(host, f"{inside} {scan}").stdout.split() == ["22", "30080"], host


def nobody_enters_without_the_key(attacker):
    into = f"{SSH} root@{attacker.address['node1']} true"
    with_key = f"{SSH} -i {KEY} root@{attacker.address['node1']} true"
    tries = (
        ("node2", f"{FROM_POD} {into}", "a pod"),
        ("client", f"{NOBODY} {into}", "another user of the client"),
        ("client", f"{NOBODY} {with_key}", "another user, who cannot read the key"),
        ("node2", with_key, "another host than the client, with the client's key"),
    )
    for host, command, who in tries:
        done = attacker.on(host, command)
        assert done.returncode == 255, who
        assert "Permission denied" in done.stderr, who
    read = attacker.on("client", f"{NOBODY} sh -c 'cat {KEY} /sys/firmware/qemu_fw_cfg/by_name/opt/netlab/*/raw'")
    assert read.returncode != 0
    assert read.stdout == ""


def the_key_starts_the_agent_and_nothing_else(attacker):
    into = f"{SSH} -i {KEY} root@{attacker.address['node1']}"
    requests = (
        "cat /etc/shadow",
        "run sh",
        "run trace p:netlab/own do_sys_openat2 path=+0($arg2):ustring",
        'run trace {"probes": {"own": "p:netlab/own do_sys_openat2"}, "events": {}}',
        "run perf 99 --output=/etc/passwd",
        "run wrk ../../etc http://127.0.0.1/",
    )
    for request in requests:
        done = attacker.on("client", f"{into} cat /etc/shadow", input=f"{request}\n")
        (line,) = done.stdout.splitlines()
        assert "unknown request" in json.loads(line)["error"], request
    for options, what in (("-W 127.0.0.1:22", "a forwarded port"), ("-s sftp", "files")):
        done = attacker.on("client", f"{into} {options}", input="")
        assert "SSH-" not in done.stdout, what
        assert not done.stdout or "error" in done.stdout, what
    lua = "run wrk client http://127.0.0.1/ 1 /tmp/own.lua '{}'"
    done = attacker.on("client", f"{SSH} -i {KEY} root@{attacker.address['node2']}", input=f"{lua}\n")
    assert "netlab-drive: " in done.stdout.splitlines()[1]


def the_driver_leaves_no_connection(attacker):
    assert attacker.netlab("prove").returncode == 0
    assert attacker.on("client", "ls /run/netlab/ssh").stdout == ""
    assert attacker.on("client", "pgrep -x ssh").returncode == 1
    assert attacker.on("node1", "pgrep -f netlab-agent$").returncode == 1


def test_strangers_find_nothing(attacker):
    nothing_but_ssh_and_the_app_listens(attacker)
    a_scan_from_a_pod_and_from_the_lab_finds_no_more(attacker)
    nobody_enters_without_the_key(attacker)
    the_key_starts_the_agent_and_nothing_else(attacker)
    the_driver_leaves_no_connection(attacker)
