"""Proxies of the environment, as curl reads them, and log-ins that reach those for whom they are and nobody else."""

import base64
import os
import shutil
import ssl
import subprocess
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.artifacts import client, registry
from netlab.artifacts.client import Client
from netlab.artifacts.download import Downloader, Wanted
from netlab.artifacts.lock import load_lock
from netlab.artifacts.mirror import Sources
from netlab.artifacts.proxy import Proxy, bypassed, environment, proxy_for
from netlab.artifacts.reach import reach, registries, servers
from netlab.errors import ArtifactMissing, ArtifactUnreachable
from tests.artifacts import server as rules
from tests.artifacts.server import QUICK, Server, sha256

DATA = b"binary" * 99
LOGIN = f"Basic {base64.b64encode(b'user:s3cr@t').decode()}"


@pytest.fixture
def variables(monkeypatch):
    """Set exactly these variables that name proxies."""

    def put(**values):
        for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            for each in (name, name.upper()):
                monkeypatch.delenv(each, raising=False)
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    put()
    return put


@pytest.mark.parametrize(
    ("values", "proxy"),
    [
        ({}, None),
        ({"https_proxy": "http://proxy:3128"}, Proxy("http://proxy:3128")),
        ({"HTTPS_PROXY": "http://proxy:3128/"}, Proxy("http://proxy:3128")),
        ({"https_proxy": "proxy.example:3128"}, Proxy("http://proxy.example:3128")),
        ({"https_proxy": "10.0.0.1:3128"}, Proxy("http://10.0.0.1:3128")),
        ({"https_proxy": "https://proxy"}, Proxy("https://proxy")),
        ({"ALL_PROXY": "proxy:1"}, Proxy("http://proxy:1")),
        ({"all_proxy": "proxy:1", "https_proxy": "proxy:2"}, Proxy("http://proxy:2")),
        ({"http_proxy": "proxy:1"}, None),
        ({"https_proxy": ""}, None),
        ({"https_proxy": "http://user:s3cr%40t@proxy:1"}, Proxy("http://proxy:1", LOGIN)),
        ({"https_proxy": "user:s3cr%40t@proxy:1"}, Proxy("http://proxy:1", LOGIN)),
        ({"https_proxy": "http://user:s3cr@t@proxy:1"}, Proxy("http://proxy:1", LOGIN)),
        ({"https_proxy": "proxy:1", "no_proxy": "x.org"}, None),
        ({"https_proxy": "proxy:1", "NO_PROXY": "y.org"}, Proxy("http://proxy:1")),
    ],
)
def test_the_environment_names_a_proxy(variables, values, proxy):
    variables(**values)
    assert proxy_for("https://a.x.org/b") == proxy
    assert proxy_for("https://127.0.0.1/b") is None


@pytest.mark.parametrize(
    "text",
    [
        "socks5://user:s3cret@proxy:1",
        "http://user:s3cret@",
        "user:s3cret@proxy:port",
        "http://u:s3cret@[::1",
        "http://u:ab/s3cret@proxy:3128",
        "u:ab/s3cret@proxy:3128",
        "http://u:12/s3cret@proxy:3128",
        "http://s3cret/ab@proxy:3128",
        "http://u:ab?s3cret@proxy:3128",
    ],
)
def test_a_proxy_that_cannot_be_used_is_told_without_its_password(variables, text):
    variables(https_proxy=text)
    with pytest.raises(ArtifactUnreachable, match="is of a kind that netlab does not know") as caught:
        proxy_for("https://x.org/")
    assert "s3cret" not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize(
    ("host", "names", "expected"),
    [
        *(
            ("x.org", names, True)
            for names in ("x.org", ".x.org", "X.ORG", "a.org, x.org", "a.org x.org", "*", "x.org.")
        ),
        *(("a.x.org", names, True) for names in ("x.org", ".x.org", "*", "org")),
        *(("ax.org", names, False) for names in ("x.org", ".x.org", "", "a", ",")),
        *(("10.1.2.3", names, True) for names in ("10.0.0.0/8", "10.1.2.3", "a,10.1.2.0/24")),
        *(("10.1.2.3", names, False) for names in ("3", "10.2.0.0/16", "10.1.2.3/x", "2.3")),
        *(("fd00::1", names, True) for names in ("[fd00::1]", "fd00::1", "fd00::/8")),
        ("x.org", "x.org:443", True),
        ("x.org", "x.org:80", False),
    ],
)
def test_names_that_no_proxy_is_asked_for(host, names, expected):
    assert bypassed(host, 443, names) == expected


