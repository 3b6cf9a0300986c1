"""Lists of roles that name images and snapshots are those of the playbooks; an image that changed is not taken."""

import json
import os
import re

import pytest
import yaml

from netlab import assets
from netlab.hosts.qemu import bake, image
from netlab.inputs import CLUSTER_ROLES
from netlab.progress import Reporter
from tests.cache.factories import make_image


def roles_of(playbook):
    """Every role that a playbook applies, in whole or in part."""
    plays = yaml.safe_load(assets.playbook(playbook).read_text())
    tasks = [task for play in plays for task in play.get("tasks", ())]
    named = {use["role"] for play in plays for use in play.get("roles", ())}
    included = {
        name for task in tasks for name in (task["ansible.builtin.include_role"]["name"], *task.get("loop", ()))
    }
    return {name for name in named | included if re.fullmatch(r"[a-z_]+", name)}


@pytest.mark.parametrize("recipe", [image.DATAPATH, image.CLUSTER], ids=["datapath", "cluster"])
def test_a_recipe_names_every_role_of_its_playbook(recipe):
    assert set(recipe.roles) == roles_of(recipe.playbook)


def test_a_cluster_is_named_by_every_role_of_its_playbook():
    assert set(CLUSTER_ROLES) == roles_of("cluster")


def swap(folder):
    (folder / "kernel").rename(folder / "x")
    (folder / "initrd").rename(folder / "kernel")
    (folder / "x").rename(folder / "initrd")


def edit(folder, **changes):
    place = folder / "image.json"
    place.write_text(json.dumps({**json.loads(place.read_text()), **changes}))


DAMAGE = {
    "a file is missing": (lambda folder: (folder / "initrd").unlink(), "initrd is missing"),
    "a file is truncated": (lambda folder: os.truncate(folder / "disk.raw", 3), "disk.raw has 3 bytes instead of 9"),
    "a file is empty": (lambda folder: os.truncate(folder / "kernel", 0), "kernel has 0 bytes instead of 7"),
    "files are swapped": (swap, "the content of initrd has changed"),
    "no record": (lambda folder: (folder / "image.json").unlink(), "image.json is missing, unreadable"),
    "a half record": (lambda folder: os.truncate(folder / "image.json", 30), "image.json is missing, unreadable"),
    "no JSON": (lambda folder: (folder / "image.json").write_bytes(b"\xff"), "image.json is missing, unreadable"),
    "a record of an earlier netlab": (
        lambda folder: (folder / "image.json").write_text('{"key": "k", "kernel_version": "6.12"}'),
        "of another version of netlab",
    ),
    "another image's record": (lambda folder: edit(folder, key="other"), "image.json describes another image"),
    "a record of other files": (lambda folder: edit(folder, files={}), "image.json describes another image"),
}


@pytest.mark.parametrize(("change", "message"), DAMAGE.values(), ids=DAMAGE)
def test_an_image_that_changed_is_not_taken_but_baked_again_with_a_warning(tmp_path, monkeypatch, change, message):
    folder = make_image(tmp_path).disk.parent
    change(folder)
    assert image.find(image.DATAPATH, tmp_path) is None
    assert message in image.damage(folder)
    warnings = []
    progress = Reporter()
    progress.warn = warnings.append
    again = []
    monkeypatch.setattr(bake, "_bake", lambda *_: again.append(1) or make_image(tmp_path, key="fresh"))
    bake.bake(image.DATAPATH, tmp_path, progress)
    assert again
    assert len(warnings) == 1
    assert message in warnings[0]
    assert warnings[0].endswith("it is baked again")


def test_an_image_that_is_as_it_was_is_taken(tmp_path, monkeypatch):
    made = make_image(tmp_path)
    monkeypatch.setattr(bake, "_bake", lambda *_: pytest.fail("baked again"))
    assert bake.bake(image.DATAPATH, tmp_path, Reporter()) == made
    os.utime(made.disk, (1, 1))
    assert image.find(image.DATAPATH, tmp_path) == made, "it was copied, and is the same"


def test_the_digest_is_that_of_the_contents(tmp_path):
    first, second, other = (
        make_image(tmp_path / name, content=content) for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2"))
    )
    assert first.digest == second.digest
    assert len(first.digest) == 64
    assert first.digest != other.digest
    assert first.key == other.key


def test_an_image_of_empty_files_is_not_kept(tmp_path):
    for name in ("bake.log", "user", "user.pub", "host", "host.pub", "known_hosts", "disk.raw", "initrd", "kernel"):
        (tmp_path / name).write_text("" if name == "initrd" else "x")
    with pytest.raises(bake.ImageError, match="left nothing in the image's file 'initrd'"):
        bake._finish(tmp_path, "key")
