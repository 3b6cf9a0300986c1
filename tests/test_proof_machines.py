"""The proof on machines of their own, each with a kernel: three of them on the real clock want the machine alone."""

import gzip

import pytest

from netlab.samples.packets.events import parse_trace
from tests.conftest import wait_until

pytestmark = pytest.mark.alone


CHATTER = """
while :; do
  for size in 700 764 828 892 956; do
    /usr/local/lib/netlab/netlab-drive get http://10.10.0.12:30080/ $size
  done
  touch /run/chatter
done >/dev/null
"""


def test_others_that_ask_for_the_same_in_the_same_length_are_not_taken_for_it(netlab):
    """On machines of their own, where a packet is found again in each kernel: through the tunnel and behind the NAT."""
    (netlab.folder / "netlab.yml").write_text("clock: real\n")
    up = netlab("up", "--stack", "datapath", "--profile", "calico-ipip")
    assert up.returncode == 0, up.stderr
    chatter = netlab.start("ssh", "client", "--", CHATTER)
    asked = ("ssh", "client", "--", "test -e /run/chatter")
    wait_until(lambda: netlab(*asked).returncode == 0, seconds=120, what="the first round of the others' requests")
    kept = netlab("prove", "--json")
    assert kept.returncode == 0, kept.stderr
    assert chatter.poll() is None, "they ask all the time"
    record = netlab.folder / ".netlab" / "proofs" / "calico-ipip" / "client.trace.gz"
    sent = [event for event in parse_trace(gzip.decompress(record.read_bytes()).decode()) if event.name == "send"]
    lengths = [event.length for event in sent]
    assert any(lengths.count(size + 32) > 1 for size in (700, 764, 828)), "and some of that is in the record"
