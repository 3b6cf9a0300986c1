import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab import assets
from netlab.artifacts.lock import Component, Lock, load_lock, name_and_version, overlay, read_lock, render_lock
from netlab.errors import ConfigError, NotLocked
from netlab.yamlfile import parse_model

SUM = "0" * 64
FILE = f"{{name: kubeadm, url: 'https://dl.k8s.io/kubeadm', sha256: '{SUM}'}}"


def parse(text):
    return parse_model(text, Lock, name="lock.yml")


def locked(*components):
    return Lock(
        schema_version=1, components=tuple(Component(name=name, version=version) for name, version in components)
    )


def test_the_lock_that_netlab_brings():
    lock = load_lock()
    assert [each.version for each in lock.components if each.name == "kubernetes"] == ["1.36.4", "1.35.8", "1.34.11"]
    for arch in ("amd64", "arm64"):
        for each in lock.components:
            assert each.files_for(arch)
    assert {file.name for file in lock.find("kubernetes").files_for("arm64")} == {"kubeadm", "kubelet", "kubectl"}
    images = [image.name for image in lock.find("kubernetes", "1.35.8").images]
    assert "registry.k8s.io/kube-proxy:v1.35.8" in images
    assert {name.rpartition("/")[2].partition(":")[0] for name in images} == {
        *("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "coredns", "pause", "etcd")
    }
    assert all(image.digest for image in lock.find("cilium").images)


def test_it_is_written_as_update_writes_it():
    assert assets.lock().read_text() == render_lock(read_lock(assets.lock()))


HEAD = "schema_version: 1\ncomponents:\n- name: a\n  version: 1.2.3\n"


PAUSE = "name: 'k8s.io/pause:1'"
IMAGE = "5: components.0.images.0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("components: []", "1: the key 'schema_version' is missing"),
        ("schema_version: 2\ncomponents: []", "1: schema_version: input should be 1, not 2"),
        (f"{HEAD}  fils: []", "5: unknown key 'fils'; did you mean 'files'?"),
        (f"{HEAD}  files:\n  - {FILE[:-1]}, arc: amd64}}", "6: unknown key 'arc'; did you mean 'arch'?"),
        (
            f"{HEAD}  files:\n  - {FILE[:-1]}, arch: riscv}}",
            "6: components.0.files.0.arch: input should be 'amd64' or 'arm64', not 'riscv'",
        ),
        (f"{HEAD}  files:\n  - {FILE}\n  - {FILE}", "3: components.0: 'kubeadm amd64' is there twice"),
        (
            f"{HEAD}  files: [{FILE.replace(SUM, 'abc')}]",
            "5: components.0.files.0.sha256: this must be a SHA-256 in 64 lower-case hexadecimal digits, not 'abc'",
        ),
        (
            f"{HEAD}  files: [{FILE.replace('name: kubeadm', 'name: ../x')}]",
            "5: components.0.files.0.name: this must be a file's name, not '../x'",
        ),
        (
            f"{HEAD}  images: [{{name: pause}}]",
            "5: components.0.images.0.name: this must be an image's whole name, HOST/PATH:TAG, not 'pause'",
        ),
        (
            f"{HEAD}  images: [{{name: 'k8s.io/pause:1', url: 'https://x.org/y'}}]",
            "5: components.0.images.0: an image archive needs both 'url' and 'sha256'",
        ),
        (
            f"{HEAD}  images: [{{{PAUSE}, arch: amd64}}]",
            f"{IMAGE}: 'arch' belongs to an image archive; a registry's digest covers all architectures",
        ),
        (
            f"{HEAD}  images: [{{{PAUSE}, digest: 'sha256:{SUM}', url: 'https://x.org/y', sha256: '{SUM}'}}]",
            f"{IMAGE}: an image has either a 'digest', for a registry, or 'url' and 'sha256', for an archive",
        ),
        (f"{HEAD}- name: a\n  version: 1.2.3", "1: 'a 1.2.3' is there twice"),
        (f"{HEAD}- name: b\n  version: 1.2", "6: components.1.version: input should be a valid string, not 1.2"),
    ],
)
def test_a_mistake_is_named_with_its_line(text, message):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert str(caught.value) == f"lock.yml:{message}"


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://x.org/a", "https://x.org", "https://x.org/", "https:///a", "https://x.org/a?b", "https://x.org/a#b"),
        *(
            "https://u:p@x.org/a",
            "https://x.org/../a",
            "https://x.org/a/%2e%2e/b",
            "https://x.org/a%2fb",
            "https://x.org//a",
        ),
        *("https://x.org/a b", "https://../a", "https://x.org/%00", "https://x.org/%ff", "https://[/a"),
        *("https://x.org:99999/a", "https://x.org:b/a", "https://:8/a"),
    ],
)
def test_a_url_that_is_none_or_leads_elsewhere(url):
    with pytest.raises(ConfigError, match=r"^lock.yml:5: components.0.files.0.url: "):
        parse(f"{HEAD}  files: [{FILE.replace('https://dl.k8s.io/kubeadm', url)}]")


