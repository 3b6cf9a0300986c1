"""Hosts in a cloud as a provider, before any of them is made and when removing them goes wrong."""

import dataclasses

import pytest

from netlab.errors import CloudError, CloudLeftover, CloudLogin, ConfigError, Interrupted
from netlab.hosts.cloud import keys, provider, record
from netlab.hosts.cloud.ec2 import Ec2
from netlab.hosts.cloud.hcloud import Hcloud
from netlab.hosts.cloud.openstack import Openstack
from netlab.hosts.cloud.provider import CloudProvider, remove_lab
from netlab.lab import Lab, LabState
from netlab.progress import Reporter
from netlab.spec.lab import LabSpec
from tests.hosts.cloud.test_record import a_record

EC2 = {"region": "eu-central-1", "ssh_from": ["203.0.113.7"]}


class Account:
    """An ``Api`` that answers as the test says."""

    def __init__(self, *answers) -> None:
        self.cloud = Ec2(LabSpec(provider="ec2", ec2=EC2).ec2)
        self.played = []
        self._answers = list(answers)

    def play(self, name, place, variables):
        self.played.append((name, place, variables["netlab_lab"]))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer


@pytest.fixture
def make(tmp_path, monkeypatch):
    monkeypatch.setattr(provider, "PAUSE_S", 0)
    lab = Lab(tmp_path)
    lab.state_folder.mkdir()
    lab.create()

    def with_answers(*answers, ec2=EC2):
        spec = LabSpec(provider="ec2", ec2=ec2)
        made = CloudProvider(Ec2(spec.ec2), lab, spec, Reporter())
        made._api = Account(*answers)
        return made

    return with_answers


NOTHING = {"found": {"instance": []}, "left": {"instance": [], "network": []}}
LEFT = {"found": {}, "left": {"instance": [], "network": ["vpc-1"]}}


def test_the_plan_names_hosts_cost_and_end(make):
    made, cost, end = make(NOTHING).outline()
    assert made.startswith("make the hosts client, node1, node2 (EC2, eu-central-1: c7i.large)")
    assert cost.startswith("cost: about 0.33 USD an hour")
    assert "after 8 h, 'netlab down --expired'" in end


@pytest.mark.parametrize("act", ["outline", "start"])
def test_what_is_missing_is_said_before_anything_is_made(make, act):
    unfinished = make(NOTHING, ec2={"region": "eu-central-1"})
    with pytest.raises(ConfigError, match=r"ec2\.ssh_from is needed"):
        getattr(unfinished, act)()
    assert unfinished._api.played == []


def test_before_they_are_made_there_are_no_hosts(make):
    assert make(NOTHING).hosts() == ()
    assert not make(NOTHING).running()
    assert make(NOTHING).kernels() == (("client",), ("node1",), ("node2",))


@pytest.mark.parametrize(
    ("cloud", "mtus", "found"),
    [
        (Ec2(None), {"client": 1500, "node1": 1450, "node2": 1500}, [1500, 1450, 1500]),
        (Ec2(None), {}, [1500] * 3),
        (Hcloud(None), {}, [1450] * 3),
        (Openstack(None), {}, [1500] * 3),
        (Openstack(None), {"client": 1442, "node1": 1442, "node2": 1442}, [1442] * 3),
    ],
)
def test_hosts_have_the_mtu_that_was_read_or_else_the_clouds(make, tmp_path, cloud, mtus, found):
    made = make(NOTHING)
    made._cloud = dataclasses.replace(cloud, section=made._cloud.section)
    names = ("client", "node1", "node2")
    known = a_record(hosts={name: record.CloudHost(address="198.51.100.1", mtu=mtus.get(name, 0)) for name in names})
    for name in names:
        keys.host_key(Lab(tmp_path), name)
    record.save(Lab(tmp_path), known)
    assert [host.mtu for host in made.hosts()] == found


