"""``netlab image``: what it writes and prints, and what it refuses before minutes of work."""

import pytest

from netlab.__main__ import main
from netlab.hosts.qemu import bake, export, image
from tests.cache.factories import make_image


@pytest.fixture
def baked(tmp_path, monkeypatch):
    """Baking, without the minutes; which recipe it was asked for."""
    asked = []

    def quickly(recipe, *_):
        asked.append(recipe)
        return make_image(tmp_path / "cache")

    monkeypatch.setattr(bake, "bake", quickly)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return asked


def test_raw_is_written_with_a_name_that_tells_its_recipe(baked, tmp_path, capsys):
    assert main(["image", "--format", "raw"]) == 0
    (recipe,) = baked
    assert (recipe.login, recipe.playbook) == ("cloud-init", "disk")
    path = tmp_path / f"netlab-datapath-{recipe.key}.raw"
    assert path.exists()
    digest = export.checksum_file(path).read_text().split()[0]
    assert capsys.readouterr().out == f"{path}\nsha256 {digest}\n"


def test_a_box_says_how_vagrant_gets_it(baked, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(export._WRITERS, "box", lambda disk, made: made.write_text("a box"))
    monkeypatch.setattr(export, "require_tools", lambda _: None)
    assert main(["image", "--format", "box", "--stack", "kubeadm", "--output", "own.box"]) == 0
    assert baked == [image.recipe_of("kubeadm", "vagrant")]
    *_, last = capsys.readouterr().out.splitlines()
    assert last.startswith("vagrant box add --name netlab-kubeadm --checksum-type sha256 --checksum ")
    assert last.endswith(str(tmp_path / "own.box"))


def test_what_is_there_is_kept_and_nothing_is_baked(baked, tmp_path, capsys):
    (tmp_path / "own.raw").write_text("mine")
    assert main(["image", "--format", "raw", "--output", "own.raw"]) == 2
    assert "--force overwrites it" in capsys.readouterr().err
    assert (tmp_path / "own.raw").read_text() == "mine"
    assert baked == []
    assert main(["image", "--format", "raw", "--output", "own.raw", "--force"]) == 0
    assert (tmp_path / "own.raw").read_text() != "mine"


def test_a_format_must_be_said(baked, capsys):
    assert main(["image"]) == 2
    assert main(["image", "--format", "iso"]) == 2
    assert "did you mean" in capsys.readouterr().err or baked == []