def test_a_mistake_in_a_lock_of_ones_own_names_that_file(tmp_path):
    path = tmp_path / "own.yml"
    path.write_text(f"{HEAD}  nots: x\n")
    with pytest.raises(ConfigError, match=rf"^{path}:5: unknown key 'nots'; did you mean 'note'\?$"):
        load_lock(path)


def test_a_lock_of_ones_own_comes_first_and_replaces(tmp_path):
    below = locked(("a", "1"), ("b", "1"), ("a", "2"))
    above = Lock(
        schema_version=1, components=(Component(name="a", version="2", note="mine"), Component(name="c", version="1"))
    )
    laid = overlay(below, above)
    assert [(each.name, each.version, each.note) for each in laid.components] == [
        *(("a", "2", "mine"), ("c", "1", ""), ("a", "1", ""), ("b", "1", ""))
    ]
    path = tmp_path / "own.yml"
    path.write_text(HEAD.replace("name: a", "name: kubernetes"))
    assert load_lock(path).find("kubernetes").version == "1.2.3"
    assert load_lock(path).find("kubernetes", "1.35.8").files


def test_components_are_found_by_name_and_version():
    lock = locked(("kubernetes", "1.36.4"), ("kubernetes", "1.20.2"), ("runc", "1.4"))
    assert [each.label for each in lock.select()] == ["kubernetes 1.36.4", "runc 1.4"]
    assert [each.label for each in lock.select(["runc", "kubernetes=1.20.2"])] == ["runc 1.4", "kubernetes 1.20.2"]
    with pytest.raises(NotLocked, match=r"^the lock has no component 'rnc'; did you mean 'runc'\?$"):
        lock.select(["rnc"])
    with pytest.raises(NotLocked, match=r"no version 1.19 of kubernetes") as caught:
        lock.select(["kubernetes=1.19"])
    assert caught.value.hint == "it has: 1.36.4, 1.20.2; 'netlab artifacts update kubernetes=1.19' adds one"
    assert caught.value.exit_code == 13


@pytest.mark.parametrize(
    ("written", "version"),
    [("v1.37.1", "1.37.1"), ("1.37.1", "1.37.1"), ("vv1.37.1", "vv1.37.1"), ("vanilla", "vanilla"), ("v", "v")],
)
def test_a_version_is_taken_as_projects_tag_it(written, version):
    component = Component(name="kubernetes", version=written)
    assert component.version == version
    assert parse(HEAD.replace("1.2.3", f"'{written}'")).components[0].version == version
    for word in (f"kubernetes={written}", f"kubernetes={version}"):
        assert name_and_version(word) == ("kubernetes", version)
        assert Lock(schema_version=1, components=(component,)).select([word]) == (component,)


def test_what_exists_for_another_architecture_only_is_named():
    text = f"{HEAD}  files: [{FILE[:-1]}, arch: amd64}}]"
    component = parse(text).find("a")
    assert len(component.files_for("amd64")) == 1
    with pytest.raises(NotLocked, match=r"a 1.2.3: the lock has no kubeadm for arm64"):
        component.files_for("arm64")


WORDS = st.sampled_from(
    [
        *("schema_version: 1\n", "components:\n", "- name: a\n", "  version: 1.2.3\n", "  files:\n", "  - name: x\n"),
        *(": ", "\n", "[", "{", "}"),
    ]
)


@settings(max_examples=50)
@given(st.text(max_size=80) | st.lists(WORDS | st.text(max_size=3)).map("".join))
def test_any_text_is_a_lock_or_a_config_error(text):
    try:
        result = parse(text)
    except ConfigError as error:
        result = error
    assert isinstance(result, Lock) or re.match(r"lock\.yml:\d+: ", str(result))


@given(st.text(max_size=60))
def test_a_component_survives_being_written(note):
    note = "".join(c for c in note if c.isprintable())
    lock = Lock(schema_version=1, components=(Component(name="a", version="1.2", note=note),))
    assert parse(render_lock(lock)) == lock


def test_digests_that_look_like_numbers_survive(tmp_path):
    text = f"{HEAD}  files: [{FILE}]\n  images: [{{name: 'k8s.io/pause:1', digest: null}}]\n"
    path = tmp_path / "lock.yml"
    path.write_text(render_lock(parse(text)))
    assert read_lock(Path(path)) == parse(text)
