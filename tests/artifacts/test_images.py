"""Images of a real registry: the distribution's docker-registry on 127.0.0.1, asked through skopeo."""

import io
import json
import tarfile

import pytest

from netlab.artifacts import registry as skopeo
from netlab.artifacts.bundle import write_bundle
from netlab.artifacts.cache import Cache
from netlab.artifacts.fetch import fetch
from netlab.artifacts.images import Part, explore, repository, url_of
from netlab.artifacts.lock import Component, Image
from netlab.artifacts.mirror import Sources
from netlab.artifacts.payload import payload_disk
from netlab.artifacts.verify import look, refuse
from netlab.errors import ArtifactChanged, ArtifactMissing, ArtifactUnreachable, MissingTool, NotLocked
from tests.artifacts.payloads import read_back
from tests.artifacts.registry import DOCKER, OCI, sha256
from tests.artifacts.server import QUICK

NAME = "registry.k8s.io/kube-proxy:v1.36.4"
FILES = {"amd64": {"proxy": b"amd64" * 999}, "arm64": {"proxy": b"arm64" * 999}}


pytestmark = pytest.mark.skopeo


@pytest.fixture
def component(registry):
    """A component whose image is below the registry's own name in the mirror."""
    registry.push("registry.k8s.io/kube-proxy", "v1.36.4", FILES)
    image = Image(name=NAME, digest=skopeo.resolve(NAME, registry.host))
    return Component(name="kubernetes", version="1.36.4", images=(image,))


@pytest.fixture
def pull(registry, component, cache, progress):
    def run(root=cache.root, arch="amd64", mirror=registry.host, component=component):
        fetch([component], arch, root, progress, sources=Sources(registry_mirror=mirror), limits=QUICK)

    return run


def test_a_tag_is_resolved_to_the_digest_of_its_index(registry):
    digest = registry.push("some/where/pause", "3.10", FILES)
    assert skopeo.resolve("registry.k8s.io/pause:3.10", f"{registry.host}/some/where") == digest


@pytest.mark.parametrize(("arch", "kinds"), [("amd64", DOCKER), ("arm64", OCI)])
def test_an_image_becomes_an_archive_of_its_architecture(registry, pull, cache, arch, kinds):
    image = Image(name=NAME, digest=registry.push("registry.k8s.io/kube-proxy", "new", FILES, kinds))
    component = Component(name="kubernetes", version="1.36.4", images=(image,))
    pull(arch=arch, component=component)
    refuse(look([component], arch, cache.root, deep=True))
    disk = payload_disk([component], arch, cache.root)
    entry = json.loads(read_back(disk, "index.json"))["kubernetes"]["images"][NAME]
    archive = read_back(disk, entry["path"])
    assert sha256(archive) == entry["sha256"]
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        (manifest,) = json.load(tar.extractfile("manifest.json"))
        layer = tar.extractfile(manifest["Layers"][0]).read()
        config = json.load(tar.extractfile(manifest["Config"]))
    assert manifest["RepoTags"] == [NAME]
    assert config["architecture"] == arch
    with tarfile.open(fileobj=io.BytesIO(layer)) as inner:
        assert inner.extractfile("proxy").read() == FILES[arch]["proxy"]


def test_nothing_is_asked_for_that_is_there(pull):
    pull()
    pull(mirror="127.0.0.1:1")


def test_a_part_that_rots_in_the_cache_is_named_and_fixed(pull, component, cache, notes):
    pull()
    image = component.images[0]
    for part in explore(image, "amd64", lambda part: cache.path(part.sha256)).all():
        entry = cache.path(part.sha256)
        entry.chmod(0o644)
        entry.write_bytes(b"rotten")
        with pytest.raises(ArtifactChanged, match=f"expected sha256 {part.sha256}, found sha256 {sha256(b'rotten')}"):
            refuse(look([component], "amd64", cache.root, deep=True))
        pull()
        refuse(look([component], "amd64", cache.root, deep=True))
    assert sum("is fetched again" in text for text in notes.said) == 4


def test_what_changed_in_the_registry_is_refused(pull, registry, component, tmp_path):
    pull()
    parts = explore(component.images[0], "amd64", lambda part: registry.blob(part.sha256))
    for number, part in enumerate(parts.all()):
        file = registry.blob(part.sha256)
        good = file.read_bytes()
        file.write_bytes(good + b" " if part.kind == "manifests" else good[:-1] + b"!")
        try:
            with pytest.raises(ArtifactChanged, match=f"image {NAME}.*{part.sha256}"):
                pull(root=tmp_path / str(number))
        finally:
            file.write_bytes(good)
        assert not Cache(tmp_path / str(number)).holds(part.sha256)


def test_what_is_missing_in_the_registry_is_named(registry, component, pull, monkeypatch):
    unknown = Image(name="registry.k8s.io/gone:1", digest=f"sha256:{'0' * 64}")
    with pytest.raises(ArtifactMissing, match=r"^image registry.k8s.io/gone:1: .*manifest unknown") as caught:
        pull(component=component.model_copy(update={"images": (unknown,)}))
    assert "--mirror" in caught.value.hint
    with pytest.raises(ArtifactMissing, match=r"^image quay.io/a/b:1: "):
        skopeo.resolve("quay.io/a/b:1", registry.host)
    monkeypatch.setattr(skopeo, "RETRIES", 0)
    with pytest.raises(ArtifactUnreachable, match=r"^image quay.io/a/b:1: .*connection refused"):
        skopeo.resolve("quay.io/a/b:1", "127.0.0.1:1")


