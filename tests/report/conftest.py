from __future__ import annotations

import pytest

from netlab.model.sample import CpuTicks, ProcessorCounters
from netlab.report.compute.build import build_report
from netlab.report.draw import charts
from netlab.report.render import html
from tests import factories, proofs


@pytest.fixture(scope="session")
def report():
    return build_report([factories.run()])


@pytest.fixture(scope="session")
def several():
    """The report of a run on kernels of two processors, the second of which has 40 % softirqs."""
    ticks = [CpuTicks(user=20, nice=0, system=30, idle=10, iowait=0, irq=0, softirq=each, steal=0) for each in (0, 40)]
    processors = tuple(
        ProcessorCounters(name=f"cpu{at}", cpu=cpu, softirqs={"NET_RX": 5000 * at, "TIMER": 9})
        for at, cpu in enumerate(ticks)
    )
    run = factories.run()
    samples = tuple(
        one.model_copy(
            update={"kernels": tuple(kernel.model_copy(update={"processors": processors}) for kernel in one.kernels)}
        )
        for one in run.samples
    )
    return build_report([run.model_copy(update={"samples": samples})])


@pytest.fixture(scope="session")
def proven():
    """The report of a run that recorded its paths."""
    return build_report([factories.run(proofs=proofs.proofs())])


@pytest.fixture(scope="session")
def predicting():
    """The report of clusters, with the replicas of their paths beside them."""
    return build_report([factories.clusters()], [factories.run()])


@pytest.fixture(scope="session")
def drawn(report):
    return charts.draw(report)


@pytest.fixture(scope="session")
def proven_page(proven):
    return html.render(proven)


@pytest.fixture(scope="session")
def predicting_page(predicting):
    return html.render(predicting)


@pytest.fixture(scope="session")
def hostile():
    """A report in which every text that came from outside tries to be something else."""
    evil = '<script>alert("$x$ & $y$")</script>|`*[a](javascript:b)'
    profiles = [
        one.model_copy(update={"label": f"{one.name} {evil}", "description": evil}) for one in factories.PROFILES
    ]
    spots = [
        spot.model_copy(
            update={"functions": tuple(f.model_copy(update={"symbol": f"{f.symbol}{evil}"}) for f in spot.functions)}
        )
        for spot in map(factories.hotspots, factories.SPEEDS)
    ]
    environment = factories.environment(host_cpu=evil)
    return build_report([factories.run(profiles=tuple(profiles), spots=spots, environment=environment, rounds=2)])
