"""Every path on a command line that makes machines and images, in folders with awkward names."""

import contextlib
import itertools
import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from netlab.hosts.qemu import accel, bake, image, machine, options, qmp
from tests.conftest import wait_until
from tests.hosts.qemu.test_fleet import HOSTS, fleet
from tests.paths import ALL_AT_ONCE, AWKWARD

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
    hooks = [hook for hook in bake._key_hooks(tmp_path / name) if hook.startswith("upload ")]
    split = ["perl", "-MText::ParseWords", "-e", 'print join("\\0", shellwords($ARGV[0]))']
    words = [subprocess.run([*split, hook], check=True, capture_output=True, text=True).stdout for hook in hooks]
    found = [each.split("\0")[1] for each in words]
    assert found == [str(tmp_path / name / each) for each in ("host", "user.pub")]


def kernel() -> bytes:
    """What QEMU takes for a Linux kernel; it is never run."""
    image = bytearray(4096)
    image[0x1F1] = 1  # sectors of set-up code
    image[0x1FE:0x200] = b"\x55\xaa"
    image[0x202:0x206] = b"HdrS"
    image[0x206:0x208] = b"\x0c\x02"  # version of the boot protocol
    image[0x22C:0x230] = b"\xff\xff\xff\x7f"  # where an initrd may end
    return bytes(image)


def target(link: Path) -> str:
    """What an open file is; it may have been closed meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        return str(link.readlink())
    return ""


@pytest.mark.skipif(not shutil.which(accel.QEMU), reason="needs QEMU, which then only reads its command line")
@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_qemu_starts_in_an_awkward_folder(clock, tmp_path):
    place = tmp_path / ALL_AT_ONCE
    (place / "logs").mkdir(parents=True)
    for name in ("kernel", "initrd", "disk", "payload", "key"):
        (place / name).write_bytes(kernel())
    made = image.Image(
        key="k",
        disk=place / "disk",
        kernel=place / "kernel",
        initrd=place / "initrd",
        kernel_version="6.12",
        digest="d",
    )
    hosts = tuple(host.model_copy(update={"port": 0}) for host in HOSTS)  # QEMU chooses one itself
    one = fleet(place, clock=clock, hosts=hosts, image=made, payload=place / "payload").machines[0]
    one.folder.mkdir(parents=True)
    one._make_disks(None)
    with subprocess.Popen([*one._command(), "-S"], cwd=one.folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until(lambda: one.console.exists() or process.poll() is not None, seconds=20, what="QEMU's start")
            assert process.poll() is None, process.stderr.read()
            wait_until((one.folder / "qmp.sock").exists, seconds=20, what="QEMU's socket")
            (one.folder / "pid").write_text(str(process.pid))
            one._qmp(partial(qmp.execute, command="query-status"))
            opened = set(map(target, Path(f"/proc/{process.pid}/fd").iterdir()))
            assert {str(one.console), str(one.folder / "root.qcow2"), str(place / "disk")} <= opened
        finally:
            process.kill()
