"""Whether hosts of a lab can talk to anybody outside it: they try, and a listener on this machine notices."""

import contextlib
import json
import socket
from collections.abc import Iterator

import pytest

ASK = """
import errno, json, socket, sys
answers = {}
for address, port in json.loads(sys.argv[1]):
    peer = socket.socket()
    peer.settimeout(5)
    try:
        peer.connect((address, port))
        answers[address] = "connected"
    except socket.timeout:
        answers[address] = "silence"
    except OSError as error:
        answers[address] = errno.errorcode[error.errno]
asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asked.settimeout(5)
try:
    asked.sendto(bytes.fromhex("0001010000010000000000000161000001 0001".replace(" ", "")), ("10.0.2.3", 53))
    asked.recv(512)
    answers["dns"] = "connected"
except OSError:
    answers["dns"] = "silence"
print(json.dumps(answers))
"""

THIS_MACHINE, NAME_SERVER, ELSEWHERE = "10.0.2.2", "10.0.2.3", "192.0.2.1"
"""The first two are QEMU's names for this machine; the third is nobody's (TEST-NET-1)."""


@contextlib.contextmanager
def listener() -> Iterator[socket.socket]:
    """Listen on 127.0.0.1 only, which is what a guest would reach as 10.0.2.2."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


def ask(netlab, host: str, server: socket.socket, namespace: str = "") -> dict[str, str]:
    """Have a host, or one of its network namespaces, try to leave; what became of each attempt."""
    places = json.dumps([[THIS_MACHINE, server.getsockname()[1]], [NAME_SERVER, 53], [ELSEWHERE, 80]])
    program = f"python3 -IS - '{places}'"
    inside = f"ip netns exec {namespace} {program}" if namespace else program
    done = netlab("ssh", host, "--", inside, input=ASK)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(answers: dict[str, str], server: socket.socket) -> None:
    """Nobody was reached, and nobody came, not even with a packet whose answer found no way back."""
    assert set(answers) == {THIS_MACHINE, NAME_SERVER, ELSEWHERE, "dns"}
    assert "connected" not in answers.values(), answers
    with contextlib.suppress(BlockingIOError):
        server.accept()[0].close()
        pytest.fail(f"a host has reached a listener on this machine: {answers}")
