import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.credentials import basic, blanked, blanked_word, hidden, requoted, split_login


@pytest.mark.parametrize(
    ("url", "bare", "login"),
    [
        ("https://x.org/a", "https://x.org/a", ""),
        ("https://u:p@x.org:8/a@b?c@d", "https://x.org:8/a@b?c@d", "u:p"),
        ("http://u:p@ss@x.org", "http://x.org", "u:p@ss"),
        ("http://u@[::1]:3128/", "http://[::1]:3128/", "u"),
        ("https://x.org?a@b", "https://x.org?a@b", ""),
    ],
)
def test_a_log_in_is_taken_out_of_a_url(url, bare, login):
    assert split_login(url) == (bare, login)


@pytest.mark.parametrize(
    ("login", "pair"),
    [("u:p", b"u:p"), ("u", b"u:"), ("u%40h:p%3A%2f", b"u@h:p:/"), ("ü:%C3%BC", "ü:ü".encode()), ("u:100%", b"u:100%")],
)
def test_escapes_are_undone_as_curl_does(login, pair):
    assert base64.b64decode(basic(login).removeprefix("Basic ")) == pair
    assert base64.b64decode(basic(requoted(login)).removeprefix("Basic ")) in {pair, pair.rstrip(b":")}


def test_without_a_log_in_nothing_is_sent():
    assert basic("") == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://u:p@x.org/a and http://q:r@y.org", "see https://***@x.org/a and http://***@y.org"),
        ("http://u:p@ss@x.org", "http://***@x.org"),
        ("docker://127.0.0.1:5000/pause@sha256:00 is there", "docker://127.0.0.1:5000/pause@sha256:00 is there"),
        ("write to me@x.org", "write to me@x.org"),
    ],
)
def test_nobody_reads_a_log_in(text, shown):
    assert hidden(text) == shown


@given(st.text(st.characters(exclude_characters="/?#", exclude_categories=["Cs", "Z", "C"]), min_size=1, max_size=20))
def test_no_log_in_survives(login):
    url = f"https://{login}@x.org/a"
    assert hidden(url) == "https://***@x.org/a"
    assert split_login(url) == ("https://x.org/a", login)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://robot:ab/cd@host/x", "https://***@host/x"),
        ("http://u:a@b/c@proxy:3128", "http://***@proxy:3128"),
        ("HTTPS://u:?#@x", "HTTPS://***@x"),
        ("u:a://b@x", "***@x"),
        ("u:a\nb@x", "***@x"),
        ("ftp://x/a", "ftp://x/a"),
    ],
)
def test_nobody_reads_a_log_in_of_what_is_no_url(text, shown):
    assert blanked(text) == shown


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("robot:s3cret@reg:5000", "***@reg:5000"),
        ("--registry-mirror=robot:s3cret@reg:5000/x", "--registry-mirror=***@reg:5000/x"),
        ("--mirror=https://robot:a=/b@host/x", "--mirror=https://***@host/x"),
        ("robot:a=b@host", "***@host"),
        ("--profiles=a,b", "--profiles=a,b"),
    ],
)
def test_nobody_reads_a_log_in_of_a_command_line(word, shown):
    assert blanked_word(word) == shown


@given(st.text(max_size=20), st.sampled_from(["", "https://", "--mirror=", "--mirror=https://"]))
def test_no_log_in_survives_whatever_it_is_made_of(login, before):
    assert blanked_word(f"{before}{login}@x.org/a").removeprefix(before).endswith("***@x.org/a")
    assert f"{login}@" not in blanked_word(f"{before}u:{login}@x.org/a").replace("***@", "")
