"""What the role ``payload`` believes, and what the other roles make of a payload that does not have everything."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.roles.rendering import ROLES, render

SUM = "a" * 64


def tasks(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load((ROLES / "payload" / "tasks" / f"{name}.yml").read_text())


@pytest.mark.parametrize(
    ("values", "known"),
    [
        ({"payload_url": "http://x"}, False),
        ({"payload_url": "http://x", "payload_index_sha256": "abc"}, False),
        ({"payload_url": "http://x", "payload_index_sha256": SUM[:-1] + "G"}, False),
        ({"payload_url": "http://x", "payload_index_sha256": SUM}, True),
        ({"payload_url": "http://x", "payload_folder": "/x"}, True),
        ({}, True),
    ],
)
def test_who_serves_a_payload_does_not_vouch_for_it(values, known):
    places = {"results": [{"stat": {"exists": False}}, {"stat": {"exists": True}}]}
    (check,) = [task["ansible.builtin.assert"] for task in tasks("preflight") if "index_sha256" in str(task)]
    condition = f"{{{{ {check['that']} }}}}"
    assert render("payload", condition, "node1", payload_places=places, **values) is known
    if not known:
        said = render("payload", check["fail_msg"], "node1", payload_places=places, **values)
        assert said.startswith("payload_url is set, but payload_index_sha256 is ")
        assert "sha256sum index.json" in said


def test_the_index_is_compared_before_anything_of_it_is_read():
    steps = tasks("url")
    modules = [next(key for key in task if key.startswith("ansible.builtin.")) for task in steps]
    fetch = modules.index("ansible.builtin.get_url")
    assert steps[fetch]["ansible.builtin.get_url"]["checksum"] == "sha256:{{ payload_index_sha256 }}"
    assert modules[:fetch] == ["ansible.builtin.file"]


@pytest.mark.parametrize(
    ("images", "ignored"),
    [(["coredns/coredns:v1", "kube-proxy:v1"], []), (["coredns/coredns:v1"], ["ImagePull"]), ([], ["ImagePull"])],
)
def test_kubeadm_does_not_insist_on_images_of_phases_that_are_skipped(images, ignored):
    index = {"kubernetes": {"images": {f"registry.k8s.io/{image}": {"path": "x"} for image in images}}}
    assert render("kubeadm_control", "{{ kubeadm_control_ignored }}", "control", payload_index=index) == ignored


@pytest.mark.parametrize("version", ["1.20.2", "v1.20.2", ""])
def test_the_version_of_kubernetes_may_be_written_as_it_is_tagged(version):
    (check,) = [
        task for task in yaml.safe_load((ROLES / "kubernetes/tasks/preflight.yml").read_text()) if "loop" in task
    ]
    condition = next(demand["ok"] for demand in check["loop"] if "kubernetes_wanted" in demand["ok"])
    for held, fits in (("1.20.2", True), ("1.36.4", version == "")):
        index = {"kubernetes": {"version": held}}
        assert render("kubernetes", condition, "node1", kubernetes_version=version, payload_index=index) is fits
