"""docs/artifacts.md and the role's README show what the code writes and reads."""

import json
import re
from pathlib import Path

import pytest

from netlab.artifacts.lock import Component, File, Image, Lock
from netlab.artifacts.payload import payload_disk
from netlab.artifacts.pins import Pins, render_pins
from netlab.yamlfile import parse_model
from tests.artifacts.payloads import read_back
from tests.artifacts.server import sha256

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "artifacts.md").read_text()


def blocks(kind, text=DOCS):
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def adopt(cache, tmp_path, data):
    (tmp_path / "part").write_bytes(data)
    cache.adopt(tmp_path / "part", sha256(data), "x", "y")
    return sha256(data)


@pytest.fixture
def index(cache, tmp_path):
    """The index of a payload as the pages tell of, its digests as dots."""
    kubeadm = File(name="kubeadm", url="https://x.org/kubeadm", sha256=adopt(cache, tmp_path, b"kubeadm"))
    pause = Image(
        name="k8s.gcr.io/pause:3.2", url="https://x.org/pause.tar", sha256=adopt(cache, tmp_path, b"an archive")
    )
    component = Component(name="kubernetes", version="1.20.2", files=(kubeadm,), images=(pause,))
    text = read_back(payload_disk([component], "amd64", cache.root), "index.json").decode()
    return json.loads(re.sub(r'"[0-9a-f]{64}"', '"…"', text))


@pytest.mark.parametrize("page", ["docs/artifacts.md", "roles/payload/README.md"])
def test_the_index_is_as_it_is_written(index, page):
    (shown,) = blocks("json", (ROOT / page).read_text())
    assert json.loads(shown) == index


def test_the_lock_and_the_pins_are_as_they_are_read():
    pins, lock = blocks("yaml")
    assert render_pins(parse_model(pins, Pins, name="pins")).endswith(pins)
    assert parse_model(lock.replace("…", "a" * 64), Lock, name="lock").find("kubernetes").version == "1.36.4"
