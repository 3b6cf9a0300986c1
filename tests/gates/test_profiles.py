"""Hosts that were not alike under all profiles, by what real proofs recorded."""

import pytest

from netlab.errors import ConfigError
from netlab.gates.profiles import refuse_unlike, unlike
from netlab.samples.evidence import read_facts
from tests.standins import EVIDENCE


@pytest.fixture(scope="module")
def facts():
    return read_facts(EVIDENCE)


def altered(facts, host, **changes):
    return {**facts, host: facts[host].model_copy(update=changes)}


def with_mtu(facts, place, device, mtu):
    devices = [one.model_copy(update={"mtu": mtu}) if one.name == device else one for one in facts[place].devices]
    return altered(facts, place, devices=tuple(devices))


def test_hosts_that_are_alike_are_no_matter(facts):
    assert list(unlike({"a": facts, "b": facts})) == []
    refuse_unlike({"a": facts, "b": facts})
    refuse_unlike({})


def test_another_kernel_is_refused_with_both(facts):
    other = altered(facts, "node1", settings={**facts["node1"].settings, "kernel": "6.99"}, kernel_arguments="")
    with pytest.raises(
        ConfigError, match=r"Hosts had other kernels under some profiles: node1 \(.* under a; 6.99 under b\)"
    ):
        refuse_unlike({"a": facts, "b": other})


def test_another_command_line_is_another_kernel(facts):
    one, two = (altered(facts, "node1", kernel_arguments=words) for words in ("mitigations=off", "mitigations=auto"))
    (found,) = unlike({"a": one, "b": two, "c": two})
    assert found.gate.name == "kernel"
    assert found.text == "node1 (mitigations=off under a; mitigations=auto under b, c)"


def test_another_mtu_of_a_host_is_refused_and_of_a_pod_is_its_network(facts):
    with pytest.raises(ConfigError, match=r"node1 \(1500 under a; 9000 under b\)"):
        refuse_unlike({"a": facts, "b": with_mtu(facts, "node1", "lab0", 9000)})
    pod = next(place for place in facts if "/" in place)
    assert list(unlike({"a": facts, "b": with_mtu(facts, pod, "eth0", 600)})) == []
    assert list(unlike({"a": facts, "b": with_mtu(facts, "node1", "lo", 600)})) == []


def test_what_was_not_recorded_is_not_compared(facts):
    gone = {place: found for place, found in facts.items() if place != "node2"}
    silent = altered(gone, "node1", settings={}, kernel_arguments="", devices=())
    assert list(unlike({"a": facts, "b": silent})) == []
