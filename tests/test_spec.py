import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import ConfigError
from netlab.model.lab import Load, Part
from netlab.spec.file import load_spec
from netlab.spec.generated import generate_sample, generate_schema, generate_table
from netlab.spec.lab import LabSpec
from netlab.spec.qemu import QemuSpec
from netlab.spec.renamed import RENAMED
from netlab.yamlfile import parse_model


def parse(text):
    return parse_model(text, LabSpec, name="netlab.yml")


SHARED = (
    "1: load: connections ({}) must be a multiple of threads ({}): each thread of wrk opens as many as the others, "
    "and wrk would open {}"
)


def test_no_file_gives_the_defaults(tmp_path):
    spec = load_spec(tmp_path)
    assert spec.profiles == ("baseline-vm", "calico-ipip", "ipvlan-l2", "ipvlan-l3", "cilium")
    assert (spec.provider, spec.stack, spec.clock, spec.rounds, spec.seed) == ("qemu", "datapath", "auto", None, None)
    assert (spec.baseline.profile, spec.baseline.path) == ("baseline-vm", "host")
    assert Load(**spec.load.model_dump()) == Load()
    assert list(spec.parts) == ["client", "node1", "node2"]
    assert sum(spec.qemu.memory_of(part, 3, spec.stack) for part in spec.parts.values()) <= 1536


@pytest.mark.parametrize(
    ("text", "client", "node", "control"),
    [
        ("", 512, 512, 2048),
        ("stack: kubeadm", 512, 1536, 2048),
        ("stack: kubeadm\nqemu: {memory_mib: 3072, control_memory_mib: 1800}", 1024, 1024, 1800),
        ("stack: kubeadm\nfleet: {nodes: 1}\nqemu: {memory_mib: 4096}", 2048, 2048, 2048),
        ("fleet: {nodes: 8}", 512, 512, 2048),
        ("qemu: {memory_mib: 1152}", 384, 384, 2048),
    ],
)
def test_memory_goes_by_the_stack_unless_it_is_said(text, client, node, control):
    spec = parse(text)
    parts: tuple[Part, ...] = ("client", "node", "control")
    found = [spec.qemu.memory_of(part, spec.fleet.nodes + 1, spec.stack) for part in parts]
    assert found == [client, node, control]


def test_a_file_is_read(tmp_path):
    (tmp_path / "netlab.yml").write_text("rounds: 7\nload:\n  connections: 9\n")
    spec = load_spec(tmp_path)
    assert (spec.rounds, spec.load.connections) == (7, 9)


def test_old_names_of_keys_are_read_with_a_warning(tmp_path):
    old = "fleet:\n  nodes: 1\n  cpus: 3\n  lanes: 2\n  ssh_port: 2300\n  mitigations: auto\n"
    (tmp_path / "netlab.yml").write_text(old)
    told: list[str] = []
    spec = load_spec(tmp_path, told.append)
    assert spec.qemu == QemuSpec(cpus=3, parallel=2, ssh_port=2300, mitigations="auto")
    assert spec.fleet.nodes == 1
    assert "netlab.yml:3: 'fleet.cpus' is now called 'qemu.cpus'; the old name is still read" in told
    assert len(told) == 4


VALUES = {
    "cpus": st.integers(1, 64),
    "memory_mib": st.just(0) | st.integers(9 * 1024, 1 << 20),
    "control_cpus": st.integers(2, 64),
    "control_memory_mib": st.integers(2048, 1 << 20),
    "parallel": st.integers(0, 16),
    "ssh_port": st.integers(0, 65_000),
    "mitigations": st.sampled_from(["off", "auto"]),
}


