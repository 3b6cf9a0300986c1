from pathlib import Path

from netlab.cli.prove import as_text, journey
from netlab.model.proof import Hop
from netlab.samples.evidence import read_proof

RECORDED = Path(__file__).parents[1] / "samples" / "data" / "calico-ipip"


def test_a_line_for_each_namespace_that_is_entered():
    hops = (
        Hop(place="client", what="socket", kind="send"),
        Hop(place="client", what="out lab0", kind="transmit"),
        Hop(place="wire", what="veth_xmit", kind="driver"),
        Hop(place="client", what="in lab0", kind="receive"),
    )
    assert journey(hops) == ["client  socket → out lab0", "wire    veth_xmit", "client  in lab0"]


def test_every_path_is_shown_both_ways():
    text = as_text(read_proof(RECORDED, "calico-ipip"))
    assert text.startswith("calico-ipip: every packet takes the path that the profile promises\n")
    assert text.count("  request\n") == text.count("  response\n") == 3
    assert "out ipip → ipip_tunnel_xmit" in text
