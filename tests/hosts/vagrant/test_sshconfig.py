"""Where machines answer, as Vagrant says it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import MachineError
from netlab.hosts.vagrant import sshconfig

DATA = Path(__file__).with_name("data")
ONE = "Host client\n  HostName 192.0.2.7\n  User vagrant\n  Port 22\n  IdentityFile /key\n"


def test_a_real_one():
    found = sshconfig.parse((DATA / "ssh-config.txt").read_text())
    assert list(found) == ["client", "node1"]
    client = sshconfig.of(found, "client")
    assert (client.user, client.port) == ("vagrant", 22)
    assert client.address.startswith("192.168.121.")
    assert client.key == Path("/home/me/lab/.vagrant/machines/client/libvirt/private_key")


def test_a_path_with_spaces_and_two_keys():
    text = ONE.replace("/key", '"/home/me/my lab/key"') + '  IdentityFile "/other"\n'
    assert sshconfig.parse(text)["client"].key == Path("/home/me/my lab/key")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ONE.replace("  User vagrant\n", ""), "how client is entered: User is missing"),
        (ONE.replace("Port 22", "Port none"), "how client is entered: invalid literal"),
        (ONE.replace("Port 22", "Port 70000"), "how client is entered: 70000 is no port"),
    ],
)
def test_what_is_missing_is_named(text, words):
    with pytest.raises(MachineError, match=words):
        sshconfig.parse(text)


def test_a_machine_that_vagrant_does_not_name():
    with pytest.raises(MachineError, match="does not say how node9 is entered"):
        sshconfig.of(sshconfig.parse(ONE), "node9")


@given(st.text() | st.lists(st.sampled_from(ONE.splitlines()), max_size=12).map("\n".join))
def test_any_text_is_read_or_refused(text):
    try:
        found = sshconfig.parse(text)
    except MachineError as error:
        assert error.message.startswith("Vagrant does not say how ")  # noqa: PT017 - either is an answer
    else:
        assert all(0 < login.port < 65_536 for login in found.values())
