from __future__ import annotations

from netlab.report.compute.build import build_report
from netlab.report.text import summary
from tests import factories


def test_three_sentences_say_what_it_costs_which_is_best_and_how_sure(report):
    cost, best, sure = (text.replace("\u202f", " ") for text in summary.sentences(report))
    assert cost == (
        "Of 4 paths of 2 networks, the cheapest (ipvlan-l2 (data-path replica) through pod-ip) answers 4.1 % more "
        "requests per second than baseline-vm/host, the costliest (calico-ipip (data-path replica) through "
        "nodeport-remote) 39.2 % fewer."
    )
    assert best.startswith("Through pod-ip, calico-ipip (data-path replica) costs most (\N{MINUS SIGN}11.4 %, 95 % CI ")
    assert best.endswith("; the two intervals have no value in common.")
    assert sure == (
        "How sure: 3 slower, 1 faster, from 5 rounds on the virtual clock; all of these intervals hold together with "
        "95 % confidence."
    )


def test_networks_whose_intervals_overlap_are_not_put_in_order():
    cells = (factories.BASELINE, ("calico-ipip", "pod-ip"), ("ipvlan-l2", "pod-ip"))
    taken = [
        factories.sample(cell, round_=at, rate=rate * (1 + 0.02 * (-1) ** (at + place)))
        for at in range(1, 6)
        for place, (cell, rate) in enumerate(zip(cells, (1000, 900, 905), strict=True))
    ]
    report = build_report([factories.run(samples=taken, spots=[], cells=cells)])
    assert summary.sentences(report)[1].endswith("; their intervals overlap, so that this order may be chance.")


def test_one_network_is_compared_with_itself_by_path():
    cells = [cell for cell in factories.SPEEDS if cell[0] != "ipvlan-l2"]
    report = build_report([factories.run(cells=cells, profiles=factories.PROFILES[:2])])
    assert summary.sentences(report)[1].startswith(
        "Of all, nodeport-remote of calico-ipip (data-path replica) costs most ("
    )


def test_one_path_gets_its_interval():
    report = build_report([factories.run(cells=[factories.BASELINE, ("calico-ipip", "pod-ip")])])
    cost, interval, _ = summary.sentences(report)
    assert cost.startswith("Behind calico-ipip (data-path replica) through pod-ip the app answers 11.4")
    assert interval.startswith("Its 95 % confidence interval is \N{MINUS SIGN}11.")


def test_too_few_rounds_have_no_interval_and_it_says_so():
    sentences = summary.sentences(build_report([factories.run(rounds=2)]))
    assert "in too few rounds for an interval" in sentences[1]
    assert "4 that cannot be told yet, from 2 rounds" in sentences[2]


def test_without_a_pair_there_is_one_sentence():
    report = build_report([factories.run(cells=[factories.BASELINE])])
    assert summary.sentences(report) == (
        "Nothing can be compared with baseline-vm/host: no complete round holds a path and its baseline.",
    )


def test_paths_of_a_network_stand_together_in_the_order_of_use(report):
    found = summary.by_network(report.cells)
    assert [cell.path for cell in found["calico-ipip (data-path replica)"]] == [
        "nodeport-local",
        "nodeport-remote",
        "pod-ip",
    ]
    assert sum(map(len, found.values())) == 4
