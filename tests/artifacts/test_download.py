import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from netlab.artifacts.download import Downloader, Wanted
from netlab.artifacts.mirror import Sources
from netlab.errors import ArtifactChanged, ArtifactMissing, ArtifactUnreachable
from tests.artifacts import server as rules
from tests.artifacts.server import QUICK, sha256
from tests.conftest import wait_until

DATA = random.Random(1).randbytes(300_000)
PATH = "/a/kubeadm"


@pytest.fixture
def fetch(server, cache, progress):
    """Fetch the file at PATH, as the lock would have it."""
    server.files[PATH] = DATA

    def run(*, data=DATA, mirror="", url=f"{server.url}{PATH}", limits=QUICK):
        wanted = Wanted("kubernetes 1.2.3 kubeadm", url, sha256(data))
        Downloader(cache, Sources(mirror), limits).fetch([wanted], progress)
        return cache.path(wanted.sha256).read_bytes()

    return run


def leftovers(cache):
    return [path.name for path in cache.partials.iterdir() if not path.name.endswith(".lock")]


def test_a_file_is_fetched_once(fetch, server, cache):
    assert fetch() == DATA
    assert fetch() == DATA
    assert server.asked == [(PATH, None)]
    assert leftovers(cache) == []


def test_a_missing_file_is_named_and_not_asked_for_again(fetch, server):
    del server.files[PATH]
    with pytest.raises(
        ArtifactMissing, match=rf"^kubernetes 1.2.3 kubeadm is not at {server.url}{PATH}: HTTP 404$"
    ) as e:
        fetch()
    assert "--mirror" in e.value.hint
    assert len(server.asked) == 1


def test_an_altered_file_is_refused_with_both_digests(fetch, server, cache):
    server.files[PATH] = altered = DATA[:-1] + b"!"
    with pytest.raises(ArtifactChanged) as caught:
        fetch()
    assert f"kubernetes 1.2.3 kubeadm from {server.url}{PATH}" in caught.value.message
    assert f"expected sha256 {sha256(DATA)}, found sha256 {sha256(altered)}" in caught.value.message
    assert not cache.holds(sha256(DATA))
    assert leftovers(cache) == []
    server.files[PATH] = DATA
    assert fetch() == DATA


def test_a_truncated_download_goes_on_where_it_broke_off(fetch, server):
    server.rules[PATH] = rules.once(rules.truncated(100_000))
    assert fetch() == DATA
    assert server.ranges(PATH) == [None, "bytes=100000-"]


def test_a_server_that_always_breaks_off_is_given_up(fetch, server):
    server.rules[PATH] = rules.truncated(0)
    with pytest.raises(ArtifactUnreachable, match="the connection broke off"):
        fetch()
    assert len(server.asked) == QUICK.attempts


def test_progress_is_worth_another_attempt(fetch, server):
    def a_bit(handler):
        wanted = handler.headers.get("Range") or "bytes=0-"
        begin = int(wanted[6:-1])
        head = {"Content-Range": f"bytes {begin}-{len(DATA) - 1}/{len(DATA)}"}
        handler.answer(206, DATA[begin : begin + 50_000], length=len(DATA) - begin, **head)
        handler.close_connection = True

    server.rules[PATH] = a_bit
    assert fetch() == DATA
    assert len(server.asked) == 6 > QUICK.attempts


def test_a_server_without_range_sends_all_again(fetch, server):
    server.rules[PATH] = rules.once(rules.truncated(100_000))
    first = server.rules[PATH]
    server.rules[PATH] = lambda handler: rules.whole(handler) if first(handler) is rules.USUAL else None
    assert fetch() == DATA
    assert server.ranges(PATH) == [None, "bytes=100000-"]


def test_a_file_that_was_replaced_meanwhile_is_not_mixed(fetch, server):
    old = bytes(len(DATA))
    server.files[PATH] = old

    def replaced(handler):
        rules.truncated(100_000)(handler)
        server.files[PATH] = DATA

    server.rules[PATH] = rules.once(replaced)
    assert fetch() == DATA


def test_parts_that_do_not_fit_together_are_fetched_whole(fetch, server, cache):
    (cache.partials / sha256(DATA)).write_bytes(b"something else")
    assert fetch() == DATA
    assert server.ranges(PATH) == ["bytes=14-", None]