def test_skopeo_is_told_the_same(variables):
    variables(all_proxy="user:s3cr@t%@proxy:1", no_proxy=".x.org  10.0.0.0/8")
    found = environment()
    assert found["HTTPS_PROXY"] == found["https_proxy"] == found["http_proxy"] == "http://user:s3cr%40t%25@proxy:1"
    assert found["NO_PROXY"] == "x.org,10.0.0.0/8"
    variables()
    assert environment() == {}


def fetch(cache, progress, url, sources=None):
    wanted = Wanted("tool", url, sha256(DATA))
    Downloader(cache, sources or Sources(), QUICK).fetch([wanted], progress)


@pytest.mark.parametrize(("written", "sent"), [("user:s3cr%40t@", LOGIN), ("", None)])
@pytest.mark.parametrize("scheme", ["", "http://"])
def test_a_proxy_gets_its_log_in_and_the_server_none(server, cache, progress, variables, written, sent, scheme):
    variables(http_proxy=f"{scheme}{written}{server.host}")
    server.files["http://dl.example.org/tool"] = DATA
    fetch(cache, progress, "http://dl.example.org/tool")
    (headers,) = server.headers
    assert headers.get("Proxy-Authorization") == sent
    assert "Authorization" not in headers


def test_a_tunnel_is_asked_for_with_the_log_in(server, cache, progress, variables):
    variables(https_proxy=f"user:s3cr%40t@{server.host}")
    with pytest.raises(ArtifactUnreachable) as caught:
        fetch(cache, progress, "https://dl.example.org/tool")
    assert server.asked[0] == ("CONNECT dl.example.org:443", None)
    assert server.headers[0]["Proxy-Authorization"] == LOGIN
    assert f"(through the proxy http://***@{server.host}): Tunnel connection failed: 502" in caught.value.message


def test_a_proxy_that_wants_a_log_in_says_so(server, cache, progress, variables):
    variables(http_proxy=server.host)
    server.rules["http://dl.example.org/tool"] = rules.status(407)
    with pytest.raises(ArtifactUnreachable, match="HTTP 407: the proxy asks for a user and a password"):
        fetch(cache, progress, "http://dl.example.org/tool")


@pytest.mark.skopeo
@pytest.mark.parametrize("scheme", ["", "http://"])
def test_skopeo_asks_through_the_proxy_with_the_log_in(server, variables, monkeypatch, scheme):
    if not shutil.which("skopeo"):
        pytest.skip("skopeo is not installed")
    monkeypatch.setattr(registry, "RETRIES", 0)
    variables(all_proxy=f"{scheme}user:s3cr@t@{server.host}")
    with pytest.raises(ArtifactUnreachable) as caught:
        registry.resolve("registry.example.org/pause:3")
    assert server.asked[0] == ("CONNECT registry.example.org:443", None)
    assert server.headers[0]["Proxy-Authorization"] == LOGIN
    assert "s3cr" not in caught.value.message


@pytest.fixture
def other():
    found = Server()
    yield found
    found.close()


def test_a_mirrors_log_in_is_sent_to_it_alone(server, other, cache, progress):
    server.rules["/dl.example.org/tool"] = rules.redirect("/here")
    server.rules["/here"] = rules.redirect(f"{other.url}/there")
    other.files["/there"] = DATA
    fetch(cache, progress, "https://dl.example.org/tool", Sources(server.url, login="user:s3cr%40t"))
    assert [headers.get("Authorization") for headers in server.headers] == [LOGIN, LOGIN]
    assert "Authorization" not in other.headers[0]


def test_a_log_in_that_a_redirect_names_is_not_used(server, other, cache, progress):
    server.rules["/dl.example.org/tool"] = rules.redirect(f"http://a:b@{other.host}/there")
    other.files["/there"] = DATA
    fetch(cache, progress, "https://dl.example.org/tool", Sources(server.url, login="user:s3cr%40t"))
    assert "Authorization" not in other.headers[0]


def test_a_mirror_that_wants_a_log_in_says_how_to_name_it(server, cache, progress):
    server.rules["/dl.example.org/tool"] = rules.guarded("user:s3cr@t")
    server.files["/dl.example.org/tool"] = DATA
    with pytest.raises(ArtifactMissing, match="HTTP 401") as caught:
        fetch(cache, progress, "https://dl.example.org/tool", Sources(server.url))
    assert "https://USER:PASSWORD@HOST" in caught.value.hint
    fetch(cache, progress, "https://dl.example.org/tool", Sources(server.url, login="user:s3cr%40t"))


