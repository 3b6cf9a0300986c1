"""Every provider has a name that the command line, netlab.yml and the registry agree on."""

from typing import get_args

import pytest

from netlab.cli import options
from netlab.errors import ConfigError
from netlab.hosts.provider import ParallelFleets, Rebuilds, Remote, Snapshots
from netlab.hosts.registry import PROVIDERS, provider_of
from netlab.lab import Lab
from netlab.progress import Reporter
from netlab.spec.lab import LabSpec, Provider


def test_all_know_the_same_providers_in_the_same_order():
    assert tuple(PROVIDERS) == get_args(Provider) == options.PROVIDERS


@pytest.mark.parametrize("name", PROVIDERS)
def test_netlab_yml_may_name_each_of_them(name):
    assert LabSpec.model_validate({"provider": name}).provider == name


@pytest.mark.parametrize("name", sorted(set(PROVIDERS) - {"qemu"}))
def test_foreign_hosts_are_on_the_real_clock_and_of_one_fleet(name, tmp_path):
    provider = provider_of(Lab(tmp_path), LabSpec(provider=name), Reporter())
    assert provider.clock == "real"
    assert not isinstance(provider, ParallelFleets)
    assert isinstance(provider, Remote), "they are sent the payload"
    assert not any(tmp_path.iterdir()), "to be asked, it writes nothing"


def test_only_hosts_that_netlab_emulates_have_snapshots(tmp_path):
    kept = [name for name in PROVIDERS if isinstance(_made(name, tmp_path), Snapshots)]
    assert "qemu" in kept
    assert "ssh" not in kept
    assert not isinstance(_made("qemu", tmp_path), Remote), "their payload is a disk"


def test_all_that_netlab_makes_can_be_made_anew(tmp_path):
    assert {name for name in PROVIDERS if not isinstance(_made(name, tmp_path), Rebuilds)} == {"ssh"}


def _made(name, folder):
    return provider_of(Lab(folder), LabSpec(provider=name), Reporter())


def test_a_name_from_another_version_is_refused(tmp_path):
    spec = LabSpec().model_copy(update={"provider": "moon"})
    with pytest.raises(ConfigError, match="of the provider 'moon', which this version of netlab does not have"):
        provider_of(Lab(tmp_path), spec, Reporter())
