"""What programs read is described: every key, with unit and base, by schemas that real documents keep to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from netlab import assets
from netlab.model.run import ExperimentInfo, Machine
from netlab.report.compute.build import build_report
from netlab.report.compute.compare import compare
from netlab.report.compute.gate import build_gate
from netlab.report.render import json_, schema
from netlab.spec.report import ReportSpec
from tests import factories, proofs

DATA = Path(__file__).parent / "data"
UNIT = re.compile(
    r"requests/s|requests per second|%|points|µs|\bs\b|seconds|MiB|bytes|number|pure number|unit of the figure|"
    r"same unit|of the later run|Place in|hundredths",
    re.IGNORECASE,
)
ASKED = ExperimentInfo(name="softirqs", question="Whose softirqs?", description="On two processors.")
WITHOUT_UNIT = {"schema_version", "runs"}
"""Numbers that count nothing: a version, and which of the runs."""


def documents(report, proven, predicting, several):
    """What each schema is for; together they have every key that it names."""
    pooled = [
        factories.run(run_id="one", profiles=factories.made()),
        factories.run(run_id="two", profiles=factories.made(calico_ipip=factories.made_of("bb"))),
    ]
    later = factories.run(
        run_id="later", environment=factories.environment(guest_kernel="6.1"), cells=list(factories.SPEEDS)[:4]
    )
    machines = build_report([factories.run(proofs=(booted(),), environment=factories.environment(**machine()))])
    return {
        "report": [
            *(report, proven, predicting, several, build_report(pooled), machines),
            *(build_report([made]) for made in (factories.controlled(experiment=ASKED), factories.rebuilt(2))),
        ],
        "comparison": [
            compare(*pooled, ReportSpec()),
            compare(factories.run(run_id="old"), later, ReportSpec(), anyway=True),
        ],
        "gate": [build_gate(report, 5.0)],
    }


def booted():
    """A proof whose hosts say how they were booted."""
    proof = proofs.proof("calico-ipip")
    said = {"kernel_arguments": "ro mitigations=off", "vulnerabilities": {"mds": "Vulnerable"}}
    return proof.model_copy(
        update={"facts": {place: one.model_copy(update=said) for place, one in proof.facts.items() if "/" not in place}}
    )


def machine():
    """A host of a cloud's, as an environment has it."""
    one = Machine(name="node1", os="Debian", kernel="6.12", cpu="Xeon", cpus=2, memory_mib=4096)
    return {"machines": (one,)}


@pytest.fixture(scope="module")
def written(report, proven, predicting, several):
    return {
        name: [json.loads(json_.render_as(name, one)) for one in found]
        for name, found in documents(report, proven, predicting, several).items()
    }


@pytest.fixture(scope="module")
def schemas():
    return {name: schema.generate(name) for name in schema.DOCUMENTS}


@pytest.mark.parametrize("name", schema.DOCUMENTS)
def test_what_is_written_is_what_the_schema_says(written, schemas, name):
    Draft202012Validator.check_schema(schemas[name])
    for one in written[name]:
        assert one["$schema"] == assets.schema(json_.schema_file(name)).name
        Draft202012Validator(strict(schemas[name]), format_checker=FormatChecker()).validate(one)


def strict(found):
    """Let an object have no key that its schema does not name."""
    if isinstance(found, list):
        return [strict(one) for one in found]
    if not isinstance(found, dict):
        return found
    closed = {"additionalProperties": False} if isinstance(found.get("properties"), dict) else {}
    return {name: strict(one) for name, one in found.items()} | closed


@pytest.mark.parametrize("name", schema.DOCUMENTS)
def test_a_document_that_is_something_else_is_refused(written, schemas, name):
    validator = Draft202012Validator(schemas[name])
    wrong = written[name][0] | {"cells": [{}]}
    assert not validator.is_valid(wrong)
    assert not validator.is_valid(written[name][0] | {"schema_version": 99})
    assert validator.is_valid(written[name][0] | {"of_a_newer_netlab": 1})


@pytest.mark.parametrize("name", schema.DOCUMENTS)
def test_every_key_is_described_and_occurs(written, schemas, name):
    described = dict(keys(schemas[name]))
    assert not [place for place, found in described.items() if not found.get("description")]
    classes = {place.partition(".")[0] for place in described}
    assert len(classes) == len(schemas[name].get("$defs", {})) + 1
    seen = set()
    for one in written[name]:
        occurring(one, schemas[name], schemas[name], name, seen)
    assert set(described) - seen == set(), "no document of the test has them"


@pytest.mark.parametrize("name", schema.DOCUMENTS)
def test_every_number_says_its_unit(schemas, name):
    numbers = [(place, found) for place, found in keys(schemas[name]) if is_number(found)]
    assert numbers
    silent = [
        place
        for place, found in numbers
        if place.rpartition(".")[2] not in WITHOUT_UNIT and not UNIT.search(found["description"])
    ]
    assert not silent


def keys(found):
    """Yield (class.key, schema) of each key."""
    for name, one in {found["title"].split()[1].rstrip(","): found, **found.get("$defs", {})}.items():
        yield from ((f"{name}.{key}", value) for key, value in one.get("properties", {}).items())


def is_number(found):
    """Whether a value is, or a mapping or list holds, a number."""
    if found.get("type") in {"number", "integer"} or isinstance(found.get("const"), int):
        return True
    inner = [*found.get("anyOf", ()), *found.get("prefixItems", ())]
    inner += [found[name] for name in ("items", "additionalProperties") if isinstance(found.get(name), dict)]
    return any(map(is_number, inner))


def occurring(value, found, root, place, seen):
    """Collect the keys of the schema that a document has."""
    if "$ref" in found:
        name = found["$ref"].rpartition("/")[2]
        found, place = root["$defs"][name], name
    for one in found.get("anyOf", ()):
        occurring(value, one, root, place, seen)
    if isinstance(value, dict):
        for key, one in found.get("properties", {}).items():
            if key in value:
                seen.add(f"{place}.{key}")
                occurring(value[key], one, root, place, seen)
        if isinstance(found.get("additionalProperties"), dict):
            for one in value.values():
                occurring(one, found["additionalProperties"], root, place, seen)
    if isinstance(value, list):
        places = [*found.get("prefixItems", ()), *([found["items"]] * len(value) if "items" in found else ())]
        for one, inner in zip(value, places, strict=False):
            occurring(one, inner, root, place, seen)


def no_key_required(found):
    """Let an object lack what came later, at any depth."""
    if isinstance(found, list):
        return [no_key_required(one) for one in found]
    if not isinstance(found, dict):
        return found
    kept = {name: one for name, one in found.items() if not (name == "required" and isinstance(one, list))}
    return {name: no_key_required(one) for name, one in kept.items()}


@pytest.mark.parametrize("name", schema.DOCUMENTS)
def test_a_document_of_the_same_version_that_an_older_netlab_wrote_keeps_its_meaning(schemas, name):
    """A key that is gone or has another type needs a new version; one that came later does not."""
    older = json.loads((DATA / f"{name}-{schemas[name]['properties']['schema_version']['const']}.json").read_bytes())
    found = Draft202012Validator(no_key_required(strict(schemas[name]))).iter_errors(older)
    assert not [error.json_path + ": " + error.message for error in found]
