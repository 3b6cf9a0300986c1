import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from netlab.hosts.qemu import accel


@pytest.fixture
def fake_qemu(tmp_path, monkeypatch):
    """Puts a QEMU on the PATH that does what the test says when it is asked for an accelerator."""

    def install(body: str) -> None:
        script = tmp_path / "bin" / accel.QEMU
        script.parent.mkdir(exist_ok=True)
        version = "QEMU emulator version 9.9.1 (Debian)"
        script.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "{version}" && exit 0\n{body}\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")

    return install


def probe_and_remember(cache):
    found = accel.probe(cache)
    accel.remember(cache, found)
    return found


@pytest.fixture
def with_kvm(monkeypatch):
    monkeypatch.setattr(accel, "_candidates", lambda: ("kvm",))


def test_boot_sector_is_bootable():
    sector = accel.boot_sector()
    assert len(sector) == 512
    assert sector[-2:] == b"\x55\xaa"


@pytest.mark.skipif(not shutil.which("as"), reason="needs binutils to assemble probe.S again")
def test_embedded_code_is_what_its_source_assembles_to(tmp_path):
    source = Path(accel.__file__).with_name("probe.S")
    subprocess.run(["as", "--32", source, "-o", tmp_path / "probe.o"], check=True)
    link = ["ld", "-m", "elf_i386", "-Ttext", "0x7c00", "--oformat", "binary", "-e", "_start"]
    subprocess.run([*link, tmp_path / "probe.o", "-o", tmp_path / "probe.bin"], check=True)
    assert (tmp_path / "probe.bin").read_bytes() == accel.boot_sector()


def test_accelerator_that_reaches_long_mode_is_taken(fake_qemu, with_kvm, tmp_path):
    fake_qemu("exit 33")
    found = accel.probe(tmp_path / "cache")
    assert (found.name, found.cpu, found.qemu_version) == ("kvm", "host", "9.9.1")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sleep 60", "no further"),
        ("echo 'failed to set MSR' >&2; exit 134", "failed to set MSR"),
        ("exit 0", "exit code 0"),
    ],
)
def test_accelerator_that_fails_is_refused_with_its_reason(fake_qemu, with_kvm, tmp_path, monkeypatch, body, reason):
    monkeypatch.setattr(accel.works, "__defaults__", (0.3,))
    fake_qemu(body)
    found = accel.probe(tmp_path / "cache")
    assert found.name == "tcg"
    assert reason in found.refused["kvm"]
    assert "cx16=off" in found.cpu


def test_answer_is_remembered_for_this_qemu_only(fake_qemu, with_kvm, tmp_path):
    fake_qemu("exit 33")
    probe_and_remember(tmp_path / "cache")
    fake_qemu("exit 1")
    assert accel.probe(tmp_path / "cache").name == "kvm"
    (tmp_path / "cache" / "accelerator.json").write_text("QEMU 1.0\n{}\n")
    assert accel.probe(tmp_path / "cache").name == "tcg"


def test_an_accelerator_that_failed_later_is_not_taken_again(fake_qemu, with_kvm, tmp_path):
    fake_qemu("exit 33")
    accel.refuse(tmp_path / "cache", accel.probe(tmp_path / "cache"), "KVM internal error")
    found = accel.probe(tmp_path / "cache")
    assert (found.name, found.refused) == ("tcg", {"kvm": "KVM internal error"})


def test_who_had_asked_before_does_not_take_back_that_it_failed(fake_qemu, with_kvm, tmp_path):
    """Two netlabs ask, the machine of one is stopped by KVM, and the other starts its own."""
    fake_qemu("exit 33")
    found = probe_and_remember(tmp_path / "cache")
    accel.refuse(tmp_path / "cache", found, "KVM internal error")
    accel.remember(tmp_path / "cache", found)
    assert accel.probe(tmp_path / "cache").refused == {"kvm": "KVM internal error"}


def test_who_only_looks_keeps_no_answer(fake_qemu, with_kvm, tmp_path):
    fake_qemu("exit 33")
    found = accel.probe(tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
    accel.remember(tmp_path / "cache", found)
    fake_qemu("exit 1")
    assert accel.probe(tmp_path / "cache") == found


def test_damaged_memory_is_probed_again(fake_qemu, with_kvm, tmp_path):
    fake_qemu("exit 33")
    probe_and_remember(tmp_path / "cache")
    store = tmp_path / "cache" / "accelerator.json"
    store.write_text(store.read_text().splitlines()[0] + "\nnot json\n")
    assert accel.probe(tmp_path / "cache").name == "kvm"


def test_the_answer_is_not_believed_where_the_user_may_open_something_else(fake_qemu, with_kvm, tmp_path, monkeypatch):
    monkeypatch.setattr(accel, "_usable", list)
    fake_qemu("echo 'Could not access KVM kernel module: Permission denied' >&2; exit 1")
    assert probe_and_remember(tmp_path / "cache").name == "tcg"
    fake_qemu("exit 33")
    assert accel.probe(tmp_path / "cache").name == "tcg", "nothing has changed"
    monkeypatch.setattr(accel, "_usable", lambda: ["kvm"])
    assert accel.probe(tmp_path / "cache").name == "kvm", "the group kvm was joined"
