"""What EC2's errors mean: one sentence, one exit code, what to do next."""

import pytest

from netlab.errors import CloudCapacity, CloudError, CloudLogin, CloudQuota, ConfigError
from netlab.hosts.cloud.cloud import Failure, ForeignLab
from netlab.hosts.cloud.ec2 import Ec2
from netlab.hosts.cloud.record import read_stamp
from netlab.spec.ec2 import Ec2Spec

EC2 = Ec2(Ec2Spec(region="eu-central-1"))


def said(code, message, item=""):
    if code:
        message = (
            f"Failed to run instances: An error occurred ({code}) when calling the RunInstances operation: {message}"
        )
    return EC2.error(Failure("Make the hosts", item, code, message))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ExpiredToken", CloudLogin),
        ("InvalidClientTokenId", CloudLogin),
        ("AuthFailure", CloudLogin),
        ("UnauthorizedOperation", CloudLogin),
        ("VcpuLimitExceeded", CloudQuota),
        ("InstanceLimitExceeded", CloudQuota),
        ("MaxSpotInstanceCountExceeded", CloudQuota),
        ("VpcLimitExceeded", CloudQuota),
        ("InsufficientInstanceCapacity", CloudCapacity),
        ("SpotMaxPriceTooLow", CloudCapacity),
        ("Unsupported", CloudCapacity),
        ("InvalidParameterValue", ConfigError),
        ("InvalidAMIID.NotFound", ConfigError),
        ("SomethingNew", CloudError),
    ],
)
def test_a_code_has_its_meaning(code, kind):
    error = said(code, "these are EC2's words", "node1")
    assert type(error) is kind
    assert error.message.startswith("node1: EC2 in eu-central-1: RunInstances: these are EC2's words")
    assert error.hint or "in the step 'Make the hosts'" in error.message


@pytest.mark.parametrize(
    ("message", "kind", "hint"),
    [
        ("Failed to retrieve caller identity: Unable to locate credentials", CloudLogin, "aws sts get-caller-identity"),
        ("Could not connect to the endpoint URL: https://sts.eu-moon-1.amazonaws.com/", CloudError, "ec2.region"),
        ("no image debian-99-* of the owner 1 is there", ConfigError, "ec2.image_name"),
    ],
)
def test_what_has_no_code_is_told_by_its_words(message, kind, hint):
    error = said("", message)
    assert type(error) is kind
    assert hint in error.hint


def test_labs_are_read_from_the_tags_of_their_networks():
    tags = {"netlab:lab": "abc", "netlab:name": "mine", "netlab:expires": "20260102T120000Z", "Name": "netlab-abc"}
    (lab,) = EC2.labs({"labs": [[tags, "eu-west-1"]]})
    assert lab == ForeignLab("abc", "mine", "eu-west-1", None, read_stamp("20260102T120000Z"))


def test_any_region_is_asked_for_the_others():
    assert Ec2(Ec2Spec()).variables("")["region"] == "us-east-1"
    assert EC2.variables("eu-west-1")["region"] == "eu-west-1", "where the hosts are, whatever netlab.yml says by now"
    assert "jump" not in EC2.variables("")