@pytest.mark.skopeo
def test_a_registry_mirror_gets_its_log_in(server):
    if not shutil.which("skopeo"):
        pytest.skip("skopeo is not installed")
    place = "/v2/registry.k8s.io/pause/manifests/3"
    manifest = b'{"schemaVersion": 2, "config": {"digest": "sha256:%b"}, "layers": []}' % (b"0" * 64)
    server.files = {place: manifest, "/v2/": b"{}"}
    server.rules = dict.fromkeys(server.files, rules.guarded("user:s3cr@t"))
    found = registry.resolve("registry.k8s.io/pause:3", server.host, "user:s3cr%40t")
    assert found == f"sha256:{sha256(manifest)}"


@pytest.fixture
def encrypted(server, tmp_path, monkeypatch):
    """The server with TLS, and a certificate that this process trusts."""
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x"]
    words += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key", "-out", tmp_path / "certificate"]
    subprocess.run(words, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate"))
    return f"https://{server.host}"


def test_an_encrypted_url_does_not_lead_to_an_unencrypted_one(server, encrypted, other, cache, progress):
    server.files["/tool"] = DATA
    server.rules["/moved"] = rules.redirect("/tool")
    fetch(cache, progress, f"{encrypted}/moved")
    cache.path(sha256(DATA)).unlink()
    other.files["/tool"] = DATA
    server.rules["/down"] = rules.redirect(f"{other.url}/tool")
    with pytest.raises(ArtifactUnreachable, match="it redirects to an unencrypted URL"):
        fetch(cache, progress, f"{encrypted}/down")
    server.rules["/file"] = rules.redirect("file:///etc/passwd")
    with pytest.raises(ArtifactUnreachable, match=r"other than an http:// or https:// URL"):
        fetch(cache, progress, f"{encrypted}/file")
    assert other.asked == []


def test_a_scheme_in_capitals_is_the_same():
    assert client._next("http://x.org/a", "HTTPS://y.org/b") == "HTTPS://y.org/b"
    with pytest.raises(client.Astray, match="unencrypted"):
        client._next("HTTPS://x.org/a", "http://y.org/b")


@given(
    st.text(max_size=30)
    | st.lists(
        st.sampled_from(["http", "https", "file", "://", "//", "u:p@", "[", "]", ":", "9", "x.org", "/", "?"])
    ).map("".join)
)
def test_wherever_a_redirect_leads_it_is_an_http_url_or_refused(place):
    try:
        found = client._next("http://x.org/a", place)
    except client.Astray:
        return
    assert found.lower().startswith(("http://", "https://"))
    assert client.origin(found)
    assert client.split_login(found)[1] == ""


# ── who can be reached ──


def test_all_whom_the_lock_names_are_asked():
    lock = load_lock()
    assert registries(lock) == ["https://registry.k8s.io/v2/", "https://quay.io/v2/"]
    assert "https://dl.k8s.io:443/" in servers(lock)
    assert len(set(servers(lock))) == len(servers(lock)) == 5


def test_any_answer_will_do_and_silence_is_bounded(server, variables):
    server.rules["/silent"] = rules.trickling(9)
    server.rules["/mute"] = lambda handler: handler.owner.end.wait(9) and None
    server.rules["/away"] = rules.redirect("http://192.0.2.1/")
    variables(http_proxy=f"user:s3cret@{server.host}", no_proxy="127.0.0.1")
    urls = [*(f"{server.url}/{name}" for name in ("gone", "away", "mute")), "http://127.0.0.1:1/", "http://x.example/"]
    found = []
    assert rules.seconds(lambda: found.extend(reach(urls, deadline=0.5))) < 3
    assert [each.problem for each in found[:2]] == ["", ""]
    assert found[2].problem in {"no answer within 0.5 s", "the server fell silent"}
    assert [each.problem for each in found[3:]] == ["Connection refused", ""]
    assert [each.proxy for each in found[-2:]] == ["", f"http://***@{server.host}"]
    assert os.environ["http_proxy"] not in str(found)


def test_a_client_without_logins_sends_none(server):
    with Client(QUICK, threading.Event()).get(f"{server.url}/a", {}) as answer:
        assert answer.status == 404
    assert "Authorization" not in server.headers[0]
