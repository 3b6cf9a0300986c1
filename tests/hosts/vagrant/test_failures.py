"""What Vagrant's failures mean: one message each, with an exit code, or another try."""

from pathlib import Path

import pytest

from netlab.errors import BoxError, MachineError, MachineSilent, MissingTool, RequirementError
from netlab.hosts.vagrant import failures, output

DATA = Path(__file__).with_name("data")
BATCH = "An error occurred while executing multiple actions in parallel. Any errors that occurred are shown below. "


@pytest.mark.parametrize(
    ("name", "error", "code"),
    [
        ("box-checksum", BoxError, 10),
        ("box-missing", BoxError, 10),
        ("box-nonsense", BoxError, 10),
        ("provider-missing", MissingTool, 4),
        ("virtualbox-missing", RequirementError, 4),
        ("ssh-config-none", MachineError, 7),
    ],
)
def test_real_failures_have_their_error(name, error, code):
    message = output.failure((DATA / f"{name}.txt").read_text())
    found = failures.error_of(message)
    assert type(found) is error
    assert found.exit_code == code
    assert found.message.startswith("Vagrant failed: ")
    assert failures.transient(message) is None
    assert found.hint or error is MachineError


def test_a_machine_that_never_answers_is_named_so_among_others():
    found = failures.error_of(BATCH + "Timed out while waiting for the machine to boot. This means that Vagrant was")
    assert type(found) is MachineSilent
    assert "boot_timeout_s" in found.hint


@pytest.mark.parametrize(
    "message",
    [
        "Vagrant can't use the requested machine because it is locked! This means that",
        BATCH + "SSH connection was reset! This usually happens when the machine is taking too long to reboot.",
        BATCH + "Guest-specific operations were attempted on a machine that is not ready for guest communication. This",
        BATCH + "please report a bug to the net-ssh project. timeout during server version negotiating",
        'While attempting to connect with SSH, a "no route to host" (EHOSTUNREACH) error was received.',
    ],
)
def test_what_may_be_over_is_tried_again(message):
    assert failures.transient(message)


def test_phrases_are_those_of_the_installed_vagrant():
    """Where Vagrant is installed, its own texts have the words that are looked for."""
    texts = [*Path("/usr/share/rubygems-integration/all/gems").glob("vagrant*/**/locales/en.yml")]
    if not texts:
        pytest.skip("no distribution's Vagrant is installed")
    said = " ".join(" ".join(path.read_text().split()) for path in texts)
    libraries = ("virNetwork", "version negotiating")  # libvirt's and net-ssh's, passed on by Vagrant
    own = [
        words
        for words in (*failures.TRANSIENT, *(known.words for known in failures.KNOWN))
        if not any(part in words for part in libraries)
    ]
    assert [words for words in own if words not in said] == []
