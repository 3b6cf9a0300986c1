"""What the role ``payload`` believes, and what the other roles make of a payload that does not have everything."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from netlab.hosts import delivery
from tests.roles.rendering import ROLES, render, template

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


@pytest.mark.parametrize(
    ("values", "what", "options", "needs_loop"),
    [
        ({}, "/dev/disk/by-label/netlab-payload", "ro,noatime", False),
        ({"payload_label": "other"}, "/dev/disk/by-label/other", "ro,noatime", False),
        ({"payload_disk_file": delivery.PLACE}, delivery.PLACE, "ro,noatime,loop", True),
    ],
)
def test_a_disk_and_a_file_that_holds_one_are_mounted_at_the_same_place(values, what, options, needs_loop):
    text = render("payload", template("payload.mount.j2"), "node1", **values)
    assert ("After=systemd-modules-load.service\n" in text) is needs_loop
    conditions = [task["when"] for task in tasks("disk") if "loop" in str(task)]
    loads = [render("payload", f"{{{{ {condition} }}}}", "node1", **values) for condition in conditions]
    assert loads == [needs_loop, needs_loop], "at once, and when the host boots"
    assert f"What={what}\nWhere=/var/lib/netlab/payload\nType=ext4\nOptions={options}\n" in text


def test_a_file_that_netlab_sent_wins_over_a_disk_of_others():
    places = {"results": [{"stat": {"exists": False}}, {"stat": {"exists": False}}, {"stat": {"exists": False}}]}
    given = {"payload_places": places, "payload_folder": "/x", "payload_url": "http://x"}
    assert render("payload", "{{ payload_source }}", "node1", payload_disk_file=delivery.PLACE, **given) == "disk"
    assert render("payload", "{{ payload_source }}", "node1", **given) == "folder"
    (check,) = [task["ansible.builtin.assert"] for task in tasks("preflight") if "file is here" in task["name"]]
    condition = f"{{{{ {check['that']} }}}}"
    assert render("payload", condition, "node1", payload_disk_file=delivery.PLACE, **given) is False
    assert render("payload", condition, "node1", **given) is True


def test_what_was_sent_is_removed():
    (undo,) = [task["vars"] for task in tasks("teardown")]
    paths = [render("payload", path, "node1") for path in undo["undo_paths"]]
    assert any(fnmatch(delivery.PLACE, path) for path in paths)
    assert any(fnmatch(f"{delivery.PLACE}.0123456789abcdef", path) for path in paths)
    assert str(Path(delivery.PLACE).with_suffix("")) in paths, "where it was mounted"


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
