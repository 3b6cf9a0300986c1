"""What only a real machine does: it panics, it keeps silent, three of them share an Ethernet."""

import gc
import json

import pytest

from netlab.errors import MachinePanicked, MachineSilent
from netlab.hosts.qemu import boot
from netlab.hosts.qemu.fleet import Fleet
from netlab.hosts.qemu.provider import QemuProvider
from netlab.lab import Lab
from netlab.progress import Reporter
from netlab.spec.lab import LabSpec
from tests import strangers
from tests.conftest import Command, wait_until
from tests.paths import ALL_AT_ONCE

pytestmark = [
    pytest.mark.vm,
    pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning"),  # a machine outlives its maker
]


@pytest.fixture
def provider(tmp_path):
    """A provider of the real image; its machines have ended after the test."""
    lab = Lab(tmp_path)
    lab.state_folder.mkdir()
    lab.create()
    provider = QemuProvider(lab, LabSpec(clock="virtual"), Reporter())
    yield provider
    provider.down()
    gc.collect()  # any complaint about a process that still runs belongs here, where it is expected


def test_a_kernel_that_panics_is_quoted(provider, tmp_path):
    empty = tmp_path / "initrd"
    empty.write_bytes(bytes(512))
    (machine,) = provider.fleet.machines
    machine.config = machine.config.model_copy(update={"initrd": empty})  # nothing in it knows how to find a disk
    boot.write_keys(provider.lab, provider.hosts()[0])
    provider.fleet.start(None)
    wait_until(lambda: not provider.fleet.running, seconds=100, what="the panic")
    with pytest.raises(MachinePanicked, match=r"machine 'fleet' exited unexpectedly: .*Kernel panic") as caught:
        provider.check()
    assert "Kernel panic" in caught.value.log.read_text(errors="replace")


def test_a_machine_that_does_not_answer_is_named_and_none_is_left(provider, monkeypatch):
    monkeypatch.setattr("netlab.hosts.qemu.guests.BOOT_TIMEOUT_S", 2.0)
    monkeypatch.setattr(Fleet, "tags", lambda _: set())
    with pytest.raises(MachineSilent, match="client did not answer to SSH within 2 s") as caught:
        provider.prepare()
    assert caught.value.log == provider.fleet.machines[0].console
    provider.down()
    assert not provider.running()
    assert caught.value.log.is_file(), "what the machine said outlives it"


def test_on_the_real_clock_each_host_is_a_machine_of_its_own(netlab):
    done = netlab("up", "--stack", "datapath", "--profile", "calico-ipip", "--clock", "real")
    assert done.returncode == 0, done.stderr
    assert len(netlab.machines()) == 3
    assert json.loads(netlab("status", "--json").stdout)["clock"] == "real"
    boots = {netlab("ssh", host, "--", "cat", "/proc/sys/kernel/random/boot_id").stdout for host in ("node1", "node2")}
    assert len(boots) == 2
    fetch = "import urllib.request; print(len(urllib.request.urlopen('http://10.10.0.12:30080/').read()))"
    assert netlab("ssh", "client", "--", f'python3 -c "{fetch}"').stdout.strip() == "1024"
    with strangers.listener() as server:
        for host, namespace in (("client", ""), ("node1", ""), ("node1", "app")):
            strangers.check(strangers.ask(netlab, host, server, namespace), server)
    assert netlab("down").returncode == 0
    assert not netlab.machines()


def test_a_lab_never_talks_to_strangers(netlab):
    done = netlab("up", "--stack", "datapath", "--profile", "calico-ipip", "--clock", "virtual")
    assert done.returncode == 0, done.stderr
    with strangers.listener() as server:
        for host, namespace in (("client", ""), ("node1", ""), ("node1", "app")):
            answers = strangers.ask(netlab, host, server, namespace)
            strangers.check(answers, server)
            assert answers[strangers.ELSEWHERE] == "ENETUNREACH", "at once, and not by a time-out"


def test_a_lab_and_a_cache_may_have_awkward_names(tmp_path):
    """A bake, a boot, two resumed snapshots, Ansible, a proof and SSH, all below one folder."""
    place = tmp_path / ALL_AT_ONCE
    (place / "lab").mkdir(parents=True)
    netlab, cache = Command(place / "lab"), str(place / "cache")
    try:
        done = netlab("up", "--stack", "datapath", "--profile", "baseline-vm", timeout=1700, XDG_CACHE_HOME=cache)
        assert done.returncode == 0, done.stderr
        assert netlab("ssh", "node1", "--", "hostname").stdout.strip() == "node1"
        assert list((place / "cache" / "netlab" / "fleets").glob("*/baseline-vm-*/fleet/state"))
    finally:
        netlab("down")
    assert not netlab.machines()