@given(st.fixed_dictionaries({}, optional=VALUES), st.sets(st.sampled_from(sorted(VALUES))))
def test_whatever_has_its_old_name_means_the_same(values, old):
    former = {new[1]: before for before, new in RENAMED.items()}
    sections = {"fleet": {}, "qemu": {}}
    for name, value in values.items():
        section, key = former[name] if name in old else ("qemu", name)
        sections[section][key] = value
    written = yaml.safe_dump(sections)
    told: list[str] = []
    assert parse_model(written, LabSpec, name="x", renamed=RENAMED, warn=told.append).qemu == QemuSpec(**values)
    assert len(told) == len(old & set(values))


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_every_new_name_is_a_key(old, new):
    names, model = dict.fromkeys((old, new)), LabSpec.model_json_schema()
    for path in names:
        section = model["$defs"][model["properties"][path[0]]["$ref"].rpartition("/")[2]]
        names[path] = path[1] in section["properties"]
    assert names == {old: False, new: True}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "fleet: {lanes: 2}\nqemu: {parallel: 2}",
            "1: 'fleet.lanes' is the old name of 'qemu.parallel', which",
        ),
        ("rounds: 3\nfleet:\n  cpus: many", "3: qemu.cpus: input should be a valid integer, not 'many'"),
        ("qemu: 7\nfleet: {cpus: 2}", "1: qemu: this must be a mapping (key: value), not 7"),
        ("fleet: 7", "1: fleet: this must be a mapping (key: value), not 7"),
        ("- fleet", "1: this must be a mapping (key: value)"),
    ],
)
def test_an_old_name_hides_no_mistake(tmp_path, text, message):
    (tmp_path / "netlab.yml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_spec(tmp_path, lambda _: None)
    assert f"netlab.yml:{message}" in str(caught.value)


def test_an_empty_section_takes_an_old_name(tmp_path):
    (tmp_path / "netlab.yml").write_text("qemu:\nfleet: {cpus: 2}")
    assert load_spec(tmp_path).qemu.cpus == 2


NUMBER = "input should be a valid integer"


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
        *(
            (f"load: {{threads: {threads}, connections: {connections}}}", SHARED.format(connections, threads, opened))
            for threads, connections, opened in [(3, 4, 3), (9, 4, "none"), (64, 1000, 960)]
        ),
        (
            "load: {response_bytes: 1048577}",
            "1: load.response_bytes: input should be less than or equal to 1048576, not 1048577",
        ),
        ("fleet: {nodes: 8}\nqemu: {memory_mib: 1536}", "1: qemu.memory_mib is 1536, but 9 hosts need at least 3456"),
        (
            "stack: kubeadm\nqemu: {memory_mib: 1536}",
            "1: qemu.memory_mib is 1536, but 3 hosts of a cluster need at least 3072",
        ),
        ("seed: 1\nseed: 2", "2: the key 'seed' is there twice"),
        ("seed: 1\nload: [", "2: not valid YAML: expected the node content, but found '<stream end>'"),
        ("a: &x [*x]", "1: aliases (*name) are not supported"),
        ("? [1]\n: 2", "1: a key must be a plain word"),
        ("seed: !!set {}", "1: the tag tag:yaml.org,2002:set is not supported"),
        ("seed: 0b1", f"1: seed: {NUMBER}, not '0b1', which is a word in YAML 1.2; write 1"),
        ("rounds: 010", "1: '010' is 10 in YAML 1.2 and 8 in YAML 1.1: write 10, or 0o10 for 8"),
        ("rounds: 08", "1: '08' is 8 in YAML 1.2 and a word in YAML 1.1: write 8"),
        ("\nrounds: -010", "2: '-010' is -10 in YAML 1.2 and -8 in YAML 1.1: write -10"),
        ("rounds: 1:30", f"1: rounds: {NUMBER}, not '1:30', which is a word in YAML 1.2; write 90"),
        ("rounds: 1_0", f"1: rounds: {NUMBER}, not '1_0', which is a word in YAML 1.2; write 10"),
        ("rounds: 1e1", f"1: rounds: {NUMBER}, not 10.0"),
        ("rounds: !!int 1_0", "1: '1_0' is not a valid whole number"),
        ("rounds: 9" + "9" * 5000, f"1: '{'9' * 40}…' is too long for a number"),
        ("rounds: 0x" + "f" * 5000, f"1: '0x{'f' * 38}…' is too long for a number"),
        (
            "rounds: 99999999999999999999",
            "1: rounds: input should be less than or equal to 100, not 99999999999999999999",
        ),
        ("load: {warmup_s: yes}", "1: load.warmup_s: input should be a valid number, not 'yes'"),
        ("load: {warmup_s: true}", "1: load.warmup_s: input should be a valid number, not True"),
        ("load: {warmup_s: '1'}", "1: load.warmup_s: input should be a valid number, not '1'"),
        ("load: {warmup_s: .nan}", "1: load.warmup_s: input should be a finite number, not nan"),
        ("load: {warmup_s: .inf}", "1: load.warmup_s: input should be a finite number, not inf"),
        ("load: {warmup_s: 1e999}", "1: load.warmup_s: input should be a finite number, not inf"),
        (
            "load: {keepalive: on}",
            "1: load.keepalive: input should be a valid boolean, not 'on', which is a word in YAML 1.2; write true",
        ),
        ("load: {keepalive: 1}", "1: load.keepalive: input should be a valid boolean, not 1"),
        ("seed: 2024-01-01", f"1: seed: {NUMBER}, not '2024-01-01'"),
        ("<<: {rounds: 3}", "1: unknown key '<<'"),
        ("yes: 1", "1: unknown key 'yes'"),
        ("1: 2", "1: a key must be a plain word"),
        ("rounds:\t3", "1: not valid YAML: found character '\\t' that cannot start any token"),
        ("load:\n\tthreads: 1", "2: not valid YAML: found character '\\t' that cannot start any token"),
        ("%YAML 1.1\n---\nrounds: 3", "1: this says %YAML 1.1, but netlab reads YAML 1.2"),
        ("rounds: 3\n---\nrounds: 4", "2: not valid YAML: but found another document"),
        ("artifacts: {lock: ~nosuchuser/x}", "1: artifacts.lock: '~nosuchuser/x': there is no user 'nosuchuser'"),
        ("artifacts:\n  mirror: ~nosuchuser", "2: artifacts.mirror: '~nosuchuser': there is no user 'nosuchuser'"),
        ('artifacts: {lock: "a\\0b"}', "1: artifacts.lock: a path cannot hold such a character"),
        ('artifacts: {mirror: "a\\ud800b"}', "1: half of a character (\\ud800 to \\udfff) is not text"),
        ("qemu:\n  mitigations: full", "2: qemu.mitigations: input should be 'off' or 'auto', not 'full'"),
        ("qemu: {mitigations: true}", "1: qemu.mitigations: input should be 'off' or 'auto', not True"),
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


@pytest.mark.parametrize(("text", "value"), [("off", "off"), ('"off"', "off"), ("auto", "auto")])
def test_the_kernels_words_for_mitigations_need_no_quotes(text, value):
    assert parse(f"qemu: {{mitigations: {text}}}").qemu.mitigations == value


def test_all_mistakes_are_named():
    with pytest.raises(ConfigError) as caught:
        parse("rounds: 1\nstak: vm\n")
    assert [line.split(" ")[0] for line in str(caught.value).splitlines()] == ["netlab.yml:1:", "netlab.yml:2:"]


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "netlab.yml").write_bytes(b"seed: 1\n\xff\n")
    with pytest.raises(ConfigError, match=r"^netlab.yml:2: this is not UTF-8 text$"):
        load_spec(tmp_path)


