import locale
import subprocess

import pytest

from netlab import locales


@pytest.fixture(autouse=True)
def asked_again():
    locales.utf8_locale.cache_clear()
    yield
    locales.utf8_locale.cache_clear()


def test_children_get_a_locale_that_exists_and_this_process_keeps_its_own():
    before = locale.setlocale(locale.LC_ALL)
    name = locales.utf8_locale()
    assert (
        name in subprocess.run(["locale", "-a"], capture_output=True, text=True, check=True).stdout or name == "C.UTF-8"
    )
    assert locales.environment() == {"LC_ALL": name, "LANGUAGE": ""}
    assert locale.setlocale(locale.LC_ALL) == before


def test_any_other_utf8_locale_will_do(monkeypatch):
    monkeypatch.setattr(locales, "PREFERRED", ("xx_XX.UTF-8",))
    assert locales.utf8_locale().lower().endswith(("utf8", "utf-8"))


def test_none_at_all(monkeypatch):
    monkeypatch.setattr(locales, "PREFERRED", ())
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert locales.environment() == {}