def test_an_architecture_that_does_not_exist(pull, component, registry, cache):
    registry.push("registry.k8s.io/one", "1", {"amd64": FILES["amd64"]})
    image = Image(name="registry.k8s.io/one:1", digest=skopeo.resolve("registry.k8s.io/one:1", registry.host))
    with pytest.raises(NotLocked, match=r"^image registry.k8s.io/one:1 does not exist for arm64$"):
        pull(component=component.model_copy(update={"images": (image,)}), arch="arm64")


@pytest.mark.parametrize("serve", [False, True])
def test_a_bundle_holds_images_too(pull, component, cache, tmp_path, progress, server, serve):
    pull(arch="arm64")
    assert write_bundle([component], "arm64", cache.root, tmp_path / "usb") == 5
    mirror = str(tmp_path / "usb")
    if serve:
        mirror = server.url
        files = [path for path in (tmp_path / "usb").rglob("*") if path.is_file()]
        server.files = {f"/{path.relative_to(tmp_path / 'usb')}": path.read_bytes() for path in files}
    sources = Sources(mirror=mirror, registry_mirror="127.0.0.1:1")
    fetch([component], "arm64", tmp_path / "elsewhere", progress, sources=sources, limits=QUICK)
    refuse(look([component], "arm64", tmp_path / "elsewhere", deep=True))


def test_what_changed_in_a_bundle_is_refused(pull, component, cache, tmp_path, progress):
    pull()
    write_bundle([component], "amd64", cache.root, tmp_path / "usb")
    places = [path for path in (tmp_path / "usb").rglob("*") if path.is_file()]
    for place in [path for path in places if path.name != "v1.36.4"]:  # of the tag nobody asks who knows the digest
        good = place.read_bytes()
        place.write_bytes(good + b" ")
        digest = place.name.removeprefix("sha256:")
        with pytest.raises(ArtifactChanged, match=f"image {NAME} from {place} .*expected sha256 {digest}"):
            fetch(
                [component], "amd64", tmp_path / digest, progress, sources=Sources(str(tmp_path / "usb")), limits=QUICK
            )
        place.write_bytes(good)


def test_what_is_missing_in_a_bundle_comes_from_the_registry(component, registry, tmp_path, progress, cache, notes):
    sources = Sources(mirror=str(tmp_path / "usb"), registry_mirror=registry.host)
    fetch([component], "amd64", cache.root, progress, sources=sources, limits=QUICK)
    assert any("the registry is asked" in text for text in notes.said)


def test_a_digest_of_one_architecture_alone_serves(registry, component, pull, cache):
    top = explore(component.images[0], "amd64", lambda part: registry.blob(part.sha256))
    alone = component.images[0].model_copy(update={"digest": f"sha256:{top.manifest.sha256}"})
    alone = component.model_copy(update={"images": (alone,)})
    pull(component=alone)
    refuse(look([alone], "amd64", cache.root, deep=True))


@pytest.mark.parametrize(
    "document",
    [
        *(
            [],
            {},
            {"layers": 1},
            {"config": {"digest": "sha256:../../x"}, "layers": []},
            {"manifests": 3},
            {"manifests": [7]},
        ),
        *(
            {"manifests": [{"platform": {"os": "linux", "architecture": "amd64"}, "digest": "md5:1"}]},
            {"layers": [], "config": 1},
        ),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path, document):
    file = tmp_path / "manifest"
    file.write_text(json.dumps(document))
    with pytest.raises(ArtifactChanged, match="is not the manifest of an image"):
        explore(Image(name=NAME, digest=f"sha256:{'0' * 64}"), "amd64", lambda _: file)


def test_places_of_an_image():
    assert repository("quay.io:443/a/b:1.2-3_x") == ("quay.io:443", "a/b")
    assert skopeo.places(NAME, "site:5000/p") == ["site:5000/p/registry.k8s.io/kube-proxy", "site:5000/p/kube-proxy"]
    part = Part("manifests", "0" * 64)
    assert url_of(Image(name=NAME), part) == f"https://registry.k8s.io/v2/kube-proxy/manifests/sha256:{'0' * 64}"


def test_only_this_machines_registries_do_without_tls():
    assert skopeo._plain("--tls-verify", "127.0.0.1:5000/a") == ["--tls-verify=false"]
    assert skopeo._plain("--tls-verify", "localhost/a") == ["--tls-verify=false"]
    for place in ("quay.io/a", "10.0.0.1:5000/a", "127.0.0.1.evil.org/a"):
        assert skopeo._plain("--tls-verify", place) == []


def test_without_skopeo_its_package_is_named(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(MissingTool, match="'skopeo' is not installed") as caught:
        skopeo.resolve(NAME)
    assert caught.value.hint == "on Debian or Ubuntu: sudo apt-get install skopeo"