@pytest.mark.parametrize(
    "raw",
    [b"\xef\xbb\xbfrounds: 5\n", b"rounds: 5\r\n", b"# only words\r\n\r\nrounds: 5", b"%YAML 1.2\n---\nrounds: 0o5\n"],
    ids=["byte order mark", "CRLF", "no last newline", "says its version"],
)
def test_however_an_editor_writes_it(tmp_path, raw):
    (tmp_path / "netlab.yml").write_bytes(raw)
    assert load_spec(tmp_path).rounds == 5


@pytest.mark.parametrize("raw", [b"", b"\n", b"# nothing\n", b"---\n...\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_the_defaults(tmp_path, raw):
    (tmp_path / "netlab.yml").write_bytes(raw)
    assert load_spec(tmp_path) == LabSpec()


def test_another_encoding_is_refused(tmp_path):
    (tmp_path / "netlab.yml").write_bytes("rounds: 5\n".encode("utf-16"))
    with pytest.raises(ConfigError, match=r"^netlab.yml:1: this is not UTF-8 text$"):
        load_spec(tmp_path)


def test_the_other_suffix_is_read_too(tmp_path):
    (tmp_path / "netlab.yaml").write_text("rounds: 7\nprofles: [a]\n")
    with pytest.raises(ConfigError, match=r"^netlab.yaml:2: unknown key 'profles'"):
        load_spec(tmp_path)
    (tmp_path / "netlab.yaml").write_text("rounds: 7\n")
    assert load_spec(tmp_path).rounds == 7


def test_two_files_are_one_too_many(tmp_path):
    for name in ("netlab.yml", "netlab.yaml"):
        (tmp_path / name).write_text("rounds: 7\n")
    with pytest.raises(ConfigError, match=r"has both netlab.yml and netlab.yaml$"):
        load_spec(tmp_path)


@pytest.mark.parametrize("name", ["netlab.json", "Netlab.yml", "netlab.YAML", "netlab.toml", "netlab.yml.txt"])
def test_a_file_that_looks_like_it_is_refused_by_name(tmp_path, name):
    (tmp_path / name).write_text("{}")
    with pytest.raises(ConfigError, match=f"{re.escape(name)} is not read$"):
        load_spec(tmp_path)
    (tmp_path / "netlab.yml").write_text("rounds: 7\n")
    assert load_spec(tmp_path).rounds == 7


def test_what_belongs_to_another_tool_is_left_alone(tmp_path):
    (tmp_path / ".netlab.yml").write_text("defaults: {}")
    assert load_spec(tmp_path) == LabSpec()


def test_a_link_that_leads_nowhere_is_no_missing_file(tmp_path):
    (tmp_path / "netlab.yml").symlink_to(tmp_path / "gone.yml")
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        load_spec(tmp_path)


def test_paths_in_the_file_may_begin_at_a_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    spec = parse("artifacts: {lock: ~/own.yml, mirror: '~/usb'}").artifacts
    assert (spec.lock, spec.mirror) == (f"{tmp_path}/own.yml", f"{tmp_path}/usb")
    spec = parse("artifacts: {lock: ./~/own.yml, mirror: 'http://usb/~x'}").artifacts
    assert (spec.lock, spec.mirror) == ("./~/own.yml", "http://usb/~x")


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
