"""``netlab artifacts`` as a user meets it, against a server and folders on this machine."""

import json
import re
from types import SimpleNamespace

import pytest

from netlab.__main__ import main
from netlab.artifacts.lock import Component, File, Image, Lock, read_lock, render_lock
from tests.artifacts.server import QUICK, Server, guarded, sha256, status

pytestmark = pytest.mark.real

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
    assert lines[2] == "  1 not pinned yet: the first use does it, or 'netlab lock waiting=1'"
    assert any(line.startswith("kubernetes 1.34.11 ") for line in lines)
    (found,) = json.loads(netlab("artifacts", "list", "tool", "--json").stdout)
    assert (found["component"], found["name"], found["state"], found["size"]) == ("tool", "tool", "missing", 0)


def test_fetch_verify_and_bundle(netlab, own, server, folder):
    done = netlab("artifacts", "fetch", "tool", "--mirror", server.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "tool 1.2.3  1 of 1 files cached (2.9 KiB)" in netlab("artifacts", "verify", "tool").stdout
    bundle = netlab("artifacts", "bundle", "usb", "tool=1.2.3")
    assert bundle.stdout == f"{folder / 'usb'}: 1 new files; use it with --mirror {folder / 'usb'}\n"
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


@pytest.fixture
def waiting(folder, server):
    """A lab whose own lock has a file without a checksum, in two versions."""
    files = [File(name="tool", url=f"https://dl.example.org/v1.2.{n}/tool", sha256=None) for n in (3, 4)]
    tools = [Component(name="tool", version=f"1.2.{n}", files=(file,)) for n, file in zip((3, 4), files, strict=True)]
    (folder / "own.yml").write_text(render_lock(Lock(schema_version=1, components=tuple(tools))))
    (folder / "netlab.yml").write_text(f"artifacts: {{lock: own.yml, mirror: '{server.url}'}}\n")
    server.files["/dl.example.org/v1.2.4/tool"] = DATA
    server.files["/dl.example.org/v1.2.4/tool.sha256"] = sha256(DATA).encode()
    return folder / "netlab.lock.yml"


@pytest.mark.parametrize("action", [["fetch"], ["bundle", "usb"]])
def test_the_first_use_pins_and_says_so_in_one_line(netlab, waiting, server, action):
    done = netlab("artifacts", *action, "tool")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines().count("pinned 1 file in netlab.lock.yml") == 1
    assert waiting.read_text().endswith(f"files:\n  https://dl.example.org/v1.2.3/tool: {sha256(DATA)}\n")
    assert "pinned" not in netlab("artifacts", *action, "tool", "--locked").stderr
    server.files["/dl.example.org/v1.2.3/tool"] = b"evil"
    again = netlab("artifacts", *action, "tool", cache="another")
    assert again.returncode == 13
    assert f"expected sha256 {sha256(DATA)}, found sha256 {sha256(b'evil')}" in again.stderr
    assert f"pinned in {waiting}" in again.stderr


@pytest.mark.parametrize(
    ("words", "versions"), [(["tool"], "3"), (["tool=1.2.4"], "4"), (["tool=v1.2.4"], "4"), (["--all"], "34")]
)
def test_lock_completes_the_labs_lock(netlab, waiting, monkeypatch, words, versions):
    if words == ["--all"]:  # of netlab's own lock nothing is to be asked
        monkeypatch.setattr("netlab.artifacts.lock.assets.lock", lambda: waiting.with_name("own.yml"))
    done = netlab("lock", *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"all digests of {len(versions)} component{'s' * (len(versions) > 1)} are locked\n"
    found = re.findall(r"v1\.2\.(.)/tool: [0-9a-f]{64}", waiting.read_text())
    assert "".join(found) == versions


def test_lock_wants_what_the_profiles_want(netlab, folder, server):
    profile = "description: x\nlabel: x\nstack: kubeadm\nrequires: {artifacts: [tool=v1.2.3]}\nroles: []\npaths: {}\n"
    (folder / "profiles").mkdir()
    (folder / "profiles" / "mine.yml").write_text(profile)
    tool = Component(name="tool", version="1.2.3", files=(File(name="tool", url=URL, sha256=None),))
    (folder / "own.yml").write_text(render_lock(Lock(schema_version=1, components=(tool,))))
    (folder / "netlab.yml").write_text("profiles: [mine]\nartifacts: {lock: own.yml, locked: true}\n")
    assert netlab("artifacts", "fetch", "tool", "--mirror", server.url).returncode == 13
    assert netlab("lock", "--mirror", server.url).returncode == 0
    assert netlab("artifacts", "fetch", "tool", "--mirror", server.url).returncode == 0
    done = netlab("lock", "--profiles", "baseline-vm")
    assert done.stdout == "nothing that the lab needs is downloaded\n"


def test_a_v_before_a_version_is_taken(netlab, own, server):
    assert netlab("artifacts", "fetch", "tool=v1.2.3", "--mirror", server.url).returncode == 0
    assert netlab("artifacts", "list", "tool=v1.2.3").stdout.startswith("tool 1.2.3  1 of 1 files cached")
    done = netlab("artifacts", "update", "tool=v1.2.4", "--mirror", server.url)
    assert "+    version: 1.2.4\n" in done.stdout
    assert "/v1.2.4/tool" in done.stdout
    assert "no version vx of tool" in netlab("artifacts", "list", "tool=vx").stderr


SECRET = "s3cr"
LOGIN = "user:s3cr%40t@"


def spilled(folder):
    """Files in which the password is, besides those that the user wrote."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "netlab.yml"]
    return [path for path in files if SECRET.encode() in path.read_bytes()]


@pytest.mark.parametrize("written", ["option", "netlab.yml"])
@pytest.mark.parametrize(
    ("words", "mirror", "code"),
    [
        (["artifacts", "fetch", "tool"], f"http://{LOGIN}HOST", 0),
        (["artifacts", "fetch", "waiting"], f"http://{LOGIN}HOST", 0),
        (["artifacts", "bundle", "usb", "tool", "waiting"], f"http://{LOGIN}HOST", 0),
        (["lock", "waiting"], f"http://{LOGIN}HOST", 0),
        (["artifacts", "update", "tool=1.2.4"], f"http://{LOGIN}HOST", 0),
        (["artifacts", "fetch", "tool"], "http://user:s3cret@HOST", 13),
        (["artifacts", "fetch", "gone"], f"http://{LOGIN}HOST", 13),
        (["artifacts", "fetch", "evil"], f"http://{LOGIN}HOST", 13),
        (["artifacts", "fetch", "tool"], f"http://{LOGIN}127.0.0.1:1", 13),
        (["artifacts", "fetch", "tool"], f"http://{LOGIN}HOST:x", (2, 3)),
        (["artifacts", "fetch", "tool"], f"http://{LOGIN}", (2, 3)),
        (["artifacts", "fetch", "tool"], f"ftp://{LOGIN}HOST", (2, 3)),
    ],
)
def test_a_password_is_sent_and_never_seen(netlab, folder, server, monkeypatch, written, words, mirror, code):
    server.rules = {path: guarded("user:s3cr@t") for path in server.files}
    names = {"tool": sha256(DATA), "waiting": None, "gone": "0" * 64, "evil": "0" * 64}
    urls = {name: "https://dl.example.org/gone" if name == "gone" else URL for name in names}
    tools = [
        Component(name=name, version="1.2.3", files=(File(name="tool", url=urls[name], sha256=digest),))
        for name, digest in names.items()
    ]
    (folder / "own.yml").write_text(render_lock(Lock(schema_version=1, components=tuple(tools))))
    monkeypatch.setattr("netlab.artifacts.download.Limits", lambda: QUICK)
    mirror = mirror.replace("HOST", server.host)
    lines = f", mirror: '{mirror}'" if written == "netlab.yml" else ""
    (folder / "netlab.yml").write_text(f"artifacts: {{lock: own.yml{lines}}}\n")
    done = netlab(*words, *(["--mirror", mirror] if written == "option" else []))
    wanted = code if isinstance(code, tuple) else (code,)
    assert done.returncode in wanted, done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert spilled(folder.parent) == []
    if code == 0:
        assert any(headers.get("Authorization") for headers in server.headers)


@pytest.mark.parametrize("name", ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxys_password_is_never_seen(netlab, folder, server, monkeypatch, name):
    for each in ("http_proxy", "https_proxy"):
        monkeypatch.delenv(each)
        monkeypatch.delenv(each.upper())
    monkeypatch.setenv(name, f"{LOGIN}{server.host}")
    monkeypatch.setattr("netlab.artifacts.registry.RETRIES", 0)
    scheme = "http" if "http_" in name.lower() else "https"
    tool = Component(
        name="tool",
        version="1",
        files=(File(name="tool", url=f"{scheme}://dl.example.org/x", sha256="0" * 64),),
        images=(Image(name="registry.example.org/pause:3"),) if scheme == "https" else (),
    )
    monkeypatch.setattr("netlab.hosts.qemu.doctor._accelerator", list)
    server.rules["http://dl.example.org/x"] = status(407)
    (folder / "own.yml").write_text(render_lock(Lock(schema_version=1, components=(tool,))))
    (folder / "netlab.yml").write_text("artifacts: {lock: own.yml}\n")
    for words in (["artifacts", "fetch", "tool"], ["doctor"]):
        done = netlab(*words)
        assert SECRET not in done.stdout + done.stderr
    assert spilled(folder.parent) == []
    assert any("Proxy-Authorization" in headers for headers in server.headers)


def test_a_crash_log_can_be_handed_on(netlab, folder, monkeypatch):
    def crash(*_):
        raise RuntimeError(f"no idea what http://{LOGIN}x.org is")

    monkeypatch.setattr("netlab.artifacts.settings.load_lock", crash)
    monkeypatch.setattr("sys.argv", ["netlab", "artifacts", "list", "--mirror", f"http://{LOGIN}x.org"])
    done = netlab("artifacts", "list")
    assert done.returncode == 70
    (log,) = (folder.parent / "cache").rglob("crash-*.log")
    assert "http://***@x.org" in log.read_text()
    assert spilled(folder.parent) == []


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
        (
            ["fetch", "waiting", "--locked"],
            13,
            "nothing may be pinned, but neither the lock nor netlab.lock.yml has the digest of: k8s.gcr.io/pause:3.2",
        ),
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
