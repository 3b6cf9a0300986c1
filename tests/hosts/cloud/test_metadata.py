"""Hosts say whether they reach the metadata service, which has their private keys."""

import subprocess

import pytest

from netlab.errors import CloudError
from netlab.hosts.cloud import metadata

LISTEN = "import socket, subprocess; s = socket.create_server(('169.254.169.254', 80)); subprocess.run(['sh', '-s'])"
"""A service that hears what a script sends, in Python."""


class Remote:
    """Hosts that answer as the test says."""

    def __init__(self, **answers) -> None:
        self._answers = answers

    def ask(self, script, failure):
        assert script == metadata.SCRIPT
        return self._answers


def test_hosts_that_do_not_reach_it_may_be_used():
    metadata.check(Remote(client="", node1="some words of a login\n"))


def test_those_that_do_are_named():
    with pytest.raises(CloudError, match="node1, node2: the metadata service still answers") as caught:
        metadata.check(Remote(client="", node1=metadata.REACHED, node2=f"{metadata.REACHED}\n"))
    assert caught.value.exit_code == 15
    assert caught.value.hint


@pytest.mark.real
@pytest.mark.parametrize("there", [True, False])
def test_the_script_tells_a_service_from_none(there):
    """In a network of its own."""
    run = f'python3 -c "{LISTEN}"' if there else "sh -s"
    inside = f"ip link set lo up; ip address add 169.254.169.254/32 dev lo; {run}"
    wrap = ["unshare", "--map-root-user", "--net", "sh", "-c", inside]
    done = subprocess.run(wrap, input=metadata.SCRIPT, capture_output=True, text=True, check=False, timeout=60)
    if "unshare" in done.stderr:
        pytest.skip(f"no namespaces here: {done.stderr}")
    assert (metadata.REACHED in done.stdout) == there, done.stderr