def test_down_asks_the_cloud_and_not_the_memory(make, tmp_path):
    forgotten = make(NOTHING)
    forgotten.down()
    assert forgotten._api.played == [("down", "eu-central-1", record.lab_id(Lab(tmp_path)))]


def test_down_needs_a_place_to_look_in(make):
    with pytest.raises(ConfigError, match="not known any more"):
        make(NOTHING, ec2={}).down()


def test_all_is_removed_until_nothing_is_found(make):
    stubborn = make(LEFT, LEFT, NOTHING)
    stubborn.down()
    assert len(stubborn._api.played) == 3


def test_what_stays_is_named(make):
    with pytest.raises(CloudLeftover, match=r"may cost money: network vpc-1") as caught:
        remove_lab(Account(LEFT), "abc", "eu-central-1")
    assert caught.value.exit_code == 15


def test_what_was_made_before_an_error_is_removed(make, tmp_path):
    unlucky = make(CloudError("no"), NOTHING)
    with pytest.raises(CloudError) as caught:
        unlucky.start()
    assert [name for name, *_ in unlucky._api.played] == ["up", "down"]
    assert caught.value.hint == "what was made is removed again"
    assert record.load(Lab(tmp_path)) is None


def test_what_cannot_be_removed_is_said_to_cost_money(make, tmp_path):
    unlucky = make(CloudError("no", hint="do this"), CloudLogin("expired"))
    with pytest.raises(CloudError) as caught:
        unlucky.start()
    assert caught.value.hint.startswith(
        "do this; what was made could not be removed and COSTS MONEY: run 'netlab down'"
    )
    assert record.load(Lab(tmp_path)) is not None, "or nobody would know where to look"


def test_without_credentials_there_is_nothing_to_remove(make, tmp_path):
    stranger = make(CloudLogin("no credentials"))
    with pytest.raises(CloudLogin) as caught:
        stranger.start()
    assert caught.value.hint.startswith("nothing was made")
    assert record.load(Lab(tmp_path)) is None


def test_what_was_made_before_something_was_not_allowed_is_removed(make, tmp_path):
    guest = make(CloudLogin("may make networks, but no hosts"), NOTHING)
    with pytest.raises(CloudLogin) as caught:
        guest.start()
    assert [name for name, *_ in guest._api.played] == ["up", "down"]
    assert caught.value.hint == "what was made is removed again"
    assert record.load(Lab(tmp_path)) is None


def test_who_interrupts_is_told_too(make, tmp_path):
    hurried = make(Interrupted("interrupted"), NOTHING)
    with pytest.raises(Interrupted):
        hurried.start()
    assert [name for name, *_ in hurried._api.played] == ["up", "down"]


def test_hosts_that_were_worked_with_are_not_removed_by_an_error(make, tmp_path):
    known = make(CloudError("no"))
    record.save(Lab(tmp_path), _complete(known))
    with pytest.raises(CloudError) as caught:
        known.start()
    assert [name for name, *_ in known._api.played] == ["up"]
    assert "costs money until 'netlab down' removes it" in caught.value.hint
    assert record.load(Lab(tmp_path)).complete


def _complete(made):
    created, expires = record.lifetime(None, 8)
    return record.Record(
        provider="ec2",
        lab="abc",
        place="eu-central-1",
        created=created,
        expires=expires,
        digest="another",
        settings="",
        cost=made._cloud.cost([]),
        complete=True,
    )


def test_hosts_of_another_build_are_removed_and_those_of_this_one_stay(make):
    provider = make(NOTHING)
    lab = provider._lab
    record.save(lab, a_record())
    lab.save_state(LabState(provider="ec2", clock="real", stack="datapath", build="run.2"))
    assert provider.rebuilt("run.2") is provider
    assert provider._api.played == []
    assert provider.rebuilt("run.3") is provider
    assert [name for name, *_ in provider._api.played] == ["down"]
    assert (record.load(lab), lab.load_state()) == (None, None)