def test_more_than_there_is_starts_anew(fetch, server, cache):
    (cache.partials / sha256(DATA)).write_bytes(DATA + b"more")
    assert fetch() == DATA


def test_a_part_nobody_asked_for_is_not_taken(fetch, server):
    def wrong(handler):
        handler.answer(206, DATA[5:], **{"Content-Range": f"bytes 5-{len(DATA) - 1}/{len(DATA)}"})

    server.rules[PATH] = rules.once(wrong)
    assert fetch() == DATA


@pytest.mark.parametrize("length", [10, len(DATA) + 10])
def test_a_wrong_length_is_not_believed(fetch, server, length):
    def lie(handler):
        handler.answer(200, DATA, length=length)
        handler.close_connection = True

    server.rules[PATH] = lie
    with pytest.raises((ArtifactChanged, ArtifactUnreachable)):
        fetch()


def test_redirects_are_followed(fetch, server):
    server.rules["/old"] = rules.redirect("/older")
    server.rules["/older"] = rules.redirect(PATH)
    assert fetch(url=f"{server.url}/old") == DATA


def test_redirects_without_end(fetch, server):
    server.rules[PATH] = rules.redirect(PATH)
    with pytest.raises(ArtifactUnreachable, match="more than 4 redirects"):
        fetch()
    assert len(server.asked) == 5


def test_a_busy_server_is_given_the_time_it_asks_for(fetch, server):
    server.rules[PATH] = rules.once(rules.status(429, Retry_After="1"))
    assert rules.seconds(fetch) >= 1
    assert len(server.asked) == 2


@pytest.mark.parametrize("word", ["soon", "Thu, 99 Foo 2026"])
def test_a_time_nobody_understands_is_ignored(fetch, server, word):
    server.rules[PATH] = rules.once(rules.status(503, Retry_After=word))
    assert fetch() == DATA


def test_a_server_that_wants_too_much_time_is_given_up(fetch, server):
    server.rules[PATH] = rules.status(503, Retry_After="3600")
    with pytest.raises(ArtifactUnreachable, match="HTTP 503"):
        fetch()
    assert len(server.asked) == 1


def test_a_silent_server_is_tried_again(fetch, server):
    server.rules[PATH] = rules.once(rules.stalling(50_000))
    assert fetch() == DATA
    assert server.ranges(PATH) == [None, "bytes=50000-"]


def test_a_trickle_ends_at_the_limit(fetch, server):
    server.rules[PATH] = rules.trickling(0.05)
    with pytest.raises(ArtifactUnreachable, match=r"not complete after 0.5 s \(\d+ B came\)"):
        fetch(limits=QUICK.model_copy(update={"total_s": 0.5}))


def test_a_flood_ends_at_the_limit(fetch, cache):
    with pytest.raises(ArtifactChanged, match="is larger than 98 KiB"):
        fetch(limits=QUICK.model_copy(update={"max_bytes": 100_000}))
    assert leftovers(cache) == []


def test_nobody_there_says_where_and_what_to_do(fetch, server):
    server.close()
    with pytest.raises(ArtifactUnreachable) as caught:
        fetch()
    assert caught.value.message.endswith(f"could not be fetched from {server.url}{PATH}: Connection refused")
    assert "--mirror" in caught.value.hint
    assert "bundle" in caught.value.hint


def test_a_folder_is_a_mirror(fetch, server, tmp_path):
    place = tmp_path / "mirror" / server.host / "a" / "kubeadm"
    place.parent.mkdir(parents=True)
    place.write_bytes(DATA)
    assert fetch(mirror=str(tmp_path / "mirror")) == DATA
    assert server.asked == []
    assert place.read_bytes() == DATA


def test_what_is_missing_or_has_changed_in_a_folder_is_refused(fetch, server, tmp_path, cache):
    place = tmp_path / server.host / "a" / "kubeadm"
    with pytest.raises(ArtifactMissing, match=f"kubeadm is not at {place}"):
        fetch(mirror=str(tmp_path))
    place.parent.mkdir(parents=True)
    place.write_bytes(b"other")
    with pytest.raises(ArtifactChanged, match=f"kubeadm from {place} is not what the lock says"):
        fetch(mirror=str(tmp_path))
    assert leftovers(cache) == []


