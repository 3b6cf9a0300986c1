from __future__ import annotations

import io
import json

import pytest
from rich.cells import cell_len
from rich.console import Console

from netlab.hosts.qemu.machine import ICOUNT_SHIFT
from netlab.report.compute import costs
from netlab.report.compute.build import build_report
from netlab.report.compute.explain import explain
from netlab.report.explanation import Explanation
from netlab.report.render.explain_terminal import print_explanation
from netlab.report.text import sentences
from tests import factories, proofs

CALICO, IPVLAN = factories.PROFILES[1:]
POD = ("calico-ipip", "pod-ip")


def story_of(path="nodeport-remote", profile=CALICO, **changes):
    run = factories.run(proofs=proofs.proofs(), **changes)
    return next(story for story in explain(run, profile).stories if story.path == path)


def printed(explanation, **options):
    console = Console(width=100, file=io.StringIO(), **options)
    print_explanation(explanation, console)
    return console.file.getvalue()


@pytest.fixture(scope="module")
def explained():
    return explain(factories.run(proofs=proofs.proofs()), CALICO)


def test_an_instruction_is_what_the_machine_says():
    assert costs.INSTRUCTIONS_PER_US == 1000 / 2**ICOUNT_SHIFT


def test_every_path_has_its_picture_its_cost_and_its_words(explained):
    *measured, recorded = explained.stories
    assert [story.path for story in measured] == ["pod-ip", "nodeport-local", "nodeport-remote"]
    assert (recorded.path, recorded.costs) == ("pod-to-pod", ()), "a path that was only recorded is shown too"
    for story in measured:
        assert story.picture.path == story.path
        assert story.change.base == "baseline-vm/host"
        assert len(story.sentences) >= 2
    assert Explanation.model_validate_json(explained.model_dump_json()) == explained


def test_a_cluster_says_that_it_is_one():
    found = explain(factories.clusters(rounds=3), factories.CLUSTER_PROFILES[2])
    assert found.label == "ipvlan-l2 (cluster)"
    assert [story.name for story in found.stories] == ["ipvlan-l2 (cluster) · pod-ip"]


def test_the_parts_of_a_change_add_up():
    change = story_of().change
    parts = [*change.added, *change.saved, change.rest]
    assert sum(part.us for part in parts) == pytest.approx(change.us)
    assert change.us == pytest.approx(change.cell_us - change.base_us)
    assert change.instructions == pytest.approx(250 * change.us)
    assert [part.us for part in change.added] == sorted((part.us for part in change.added), reverse=True)
    assert all(abs(part.us) > part.error_us for part in (*change.added, *change.saved))


def test_shares_are_of_what_is_added():
    change = story_of().change
    more = sum(part.percent for part in change.added) + (change.rest.percent if change.rest.us > 0 else 0)
    assert more == pytest.approx(100)


def test_few_samples_of_the_profiler_name_no_culprit():
    spots = [
        spot.model_copy(
            update={
                "total_samples": 12,
                "functions": tuple(one.model_copy(update={"samples": 1}) for one in spot.functions),
            }
        )
        for spot in map(factories.hotspots, factories.SPEEDS)
    ]
    story = story_of(spots=spots)
    assert (story.change.added, story.change.saved) == ((), ())
    assert "too small to tell from chance" in story.sentences[-1]


def test_a_dearer_path_says_who_takes_how_much():
    said = " ".join(story_of().sentences)
    assert "A request costs 31.9 µs (7 986 instructions) more than on baseline-vm/host." in said.replace("\u202f", " ")
    assert "What is added: 14.3 µs (41 %) are netfilter, 7.0 µs (20 %) the IPIP tunnel" in said.replace("\u202f", " ")
    assert "What costs less than there: 1.7 µs (57 %) are TCP" in said.replace("\u202f", " ")


def cost(group, us, percent):
    return costs.Cost(group=group, us=us, instructions=us * 250, percent=percent)


