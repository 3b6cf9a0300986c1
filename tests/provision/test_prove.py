"""What a recording must hold before anything is read from it."""

import pytest

from netlab.errors import ProofFailed
from netlab.provision.prove import require_essential
from netlab.samples import probes
from netlab.samples.evidence import Requests


def missing(*names):
    return Requests(format=1, requests=(), lacking={"client": ("netkit_xmit",), "node1": names})


def test_a_kernel_that_cannot_follow_a_packet_is_named():
    with pytest.raises(ProofFailed, match=r"the kernel of node1 cannot record .*\(no probe: arrive, send\)") as caught:
        require_essential(missing("arrive", "ipip_rcv", "send"))
    assert probes.KERNEL in caught.value.hint


def test_what_is_not_there_cannot_be_crossed():
    require_essential(missing("ipip_rcv", "queue"))
    assert set(probes.ESSENTIAL) <= probes.PROBES.keys()
