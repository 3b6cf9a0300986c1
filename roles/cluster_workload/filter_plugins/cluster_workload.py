"""What every host is told of the cluster, out of the objects of the API server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def nodes(objects: Iterable[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return each node's address in the lab and the range of its pods, if Kubernetes gave it one."""
    return {
        node["metadata"]["name"]: {"address": _internal(node), "pod_cidr": node["spec"].get("podCIDR", "")}
        for node in objects
    }


def _internal(node: dict[str, Any]) -> str:
    (first, *_) = [each["address"] for each in node["status"]["addresses"] if each["type"] == "InternalIP"]
    return str(first)


def pods(objects: Iterable[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return where each pod is, by its label ``netlab``; what is on its way out or has no address yet is left out."""
    return {
        pod["metadata"]["labels"]["netlab"]: {"address": pod["status"]["podIP"], "node": pod["spec"]["nodeName"]}
        for pod in objects
        if "deletionTimestamp" not in pod["metadata"] and "podIP" in pod["status"]
    }


def services(objects: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return each service's ClusterIP and NodePort."""
    return {
        each["metadata"]["name"]: {
            "address": each["spec"]["clusterIP"],
            "node_port": each["spec"]["ports"][0]["nodePort"],
        }
        for each in objects
    }


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by the names that the role calls them by."""
        return {
            "cluster_workload_nodes": nodes,
            "cluster_workload_pods": pods,
            "cluster_workload_services": services,
        }
