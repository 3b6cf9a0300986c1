"""``netlab artifacts`` as a user meets it, against a server and folders on this machine."""

import json
from types import SimpleNamespace

import pytest

from netlab.__main__ import main
from netlab.artifacts.lock import Component, File, Image, Lock, read_lock, render_lock
from tests.artifacts.server import Server, sha256

DATA = b"binary" * 500
URL = "https://dl.example.org/v1.2.3/tool"


@pytest.fixture
def server():
    found = Server()
    found.files = {"/dl.example.org/v1.2.3/tool": DATA, "/dl.example.org/v1.2.4/tool.sha256": b"a" * 64}
    yield found
    found.close()


@pytest.fixture
def netlab(folder, capsys, monkeypatch):
    """Run the command line in this process, which is quicker than one of its own."""

    def run(*words, cache="cache"):
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder.parent / cache))
        capsys.readouterr()
        try:
            code = main(words)
        except SystemExit as end:  # --help
            code = end.code
        said = capsys.readouterr()
        return SimpleNamespace(returncode=code, stdout=said.out, stderr=said.err)

    return run


@pytest.fixture
def own(folder):
    """A lab whose own lock has a small component of two parts."""
    tool = Component(
        name="tool",
        version="1.2.3",
        files=(File(name="tool", url=URL, sha256=sha256(DATA)),),
    )
    waiting = Component(name="waiting", version="1", images=(Image(name="k8s.gcr.io/pause:3.2"),))
    (folder / "own.yml").write_text(render_lock(Lock(schema_version=1, components=(tool, waiting))))
    (folder / "netlab.yml").write_text("artifacts: {lock: own.yml}\n")
    return folder / "own.yml"


def test_list_shows_the_lock_and_the_cache(netlab, own):
    lines = netlab("artifacts", "list").stdout.splitlines()
    assert lines[0].split() == ["tool", "1.2.3", "0", "of", "1", "files", "cached", "(0", "B)"]
    assert lines[2] == "  1 without a digest in the lock: 'netlab artifacts update waiting=1'"
    assert any(line.startswith("kubernetes 1.34.11 ") for line in lines)
    (found,) = json.loads(netlab("artifacts", "list", "tool", "--json").stdout)
    assert (found["component"], found["name"], found["state"], found["size"]) == ("tool", "tool", "missing", 0)


def test_fetch_verify_and_bundle(netlab, own, server, folder):
    done = netlab("artifacts", "fetch", "tool", "--mirror", server.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "tool 1.2.3  1 of 1 files cached (2.9 KiB)" in netlab("artifacts", "verify", "tool").stdout
    bundle = netlab("artifacts", "bundle", "usb", "tool=1.2.3")
    assert bundle.stdout == "usb: 1 new files; use it with --mirror usb\n"
    assert (folder / "usb" / "dl.example.org" / "v1.2.3" / "tool").read_bytes() == DATA
    server.asked.clear()
    (folder / "netlab.yml").write_text("artifacts: {lock: own.yml, mirror: usb}\n")
    assert netlab("artifacts", "verify", "tool", cache="elsewhere").returncode == 13
    assert netlab("-q", "artifacts", "fetch", "tool", cache="elsewhere").returncode == 0
    assert netlab("artifacts", "verify", "tool", cache="elsewhere").returncode == 0
    assert server.asked == []


def test_what_changed_is_refused_with_its_digests(netlab, own, server, folder):
    server.files["/dl.example.org/v1.2.3/tool"] = b"evil"
    done = netlab("artifacts", "fetch", "tool", "--mirror", server.url)
    assert done.returncode == 13
    message = f"tool 1.2.3 tool from {server.url}/dl.example.org/v1.2.3/tool is not what the lock says"
    assert f"netlab: error: {message}: expected sha256 {sha256(DATA)}, found sha256 {sha256(b'evil')}\n" in done.stderr
    assert "artifacts.log" in done.stderr


def test_update_shows_the_difference_and_writes_it(netlab, own, server):
    before = own.read_text()
    words = ("artifacts", "update", "tool=1.2.4", "--mirror", server.url)
    dry = netlab(*words, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "+    version: 1.2.4\n" in dry.stdout
    assert own.read_text() == before
    assert netlab(*words).stdout == dry.stdout
    assert [each.version for each in read_lock(own).components][:2] == ["1.2.4", "1.2.3"]
    assert netlab(*words).stdout == f"{own} is as upstream says\n"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["fetch", "tol"], 13, "the lock has no component 'tol'; did you mean 'tool'?"),
        (["fetch", "waiting"], 13, "image k8s.gcr.io/pause:3.2: the lock has no digest of it yet"),
        (
            ["fetch", "tool", "--mirror", "nowhere"],
            13,
            "tool 1.2.3 tool is not at {folder}/nowhere/dl.example.org/v1.2.3/tool",
        ),
        (["fetch", "--mirror", "ftp://x"], 2, "--mirror: 'ftp://x' is neither an http:// or https:// URL nor a folder"),
        (["fetch", "--registry-mirror", "http://x"], 2, "--registry-mirror: 'http://x' is not HOST[:PORT][/PREFIX]"),
        (["fetch", "--lock", "none.yml"], 3, "{folder}/none.yml cannot be read: No such file or directory"),
        (["fetch", "--arch", "riscv"], 2, "unknown value for --arch: 'riscv' (one of amd64, arm64)"),
        (["fetch", "--miror", "x"], 2, "unknown argument: --miror; did you mean '--mirror'?"),
        (["fech"], 2, "unknown action: 'fech'; did you mean 'fetch'?"),
        ([], 2, "the following arguments are required: ACTION"),
    ],
)
def test_a_wrong_word_is_named(netlab, own, folder, words, code, message):
    done = netlab("artifacts", *words)
    assert (done.returncode, done.stdout) == (code, "")
    expected = f"netlab: error: {message.replace('{folder}', str(folder))}"
    assert expected in done.stderr.splitlines()


def test_every_action_has_an_example_and_exit_codes(netlab):
    for action in ("list", "fetch", "verify", "update", "bundle"):
        text = netlab("artifacts", action, "--help").stdout
        assert "\nexample:\n  netlab artifacts " in text
        assert "\nexit codes:\n    0  Success.\n" in text
