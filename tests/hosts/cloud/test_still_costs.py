"""An error that leaves hosts in a cloud says that they cost money."""

import sys

import pytest

from netlab.errors import AnsibleFailed
from netlab.hosts.cloud import record
from netlab.hosts.registry import still_costs
from netlab.lab import Lab
from netlab.progress import LinesSink, Reporter
from netlab.provision.opening import opened
from netlab.spec.lab import LabSpec
from tests.hosts.cloud.test_record import a_record


def test_hosts_in_a_cloud_are_told_of_with_their_price(tmp_path):
    lab = Lab(tmp_path)
    lab.state_folder.mkdir()
    assert still_costs(lab) == ""
    record.save(lab, a_record())
    assert "(ec2, eu-central-1) are still there: about 0.30 USD an hour" in still_costs(lab)
    assert still_costs(lab).endswith("'netlab down' removes them")


def test_a_role_that_fails_leaves_them_there_and_says_so(tmp_path, capsys):
    lab = Lab(tmp_path)
    lab.state_folder.mkdir()
    record.save(lab, a_record())
    spec = LabSpec(provider="ec2", ec2={"region": "eu-central-1", "ssh_from": ["203.0.113.7"]})
    progress = Reporter(LinesSink(sys.stderr, details=False))
    with pytest.raises(AnsibleFailed), opened(lab, spec, progress, []):
        raise AnsibleFailed("a task failed")
    assert "warning: hosts in the cloud (ec2, eu-central-1) are still there" in capsys.readouterr().err
