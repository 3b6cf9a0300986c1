import shutil

import pytest

from netlab.artifacts.cache import Cache
from netlab.progress import Reporter
from tests.artifacts.registry import Registry
from tests.artifacts.server import Server


@pytest.fixture
def server():
    found = Server()
    yield found
    found.close()


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """The distribution's docker-registry, reached through skopeo."""
    for program in ("skopeo", "docker-registry"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    found = Registry(tmp_path_factory.mktemp("registry"))
    yield found
    found.close()


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


class Notes:
    """A sink that keeps what is said."""

    def __init__(self):
        self.said = []

    def begin(self, step):
        pass

    def end(self, step, *, ok):
        pass

    def detail(self, text):
        self.said.append(text)

    def say(self, text, *, warning):
        self.said.append(text)

    def close(self):
        pass


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
def progress(notes):
    return Reporter(notes)
