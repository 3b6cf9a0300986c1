"""What the lock names without a digest is pinned at its first use, and refused from then on when it changes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab import proc
from netlab.artifacts import registry as skopeo
from netlab.artifacts.bundle import write_bundle
from netlab.artifacts.images import check_manifest
from netlab.artifacts.lock import Component, File, Image, Lock, render_lock
from netlab.artifacts.mirror import Sources
from netlab.artifacts.obtain import Origin, obtain, pin
from netlab.artifacts.pins import Pins, add_pins, fill, read_pins, refuse_conflicts, render_pins
from netlab.artifacts.verify import look, refuse
from netlab.errors import ArtifactChanged, ArtifactError, ArtifactMissing, ConfigError, NotLocked
from netlab.yamlfile import parse_model
from tests.artifacts.server import QUICK, sha256

NAME = "registry.k8s.io/pause:3.10"
DATA = b"a manifest of YAML" * 100
A, B = "a" * 64, "b" * 64


@pytest.fixture
def waiting(server):
    """A component of which nobody knows a digest: a file, and an image's archive, on a server."""
    server.files = {"/tool": DATA, "/pause.tar": b"archive"}
    image = Image(name="k8s.gcr.io/pause:3.2", url=f"{server.url}/pause.tar", sha256=None)
    return Component(
        name="tool", version="1", files=(File(name="tool", url=f"{server.url}/tool", sha256=None),), images=(image,)
    )


@pytest.fixture
def pins(tmp_path):
    (tmp_path / "lab").mkdir()
    return tmp_path / "lab" / "netlab.lock.yml"


@pytest.fixture
def get(pins, cache, progress):
    """Obtain components, as ``up`` and ``artifacts fetch`` do."""

    def run(*components, root=cache.root, sources=None, locked=False):
        origin = Origin(sources or Sources(), pins, locked)
        return obtain(components, "amd64", root, progress, origin=origin, limits=QUICK)

    return run


def test_what_has_no_checksum_is_pinned_once_and_that_is_said(get, waiting, server, pins, notes, cache):
    (known,) = get(waiting)
    assert notes.said.count("pinned 2 files in netlab.lock.yml") == 1
    assert known.files[0].sha256 == sha256(DATA)
    assert read_pins(pins).files == {f"{server.url}/tool": sha256(DATA), f"{server.url}/pause.tar": sha256(b"archive")}
    refuse(look([known], "amd64", cache.root, deep=True))
    before, server.asked[:] = pins.read_bytes(), []
    assert get(waiting) == (known,)
    assert (server.asked, pins.read_bytes()) == ([], before)
    assert sum("pinned" in text for text in notes.said) == 1


def test_a_pin_whose_line_is_deleted_is_made_again(get, waiting, server, pins, tmp_path):
    get(waiting)
    lines = pins.read_text().splitlines(keepends=True)
    pins.write_text("".join(line for line in lines if server.url not in line))
    assert pins.read_text().endswith("files:\n")
    server.files["/tool"] = b"another"
    (known,) = get(waiting, root=tmp_path / "new")
    assert known.files[0].sha256 == sha256(b"another")


def test_a_published_checksum_is_what_is_pinned(get, waiting, server, pins):
    server.files["/tool.sha256"] = f"{A}  tool\n".encode()
    with pytest.raises(ArtifactChanged, match=f"expected sha256 {A}, found sha256 {sha256(DATA)}"):
        get(waiting)
    assert read_pins(pins).files[f"{server.url}/tool"] == A


def test_what_changed_since_is_refused_with_both_digests_and_the_file(get, waiting, server, pins, tmp_path):
    get(waiting)
    server.files["/tool"] = b"another"
    with pytest.raises(ArtifactChanged) as caught:
        get(waiting, root=tmp_path / "new")
    assert f"tool 1 tool from {server.url}/tool" in caught.value.message
    assert f"expected sha256 {sha256(DATA)}, found sha256 {sha256(b'another')}" in caught.value.message
    assert f"pinned in {pins}" in caught.value.hint
    assert "delete its line" in caught.value.hint
    assert read_pins(pins).files[f"{server.url}/tool"] == sha256(DATA)


def test_locked_pins_nothing_and_asks_nobody(get, waiting, server, pins):
    with pytest.raises(NotLocked, match=f"nothing may be pinned.*{server.url}/tool, {server.url}/pause.tar") as caught:
        get(waiting, locked=True)
    assert "'netlab lock'" in caught.value.hint
    assert (server.asked, pins.exists()) == ([], False)
    get(waiting)
    get(waiting, locked=True)


