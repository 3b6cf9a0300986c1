"""What is asked of a cluster, from where, and what of the answers is not what its network promises.

A question is {name, url} or {name, server, ask, address}; an answer, as all else compared, is {name, expected, seen}.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

TUNNELS = {"geneve", "gre", "ip6tnl", "ipip", "sit", "vxlan", "wireguard"}
NAME = "app.netlab.svc.cluster.local"

Cluster = dict[str, dict[str, Any]]
Texts = dict[str, str]


def of_client(cluster: Cluster, nodes: Iterable[str], local_policy: bool, pod_address: bool) -> dict[str, list[Texts]]:  # noqa: FBT001
    """Return what the client asks: NodePorts of the cluster's nodes that are among ``nodes``, and the pod itself."""
    services, app = cluster["services"], cluster["pods"]["app"]
    asked = [
        {"name": f"NodePort on {name}", "url": f"http://{node['address']}:{services['app']['node_port']}/"}
        for name, node in cluster["nodes"].items()
        if name in set(nodes)
    ]
    if local_policy:
        address = cluster["nodes"][app["node"]]["address"]
        url = f"http://{address}:{services['app-local']['node_port']}/"
        asked.append({"name": f"NodePort with externalTrafficPolicy Local on {app['node']}", "url": url})
    if pod_address:
        asked.append({"name": "address of the pod", "url": f"http://{app['address']}/"})
    return {"": asked}


def of_pods(cluster: Cluster, here: str, dns: str) -> dict[str, list[Texts]]:
    """Return what the pods of this host ask, by their names; ``dns`` is the address of the cluster's DNS, if any."""
    pods, service = cluster["pods"], cluster["services"]["app"]["address"]
    url = f"http://{pods['app']['address']}/"
    together = pods["client"]["node"] == pods["app"]["node"]  # of a cluster of one node
    way = "pod to pod on one node" if together else "pod to pod between nodes"
    client = [{"name": way, "url": url}, {"name": "pod to ClusterIP", "url": f"http://{service}/"}]
    if dns:
        client.append({"name": "name of the service", "server": dns, "ask": NAME, "address": service})
    asked = {"peer": [{"name": "pod to pod on one node", "url": url}], "client": client}
    return {pod: asked[pod] for pod in asked if pods[pod]["node"] == here}


def readiness(lines: Iterable[str]) -> list[Texts]:
    """Return the API server's view, of lines like ``Node node1=True``."""
    states = [line.split("=") for line in lines if line]
    return [_check(what, "Ready", "Ready" if state == "True" else "not Ready") for what, state in states]


def interfaces(results: Iterable[Mapping[str, Any]], kind: str, mode: str) -> list[Texts]:
    """Return of which kind and mode the pods' interfaces are, from what ``ip -json -details link`` said of each."""
    return [_interface(result["cluster_verify_pod"], json.loads(result["stdout"])[0], kind, mode) for result in results]


def _interface(pod: str, link: dict[str, Any], kind: str, mode: str) -> Texts:
    info = link.get("linkinfo", {})
    seen = [info.get("info_kind", "unknown"), info.get("info_data", {}).get("mode", "") if mode else ""]
    return _check(f"interface of the pod {pod}", *(" ".join(filter(None, words)) for words in ([kind, mode], seen)))


def tunnels(links: Iterable[dict[str, Any]], expected: str) -> list[Texts]:
    """Return which kinds of tunnel are up."""
    kinds = {link.get("linkinfo", {}).get("info_kind") for link in links}
    return [_check("tunnels that are up", expected or "none", ", ".join(sorted(TUNNELS & kinds)) or "none")]


def problems(checks: Iterable[Texts]) -> list[str]:
    """Return a sentence for each of what is not as expected."""
    return [
        f"{each['name']}: expected {each['expected']}, seen {each['seen']}"
        for each in checks
        if each["expected"] != each["seen"]
    ]


def _check(name: str, expected: str, seen: str) -> Texts:
    return {"name": name, "expected": expected, "seen": seen}


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by the names that the role calls them by."""
        return {
            "cluster_verify_of_client": of_client,
            "cluster_verify_of_pods": of_pods,
            "cluster_verify_readiness": readiness,
            "cluster_verify_interfaces": interfaces,
            "cluster_verify_tunnels": tunnels,
            "cluster_verify_problems": problems,
        }
