import json
import math
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from netlab import assets, yamlcore
from netlab.artifacts.lock import Lock, read_lock
from netlab.errors import ConfigError
from netlab.model.profile import ProfileFile
from netlab.yamlfile import parse_model, read_model

PROFILES = sorted(assets.profiles().rglob("*.yml"))


class Document(BaseModel):
    value: Any


def value(text, **options):
    return parse_model(f"value: {text}", Document, name="x.yml", **options).value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((word, None) for word in ("", "~", "null", "Null", "NULL")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        *(("0", 0), ("-0", 0), ("12", 12), ("+12", 12), ("-7", -7), ("0o17", 15), ("0xfF", 255)),
        *(("1.", 1.0), (".5", 0.5), ("-1.5", -1.5), ("1e3", 1e3), ("1E-2", 0.01), ("+.5e+1", 5.0), ("007.5", 7.5)),
        *((".inf", math.inf), ("-.INF", -math.inf), ("+.Inf", math.inf)),
        *((word, word) for word in ("yes", "no", "on", "off", "Yes", "OFF", "y", "nULL", "tRUE", ".infinity", ".NAn")),
        *(
            (word, word)
            for word in ("1:30", "1_000", "0b1", "2024-01-01", "0o8", "0xg", "-0x1", "1e", "=", "<<", "1.2.3")
        ),
        *((f"'{word}'", word) for word in ("010", "yes", "1", "true", "null", "")),
        *(("!!str 010", "010"), ("!!float 1", 1.0), ("!!int 0o10", 8)),
    ],
)
def test_the_core_schema(text, expected):
    assert repr(value(text)) == repr(expected)


def test_not_a_number():
    assert math.isnan(value(".nan"))


@pytest.mark.parametrize(
    "text", ["010", "-01", "+00", "08", "!!int yes", "!!bool yes", "!!int 010", "!!float x", "!!null x"]
)
def test_what_has_no_value_is_refused_with_its_line(text):
    with pytest.raises(ConfigError, match=r"^x.yml:1: "):
        value(text)


# YAML wants to have seen a key's colon within 1024 characters, and JSON may write six for one
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=80), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_all_json_is_read_as_what_it_is(data):
    assert value(json.dumps(data)) == data


ODD = st.text("0123456789_:.+-eExobaf", max_size=8) | st.sampled_from(
    ["yes", "off", "true", "Null", "~", "1:30", "010"]
)


@given(ODD)
def test_a_shared_file_has_one_meaning_or_none(text):
    """What is accepted for Ansible, too, is the same for PyYAML, by which Ansible reads."""
    try:
        mine = value(text, shared=True)
    except ConfigError:
        return
    assert repr(mine) == repr(yaml.safe_load(f"value: {text}")["value"])


@given(ODD | st.text(max_size=5))
def test_what_the_lock_is_written_with_is_read_back(text):
    class Dumper(yaml.SafeDumper):
        pass

    yamlcore.quote_in(Dumper)
    written = yaml.dump({"value": text}, Dumper=Dumper, allow_unicode=True)
    assert parse_model(written, Document, name="x.yml").value == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yes", "'yes' is a word in YAML 1.2 and true in YAML 1.1, which Ansible reads: put it in quotes"),
        ("1:30", "'1:30' is a word in YAML 1.2 and 90 in YAML 1.1"),
        ("1e3", "'1e3' is 1000.0 in YAML 1.2 and a word in YAML 1.1"),
        ("0o10", "'0o10' is 8 in YAML 1.2 and a word in YAML 1.1"),
        ("2024-01-01", "'2024-01-01' is a word in YAML 1.2 and 2024-01-01 in YAML 1.1"),
        ("=", "'=' is a word in YAML 1.2 and something else in YAML 1.1"),
        ("{on: 1}", "'on' is a word in YAML 1.2 and true in YAML 1.1"),
        ("{<<: {a: 1}}", "'<<' is a word in YAML 1.2 and something else in YAML 1.1"),
    ],
)
def test_what_ansible_reads_in_another_way_is_refused(text, message):
    with pytest.raises(ConfigError) as caught:
        value(text, shared=True)
    assert str(caught.value).startswith(f"x.yml:1: {message}")


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_ansible_reads_the_profiles_that_netlab_reads(path):
    mine = read_model(path, ProfileFile, shared=True)
    assert mine == ProfileFile.model_validate(DataLoader().load_from_file(str(path)))


def test_the_lock_means_the_same_to_other_tools():
    assert read_lock(assets.lock()) == Lock.model_validate(yaml.safe_load(assets.lock().read_text()))