def test_nothing_is_pinned_where_something_cannot_be_had(get, waiting, server, pins):
    del server.files["/pause.tar"]
    with pytest.raises(ArtifactMissing, match=r"pause.tar is not at"):
        get(waiting)
    assert not pins.exists()


def test_a_pin_never_wins_over_the_lock(get, waiting, server, pins):
    get(waiting)
    shipped = waiting.files[0].model_copy(update={"sha256": A})
    fixed = waiting.model_copy(update={"files": (shipped,)})
    with pytest.raises(ArtifactChanged, match=f"expected sha256 {A}, found sha256 {sha256(DATA)}") as caught:
        get(fixed)
    assert f"tool 1: the pin of {server.url}/tool in {pins} is not what the lock says" in caught.value.message
    assert f"delete the pin's line in {pins}" in caught.value.hint
    filled = fill(Lock(schema_version=1, components=(fixed,)), read_pins(pins)).components[0]
    assert filled.files[0].sha256 == A
    assert filled.images[0].sha256 == sha256(b"archive")


def test_a_pin_that_says_the_same_as_the_lock_is_no_conflict(tmp_path):
    image = Image(name=NAME, digest=f"sha256:{A}")
    refuse_conflicts(
        [Component(name="a", version="1", images=(image,))],
        Pins(schema_version=1, images={NAME: f"sha256:{A}"}),
        tmp_path,
    )


def test_a_write_that_is_cut_short_leaves_the_old_pins(pins, monkeypatch):
    old = Pins(schema_version=1, files={"https://x.org/a": A})
    add_pins(pins, old)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            add_pins(pins, Pins(schema_version=1, files={"https://x.org/b": B}))
    assert read_pins(pins) == old
    assert [path.name for path in pins.parent.iterdir()] == ["netlab.lock.yml"]


CHILD = """
import sys
from pathlib import Path
from netlab.artifacts.pins import Pins, add_pins
for number in range(10):
    add_pins(Path(sys.argv[1]), Pins(schema_version=1, files={f"https://x.org/{sys.argv[2]}/{number}": "a" * 64}))
"""


def test_netlabs_at_the_same_moment_lose_no_pins(pins):
    children = [subprocess.Popen([sys.executable, "-c", CHILD, pins, name]) for name in "abc"]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    assert len(read_pins(pins).files) == 30


def test_netlabs_that_were_served_different_things_are_told(pins):
    add_pins(pins, Pins(schema_version=1, images={NAME: f"sha256:{A}"}))
    with pytest.raises(ArtifactChanged, match=f"{NAME} is not what .*expected sha256 {A}, found sha256 {B}"):
        add_pins(pins, Pins(schema_version=1, images={NAME: f"sha256:{B}", "k8s.io/other:1": f"sha256:{B}"}))
    assert list(read_pins(pins).images) == [NAME]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("files: {}", "1: the key 'schema_version' is missing"),
        ("schema_version: 2", "1: schema_version: input should be 1, not 2"),
        ("schema_version: 1\nfile: {}", "2: unknown key 'file'; did you mean 'files'?"),
        (
            f"schema_version: 1\nimages:\n  {NAME}: {A}",
            f"3: images.{NAME}: this must be a digest, sha256: and 64 digits, not '{A}'",
        ),
        ("schema_version: 1\nfiles:\n  ftp://x: 1", "3: files.ftp://x"),
    ],
)
def test_a_mistake_in_the_pins_is_named_with_its_line(pins, text, message):
    pins.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_pins(pins)
    assert str(caught.value).startswith(f"{pins}:{message}")


HEXES = st.text("0123456789abcdef", min_size=64, max_size=64)
WORDS = st.sampled_from(["schema_version: 1\n", "files:\n", "images:\n", "  a.io/b:1: ", f"sha256:{A}\n", "{", "\n"])


@settings(max_examples=50)
@given(st.text(max_size=80) | st.lists(WORDS | st.text(max_size=3)).map("".join))
def test_any_text_is_pins_or_a_config_error(text):
    try:
        result = parse_model(text, Pins, name="x")
    except ConfigError as error:
        result = error
    assert isinstance(result, Pins) or str(result).startswith("x:")


