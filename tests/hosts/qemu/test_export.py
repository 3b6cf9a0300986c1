"""Files that leave netlab: their formats, their checksums, and what keeps them from being written."""

import hashlib
import json
import shutil
import stat
import subprocess
import tarfile

import pytest

from netlab.errors import ImageError, MissingTool, NoSpace, UsageError
from netlab.hosts.qemu import box, export, image, virtualbox
from netlab.hosts.qemu.image import Image


@pytest.fixture
def baked(tmp_path):
    folder = tmp_path / "baked"
    folder.mkdir()
    with (folder / "disk.raw").open("wb") as disk:
        disk.write(b"boots" * 1000)
        disk.truncate(3 << 30)
    names = {"disk": folder / "disk.raw", "kernel": folder / "kernel", "initrd": folder / "initrd"}
    return Image(key="k", kernel_version="6.12", digest="d", **names)


def sums(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_names_tell_what_a_file_was_made_by():
    key = image.recipe_of("datapath", "vagrant").key
    assert export.file_name("box", "datapath", key) == f"netlab-datapath-{key}.box"
    assert export.file_name("virtualbox", "kubeadm", "k") == "netlab-kubeadm-k.virtualbox.box"
    keys = {recipe.key for recipe in image.recipes()}
    assert len(keys) == 6, "what lets others in is another image"


def test_only_a_box_lets_everyone_in_who_has_vagrant():
    assert {kind for kind, login in export.LOGINS.items() if login == "vagrant"} == {"box", "virtualbox"}
    assert "cloud-init" in image.recipe_of("datapath", "cloud-init").packages
    assert "cloud-init" not in image.recipe_of("datapath", "vagrant").packages


def test_raw_is_the_disk_and_as_sparse(baked, tmp_path):
    made = export.export(baked, "raw", tmp_path / "out.raw")
    assert made.path.stat().st_size == 3 << 30
    assert made.path.stat().st_blocks * 512 < 1 << 20
    with made.path.open("rb") as file:
        assert file.read(5000) == b"boots" * 1000
    assert export.checksum_file(made.path).read_text() == f"{made.sha256}  out.raw\n"
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o644


@pytest.mark.real
def test_a_box_holds_what_vagrant_expects(baked, tmp_path):
    made = export.export(baked, "box", tmp_path / "out.box")
    assert made.sha256 == sums(made.path)
    subprocess.run(["sha256sum", "--check", "--status", "out.box.sha256"], cwd=tmp_path, check=True)
    with tarfile.open(made.path) as archive:
        assert archive.getnames() == ["metadata.json", "Vagrantfile", "box.img"]
        metadata = json.load(archive.extractfile("metadata.json"))
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert metadata == {"provider": "libvirt", "format": "qcow2", "virtual_size": 3}
    info = subprocess.run(
        ["qemu-img", "info", "--output=json", tmp_path / "unpacked" / "box.img"], capture_output=True, check=True
    )
    assert json.loads(info.stdout)["format"] == "qcow2"
    again = export.export(baked, "box", tmp_path / "again.box")
    assert again.sha256 == made.sha256, "the same disk is the same box"


@pytest.mark.real
def test_nothing_of_an_interrupted_export_is_left(baked, tmp_path, monkeypatch):
    def broken(*_):
        raise ImageError("broken")

    monkeypatch.setattr(box, "pack", broken)
    with pytest.raises(ImageError, match="broken"):
        export.export(baked, "box", tmp_path / "out.box")
    assert {path.name for path in tmp_path.iterdir()} == {"baked"}


def test_what_is_there_is_overwritten_only_with_force(tmp_path):
    there = tmp_path / "out.box"
    there.touch()
    with pytest.raises(UsageError, match=r"out\.box is there already"):
        export.require_place(there, force=False)
    export.require_place(there, force=True)
    with pytest.raises(UsageError, match="is a folder"):
        export.require_place(tmp_path, force=True)
    with pytest.raises(UsageError, match="there is no folder"):
        export.require_place(tmp_path / "none" / "out.box", force=False)


def test_too_little_space_is_said_with_how_much(baked, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 30, 1 << 30, 1 << 20))
    with pytest.raises(NoSpace, match=r"the file needs up to 64 MiB in .* but 1 MiB are free"):
        export.export(baked, "raw", tmp_path / "out.raw")


@pytest.mark.parametrize(("kind", "tool"), [("box", "qemu-img"), ("qcow2", "qemu-img"), ("virtualbox", "VBoxManage")])
def test_a_missing_tool_is_said_before_anything_is_made(tmp_path, monkeypatch, kind, tool):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("netlab.proc._SBIN", str(tmp_path))
    if tool == "VBoxManage":
        (tmp_path / "qemu-img").touch(mode=0o755)
    with pytest.raises(MissingTool, match=f"the program '{tool}' is not installed"):
        export.require_tools(kind)


PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> "$(dirname "$0")/calls"
case "$1 $*" in
  *--output*) for word; do
    case "$word" in *.ovf) echo ovf > "$word"; echo disk > "${word%.ovf}-disk001.vmdk";; esac
  done;;
  storageattach*) [ ! -e "$(dirname "$0")/fail" ] || exit 1;;
esac
"""


@pytest.fixture
def manage(tmp_path, monkeypatch):
    """A VBoxManage that notes what it is told; the real one has not been tried (docs/vagrant.md)."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("VBoxManage", "qemu-img"):
        (folder / name).write_text(PROGRAM)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def test_a_box_for_virtualbox_is_exported_by_its_own_tool(baked, tmp_path, manage):
    made = export.export(baked, "virtualbox", tmp_path / "out.box")
    with tarfile.open(made.path) as archive:
        assert archive.getnames() == ["metadata.json", "Vagrantfile", "box.ovf", "box-disk001.vmdk"]
        assert json.load(archive.extractfile("metadata.json")) == {"provider": "virtualbox"}
        assert b"config.vm.base_mac" in archive.extractfile("Vagrantfile").read()
    calls = [line.split()[:2] for line in (manage / "calls").read_text().splitlines()]
    assert [words[1] for words in calls if words[0] == "VBoxManage"] == [
        "createvm",
        "modifyvm",
        "storagectl",
        "storageattach",
        "export",
        "unregistervm",
    ]


def test_no_machine_of_virtualboxs_is_left_when_it_fails(baked, tmp_path, manage):
    (manage / "fail").touch()
    with pytest.raises(ImageError):
        virtualbox.write_box(baked.disk, tmp_path / "out.box")
    assert "unregistervm" in (manage / "calls").read_text().splitlines()[-1]
