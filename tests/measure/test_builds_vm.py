"""Two builds of real hosts in one run, which is interrupted in the second; minutes, one more boot than a usual run."""

import json
import signal

import pytest

from netlab import assets
from tests.conftest import wait_until

pytestmark = pytest.mark.alone  # not seen to pass yet: make test-alone

WORDS = ("--profiles", "baseline-vm,ipvlan-l2", "--paths", "host,pod-ip", "--clock", "virtual", "--stack", "datapath")
BUILD_S = 1500
"""Seconds that the first samples, of hosts whose image may have to be baked, and a further build may each take."""


def snapshots_of(run):
    """Those in the cache that only this run's further builds need."""
    return [path for path in assets.cache().glob("fleets/*/*") if f"+{run.name.replace('-', '.')}." in path.name]


def boots(run):
    """Boots of the hosts' kernels that the samples of each round say they were taken in."""
    found = {}
    for file in run.glob("raw/r*-p*-*/*.json"):
        said = json.loads(file.read_bytes())["hosts"]
        found.setdefault(int(file.parent.name[1:3]), set()).update(host["boot_id"] for host in said.values())
    return found


def test_a_second_build_is_booted_anew_survives_an_interruption_and_leaves_nothing(netlab):
    runs = netlab.folder / ".netlab" / "runs"
    work = netlab.start("bench", "--rebuilds", "2", "--rounds", "4", "--seed", "1", *WORDS)
    wait_until(
        lambda: list(runs.glob("*/raw/r03-*/*.json")) or work.poll() is not None,
        seconds=2 * BUILD_S,
        what="the first sample of the second build",
    )
    work.send_signal(signal.SIGINT)
    _, err = work.communicate(timeout=120)
    assert work.returncode == 130, err
    (run,) = runs.iterdir()
    assert len(snapshots_of(run)) == 3, "the booted fleet and two profiles"

    done = netlab("bench", "--resume", timeout=BUILD_S)
    assert done.returncode == 0, done.stderr
    assert "provision" not in done.stderr, "the second build was there already"
    assert snapshots_of(run) == []
    said = boots(run)
    assert said[1] == said[2]
    assert said[3] == said[4]
    assert not said[1] & said[3], "the hosts were booted again in between"

    report = netlab("report", "--json")
    assert report.returncode == 0, report.stderr
    found = json.loads(report.stdout)
    assert found["covers"].startswith("Intervals cover 2 builds of the hosts")
    (change,) = (cell["change"] for cell in found["cells"] if cell["change"])
    assert (change["pairs"], change["builds"]) == (4, 2)
    assert change["low_percent"] < change["percent"] < change["high_percent"]
    assert change["between_builds_percent"] < 1
    assert change["within_builds_percent"] < 1
    assert netlab("down").returncode == 0
    assert not netlab.machines()