@settings(max_examples=25)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}\.io/[a-z]{1,5}:v?[0-9]{1,3}", fullmatch=True), HEXES, max_size=5))
def test_pins_survive_being_written(images):
    pins = Pins(schema_version=1, images={name: f"sha256:{digest}" for name, digest in images.items()})
    text = render_pins(pins)
    assert parse_model(text, Pins, name="x") == pins
    assert text == render_pins(parse_model(text, Pins, name="x"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["manifests", "layers", "config", "digest", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
).map(lambda value: str(value).replace("'", '"').replace("None", "null"))


@settings(max_examples=80)
@given(st.binary(max_size=40) | JSON.map(str.encode) | st.just(b"[" * 100_000))
def test_any_answer_is_a_manifest_or_refused(raw):
    try:
        result = check_manifest(NAME, raw)
    except ArtifactChanged as error:
        result = error.message
    assert b"sha256:" in raw if result is None else "is not the manifest of an image" in result


@settings(max_examples=30)
@given(out=st.text(max_size=60), err=st.text(max_size=60), code=st.sampled_from([0, 1]))
def test_whatever_skopeo_says_is_a_digest_or_an_error_of_artifacts(out, err, code):
    def run(argv, **_):
        return proc.Outcome(argv=tuple(map(str, argv)), exit_code=code, stdout=out, stderr=err, started=None, seconds=0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proc, "run", run)
        with pytest.raises(ArtifactError):
            skopeo.resolve(NAME, "127.0.0.1:1")


def test_a_checksum_may_be_null_but_not_left_out(tmp_path):
    image = Image(name=NAME, url="https://x.org/pause.tar", sha256=None)
    file = File(name="tool", url="https://x.org/tool", sha256=None)
    lock = Lock(schema_version=1, components=(Component(name="a", version="1", files=(file,), images=(image,)),))
    path = tmp_path / "lock.yml"
    path.write_text(render_lock(lock))
    assert path.read_text().count("sha256: null") == 2
    assert parse_model(path.read_text(), Lock, name="x") == lock
    for text in (path.read_text().replace("        sha256: null\n", "", 1), path.read_text()[: -len("sha256: null\n")]):
        with pytest.raises(ConfigError, match="sha256"):
            parse_model(text, Lock, name="x")


# ── images: the distribution's docker-registry, through skopeo ──

FILES = {"amd64": {"pause": b"amd64" * 99}, "arm64": {"pause": b"arm64" * 99}}
REPOSITORY = "registry.k8s.io/pause"


@pytest.fixture
def image():
    return Component(name="kubernetes", version="1.36.4", images=(Image(name=NAME),))


@pytest.mark.skopeo
def test_an_image_is_pinned_and_the_pinned_one_is_fetched(registry, get, image, pins, notes, tmp_path):
    digest = registry.push(REPOSITORY, "3.10", FILES)
    sources = Sources(registry_mirror=registry.host)
    get(image, sources=sources)
    assert read_pins(pins).images == {NAME: digest}
    assert "pinned 1 image in netlab.lock.yml" in notes.said
    moved = registry.push(REPOSITORY, "3.10", {"amd64": {"pause": b"another"}})
    assert moved != digest
    (known,) = get(image, root=tmp_path / "new", sources=sources)  # its registry still has the old one
    assert known.images[0].digest == digest
    old = registry.blob(digest)
    kept = old.read_bytes()
    old.unlink()
    links = list(registry.storage.rglob(f"_manifests/revisions/sha256/{digest.removeprefix('sha256:')}"))
    for link in links:
        shutil.move(link, f"{link}.away")
    try:
        with pytest.raises(ArtifactChanged) as caught:
            get(image, root=tmp_path / "newer", sources=sources)
    finally:
        old.write_bytes(kept)
        for link in links:
            shutil.move(f"{link}.away", link)
    assert digest.removeprefix("sha256:") in caught.value.message
    assert moved.removeprefix("sha256:") in caught.value.message
    assert f"pinned in {pins}" in caught.value.hint


@pytest.mark.skopeo
@pytest.mark.parametrize("serve", [False, True])
def test_who_has_a_bundle_alone_gets_the_very_digests(
    registry, get, image, waiting, pins, cache, server, tmp_path, progress, serve
):
    registry.push(REPOSITORY, "3.10", FILES)
    known = get(image, waiting, sources=Sources(registry_mirror=registry.host))
    usb, made = tmp_path / "usb", read_pins(pins)
    write_bundle(known, "amd64", cache.root, usb, made)
    assert read_pins(usb / "netlab.lock.yml") == made
    assert write_bundle(known, "amd64", cache.root, usb, made) == 0
    mirror = str(usb)
    if serve:
        mirror = server.url
        server.files = {f"/{path.relative_to(usb)}": path.read_bytes() for path in usb.rglob("*") if path.is_file()}
    pins.unlink()
    alone = Sources(mirror=mirror, registry_mirror="127.0.0.1:1")
    assert get(image, waiting, root=tmp_path / "elsewhere", sources=alone) == known
    assert read_pins(pins) == made
    pins.unlink()
    shutil.copy(usb / "netlab.lock.yml", pins)
    assert get(image, waiting, root=tmp_path / "third", sources=alone, locked=True) == known


def test_a_bundle_is_refreshed_after_a_pin_was_changed_on_purpose(get, waiting, server, pins, cache, tmp_path):
    usb = tmp_path / "usb"
    write_bundle(get(waiting), "amd64", cache.root, usb, read_pins(pins))
    add_pins(usb / "netlab.lock.yml", Pins(schema_version=1, files={"https://x.org/of/another/lab": A}))
    pins.unlink()
    server.files["/tool"] = b"another"
    known = get(waiting, root=tmp_path / "new")
    assert write_bundle(known, "amd64", tmp_path / "new", usb, read_pins(pins)) == 1
    bundled = read_pins(usb / "netlab.lock.yml").files
    assert bundled == {**read_pins(pins).files, "https://x.org/of/another/lab": A}
    shutil.copy(usb / "netlab.lock.yml", pins)
    alone = Sources(mirror=str(usb))
    assert get(waiting, root=tmp_path / "elsewhere", sources=alone, locked=True) == known


def test_a_bundle_keeps_no_pin_of_what_the_lock_has_now(get, waiting, server, pins, cache, tmp_path):
    usb = tmp_path / "usb"
    write_bundle(get(waiting), "amd64", cache.root, usb, read_pins(pins))
    server.files["/tool"] = b"another"
    shipped = waiting.files[0].model_copy(update={"sha256": sha256(b"another")})
    pins.unlink()
    known = get(fixed := waiting.model_copy(update={"files": (shipped,)}))
    write_bundle(known, "amd64", cache.root, usb, read_pins(pins))
    shutil.copy(usb / "netlab.lock.yml", pins)
    assert get(fixed, root=tmp_path / "elsewhere", sources=Sources(mirror=str(usb)), locked=True) == known


@pytest.mark.skopeo
def test_a_mirror_that_has_another_image_than_the_pinned_is_refused(registry, get, image, cache, tmp_path, pins):
    sources = Sources(registry_mirror=registry.host)
    first = registry.push(REPOSITORY, "3.10", FILES)
    get(image, sources=sources)
    second = registry.push(REPOSITORY, "3.10", {"amd64": {"pause": b"of the mirror"}})
    other = image.model_copy(update={"images": (Image(name=NAME, digest=second),)})
    pins.rename(kept := tmp_path / "kept")
    get(other, sources=sources)
    write_bundle([other], "amd64", cache.root, tmp_path / "usb")
    kept.rename(pins)
    with pytest.raises(ArtifactChanged) as caught:
        get(image, root=tmp_path / "new", sources=sources._replace(mirror=str(tmp_path / "usb")))
    for digest in (first, second):
        assert digest.removeprefix("sha256:") in caught.value.message
    assert str(tmp_path / "usb") in caught.value.message


def test_a_mirror_that_says_no_manifest_of_a_tag_is_not_believed(get, image, server, pins):
    server.files["/registry.k8s.io/v2/pause/manifests/3.10"] = b"<html>welcome</html>"
    with pytest.raises(ArtifactChanged, match="says of its tag is not the manifest of an image"):
        get(image, sources=Sources(mirror=server.url))
    assert not pins.exists()


@pytest.mark.skopeo
def test_lock_downloads_no_image(registry, image, pins, cache, progress):
    digest = registry.push(REPOSITORY, "3.10", FILES)
    origin = Origin(Sources(registry_mirror=registry.host), pins)
    (known,) = pin([image], "amd64", cache.root, progress, origin=origin, limits=QUICK)
    assert known.images[0].digest == digest
    assert not list(Path(cache.root, "artifacts", "sha256").glob("*"))
