"""Every path on a command line that makes machines and images, in folders with awkward names."""

import itertools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from netlab.vm import accel, image, machine, options
from tests.paths import ALL_AT_ONCE, AWKWARD
from tests.vm.test_fleet import HOSTS, fleet

every_name = pytest.mark.parametrize("name", [*AWKWARD, ALL_AT_ONCE])


def parts(word: str) -> dict[str, str]:
    """Split an option as QEMU does: at each comma that is not written twice."""
    pieces = [piece.replace("\0", ",") for piece in word.replace(",,", "\0").split(",")]
    return dict(piece.split("=", 1) for piece in pieces if "=" in piece)


def paths(words: list[str], folder: Path) -> set[Path]:
    """Every path that QEMU, which runs in ``folder``, would read or write."""
    pairs = list(itertools.pairwise(words))
    plain = [value for key, value in pairs if key in {"-kernel", "-initrd"}]
    named = [
        parts(value).get("path" if key == "-chardev" else "file")
        for key, value in pairs
        if key in {"-drive", "-fw_cfg", "-chardev"}
    ]
    return {Path(os.path.normpath(folder / path)) for path in (*plain, *named)}


@every_name
@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_a_machine_reads_and_writes_the_files_that_are_meant(name, clock, tmp_path):
    place = tmp_path / name
    made = image.Image(
        key="k", disk=place / "i", kernel=place / "k", initrd=place / "r", kernel_version="6.12", digest="d"
    )
    for one in fleet(place, clock=clock, hosts=HOSTS, image=made, payload=place / "payload").machines:
        one.folder.mkdir(parents=True)
        found = paths(one._command(), one.folder)
        credentials = {one.folder / "credentials" / each for each in one.config.credentials}
        disks = {one.folder / disk for disk in machine.DISKS} | ({place / "payload"} if clock == "real" else set())
        assert found == {made.kernel, made.initrd, place / "key", one.console, *credentials, *disks}
        assert all((one.folder / "credentials" / each).is_file() for each in one.config.credentials)


@every_name
def test_the_probe_boots_the_sector_that_is_meant(name, tmp_path):
    sector = tmp_path / name / "sector.img"
    assert paths(accel._command("tcg", sector), tmp_path) == {sector}


@every_name
def test_a_snapshot_is_read_from_where_it_is(name, tmp_path):
    (tmp_path / name).mkdir()
    (tmp_path / name / machine.STATE).write_text("memory")
    *_, uri = machine._incoming(tmp_path / name)
    command = uri.removeprefix("exec:")
    assert subprocess.run(["/bin/sh", "-c", command], check=True, capture_output=True, text=True).stdout == "memory"


@pytest.mark.parametrize("name", ["a,,b,", "colon:x", ALL_AT_ONCE])
@pytest.mark.skipif(not shutil.which("qemu-img"), reason="needs qemu-img, which splits options as QEMU does")
def test_qemu_agrees_where_an_option_ends(name, tmp_path):
    disk = tmp_path / name / "disk"
    disk.parent.mkdir()
    disk.write_bytes(bytes(512))
    words = ["qemu-img", "info", "--image-opts", f"driver=raw,file.driver=file,file.filename={options.value(disk)}"]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    one = fleet(
        tmp_path / name, image=image.Image(key="", disk=disk, kernel=disk, initrd=disk, kernel_version="", digest="d")
    )
    (only,) = one.machines
    only.folder.mkdir(parents=True)
    only._make_disks(None)
    (tmp_path / name / "snapshot").mkdir()
    for each in machine.DISKS:
        (only.folder / each).rename(tmp_path / name / "snapshot" / each)
    only._make_disks(tmp_path / name / "snapshot")
    chain = ["qemu-img", "info", "--backing-chain", only.folder / "root.qcow2"]
    done = subprocess.run(chain, check=False, capture_output=True, text=True)
    assert done.stdout.count("virtual size") == 3, done.stderr


@every_name
@pytest.mark.skipif(not shutil.which("perl"), reason="needs perl, in which mmdebstrap splits its hooks")
def test_a_bake_uploads_the_keys_that_are_meant(name, tmp_path):
    hooks = [hook for hook in image._key_hooks(tmp_path / name) if hook.startswith("upload ")]
    split = ["perl", "-MText::ParseWords", "-e", 'print join("\\0", shellwords($ARGV[0]))']
    words = [subprocess.run([*split, hook], check=True, capture_output=True, text=True).stdout for hook in hooks]
    found = [each.split("\0")[1] for each in words]
    assert found == [str(tmp_path / name / each) for each in ("host", "user.pub")]
