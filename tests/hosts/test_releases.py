"""What hosts may run, and what differs there: every name that a role installs or masks is known for each release."""

import pytest
import yaml

from netlab import assets
from netlab.hosts import packages
from netlab.hosts.releases import KERNEL_FACT, RELEASES, release_of, variables
from netlab.hosts.releases import packages as packages_of
from netlab.model.host import groups_of

FILES = sorted(assets.group_variables().glob("*.yml"))
DEFAULTS = {
    role: yaml.safe_load((assets.roles() / role / "defaults" / "main.yml").read_text()) or {}
    for role in packages.roles()
    if (assets.roles() / role / "defaults" / "main.yml").exists()
}


def role_of(variable):
    """The role whose input a variable is, by the longest name that it begins with."""
    return max((role for role in DEFAULTS if variable.startswith(f"{role}_")), key=len)


@pytest.mark.parametrize(
    ("said", "release"),
    [
        ("debian 12", "debian_12"),
        ("debian 13", "debian_13"),
        ("ubuntu 22.04", "ubuntu_22_04"),
        ("ubuntu 24.04", "ubuntu_24_04"),
        ("debian ", ""),
        ("debian 11", ""),
        ("ubuntu 26.04", ""),
        ("linuxmint 22", ""),
        ("", ""),
        ("{{ 1 }}", ""),
    ],
)
def test_a_release_is_known_by_what_os_release_says(said, release):
    assert release_of({"distribution": said}) == release


def test_a_host_that_says_nothing_runs_nothing_that_is_known():
    assert release_of({}) == ""
    assert groups_of("") == ()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_is_one_of_a_release_or_of_a_distribution(file):
    assert file.stem in {group for release in RELEASES for group in groups_of(release)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_changes_inputs_of_roles_and_says_nothing_that_is_the_default(file):
    for name, value in yaml.safe_load(file.read_text()).items():
        default = DEFAULTS[role_of(name)][name]
        assert type(value) is type(default), name
        assert value != default, name


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("role", packages.roles())
def test_every_package_of_every_role_has_a_name(role, release):
    names = packages_of(role, release)
    assert len(set(names)) == len(names)
    for name in names:
        rest = name.replace(KERNEL_FACT, "")
        assert rest, name
        assert set(rest) <= set("abcdefghijklmnopqrstuvwxyz0123456789.+-"), name
    assert bool(names) == bool(DEFAULTS.get(role, {}).get(f"{role}_packages"))


@pytest.mark.parametrize("release", ["debian_12", "debian_13"])
def test_the_names_of_the_roles_are_debians(release):
    assert variables(release) == {}
    assert packages_of("benchmark", release) == tuple(DEFAULTS["benchmark"]["benchmark_packages"])


def test_perf_and_bpftool_are_those_of_ubuntus_running_kernel():
    for role in ("benchmark", "bpf_service"):
        debians, ubuntus = set(packages_of(role, "debian_13")), set(packages_of(role, "ubuntu_24_04"))
        assert ubuntus - debians == {f"linux-tools-{KERNEL_FACT}"}
        assert debians - ubuntus <= {"bpftool", "linux-perf"}


def test_the_older_ubuntu_has_what_the_newer_has_and_more():
    assert variables("ubuntu_22_04").items() >= variables("ubuntu_24_04").items()
    assert set(variables("ubuntu_22_04")) - set(variables("ubuntu_24_04")) == {
        "app_nginx_options",
        "cluster_workload_nginx_options",
        "pod_network_cni_version",
        "pod_nginx_options",
    }


@pytest.mark.parametrize("release", RELEASES)
def test_every_unit_that_is_masked_is_given_back(release):
    masked = variables(release).get("base_masked_units", DEFAULTS["base"]["base_masked_units"])
    assert set(masked) >= set(DEFAULTS["base"]["base_masked_units"])
    assert set(masked) <= set(DEFAULTS["host_record"]["host_record_units"])
