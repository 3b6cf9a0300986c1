"""The page in a real browser, the distribution's: it works, it asks nobody for anything, and everyone can read it."""

from __future__ import annotations

import os
import shutil

import pytest

from netlab.report.render import html

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

CHROMIUM = shutil.which("chromium")
EVIL = """x</script></style><script>window.harmed=1</script><img src=x onerror="window.harmed=1">'" {{ 7*7 }} &amp;"""
ROWS = 10_000
PATIENCE = 300_000
"""In ms: a busy machine fails no test."""
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM:
        pytest.skip("the distribution's chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - collecting tests needs none

    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=args, timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Open a page's text as a file, and remember what the browser says, asks for and is refused."""
    contexts = []

    def visit(text, size=DESKTOP, **options):
        file = tmp_path / f"report-{len(contexts)}.html"
        file.write_text(text, encoding="utf-8")
        contexts.append(browser.new_context(viewport=size, **options))
        contexts[-1].set_default_timeout(PATIENCE)
        page = contexts[-1].new_page()
        page.said, page.asked, page.refused = [], [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("requestfailed", lambda request: page.refused.append((request.url, request.failure)))
        page.goto(file.as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()


def open_all(page):
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")


def column(page, at, table="#figures"):
    """What the rows of a table are sorted by, None for a gap."""
    script = "(rows, at) => rows.map((row) => row.cells[at]?.dataset.v ?? null)"
    found = page.eval_on_selector_all(f"{table} tbody tr", script, at)
    return [None if value in {None, ""} else float(value) for value in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_shows_without_a_word_of_complaint_and_follows_the_reader_s_colours(visit, proven_page, scheme):
    page = visit(proven_page, color_scheme=scheme)
    open_all(page)
    assert page.said == []
    assert len(page.asked) == 1
    paper = page.evaluate("getComputedStyle(document.querySelector('section')).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 28, 36)"}[scheme]
    empty = page.evaluate(
        "[...document.querySelectorAll('svg:not(.narrow)')].filter((one) => !one.getBoundingClientRect().height).length"
    )
    assert empty == 0


def test_a_click_on_a_heading_sorts_and_another_turns_round(visit, proven_page):
    page = visit(proven_page)
    before = column(page, 6)
    head = page.locator("#figures thead th").nth(6)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(page, 6) == [*sorted(before[:5]), None], "the gap stays last"
    assert page.locator("[role=status]").inner_text() == "Sorted by p99 µs, smallest first."
    head.get_by_role("button").click()
    assert column(page, 6) == [*sorted(before[:5], reverse=True), None]
    page.locator("#figures thead th").nth(0).get_by_role("button").click()
    assert page.locator("#figures [aria-sort]").count() == 1
    assert "host" in page.locator("#figures tbody th").nth(0).inner_text()


def test_the_keyboard_sorts_too_and_shows_where_it_is(visit, proven_page):
    page = visit(proven_page)
    focused = "document.activeElement"
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.textContent") == "Skip to the report"
    page.keyboard.press("Enter")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate(f"{focused}.tagName === 'BUTTON' && {focused}.textContent.startsWith('requests/s')"):
            break
    assert page.evaluate(f"getComputedStyle({focused}).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    rates = [rate for rate in column(page, 1) if rate]
    assert rates == sorted(rates)
    page.keyboard.press("Space")
    assert [rate for rate in column(page, 1) if rate] == sorted(rates, reverse=True)


def test_a_flame_graph_is_widened_by_mouse_and_keyboard(visit, proven_page):
    page = visit(proven_page)
    graph = page.locator("#flames details[open] .flame")
    at = graph.evaluate(
        "(graph) => [...graph.children].findIndex((one) => one.textContent.includes('nf_conntrack_in'))"
    )
    frame = page.locator(f"#flames details[open] .flame > svg:nth-child({at + 1}) > rect")  # a name may be longer
    narrow = frame.bounding_box()["width"]
    frame.click()
    whole = graph.bounding_box()["width"]
    assert frame.bounding_box()["width"] == pytest.approx(whole, abs=4)
    assert whole > 2 * narrow
    hint = page.locator("#flames details[open] .caption")
    assert hint.inner_text().startswith("nf_conntrack_in: ")
    assert hint.inner_text().endswith("against baseline-vm · host, new")
    graph.focus()
    page.keyboard.press("Escape")
    assert frame.bounding_box()["width"] == pytest.approx(narrow, abs=4)
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert hint.inner_text().startswith("do_syscall_64: ")
    assert not frame.is_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    assert hint.inner_text().startswith("nginx: ")
    assert page.said == []


@pytest.mark.parametrize("name", ["proven_page", "predicting_page"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_anyone_out(visit, name, scheme, request):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - as above

    page = visit(request.getfixturevalue(name), color_scheme=scheme)
    open_all(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", ["proven_page", "predicting_page"])
def test_a_phone_scrolls_down_only(visit, name, request):
    page = visit(request.getfixturevalue(name), PHONE)
    open_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    beside = """[...document.querySelectorAll('main *')].filter((one) => !one.closest('.scroll, .hidden, svg')
        && one.getBoundingClientRect().right > 391).map((one) => one.outerHTML.slice(0, 80))"""
    assert page.evaluate(beside) == []


def test_paper_has_all_that_is_folded_away_on_the_screen(visit, proven_page):
    page = visit(proven_page)
    folded = "#method details table"
    assert not page.locator(folded).first.is_visible()
    page.emulate_media(media="print")
    assert page.locator(folded).first.is_visible()
    assert not page.locator("nav").is_visible()
    assert page.pdf().startswith(b"%PDF")


def test_without_its_script_it_says_as_much_and_has_no_button_that_does_nothing(visit, proven_page):
    page = visit(proven_page, java_script_enabled=False)
    assert page.locator("#figures tbody tr").count() == 6
    assert page.locator("button").count() == 0


def test_ten_thousand_hostile_rows_do_no_harm_and_can_be_sorted(visit, report):
    first, *rest = report.cells
    cells = [first]
    for at in range(ROWS - 1):
        cell = rest[at % len(rest)]
        rate = cell.rate.model_copy(update={"median": (7919 * at) % ROWS})
        label = f"{EVIL} {at}"
        rest_of_it = {"hot_functions": (), "side_by_side": None}  # one table is enough
        cells.append(cell.model_copy(update={"label": label, "name": label, "rate": rate, **rest_of_it}))
    charted = tuple(cell.name for cell in cells[:9])
    page = visit(html.render(report.model_copy(update={"cells": tuple(cells), "charted": charted})))
    assert page.locator("#figures tbody tr").count() == ROWS + 1
    assert EVIL in page.locator("#figures tbody th").nth(1).text_content()
    page.locator("#figures thead button").nth(1).click()
    rates = column(page, 1)[:-1]
    assert rates == sorted(rates)
    assert page.evaluate("window.harmed") is None
    assert page.said == []
    assert len(page.asked) == 1


def test_the_policy_stops_what_an_escape_would_have_missed(visit, proven_page):
    harm = "<script>window.harmed=1</script><img src=http://127.0.0.1:9/x onerror='window.harmed=1'>"
    page = visit(proven_page.replace("<main", f"{harm}<main", 1))
    assert page.evaluate("window.harmed") is None
    assert page.refused == [("http://127.0.0.1:9/x", "csp")], "refused by the page, not by the network"
    assert any("Content Security Policy" in text for text in page.said)