def change(us, added=(), saved=(), rest=0.0):
    parts = {"added": added, "saved": saved, "rest": cost("rest", rest, 0)}
    return costs.CostChange(base="b/host", us=us, instructions=us * 250, cell_us=us + 10, base_us=10, **parts)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            change(10, (cost("netfilter", 6, 60), cost("veth", 3, 30)), rest=1),
            [
                (
                    "Of the 10.0 µs (2 500 instructions) that a request costs more than on b/host, 6.0 µs (60 %) are "
                    "netfilter, 3.0 µs (30 %) veth crossing; the rest, 1.0 µs, is of changes too small to tell from "
                    "chance."
                )
            ],
        ),
        (
            change(10, (cost("bpf", 12, 100),), rest=-2),
            [
                "A request costs 10.0 µs (2 500 instructions) more than on b/host.",
                "What is added: 12.0 µs (100 %) are eBPF.",
                "\u22122.0 µs come from changes too small to tell from chance.",
            ],
        ),
        (
            change(-5, saved=(cost("veth", -5, 100),)),
            [
                "A request costs 5.0 µs (1 250 instructions) less than on b/host.",
                "What costs less than there: 5.0 µs (100 %) are veth crossing.",
            ],
        ),
        (
            change(0.2, rest=0.2),
            [
                "A request costs 0.2 µs (50 instructions) more than on b/host.",
                "+0.2 µs come from changes too small to tell from chance.",
            ],
        ),
    ],
)
def test_a_change_in_words(found, expected):
    assert [text.replace("\u202f", " ") for text in sentences.of_change(found)] == expected


def test_the_baseline_is_told_by_itself():
    (story,) = explain(factories.run(proofs=proofs.proofs()), factories.PROFILES[0]).stories
    assert story.change is None
    assert "Every other path is compared with this one." in story.sentences[0]
    assert (
        story.sentences[1].replace("\u202f", " ").startswith("A request costs 49.5 µs (12 371 instructions): 16.3 µs")
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"spots": []}, "the run has no samples of the profiler there"),
        ({"spots": [factories.hotspots(POD)]}, "a request of baseline-vm/host costs by subsystem is not known"),
        ({"cells": [POD]}, "did not measure the baseline"),
        ({"cells": [factories.BASELINE]}, "did not measure this path"),
        ({"samples": []}, "did not measure this path"),
    ],
)
def test_what_is_missing_is_said_with_how_to_get_it(changes, expected):
    said = " ".join(story_of("pod-ip", **changes).sentences)
    assert expected in said
    assert "netlab run --profiles baseline-vm,calico-ipip" in said


def test_several_kernels_cannot_be_split():
    kernel = factories.counters(1, 20_000)
    kernels = (kernel.model_copy(update={"hosts": ("client",)}), kernel.model_copy(update={"hosts": ("node1",)}))
    samples = [factories.sample(cell, kernels=kernels) for cell in (factories.BASELINE, POD)]
    story = story_of("pod-ip", samples=samples, environment=factories.environment(clock="real"))
    assert story.sentences[-1].endswith("netlab run --profiles baseline-vm,calico-ipip --clock virtual")


def test_uncounted_cpu_time_is_said():
    story = story_of("pod-ip", samples=[factories.sample(cell, kernels=()) for cell in (factories.BASELINE, POD)])
    assert "no CPU counters" in story.sentences[-1]


def test_on_the_real_clock_there_are_no_instructions():
    story = story_of(environment=factories.environment(clock="real"))
    assert story.change.instructions is None
    assert "instructions" not in " ".join(story.sentences)


def test_without_a_record_the_cost_is_still_told():
    story = next(iter(explain(factories.run(), CALICO).stories))
    assert story.picture is None
    assert story.change is not None
    assert "did not record" in story.sentences[0]


def test_on_a_terminal_new_hops_carry_a_sign(explained):
    text = printed(explained)
    assert max(cell_len(line) for line in text.splitlines()) <= 100
    assert "in lab0 → +PREROUTING → +DNAT → ip_route_input" in text
    assert "+: not on the way of baseline-vm/host" in text
    assert "║ wire" in text
    assert "±: twice the standard error" in " ".join(text.split())
    assert "netfilter" in text
    assert "instructions" in text
    lines = [line for line in text.splitlines() if line.rstrip().endswith("│") and "raise" in line]
    assert lines
    assert all("raise NET_RX" in line for line in lines), "no line breaks inside a hop"


def test_colours_are_of_the_subsystem(explained):
    text = printed(explained, force_terminal=True, color_system="truecolor")
    assert "\x1b[1;38;2;213;94;0m+PREROUTING" in text


def test_foreign_text_is_no_markup():
    evil = CALICO.model_copy(update={"label": "[red]x[/red]", "description": "[b]y"})
    run = factories.run(profiles=(factories.PROFILES[0], evil, IPVLAN))
    text = printed(explain(run, evil))
    assert "[red]x[/red]" in text
    assert "[b]y" in text


def test_a_report_of_the_same_run_has_the_same_change(explained):
    cell = next(
        one for one in build_report([factories.run()]).cells if (one.profile, one.path) == (CALICO.name, "pod-ip")
    )
    netfilter = next(share for share in cell.hot_groups if share.group == "netfilter")
    told = next(part for part in explained.stories[0].change.added if part.group == "netfilter")
    assert told.us == netfilter.change_us_per_request
    assert json.loads(explained.model_dump_json())["stories"][0]["change"]["added"]
