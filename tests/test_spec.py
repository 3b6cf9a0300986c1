import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import ConfigError
from netlab.results.model import Load
from netlab.spec import LabSpec, generate_sample, generate_schema, generate_table, load_spec
from netlab.yamlfile import parse_model


def parse(text):
    return parse_model(text, LabSpec, name="netlab.yml")


def test_no_file_gives_the_defaults(tmp_path):
    spec = load_spec(tmp_path)
    assert spec.profiles == ("baseline-vm", "calico-ipip", "ipvlan-l2", "ipvlan-l3", "cilium")
    assert (spec.provider, spec.stack, spec.clock, spec.rounds, spec.seed) == ("qemu", "datapath", "auto", 3, None)
    assert (spec.baseline.profile, spec.baseline.path) == ("baseline-vm", "host")
    assert Load(**spec.load.model_dump()) == Load()
    assert sum(spec.memory_mib(part) for part in spec.parts.values()) <= 1536
    assert spec.fleet.hosts == 3


@pytest.mark.parametrize(
    ("text", "client", "node", "control"),
    [
        ("", 512, 512, 2048),
        ("stack: kubeadm", 512, 1536, 2048),
        ("stack: kubeadm\nfleet: {memory_mib: 3072, control_memory_mib: 1800}", 1024, 1024, 1800),
        ("stack: kubeadm\nfleet: {nodes: 1, memory_mib: 4096}", 2048, 2048, 2048),
        ("fleet: {nodes: 8}", 512, 512, 2048),
        ("fleet: {memory_mib: 1152}", 384, 384, 2048),
    ],
)
def test_memory_goes_by_the_stack_unless_it_is_said(text, client, node, control):
    spec = parse(text)
    assert [spec.memory_mib(part) for part in ("client", "node", "control")] == [client, node, control]


def test_a_file_is_read(tmp_path):
    (tmp_path / "netlab.yml").write_text("rounds: 7\nload:\n  connections: 9\n")
    spec = load_spec(tmp_path)
    assert (spec.rounds, spec.load.connections) == (7, 9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n\nprofles: [a]", "3: unknown key 'profles'; did you mean 'profiles'?"),
        ("fleet:\n  nodez: 3", "2: unknown key 'nodez'; did you mean 'nodes'?"),
        ("xyzzy: 1", "1: unknown key 'xyzzy'"),
        ("rounds: 2", "1: rounds: input should be greater than or equal to 3, not 2"),
        ("rounds: '3'", "1: rounds: input should be a valid integer, not '3'"),
        ("seed: true", "1: seed: input should be a valid integer, not True"),
        ("seed: 1\nclock: virtul", "2: clock: input should be 'real', 'virtual' or 'auto', not 'virtul'"),
        ("load: 3", "1: load: this must be a mapping (key: value), not 3"),
        ("profiles: a", "1: profiles: this must be a list, not 'a'"),
        ("profiles: []", "1: profiles: at least one is needed"),
        ("profiles: [a, a]", "1: profiles: 'a' is there twice"),
        ("profiles:\n- a\n- B C", "3: profiles.1: this must be a lower-case name, not 'B C'"),
        ("load: {threads: 9}", "1: load: threads (9) cannot be more than connections (4)"),
        ("fleet: {nodes: 8, memory_mib: 1536}", "1: fleet.memory_mib is 1536, but 9 hosts need at least 3456"),
        (
            "stack: kubeadm\nfleet: {memory_mib: 1536}",
            "1: fleet.memory_mib is 1536, but 3 hosts of a cluster need at least 3072",
        ),
        ("seed: 1\nseed: 2", "2: the key 'seed' is there twice"),
        ("seed: 1\nload: [", "2: not valid YAML: expected the node content, but found '<stream end>'"),
        ("a: &x [*x]", "1: aliases (*name) are not supported"),
        ("? [1]\n: 2", "1: a key must be a plain word"),
        ("seed: !!set {}", "1: the tag tag:yaml.org,2002:set is not supported"),
        ("seed: 0b_", "1: '0b_' is not a valid number"),
        ("- 1", "1: this must be a mapping (key: value), not [1]"),
        ("seed: 1\n\x00", "2: a character that YAML does not allow: #x0000"),
        ("[" * 5000, "1: nested too deeply"),
        ("#" * 100_001, "1: the file is longer than 100 000 characters"),
    ],
)
def test_a_mistake_is_named_with_its_line(text, message):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert str(caught.value) == f"netlab.yml:{message}"


def test_all_mistakes_are_named():
    with pytest.raises(ConfigError) as caught:
        parse("rounds: 1\nstak: vm\n")
    assert [line.split(" ")[0] for line in str(caught.value).splitlines()] == ["netlab.yml:1:", "netlab.yml:2:"]


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "netlab.yml").write_bytes(b"seed: 1\n\xff\n")
    with pytest.raises(ConfigError, match=r"^netlab.yml:2: this is not UTF-8 text$"):
        load_spec(tmp_path)


def test_a_folder_in_the_place_of_the_file(tmp_path):
    (tmp_path / "netlab.yml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_spec(tmp_path)


WORDS = st.sampled_from(
    [*LabSpec.model_fields, ": ", "\n", "  ", "[", "]", "{", "}", "- ", "&a", "*a", "!!", "0x", "1", "'"]
)


@given(st.text() | st.lists(WORDS | st.text(max_size=3)).map("".join))
def test_any_text_is_a_spec_or_a_config_error(text):
    try:
        result = parse(text)
    except ConfigError as error:
        result = error
    assert isinstance(result, LabSpec) or re.match(r"netlab\.yml:\d+: ", str(result))


def test_the_sample_holds_every_default():
    sample = generate_sample()
    assert parse(sample) == LabSpec()
    bare = re.sub(r"(?m)^#(?! \S)", "", sample)
    assert parse(bare) == LabSpec()
    assert set(LabSpec.model_fields) == set(re.findall(r"(?m)^(\w+):", bare))


def test_table_and_schema_name_every_key():
    assert all(f"`{name}" in generate_table() for name in LabSpec.model_fields)
    assert set(generate_schema()["properties"]) == set(LabSpec.model_fields)
