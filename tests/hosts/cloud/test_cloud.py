"""What all clouds do alike."""

import pytest

from netlab.errors import ConfigError
from netlab.hosts.cloud.cloud import ForeignLab
from netlab.hosts.registry import PROVIDERS
from netlab.spec.lab import LabSpec

CLOUDS = [name for name, provider in PROVIDERS.items() if provider.cloud]
WORDS = {"lab": "abc", "name": "lab" + "x" * 300, "created": "20260102T120000Z", "expires": "20260102T200000Z"}


@pytest.fixture(params=CLOUDS)
def cloud(request):
    return PROVIDERS[request.param].cloud(LabSpec(provider=request.param))


def test_it_is_called_as_its_provider(cloud):
    assert PROVIDERS[cloud.name].cloud(LabSpec(provider=cloud.name)) == cloud


def test_a_section_without_what_hosts_need_is_refused(cloud):
    with pytest.raises(ConfigError, match=f"{cloud.name}\\..* is needed to make hosts"):
        cloud.check()


def test_tags_are_read_as_they_were_written_but_for_what_is_too_long(cloud):
    tags = cloud.tags(WORDS)
    assert all(key.startswith(cloud.prefix) for key in tags)
    found = ForeignLab.of(tags, cloud.prefix, "here")
    assert (found.lab, found.name[:4]) == ("abc", "labx")
    assert (found.expires - found.created).total_seconds() == 8 * 3600


def test_only_hosts_that_need_something_run_something_at_first_boot(cloud):
    script = cloud.first_boot("10.10.0.10", ["10.10.0.11"])
    assert (script is None) == (cloud.mtu == 0)


def test_plays_are_told_what_hosts_are_made_from_and_nothing_of_the_way_to_them(cloud):
    told = cloud.variables("")
    assert "root_gib" in told or "image" in told
    assert "jump" not in told
