"""What the roles write for releases other than Debian 13, and that for that one nothing differs."""

import ast
import json

import pytest
import yaml

from netlab.hosts.releases import RELEASES, variables
from tests.roles.rendering import ROLES, render, template

UNIT = "ExecStart=/usr/sbin/nginx -e stderr -c /etc/nginx/netlab.conf"
OLD_UNIT = "ExecStart=/usr/sbin/nginx -c /etc/nginx/netlab.conf"


def on(release, role, name, **values):
    """A template of a role's as Ansible renders it for a host with this release."""
    return render(role, template(name), "node1", **variables(release), **values)


@pytest.mark.parametrize("release", RELEASES)
def test_the_app_is_started_as_its_nginx_understands(release):
    old = release == "ubuntu_22_04"
    lines = on(release, "app", "netlab-app.service.j2").splitlines()
    assert (OLD_UNIT if old else UNIT) in lines
    assert "LimitNOFILE=65536" in lines
    pod = json.loads(on(release, "pod", "config.json.j2", pod_instance={"name": "app", "address": "10.244.0.2"}))
    options = [] if old else ["-e", "stderr"]
    assert pod["process"]["args"] == ["/usr/sbin/nginx", *options, "-c", "/etc/nginx/netlab.conf"]


@pytest.mark.parametrize("release", RELEASES)
def test_the_plugins_are_spoken_to_in_a_version_that_they_know(release):
    network = json.loads(on(release, "pod_network", "conflist.j2", pod_network_subnet="10.244.0.0/26"))
    assert network["cniVersion"] == ("0.4.0" if release == "ubuntu_22_04" else "1.0.0")


@pytest.mark.parametrize("release", ["debian_13", "ubuntu_22_04"])
def test_a_clusters_app_is_started_as_its_nginx_understands(release):
    text = on(release, "cluster_workload", "workload.yaml.j2", ansible_managed="managed")
    deployment = next(each for each in yaml.safe_load_all(text) if each["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    options = [] if release == "ubuntu_22_04" else ["-e", "stderr"]
    assert container["command"] == ["/usr/sbin/nginx", *options, "-c", "/etc/netlab-app/netlab.conf"]


def programs():
    """Programs in Python that roles have on hosts."""
    files = [file for file in ROLES.glob("*/files/**/*") if file.is_file()]
    return [file for file in files if file.read_bytes().startswith(b"#!/usr/bin/python3")]


@pytest.mark.parametrize("program", programs(), ids=lambda file: file.name)
def test_every_program_is_python_that_the_oldest_release_reads(program):
    ast.parse(program.read_text(), feature_version=(3, 10))


def test_the_programs_are_found():
    assert {"netlab-agent", "netlab-drive", "netlab-pod", "netlab-bpf", "undo", "host-record"} <= {
        program.name for program in programs()
    }
