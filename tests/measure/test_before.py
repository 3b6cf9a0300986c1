"""`netlab doctor --bench`: the real command's work on hosts and plays that are stand-ins."""

import json
import re
import time
from pathlib import Path

import pytest

from netlab import workflow
from netlab.__main__ import main
from netlab.errors import NotUp
from netlab.hosts.remote import RemoteHosts
from netlab.lab import Lab
from netlab.progress import Reporter
from netlab.samples.look import parse_look
from netlab.spec.lab import LabSpec
from tests.measure.test_again import RealHosts, Stolen
from tests.standins import GOLDEN, Hosts, made_by, played_by

LOOK = (GOLDEN / "look.txt").read_text(encoding="utf-8")
"""A busy machine's."""
QUIET = LOOK.replace("cpu  1237121 674739 231959 467057", "cpu  1236651 674723 231940 467567")


class RealNodes(RealHosts):
    def kernels(self):
        return (("client",), ("node1",), ("node2",))


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Lab(tmp_path)


@pytest.fixture
def said(monkeypatch):
    """What each host says when it is asked how it is."""
    found = dict.fromkeys(("client", "node1", "node2"), QUIET)

    def ask(self, *_):
        return {host.name: re.sub(r"@clock\n.*", f"@clock\n{time.time()}", found[host.name]) for host in self.hosts}

    monkeypatch.setattr(RemoteHosts, "ask", ask)
    return found


def up(monkeypatch, lab, hosts, provider):
    made_by(monkeypatch, hosts, provider)
    plays = played_by(monkeypatch, Stolen(hosts))
    plays.sample = lambda place, *told: Stolen.sample(plays, Path(place.parent, f"r01-{place.name}"), *told)
    workflow.up(lab, LabSpec(provider=provider), "ipvlan-l2", Reporter())
    plays.clear()
    return plays


def looked(lab, provider):
    return {one.name: one for one in workflow.look_before(lab, LabSpec(provider=provider), Reporter())}


def test_the_text_is_a_quiet_machines():
    assert parse_look(QUIET, (0, 3)).cpu.idle > 400


def test_quiet_hosts_break_nothing_and_a_sample_of_each_path_is_thrown_away(monkeypatch, lab, said):
    plays = up(monkeypatch, lab, RealNodes(), "ssh")
    found = looked(lab, "ssh")
    assert plays == ["bench"]
    assert all(one.ok and not one.needed for one in found.values()), found
    assert {"host-load", "throttling", "errors", "steal", "lost-ticks", "littles-law"} <= set(found)
    assert "machine-load" not in found, "what runs netlab is not what hosts elsewhere lie on"
    assert found["steal"].message.endswith("(limit: more than 1\N{NARROW NO-BREAK SPACE}%)")
    assert not list(lab.runs.glob("*"))


def test_what_is_wrong_is_named_with_number_host_and_hint(monkeypatch, lab, said):
    plays = up(monkeypatch, lab, RealNodes(), "ssh")
    said["node2"] = LOOK
    plays.stolen[1, "pod-ip"] = 1
    found = looked(lab, "ssh")
    assert [name for name, one in found.items() if not one.ok] == ["host-load", "steal"]
    assert found["host-load"].value == pytest.approx(99.4, abs=0.1)
    assert "99.4\N{NARROW NO-BREAK SPACE}% on node2" in found["host-load"].message
    assert "pod-ip: 24.5\N{NARROW NO-BREAK SPACE}% on node1" in found["steal"].message
    assert found["steal"].hint.startswith("Give the lab fewer processors")


def test_a_sample_that_cannot_be_used_is_a_warning(monkeypatch, lab, said):
    plays = up(monkeypatch, lab, RealNodes(), "ssh")
    plays.failing[1, "pod-ip"] = 1
    errors = looked(lab, "ssh")["errors"]
    assert (errors.ok, errors.value) == (False, None)
    assert "pod-ip: no request was answered" in errors.message


def test_on_the_virtual_clock_the_machine_below_is_not_looked_at(monkeypatch, lab, said):
    up(monkeypatch, lab, Hosts(), "qemu")
    found = looked(lab, "qemu")
    assert found["machine"].ok
    assert "not looked at" in found["machine"].message
    assert not {"steal", "frequency", "throttling", "clock-skew", "machine-load"} & set(found)
    assert found["host-load"].ok


def test_without_hosts_only_the_machine_is_looked_at(monkeypatch, lab, capsys):
    made_by(monkeypatch, RealHosts(), "qemu")
    assert main(["doctor", "--bench", "--json"]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert (found["machine-load"]["unit"], found["machine-load"]["limit"]) == ("%", 10)
    assert 0 <= found["machine-load"]["value"] <= 100
    assert found["hosts"]["hint"] == "netlab up --profile NAME, then again"
    assert not lab.state_folder.exists()
    assert main(["doctor", "--bench"]) == 0
    assert "note    hosts: not looked at" in capsys.readouterr().out


def test_hosts_that_are_gone_or_were_booted_again_have_no_profile(monkeypatch, lab, said):
    hosts = RealNodes()
    up(monkeypatch, lab, hosts, "ssh")
    hosts.booted += 1
    with pytest.raises(NotUp, match="no profile is applied"):
        looked(lab, "ssh")
