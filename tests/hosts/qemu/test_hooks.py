"""What mmdebstrap's hooks are given."""

import os
import subprocess

import pytest

from netlab.hosts.qemu import hooks
from tests.namespaces import run_apart


def test_who_inherits_it_may_write_and_afterwards_only_its_owner(tmp_path):
    path = tmp_path / "disk.raw"
    with hooks.writable(path) as descriptor:
        assert descriptor > 9, "dash knows no others by their number"
        assert path.stat().st_mode & 0o777 == 0o666
        subprocess.run(["sh", "-c", f"echo text > /proc/self/fd/{descriptor}"], pass_fds=[descriptor], check=True)
    assert path.read_text() == "text\n"
    assert path.stat().st_mode & 0o777 == 0o644
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_what_is_there_is_not_written_over(tmp_path):
    (tmp_path / "disk.raw").touch()
    with pytest.raises(FileExistsError), hooks.writable(tmp_path / "disk.raw"):
        pass


@pytest.mark.real
def test_a_command_finds_the_tree_without_what_is_mounted_in_it(tmp_path):
    tree = tmp_path / "a tree"
    (tree / "proc").mkdir(parents=True)
    (tree / "file").touch()
    script = f'mount -t tmpfs none "$1"/proc && touch "$1"/proc/mounted && {hooks.on_bare_tree("find $2 -type f")}'
    done = run_apart(script, "hook", tree, kinds=("--mount",))
    assert [line.rpartition("/")[2] for line in done.stdout.split()] == ["file"], done.stderr
