from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from netlab.errors import UsageError
from netlab.report.compute.build import build_report
from netlab.report.compute.gate import build_gate
from netlab.report.render import junit
from tests import factories


@pytest.fixture(scope="module")
def suite():
    run = factories.run(cells=[cell for cell in factories.SPEEDS if cell[1] != "nodeport-remote"])
    return ET.fromstring(junit.render(build_gate(build_report([run]), 13))).find("testsuite")


def test_counts_are_those_of_the_cases(suite):
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "1")
    assert len(suite.findall("testcase")) == 4
    assert len(suite.findall("testcase/failure")) == 1
    assert len(suite.findall("testcase/error")) == 1


def test_a_case_is_a_path_of_a_network_with_its_figures(suite):
    failed, unknown, *passed = suite.findall("testcase")
    assert (failed.get("classname"), failed.get("name")) == ("netlab.calico-ipip (data-path replica)", "nodeport-local")
    assert "14.7" in failed.find("failure").get("message")
    assert unknown.find("error").get("type") == "cannot tell yet"
    assert all("requests per second" in case.find("system-out").text for case in passed)


def test_it_says_what_was_allowed(suite):
    properties = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert properties == {"baseline": "baseline-vm/host", "max loss": "13\u202f%", "runs": "20250601-120000"}


def test_foreign_text_stays_text(hostile):
    control = hostile.model_copy(update={"title": "bell \a & <title>"})
    root = ET.fromstring(junit.render(build_gate(control, 13)))
    assert root.get("name") == "netlab gate: bell \N{REPLACEMENT CHARACTER} & <title>"
    assert any("<script>" in case.get("classname") for case in root.iter("testcase"))
    assert root.find(".//script") is None


def test_a_folder_that_is_not_there_is_said(report, tmp_path):
    with pytest.raises(UsageError, match=r"x/out.xml cannot be written: No such file"):
        junit.write_junit(build_gate(report, 13), tmp_path / "x" / "out.xml")
