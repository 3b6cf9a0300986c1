from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.artifacts.mirror import Sources, locate, segments
from netlab.artifacts.settings import lock_of, sources_of
from netlab.errors import ConfigError
from netlab.spec.artifacts import ArtifactsSpec
from netlab.yamlfile import parse_model

URL = "https://dl.k8s.io/release/v1.36.4/bin/linux/amd64/kubeadm"


@pytest.mark.parametrize(
    ("mirror", "place"),
    [
        ("", URL),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/dl.k8s.io/release/v1.36.4/bin/linux/amd64/kubeadm"),
        ("https://site/pub/", "https://site/pub/dl.k8s.io/release/v1.36.4/bin/linux/amd64/kubeadm"),
        ("HTTPS://site", "HTTPS://site/dl.k8s.io/release/v1.36.4/bin/linux/amd64/kubeadm"),
        ("/mnt/usb", Path("/mnt/usb/dl.k8s.io/release/v1.36.4/bin/linux/amd64/kubeadm")),
    ],
)
def test_host_and_path_are_looked_for_below_the_mirror(mirror, place):
    assert locate(URL, mirror) == place


def test_escapes_are_undone_in_a_folder():
    assert locate("https://x.org/a%2Bb", "/m") == Path("/m/x.org/a+b")


@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from(["..", ".", "/", "%2e", "%2f", "\\", "%00", "a", ":", "@", "?"])).map("".join)
)
def test_no_url_leads_out_of_the_folder(tail):
    for url in (f"https://{tail}", f"https://x.org/{tail}", tail):
        names = segments(url)
        assert Path("/m", *names).is_relative_to("/m")
        assert ".." not in names


@given(st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=4))
def test_what_is_safe_arrives_under_its_names(names):
    url = "https://x.org/" + "/".join(quote(name, safe="") for name in names if name.encode(errors="ignore"))
    found = segments(url)
    if not any(name in {".", ".."} or set("/\\\0") & set(name) for name in names):
        assert found == ("x.org", *names)
    else:
        assert found == ()


def test_settings_of_a_lab_are_relative_to_it(tmp_path):
    spec = ArtifactsSpec(mirror="usb", registry_mirror="127.0.0.1:5000/x", lock="own.yml")
    assert sources_of(spec, tmp_path) == Sources(str(tmp_path / "usb"), "127.0.0.1:5000/x")
    assert sources_of(ArtifactsSpec(mirror="http://site"), tmp_path) == Sources("http://site", "")
    assert sources_of(ArtifactsSpec(), tmp_path) == Sources()
    spec = ArtifactsSpec(mirror="https://u:p%40@site:8/x", registry_mirror="v:q@site:5000/y")
    assert sources_of(spec, tmp_path) == Sources("https://site:8/x", "site:5000/y", "u:p%40", "v:q")
    spec = ArtifactsSpec(mirror="HTTPS://u:p@Site/X")
    assert sources_of(spec, tmp_path) == Sources("https://Site/X", login="u:p")
    with pytest.raises(ConfigError, match=r"own.yml cannot be read"):
        lock_of(ArtifactsSpec(lock="own.yml"), tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mirror: ftp://x", "mirror: 'ftp://x' is neither an http:// or https:// URL nor a folder"),
        ("registry_mirror: http://x", "registry_mirror: 'http://x' is not HOST[:PORT][/PREFIX]"),
        ("registry_mirror: 'http://u:s3cret@x'", "registry_mirror: '***@x' is not HOST[:PORT][/PREFIX]"),
        ("registry_mirror: 'u:s3cret@x y'", "registry_mirror: '***@x y' is not HOST[:PORT][/PREFIX]"),
        ("mirror: 'ftp://u:s3cret@x'", "mirror: 'ftp://***@x' is neither an http:// or https:// URL nor a folder"),
        (
            "mirror: https://robot:ab/s3cret@x/y",
            "mirror: 'https://***@x/y' is neither an http:// or https:// URL nor a folder",
        ),
        (
            "mirror: 'http://u:s3cret@x:y'",
            "mirror: 'http://***@x:y' is neither an http:// or https:// URL nor a folder",
        ),
    ],
)
def test_settings_that_cannot_be(text, message):
    with pytest.raises(ConfigError) as caught:
        parse_model(text, ArtifactsSpec, name="netlab.yml")
    assert str(caught.value) == f"netlab.yml:1: {message}"
