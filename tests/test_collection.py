"""scripts/collection.py with the real pip, whose index is a folder with a package of the test's own."""

import hashlib
import subprocess
import zipfile

import pytest

from scripts import collection

pytestmark = pytest.mark.real

COLLECTION = "ansible_collections/hetzner/hcloud"
OTHER = "ansible_collections/amazon/aws"


def wheel(folder, version, content):
    """Put a package into the folder, and return its SHA-256."""
    info = f"ansible-{version}.dist-info"
    files = {
        f"{COLLECTION}/MANIFEST.json": content,
        f"{COLLECTION}/plugins/modules/server.py": "",
        f"{OTHER}/MANIFEST.json": "{}",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: ansible\nVersion: {version}\nRequires-Python: >=3.12\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    path = folder / f"ansible-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as package:
        for name, text in files.items():
            package.writestr(name, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Puts a version into the index, and pins it."""
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    def pin(version, content="first", sha256=None):
        digest = wheel(index, version, content)
        monkeypatch.setattr(collection, "VERSION", version)
        monkeypatch.setattr(collection, "SHA256", sha256 or digest)

    return pin


@pytest.fixture
def calls(monkeypatch):
    """How often pip was asked."""
    asked = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda words, **options: asked.append(words) or run(words, **options))
    return asked


def test_only_the_collection_is_taken_and_once(publish, tmp_path, calls):
    publish("14.5.0")
    collection.ensure("hetzner.hcloud", tmp_path / "own")
    assert (tmp_path / "own" / COLLECTION / "MANIFEST.json").read_text() == "first"
    assert not (tmp_path / "own" / OTHER).exists()
    collection.ensure("hetzner.hcloud", tmp_path / "own")
    assert len(calls) == 1


def test_a_newer_version_is_not_taken_by_itself_and_replaces_the_older_where_it_is_pinned(publish, tmp_path):
    publish("14.6.0", "newer")
    publish("14.5.0", "pinned")
    collection.ensure("hetzner.hcloud", tmp_path / "own")
    assert (tmp_path / "own" / COLLECTION / "MANIFEST.json").read_text() == "pinned"
    (tmp_path / "own" / COLLECTION / "of_the_old_one").touch()
    publish("14.6.0", "newer")
    collection.ensure("hetzner.hcloud", tmp_path / "own")
    assert (tmp_path / "own" / COLLECTION / "MANIFEST.json").read_text() == "newer"
    assert not (tmp_path / "own" / COLLECTION / "of_the_old_one").exists()


def test_a_package_with_another_digest_is_refused(publish, tmp_path, capfd):
    publish("14.5.0", sha256="0" * 64)
    with pytest.raises(subprocess.CalledProcessError):
        collection.ensure("hetzner.hcloud", tmp_path / "own")
    assert "DO NOT MATCH THE HASHES" in capfd.readouterr().err
    assert not (tmp_path / "own").exists()


def test_a_collection_that_the_package_is_without_is_named(publish, tmp_path):
    publish("14.5.0")
    with pytest.raises(FileNotFoundError, match=r"ansible 14\.5\.0 has no collection google\.cloud"):
        collection.ensure("google.cloud", tmp_path / "own")