def test_any_server_with_the_layout_is_a_mirror(fetch, server):
    server.files["/pub/dl.k8s.io/release/v1/kubeadm"] = DATA
    assert fetch(url="https://dl.k8s.io/release/v1/kubeadm", mirror=f"{server.url}/pub/") == DATA


def test_what_changed_in_the_cache_is_fetched_again(fetch, cache, notes):
    fetch()
    entry = cache.path(sha256(DATA))
    entry.chmod(0o644)
    entry.write_bytes(b"rotten")
    assert fetch() == DATA
    assert any("has changed in the cache" in text for text in notes.said)


def test_all_that_is_missing_is_named_at_once(server, cache, progress):
    server.files = {"/good": b"good", "/bad": b"bad"}
    wanted = [
        Wanted(name, f"{server.url}/{name}", sha256(name.encode() + b"x" * (name == "bad")))
        for name in ("gone", "good", "bad")
    ]
    with pytest.raises(ArtifactMissing) as caught:
        Downloader(cache, Sources(), QUICK).fetch(wanted, progress)
    assert [line.split()[0] for line in caught.value.message.splitlines()] == ["gone", "bad"]
    assert cache.holds(sha256(b"good"))


def test_a_server_out_of_reach_ends_the_others(server, cache, progress):
    server.files["/slow"] = DATA
    server.rules["/slow"] = rules.stalling(10)
    wanted = [Wanted("slow", f"{server.url}/slow", sha256(DATA)), Wanted("dead", "http://127.0.0.1:1/x", sha256(b""))]
    patient = QUICK.model_copy(update={"stall_s": 30.0})
    with pytest.raises(ArtifactUnreachable, match=r"^dead could not be fetched"):
        Downloader(cache, Sources(), patient).fetch(wanted, progress)
    assert (cache.partials / sha256(DATA)).stat().st_size == 10


def test_several_come_at_the_same_time(server, cache, progress):
    together = threading.Barrier(3, timeout=5)
    wanted = []
    for name in ("a", "b", "c"):
        server.files[f"/{name}"] = name.encode()
        server.rules[f"/{name}"] = lambda handler: (together.wait(), rules.USUAL)[1]
        wanted.append(Wanted(name, f"{server.url}/{name}", sha256(name.encode())))
    Downloader(cache, Sources(), QUICK).fetch(wanted, progress)
    assert all(cache.holds(each.sha256) for each in wanted)


CHILD = """
import sys
from pathlib import Path
from netlab.artifacts.cache import Cache
from netlab.artifacts.download import Downloader, Wanted
from netlab.artifacts.mirror import Sources
from netlab.progress import Reporter
folder, url, sha256 = sys.argv[1:]
Downloader(Cache(Path(folder)), Sources()).fetch([Wanted("kubeadm", url, sha256)], Reporter())
"""


def start(cache, server):
    words = [sys.executable, "-c", CHILD, str(cache.root), f"{server.url}{PATH}", sha256(DATA)]
    return subprocess.Popen(words, stderr=subprocess.PIPE, text=True)


def test_two_processes_fetch_it_once(server, cache):
    server.files[PATH] = DATA

    def slowly(handler):
        time.sleep(0.5)
        return rules.USUAL

    server.rules[PATH] = slowly
    children = [start(cache, server) for _ in range(2)]
    assert [child.wait(20) for child in children] == [0, 0], [child.stderr.read() for child in children]
    for child in children:
        child.stderr.close()
    assert cache.path(sha256(DATA)).read_bytes() == DATA
    assert server.asked == [(PATH, None)]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_download_that_was_killed_goes_on(fetch, server, cache, number):
    server.rules[PATH] = rules.once(rules.stalling(100_000))
    child = start(cache, server)
    partial = cache.partials / sha256(DATA)
    wait_until(lambda: partial.exists() and partial.stat().st_size == 100_000, seconds=20, what="a part")
    os.kill(child.pid, number)
    assert child.wait(5) != 0
    child.stderr.close()
    assert fetch() == DATA
    assert server.ranges(PATH) == [None, "bytes=100000-"]
