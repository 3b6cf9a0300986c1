"""The section ``vagrant`` of netlab.yml: what makes no sense is refused, once the provider is chosen."""

import pytest

from netlab.errors import ConfigError
from netlab.spec.lab import LabSpec
from netlab.yamlfile import parse_model


def parse(text):
    return parse_model(text, LabSpec, name="netlab.yml")


CHECKSUM = "a" * 64


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("memory_mib: 100", "vagrant.memory_mib is 100, but a host needs at least 384"),
        ("box_url: a.box", "vagrant.box_url needs vagrant.box"),
        (f"{{box: b, box_checksum: {CHECKSUM}}}", "vagrant.box_checksum needs vagrant.box_url"),
    ],
)
def test_sense_is_asked_for_once_vagrant_is_chosen(section, words):
    inner = section if section.startswith("{") else f"{{{section}}}"
    text = f"vagrant: {inner}\n"
    assert parse(text).provider == "qemu"
    with pytest.raises(ConfigError, match=words):
        parse(text + "provider: vagrant\n")


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("provider: docker", "libvirt"),
        ("network: 10.0.0.0/30", "room for fewer than 10 hosts"),
        ("network: 10.0.0.1/24", "host bits set"),
        ("network: lab", "(?i)expected 4 octets"),
        ("box_checksum: abc", "64 hexadecimal digits"),
        ("cpus: 0", "greater than or equal to 1"),
        ("boxx: b", "did you mean 'box'"),
    ],
)
def test_values_are_checked_always(section, words):
    with pytest.raises(ConfigError, match=words):
        parse(f"vagrant: {{{section}}}\n")


def test_memory_and_processors_of_parts():
    own = parse("provider: vagrant\nvagrant: {cpus: 2}\n").vagrant
    assert (own.memory_of("client", "datapath"), own.memory_of("node", "datapath")) == (512, 512)
    assert (own.memory_of("client", "kubeadm"), own.memory_of("node", "kubeadm")) == (512, 1536)
    assert own.memory_of("control", "kubeadm") == 2048
    assert (own.cpus_of("node"), own.cpus_of("control")) == (2, 2)
