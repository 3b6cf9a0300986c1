"""Paths as ssh itself understands them."""

import shlex
import subprocess
from pathlib import Path

import pytest

from netlab import ssh
from netlab.errors import ConfigError
from tests.paths import ALL_AT_ONCE, AWKWARD


def said(*options: str) -> str:
    """What ssh says about a connection that ends before it begins."""
    words = ["ssh", "-v", "-F", "/dev/null", "-o", "ProxyCommand=false", *options, "nowhere"]
    return subprocess.run(words, check=False, capture_output=True, text=True).stderr


@pytest.mark.parametrize("name", [*AWKWARD, ALL_AT_ONCE])
def test_ssh_reads_the_file_that_is_meant(name, tmp_path):
    key = tmp_path / name / "key"
    key.parent.mkdir()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    config = tmp_path / "config"
    config.write_text(f"Host *\n  IdentityFile {ssh.quoted(key)}\n")
    for options in (["-o", f"IdentityFile={ssh.quoted(key)}"], ["-F", config]):
        found = [line for line in said(*options).splitlines() if "identity file" in line and "key type" in line]
        assert [line.rpartition(" type ")[2] for line in found] == ["3"], found  # 3: ED25519, read from its public half


@pytest.mark.parametrize("name", [*AWKWARD, ALL_AT_ONCE])
def test_a_proxy_command_names_the_file_that_is_meant(name, tmp_path):
    (tmp_path / name).mkdir()
    command = shlex.join(["touch", str(tmp_path / name / "made")])
    words = ["ssh", "-F", "/dev/null", "-o", f"ProxyCommand={ssh.escaped(command)}", "nowhere"]
    subprocess.run(words, check=False, capture_output=True)
    assert (tmp_path / name / "made").exists()


@pytest.mark.parametrize("path", ["/a\nb", "/a\tb", "/a${HOME}"])
def test_a_path_that_ssh_cannot_be_told_is_refused(path):
    with pytest.raises(ConfigError, match="ssh cannot read files at the path"):
        ssh.quoted(Path(path))
