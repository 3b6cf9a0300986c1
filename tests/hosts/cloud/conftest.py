"""A lab on EC2's API, whose hosts are entered by an ssh that says yes to everything: no host is behind an address."""

import os

import pytest

from netlab.hosts.cloud.requirements import missing
from tests.conftest import Command
from tests.hosts.cloud.ec2_api import Ec2Api
from tests.hosts.ssh_program import SUITABLE

NETLAB_YML = """provider: ec2
profiles: [baseline-vm]
ec2:
  region: eu-central-1
  ssh_from: [203.0.113.7/32]
"""


def entered(interface, mtu):
    """Return a program in ssh's place that lets everybody in, and says what a host says of itself."""
    return f"""#!/bin/sh
cat <<'END'
{SUITABLE}END
for number in 10 11 12; do echo "address 10.10.0.$number={interface}"; done
echo mtu {interface}={mtu}; echo networkd {interface}=/etc/systemd/network/20-lab.network; echo time=$(date +%s.%N)
"""


YES = entered("ens5", 1500)


@pytest.fixture(scope="session")
def ec2(tmp_path_factory):
    """EC2's API; the tests that share it have labs of their own."""
    if wanting := missing("ec2"):
        pytest.skip(f"{wanting} is not installed")
    api = Ec2Api(tmp_path_factory.mktemp("ec2"))
    yield api
    api.stop()


class CloudLab(Command):
    """Drives the real command in a folder with a lab on EC2."""

    def __init__(self, folder, api, monkeypatch) -> None:
        super().__init__(folder)
        self.api = api
        folder.mkdir()
        (folder / "netlab.yml").write_text(NETLAB_YML)
        for name, value in {**api.environment, "HOME": str(folder)}.items():
            monkeypatch.setenv(name, value)

    def found(self) -> dict[str, list]:
        """Return all that the account has, by kind, of whatever lab; what a region has from the start is left out."""
        client = self.api.client("eu-central-1")
        reservations = client.describe_instances()["Reservations"]
        instances = [each for one in reservations for each in one["Instances"] if each["State"]["Name"] != "terminated"]
        vpcs = [each for each in client.describe_vpcs()["Vpcs"] if not each["IsDefault"]]
        inside = [{"Name": "vpc-id", "Values": [each["VpcId"] for each in vpcs] or ["none"]}]
        return {
            "instances": instances,
            "volumes": client.describe_volumes()["Volumes"],
            "interfaces": client.describe_network_interfaces()["NetworkInterfaces"],
            "templates": client.describe_launch_templates()["LaunchTemplates"],
            "placement groups": client.describe_placement_groups()["PlacementGroups"],
            "key pairs": client.describe_key_pairs()["KeyPairs"],
            "addresses": client.describe_addresses()["Addresses"],
            "security groups": [
                each for each in client.describe_security_groups()["SecurityGroups"] if each["GroupName"] != "default"
            ],
            "route tables": client.describe_route_tables(Filters=inside)["RouteTables"],
            "subnets": client.describe_subnets(Filters=inside)["Subnets"],
            "gateways": client.describe_internet_gateways()["InternetGateways"],
            "vpcs": vpcs,
        }

    def left(self) -> dict[str, list]:
        """Return what is there, without the kinds of which there is nothing."""
        return {kind: things for kind, things in self.found().items() if things}


@pytest.fixture
def cloud_lab(tmp_path, ec2, monkeypatch):
    """A lab on EC2; after the test nothing of it is left, nor of any other."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ssh").write_text(YES)
    (tmp_path / "bin" / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    lab = CloudLab(tmp_path / "lab", ec2, monkeypatch)
    yield lab
    ec2.mend()
    for child in lab.children:
        child.kill()
        child.communicate(timeout=60)
    lab("down")
