"""Fast tests of scripts/kubernetes_source.py: nothing is fetched and nothing compiled; builds are played by files."""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections import namedtuple
from pathlib import Path

import pytest
import yaml

from netlab.errors import NetlabError
from scripts import kubernetes_source
from scripts.kubernetes import archive, debian, golang, output, trees
from scripts.kubernetes.context import BuildContext

SCRIPT = Path(kubernetes_source.__file__)
LISTED = """\
k8s.gcr.io/kube-apiserver:v1.20.2
k8s.gcr.io/kube-controller-manager:v1.20.2
k8s.gcr.io/kube-scheduler:v1.20.2
k8s.gcr.io/kube-proxy:v1.20.2
k8s.gcr.io/pause:3.2
k8s.gcr.io/etcd:3.4.13-0
k8s.gcr.io/coredns:1.7.0
"""
PAUSE = archive.Image(name="k8s.gcr.io/pause:3.2", arch="amd64", entrypoint=("/usr/local/bin/pause",))


@pytest.fixture
def context(tmp_path: Path) -> BuildContext:
    folder = tmp_path / "work"
    folder.mkdir()
    return BuildContext(folder=folder, log=tmp_path / "log", jobs=1, limit=60)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    program = tmp_path / "pause"
    program.write_bytes(b"program")
    program.chmod(0o755)
    made = trees.base(tmp_path / "tree")
    trees.add(made, program)
    return made


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Let ``build`` write one small file; return the folders it was asked to build into."""
    asked: list[Path] = []

    def build(context: BuildContext, new: Path) -> list[output.File]:
        asked.append(new)
        return [finished(new, "kubeadm", b"kubeadm")]

    monkeypatch.setattr(kubernetes_source, "build", build)
    monkeypatch.setattr(kubernetes_source, "NEED_GB", 0)
    return asked


def finished(out: Path, name: str, data: bytes) -> output.File:
    """What a build leaves behind, with one program in it."""
    file = output.File(
        component="kubernetes", kind="files", name=name, arch="amd64", url=output.url("1.20.2", "amd64", name)
    )
    output.make_place(out, file).write_bytes(data)
    file = output.measured(out, file)
    output.write(out, "1.20.2", [file], {"kubernetes": "1.20.2-1", "golang-1.19-go": "1.19.8-2"})
    return file


def run(*words: object) -> int:
    return kubernetes_source.main([str(word) for word in words])


def parts(path: Path) -> tuple[dict, dict, bytes]:
    """The manifest, the configuration and the layer of an archive."""
    with tarfile.open(path) as tar:
        content = {entry.name: tar.extractfile(entry).read() for entry in tar}
    [manifest] = json.loads(content["manifest.json"])
    [layer] = manifest["Layers"]
    assert set(content) == {"manifest.json", manifest["Config"], layer}
    config = content[manifest["Config"]]
    assert manifest["Config"] == f"{hashlib.sha256(config).hexdigest()}.json"
    return manifest, json.loads(config), content[layer]


def test_an_archive_is_what_an_import_needs(tree: Path, tmp_path: Path) -> None:
    archive.write(tmp_path / "pause.tar", tree, PAUSE)
    manifest, config, layer = parts(tmp_path / "pause.tar")
    assert manifest["RepoTags"] == ["k8s.gcr.io/pause:3.2"]
    assert (config["architecture"], config["os"]) == ("amd64", "linux")
    assert config["rootfs"] == {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]}
    assert len(config["history"]) == 1
    assert config["config"]["Entrypoint"] == ["/usr/local/bin/pause"]
    assert "/usr/local/bin" in config["config"]["Env"][0].removeprefix("PATH=").split(":")
    assert not (tmp_path / "pause.tar.layer").exists()


def test_a_layer_holds_the_tree_and_nothing_of_its_builder(tree: Path, tmp_path: Path) -> None:
    archive.write(tmp_path / "pause.tar", tree, PAUSE)
    with tarfile.open(fileobj=io.BytesIO(parts(tmp_path / "pause.tar")[2])) as tar:
        entries = {entry.name: entry for entry in tar}
    assert {(entry.uid, entry.gid, entry.uname, entry.mtime) for entry in entries.values()} == {(0, 0, "", 0)}
    assert entries["bin"].linkname == "usr/bin"
    assert entries["tmp"].mode == 0o1777
    assert entries["etc/passwd"].mode == 0o644
    assert entries["usr/local/bin/pause"].mode == 0o755
    names = list(entries)
    assert all(names.index(str(Path(name).parent)) < names.index(name) for name in names if "/" in name)


def test_the_same_tree_gives_the_same_bytes(tree: Path, tmp_path: Path) -> None:
    archive.write(tmp_path / "first.tar", tree, PAUSE)
    again = shutil.copytree(tree, tmp_path / "again", symlinks=True)
    (again / "etc/passwd").chmod(0o600)
    (again / "etc").chmod(0o700)
    os.utime(again / "etc/passwd", (1, 1))
    archive.write(tmp_path / "second.tar", again, PAUSE)
    assert (tmp_path / "first.tar").read_bytes() == (tmp_path / "second.tar").read_bytes()


def test_another_tree_gives_another_image(tree: Path, tmp_path: Path) -> None:
    archive.write(tmp_path / "first.tar", tree, PAUSE)
    (tree / "usr/local/bin/pause").write_bytes(b"another")
    archive.write(tmp_path / "second.tar", tree, PAUSE)
    assert parts(tmp_path / "first.tar")[0] != parts(tmp_path / "second.tar")[0]


def test_the_names_of_the_images_are_those_that_kubeadm_lists() -> None:
    names = kubernetes_source.image_names(LISTED)
    assert names["etcd"] == "k8s.gcr.io/etcd:3.4.13-0"
    assert {*kubernetes_source.SERVERS, "etcd", "pause"} == names.keys() - {"coredns"}


def test_a_file_lies_in_the_mirror_where_its_address_says(tmp_path: Path) -> None:
    file = finished(tmp_path, "kubeadm", b"kubeadm")
    assert file.url == "https://netlab.invalid/kubernetes-source/1.20.2/amd64/kubeadm"
    path = tmp_path / "mirror/netlab.invalid/kubernetes-source/1.20.2/amd64/kubeadm"
    assert path.read_bytes() == b"kubeadm"
    assert (file.sha256, file.size) == (hashlib.sha256(b"kubeadm").hexdigest(), 7)


def test_the_lock_is_yaml_with_files_and_images_by_component() -> None:
    rows = [("kubernetes", "files", "kubeadm"), ("kubernetes", "images", PAUSE.name), ("crictl", "files", "crictl")]
    files = [
        output.File(component=component, kind=kind, name=name, arch="amd64", url="https://x/y", sha256="0" * 64, size=1)
        for component, kind, name in rows
    ]
    items = [
        {"name": name, "arch": "amd64", "url": "https://x/y", "sha256": "0" * 64, "size": 1} for _, _, name in rows
    ]
    assert yaml.safe_load(output.lock("1.20.2", files)) == {
        "schema_version": 1,
        "components": [
            {"name": "kubernetes", "version": "1.20.2", "files": items[:1], "images": items[1:2]},
            {"name": "crictl", "version": "1.20.2", "files": items[2:]},
        ],
    }


def test_what_is_built_is_not_built_again(played: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "cache" / "out"
    assert run(out) == 0
    assert run(out) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{out} is already built"
    assert len(played) == 1
    assert sorted(path.name for path in out.iterdir()) == ["lock.yml", "mirror", "stamp.json"]


def test_a_build_leaves_only_its_result_its_log_and_its_lock(played: list[Path], tmp_path: Path) -> None:
    assert run(tmp_path / "out") == 0
    assert {path.name for path in tmp_path.iterdir()} == {"out", "out.log", ".out.lock"}


def test_another_version_of_the_recipe_builds_again(
    played: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(tmp_path / "out") == 0
    changed = tmp_path / "changed.py"
    changed.write_text("changed")
    monkeypatch.setattr(output, "PROGRAM", changed)
    assert output.problems(tmp_path / "out", digests=False) == ["it was built by another version of this recipe"]
    assert run(tmp_path / "out") == 0
    assert len(played) == 2
    assert not output.problems(tmp_path / "out", digests=True)


def test_the_key_depends_on_versions_and_on_every_part() -> None:
    assert output.key({"kubernetes": "1"}) != output.key({"kubernetes": "2"})
    own = {path.name for path in output.own_files()}
    assert own >= {SCRIPT.name, "archive.py", "crictl.go", "pause.go", Path(debian.__file__).name}


def test_a_failed_build_changes_nothing(
    played: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "out"
    assert run(out) == 0
    before = (out / "stamp.json").read_bytes()
    (out / "lock.yml").unlink()

    def fail(context: BuildContext, new: Path) -> list[output.File]:
        (new / "half").write_text("done")
        raise NetlabError("could not compile kubelet: no reason", log=context.log)

    monkeypatch.setattr(kubernetes_source, "build", fail)
    assert run(out) == 1
    said = capsys.readouterr().err
    assert said == f"kubernetes_source: could not compile kubelet: no reason; log: {tmp_path}/out.log\n"
    assert (out / "stamp.json").read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"out", "out.log", ".out.lock"}


def test_what_a_killed_build_left_is_removed(played: list[Path], tmp_path: Path) -> None:
    for name in (".out.new", ".out.work", ".out.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").write_text("done")
    assert run(tmp_path / "out") == 0
    assert {path.name for path in tmp_path.iterdir()} == {"out", "out.log", ".out.lock"}
    assert not (tmp_path / "out/half").exists()


def test_a_work_folder_that_the_user_names_is_kept(played: list[Path], tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "go-cache").write_text("warm")
    assert run(tmp_path / "out", "--work", work) == 0
    assert (work / "go-cache").read_text() == "warm"


def test_a_folder_with_anything_else_in_it_is_not_replaced(
    played: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    assert run(tmp_path) == 1
    assert "is no build of this program" in capsys.readouterr().err
    assert not played


def test_too_little_space_is_one_sentence_with_both_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - what shutil itself returns
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**10, 9 * 10**9, 10**9))
    assert run(tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert "has 1.0 GB free; building Kubernetes takes 6 GB" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda path: path.unlink(), "kubeadm is missing"),
        (lambda path: path.write_bytes(b"short"), "kubeadm has 5 bytes instead of 7"),
        (lambda path: path.write_bytes(b"KUBEADM"), "kubeadm has another SHA-256 than when it was built"),
    ],
)
def test_check_finds_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture, spoil, problem) -> None:
    file = finished(tmp_path, "kubeadm", b"kubeadm")
    assert run(tmp_path, "--check") == 0
    spoil(output.place(tmp_path, file.url))
    assert run(tmp_path, "--check") == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"{tmp_path} is not complete: {problem}"


@pytest.mark.parametrize("stamp", ["", "[]", "{}", '{"files": [{"name": 1}]}', '{"files": [], "made_of": 1}'])
def test_check_survives_a_stamp_of_anything(tmp_path: Path, stamp: str) -> None:
    (tmp_path / "stamp.json").write_text(stamp)
    assert run(tmp_path, "--check") == 1


def test_check_of_nothing_says_so_and_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(tmp_path / "out", "--check") == 1
    assert "nothing has been built there" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_the_limit_ends_a_program_and_whatever_it_started(tmp_path: Path) -> None:
    context = BuildContext(folder=tmp_path, log=tmp_path / "log", jobs=1, limit=0.5)
    script = f"sleep 60 & echo $! > {tmp_path}/pid; wait"
    with pytest.raises(NetlabError, match=r"could not compile kubelet within the limit of 0\.5 s"):
        context.run("compile kubelet", ["sh", "-c", script])
    pid = (tmp_path / "pid").read_text().strip()
    assert not Path(f"/proc/{pid}/cmdline").exists() or not Path(f"/proc/{pid}/cmdline").read_bytes()
    with pytest.raises(NetlabError, match="limit"):
        context.run("compile kubectl", ["true"])


def test_an_error_of_apt_is_quoted_rather_than_its_last_lines(context: BuildContext) -> None:
    script = "echo 'E: Could not resolve the name' >&2; echo 'W: and so on' >&2; exit 100"
    with pytest.raises(NetlabError, match=r"could not fetch it: E: Could not resolve the name$"):
        context.run("fetch it", ["sh", "-c", script])


def test_a_host_without_debian_among_its_sources_is_told_so(
    context: BuildContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BuildContext, "run", lambda *_, **__: "Ubuntu noble https://x.invalid/ubuntu/\n\n")
    with pytest.raises(NetlabError, match="no archive of Debian"):
        debian.mirrors(context)


def test_the_mirrors_of_the_host_serve_every_suite(context: BuildContext, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [
        "Debian forky http://mirror.invalid/debian/",
        "Debian forky-updates http://mirror.invalid/debian/",
        "Debian forky-security http://mirror.invalid/security/",
        "Debian forky-backports http://mirror.invalid/debian/",
        "Others stable http://others.invalid/",
    ]
    monkeypatch.setattr(BuildContext, "run", lambda *_, **__: "\n".join(told))
    lines = list(debian.sources(debian.mirrors(context), "bookworm"))
    assert "deb-src http://mirror.invalid/debian/ bookworm main\n" in lines
    assert "deb http://mirror.invalid/security/ bookworm-security main\n" in lines
    assert not [line for line in lines if "others" in line or "backports" in line]


def test_unpacked_packages_of_before_the_merge_end_up_in_usr(tmp_path: Path) -> None:
    for name in ("lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libz.so.1", "sbin/ipset"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    debian.merge(tmp_path)
    assert (tmp_path / "sbin").readlink() == Path("usr/sbin")
    assert (tmp_path / "usr/sbin/ipset").exists()
    assert len(list((tmp_path / "usr/lib/x86_64-linux-gnu").iterdir())) == 2


def test_a_link_that_leads_out_of_the_packages_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages/libc.so.6").symlink_to("/etc/hostname")
    with pytest.raises(NetlabError, match="leads out of it"):
        trees.copy(tmp_path / "packages", tmp_path / "tree", "libc.so.6")


def test_the_types_to_describe_are_found_where_go_sees_them(context: BuildContext) -> None:
    source = golang.Source(context, context.folder / "tools")
    marks = {
        "pkg/apis/abac/v0/doc.go": "// +k8s:openapi-gen=true",
        "pkg/apis/core/doc.go": "package core",
        "staging/src/k8s.io/api/core/v1/doc.go": "// +k8s:openapi-gen=true",
        "staging/src/k8s.io/sample-apiserver/pkg/doc.go": "// +k8s:openapi-gen=true",
    }
    for name, text in marks.items():
        (source.path / name).parent.mkdir(parents=True)
        (source.path / name).write_text(text)
    assert source.described() == ["pkg/apis/abac/v0", "vendor/k8s.io/api/core/v1"]


def test_it_runs_by_its_path_from_anywhere_and_without_an_environment(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-P", SCRIPT, tmp_path / "out", "--check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "nothing has been built there" in done.stdout


def test_sigterm_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    """Anyone who waits for the lock is ended, too; here the lock is held by this test."""
    with (tmp_path / ".out.lock").open("w") as lock:
        kubernetes_source.fcntl.flock(lock, kubernetes_source.fcntl.LOCK_EX)
        child = subprocess.Popen([sys.executable, SCRIPT, tmp_path / "out"], stdout=subprocess.PIPE, text=True)
        assert "wait for it" in child.stdout.readline()
        child.send_signal(signal.SIGTERM)
        child.stdout.close()
        assert child.wait(20) == 128 + signal.SIGTERM
    assert {path.name for path in tmp_path.iterdir()} == {".out.lock"}
