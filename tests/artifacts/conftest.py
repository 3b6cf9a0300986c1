import pytest

from netlab.artifacts.cache import Cache
from netlab.progress import Reporter
from tests.artifacts.server import Server


@pytest.fixture
def server():
    found = Server()
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
