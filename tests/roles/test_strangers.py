"""What hosts know of the way out of a lab."""

import re

import pytest
import yaml

from tests.roles.rendering import ROLES, render, template


@pytest.mark.parametrize(
    ("values", "networks"),
    [
        ({"groups": {"client": ["client"], "node": ["node1"]}}, ["10.244.0.0/16", "10.96.0.0/16"]),
        ({}, ["10.244.0.0/16"]),  # of a cluster: its services need a route before kube-proxy's rules see a packet
    ],
    ids=["hosts", "cluster"],
)
def test_packets_for_pods_and_services_do_not_leave_by_the_default_route(values, networks):
    assert render("base", "{{ base_unreachable }}", "node1", **values) == networks
    text = render("base", template("unreachable.network.j2"), "node1", **values)
    assert re.findall(r"Destination=(\S+)\nType=unreachable", text) == networks


def test_an_image_gets_no_such_route_as_it_does_not_know_what_its_hosts_will_be():
    tasks = yaml.safe_load((ROLES / "base" / "tasks" / "main.yml").read_text())
    (writes,) = [task for task in tasks if task.get("register") == "base_nowhere"]
    assert render("base", f"{{{{ {writes['when']} }}}}", "node1", netlab_baking=True) is False
    assert render("base", f"{{{{ {writes['when']} }}}}", "node1") is True


@pytest.mark.parametrize("routed", [False, True])
def test_the_interface_for_ssh_leads_out_only_where_it_is_asked_to(routed):
    text = render("image", template("mgmt.network.j2"), "node1", image_default_route=routed)
    assert "UseGateway=no" in text
    assert ("Gateway=10.0.2.2" in text) == routed
