"""What a role says when it fails: the cause is on the screen, however many pods there are."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from netlab.ansible import explain
from netlab.excerpt import first_lines
from tests.roles.rendering import ROLES, render

PODS = "\n".join(f"kube-system   pod-{number}   0/1   Running   {'x' * 150}" for number in range(60))
WARNINGS = [f"pod-{number}   BackOff   Back-off restarting failed container" for number in range(30)]
CAUSE = '[pod/cilium-x/cilium-agent] level=fatal msg="no room for the map" subsys=daemon'
KUBELETS = [{"stdout": f"E1127 {host}: cni plugin not initialized\n" * 4} for host in ("node1", "node2", "control")]


def answers(*texts: str) -> dict[str, Any]:
    return {"results": [{"stdout": text, "stdout_lines": text.splitlines()} for text in texts]}


def words(name: str) -> dict[str, Any]:
    hosts = ("node1", "node2", "control")
    return {"results": [kubelet | {name: host} for kubelet, host in zip(KUBELETS, hosts, strict=True)]}


NODES, EVENTS = "node1: not ready\nnode2: not ready\ncontrol: not ready", "\n".join(WARNINGS)
CASES = {
    "cilium": {
        "cilium_answers": answers(PODS, EVENTS, NODES, "cilium-x: back-off", f"{CAUSE}\n" * 12),
        "cilium_words": words("cilium_words_of"),
    },
    "calico": {
        "calico_answers": answers("calico: Degraded", PODS, EVENTS, NODES, "calico-x: back-off", f"{CAUSE}\n" * 12),
        "calico_words": words("calico_words_of"),
    },
    "cluster_workload": {
        "cluster_workload_answers": answers(PODS, f"app   Failed   {CAUSE}"),
        "cluster_workload_words": words("cluster_workload_host"),
    },
}


@pytest.mark.parametrize("role", CASES)
def test_the_cause_comes_before_the_tables(role):
    tasks = yaml.safe_load((ROLES / role / "tasks" / "explain.yml").read_text())
    message = render(role, tasks[-1]["ansible.builtin.fail"]["msg"], "control", **CASES[role])
    shown = first_lines(explain({"msg": message}), "/x/ansible.log").splitlines()
    assert any(CAUSE in line for line in shown)
    for host in ("node1", "node2", "control"):
        assert f"E1127 {host}: cni plugin not initialized" in shown
    assert shown[-1].endswith("more lines in /x/ansible.log")
    whole = {line.strip() for line in message.splitlines()}
    assert {line.strip() for line in shown[:-1]} <= whole
