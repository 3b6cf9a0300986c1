"""What a lab remembers of its hosts in a cloud, and how it finds them when it has forgotten."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from netlab.hosts.cloud import record
from netlab.hosts.cloud.cloud import ForeignLab
from netlab.hosts.cloud.cost import Cost
from netlab.hosts.cloud.expired import is_over
from netlab.lab import Lab

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def a_record(**changes):
    base = record.Record(
        provider="ec2",
        lab="abc",
        place="eu-central-1",
        created=NOON,
        expires=NOON + timedelta(hours=8),
        digest="d",
        settings="s",
        cost=Cost(per_hour=0.3, currency="USD", source="a list"),
    )
    return base.model_copy(update=changes)


def test_it_is_read_as_it_was_written(tmp_path):
    lab = Lab(tmp_path)
    lab.state_folder.mkdir()
    assert record.load(lab) is None
    there = a_record(hosts={"client": record.CloudHost(address="198.51.100.1", zone="a")})
    record.save(lab, there)
    assert record.load(lab) == there
    record.remove(lab)
    assert record.load(lab) is None


def old_form(**tables):
    return {**a_record().model_dump(mode="json", exclude={"hosts"}), **tables}


@pytest.mark.parametrize(
    ("tables", "hosts"),
    [
        ({name: {} for name in record.OLD_TABLES}, {}),
        (
            {"addresses": {"client": "198.51.100.1"}, "zones": {"client": "a"}, "releases": {}},
            {"client": record.CloudHost(address="198.51.100.1", zone="a")},
        ),
        (
            {
                "addresses": {"client": "198.51.100.1", "node1": "198.51.100.2"},
                "interfaces": {"client": "ens5", "node1": "ens6"},
                "networkd_files": {"client": "10-netplan-ens5.network", "node1": ""},
                "releases": {"client": "debian_13", "node1": "ubuntu_24_04"},
                "zones": {"client": "a", "node1": "a"},
            },
            {
                "client": record.CloudHost(
                    address="198.51.100.1",
                    zone="a",
                    interface="ens5",
                    networkd_file="10-netplan-ens5.network",
                    release="debian_13",
                ),
                "node1": record.CloudHost(address="198.51.100.2", zone="a", interface="ens6", release="ubuntu_24_04"),
            },
        ),
    ],
    ids=["none made yet", "made", "booted"],
)
def test_what_an_older_netlab_wrote_is_read(tmp_path, tables, hosts):
    lab = Lab(tmp_path)
    lab.state_folder.mkdir()
    record.file_of(lab).write_text(json.dumps(old_form(**tables)))
    assert record.load(lab) == a_record(hosts=hosts)


@pytest.mark.parametrize("text", ["{}", "[]", "null", json.dumps(old_form(addresses={"client": 1}))])
def test_what_cannot_be_read_is_as_good_as_lost(tmp_path, text):
    lab = Lab(tmp_path)
    lab.state_folder.mkdir()
    record.file_of(lab).write_text(text)
    assert record.load(lab) is None


def test_the_id_is_that_of_the_folder(tmp_path):
    one, other = Lab(tmp_path / "one"), Lab(tmp_path / "other")
    assert record.lab_id(one) == record.lab_id(Lab(tmp_path / "x" / ".." / "one"))
    assert record.lab_id(one) != record.lab_id(other)
    assert len(record.lab_id(one)) == record.ID_LENGTH


def test_dates_of_tags_are_read_back():
    assert record.read_stamp(record.stamp(NOON)) == NOON
    assert record.stamp(NOON) == "20260102T120000Z"
    assert record.read_stamp("tomorrow") is None


def test_another_start_does_not_prolong_a_labs_life():
    assert record.lifetime(a_record(), 8) == (NOON, NOON + timedelta(hours=8))
    assert record.lifetime(a_record(), 10) == (NOON, NOON + timedelta(hours=10)), "more hours in netlab.yml do"
    created, expires = record.lifetime(None, 8)
    assert expires - created == timedelta(hours=8)
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)


def test_only_a_lab_that_says_when_it_ends_is_over():
    def lab(expires):
        return ForeignLab("abc", "name", "eu-central-1", NOON, expires)

    assert is_over(lab(NOON), NOON + timedelta(seconds=1))
    assert not is_over(lab(NOON), NOON)
    assert not is_over(lab(None), NOON)
