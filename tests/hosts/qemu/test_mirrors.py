"""Where packages come from: the host's own mirrors, as its apt names them."""

from datetime import UTC, datetime

import pytest

from netlab.errors import NetlabError
from netlab.hosts.qemu import mirrors
from netlab.proc import Outcome

OWN = """Debian trixie http://mirror.invalid/debian/
Debian trixie-updates http://mirror.invalid/updates/
Debian trixie-security http://mirror.invalid/security/
Another trixie http://another.invalid/
Debian

"""


@pytest.fixture
def host(monkeypatch):
    """A host whose apt answers as it is told; None: it has no apt."""

    def answers(text):
        def run(command, **_):
            assert command[0] == "apt-get"
            if text is None:
                raise NetlabError("there is no apt-get")
            return Outcome(
                argv=tuple(command), exit_code=0, stdout=text, stderr="", started=datetime.now(UTC), seconds=0.1
            )

        monkeypatch.setattr(mirrors.proc, "run", run)

    return answers


def test_a_suite_is_taken_from_the_hosts_mirrors_whatever_its_own_is(host):
    host(OWN)
    assert mirrors.sources("bookworm") == [
        "deb http://mirror.invalid/debian/ bookworm main",
        "deb http://mirror.invalid/updates/ bookworm-updates main",
        "deb http://mirror.invalid/security/ bookworm-security main",
    ]


def test_backports_are_beside_the_suite(host):
    host(OWN)
    assert mirrors.backports("bookworm") == ["deb http://mirror.invalid/debian/ bookworm-backports main"]


@pytest.mark.parametrize("text", [None, "", "Another noble http://another.invalid/\n"])
def test_a_host_that_knows_no_mirror_of_debian_leaves_it_to_mmdebstrap(host, text):
    host(text)
    assert (mirrors.sources("trixie"), mirrors.backports("trixie")) == ([], [])
