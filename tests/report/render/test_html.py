from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from netlab.model.run import ExperimentInfo
from netlab.report.compute.build import build_report
from netlab.report.render import html
from netlab.report.render.files import Material, write_report
from netlab.report.text import summary
from tests import factories


@pytest.fixture(scope="module")
def page(report, tmp_path_factory):
    written = write_report(Material(report), tmp_path_factory.mktemp("reports") / "new")
    return written["html"][0].read_text()


class Tags(HTMLParser):
    """What a browser would take for elements, and whether they nest."""

    VOID = frozenset({"meta", "br"})
    """And of a drawing, all that is closed where it begins."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_it_needs_nothing_else(page):
    without_namespaces = re.sub(r'xmlns(:\w+)?="[^"]+"', "", page)
    rest, script = re.subn(r"<script>.*?</script>", "", without_namespaces, flags=re.DOTALL)
    assert script == 1
    assert not re.search(r"https?://|//\w|url\((?!#)|@import|<link|<script|<img", rest)


def test_its_policy_names_the_only_script_that_may_run(page):
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in page


def test_the_contents_lead_to_every_section(proven_page):
    sections = re.findall(r'<section id="([^"]+)"', proven_page)
    assert re.findall(r'<li><a href="#([^"]+)">', proven_page) == sections
    assert len(sections) > 8


def test_elements_nest(page):
    assert Tags(page).open == []


def test_it_says_who_costs_what_with_unit_and_base(page, report):
    for text in (headline.text for headline in report.headlines):
        assert text in page
    assert page.count("<br>slower</small>") == 3
    assert re.search(r'<td data-v="168.0">168<br><small>16\d … 1[67]\d</small></td>', page)
    assert page.count("<br>faster</small>") == 1
    for sentence in summary.sentences(report):
        assert f"<li>{sentence}</li>" in page
    for text in ("against baseline-vm/host", "95 % CI", "µs/request", "20\u202f214", "not measured: an ipvlan pod"):
        assert text in page
    assert report.clock_note in page


def test_every_path_is_drawn_and_told(proven_page, proven):
    assert Tags(proven_page).open == []
    assert proven_page.count('aria-labelledby="path-') == len(proven.paths)
    for picture in proven.paths:
        assert f"The path of {picture.name}</title>" in proven_page
    assert "<b>node1</b>: in lab0 → <mark>+PREROUTING</mark> → <mark>+DNAT</mark> → ip_route_input" in proven_page
    assert "34 hops (+20), 3 namespaces (+1), 6 netfilter calls (+6)" in proven_page


def test_one_nodeport_is_open_from_the_start(proven_page):
    (shown,) = re.findall(r"<details open><summary>([^<]+nodeport[^<]+)<br>", proven_page)
    assert shown == "calico-ipip (data-path replica) · nodeport-local"


def test_every_path_has_a_strip_with_its_figures_as_text(page, report):
    for cell in report.cells:
        assert page.count(f"<li><span>{cell.path}</span><svg") >= (cell.change is not None)
    assert page.count('<span class="said"><b') == 4
    assert page.count('<span class="said">spread') == 5
    assert '<b class="costs">\N{MINUS SIGN}39.2\u202f%</b><small>' in page


def test_vm_and_containers_stand_side_by_side(page):
    (section,) = re.findall(r'<section id="side-by-side".*?</section>', page, re.DOTALL)
    assert section.count('<th scope="row">') == 5
    assert re.search(r"nodeport-remote.*?<b>294</b> <small>29\d … 29\d</small><br>\+6\d\.\d", section, re.DOTALL)


def test_the_legend_of_a_path_says_what_its_parts_cost(proven_page):
    assert re.search(r">netfilter, NAT: \d+\.\d µs \(\+\d+\.\d\)</text>", proven_page)
    assert re.search(r">all else \(user space, TCP, IP, …\): \d+\.\d µs", proven_page)


def test_facts_that_differ_are_marked_and_equal_ones_left_out(proven_page):
    (section,) = re.findall(r'<section id="configuration".*?</section>', proven_page, re.DOTALL)
    assert "<mark>without generic-receive-offload</mark>" in section
    assert "<mark>23</mark>" in section
    assert '<td class="text">tunl0</td>' in section
    assert section.count("tx-checksumming") == 0


def test_ids_of_drawings_and_charts_are_unique(proven_page):
    ids = re.findall(r'\bid="([^"]+)"', proven_page)
    assert len(ids) == len(set(ids))


def test_a_run_without_proofs_has_no_such_section(page):
    assert "The path each packet takes" not in page
    assert "Configuration differences" not in page


def test_a_large_report_draws_one_path_a_network_and_says_so():
    report = build_report([factories.many(rounds=1)])
    text = html.render(report)
    assert Tags(text).open == []
    assert "the baseline and one path a network, 19 of 55 cells" in text
    assert text.count('<span class="said">') == 18
    (table,) = re.findall(r'<section id="groups".*?</section>', text, re.DOTALL)
    assert table.count("<tr") == 56, "one row per cell"
    assert table.count('<th scope="col">') <= 12


def test_predictions_have_a_section_with_the_replicas_apart(predicting, report):
    text = html.render(predicting)
    assert Tags(text).open == []
    (section,) = re.findall(r'<section id="predictions".*?</section>', text, re.DOTALL)
    assert section.count("<title id=") == 2, "a chart for screens, and one for phones"
    for row in predicting.predictions.rows:
        assert f">{row.text}</td>" in section.replace("&#39;", "'")
    for said in (
        "calico-ipip (data-path replica)",
        "cluster, real clock",
        "Virtual clock",
        "client, control",
        "image key",
    ):
        assert said in section.replace("(client), control (control)", "client, control")
    rest = text.replace(section, "")
    assert "calico-ipip (cluster)" in rest
    assert "calico-ipip (data-path replica)</span>" not in rest
    assert "How well replicas predict" not in html.render(report)


def test_foreign_text_stays_text(hostile):
    text = html.render(hostile)
    assert text.count("<script>") == 1
    assert "&lt;script&gt;" in text
    assert "$x$" in text


def test_processors_have_a_table_where_kernels_have_several(several, page):
    (found,) = re.findall(r'<section id="processors".*?</section>', html.render(several), re.DOTALL)
    assert found.count("<tr") == 1 + 2 * len(several.cells)
    assert re.search(r'<td class="text">cpu1</td>.*?>40\.0<', found, re.DOTALL)
    assert 'id="processors"' not in page


def test_an_experiments_question_stands_first(report, page):
    asked = ExperimentInfo(name="softirqs", question="Whose <softirqs>?", description="On two processors.")
    text = html.render(report.model_copy(update={"experiment": asked}))
    assert '<p class="question"><b>Whose &lt;softirqs&gt;?</b></p>' in text
    assert 'class="question"' not in page
