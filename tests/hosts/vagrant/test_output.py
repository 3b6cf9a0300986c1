"""What Vagrant 2.3.4 and vagrant-libvirt 0.11.2 really wrote, read; and whatever else may stand there."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.hosts.vagrant import output

DATA = Path(__file__).with_name("data")


def golden(name):
    return (DATA / f"{name}.txt").read_text()


def test_states_by_machine():
    assert output.states(golden("status")) == {"client": "not_created", "node1": "not_created"}


def test_boxes_with_what_they_are_for():
    assert output.boxes(golden("box-list")) == {("netlab-datapath", "libvirt")}
    assert output.boxes(golden("box-list-none")) == set()


def test_plugins_with_their_versions():
    assert output.plugins(golden("plugin-list")) == {"vagrant-libvirt": "0.11.2"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("box-checksum", "did not match the expected value. Please verify"),
        ("box-missing", "Couldn't open file /home/me/lab/netlab-missing.box"),
        ("box-nonsense", "The box failed to unpackage properly."),
        ("provider-missing", "The provider 'parallels' could not be found, but was requested"),
        ("virtualbox-missing", "is reporting that it isn't usable on this system."),
        ("ssh-config-none", "it is not yet ready for SSH."),
    ],
)
def test_a_failure_is_one_line_with_its_commas(name, words):
    message = output.failure(golden(name))
    assert words in message
    assert "\n" not in message
    assert "VAGRANT_COMMA" not in message


def test_no_failure_where_there_is_none():
    assert output.failure(golden("status")) is None
    assert output.failure("") is None


def test_what_happens_to_each_machine():
    shown = list(output.tasks(golden("up")))
    assert ("client", "Waiting for domain to get an IP address...") in shown
    assert ("node1", "Starting domain.") in shown
    assert {machine for machine, _ in shown} == {"client", "node1"}
    assert not [text for _, text in shown if text.startswith("==>")]


def test_warnings_between_the_lines_are_none():
    noise = "/usr/lib/ruby/x.rb:3: warning: already initialized constant A,B,C\n"
    assert output.states(noise + golden("status")) == output.states(golden("status"))


@given(st.text())
def test_any_text_is_read(text):
    for read in (output.states, output.boxes, output.plugins, output.failure, lambda t: list(output.tasks(t))):
        read(text)


LINES = st.lists(
    st.tuples(
        st.sampled_from(["", "client", "node1"]),
        st.sampled_from(["state", "ui", "error-exit", "box-name", "box-provider", "plugin-version"]),
        st.lists(st.text(st.characters(blacklist_characters="\n\r,\\%", blacklist_categories=("Cs", "Cc", "Zl", "Zp"))),
                 max_size=3),
    )
)  # fmt: skip


@given(LINES)
def test_lines_come_back_as_they_were_written(lines):
    text = "\n".join(f"17,{machine},{','.join([kind, *data])}" for machine, kind, data in lines)
    assert [(line.machine, line.kind, list(line.data)) for line in output.parse(text)] == lines
    for read in (output.states, output.boxes, output.plugins, output.failure):
        read(text)


def test_machines_that_a_failure_of_several_names():
    message = output.failure(golden("up"))
    assert output.failed_machines(message) == ["client"]
    assert "timeout during server version negotiating" in message
    assert output.failed_machines("something else") == []
