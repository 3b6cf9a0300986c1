"""How the driver on the client reaches the agents of other hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SSH_PORT = 22


def agent_of(variables: Mapping[str, Any]) -> str:
    """Return where ssh enters a host in the lab's network, by the host's variables: ``ssh://root@10.10.0.11:22``."""
    user = variables.get("ansible_user", "root")
    return f"ssh://{user}@{variables['netlab_address']}:{variables.get('netlab_ssh_port', SSH_PORT)}"


def known_host(variables: Mapping[str, Any], key: str) -> str:
    """Return a host's line in ``known_hosts``, with its public key."""
    address, port = variables["netlab_address"], int(variables.get("netlab_ssh_port", SSH_PORT))
    name = address if port == SSH_PORT else f"[{address}]:{port}"
    return f"{name} {' '.join(key.split()[:2])}"


class FilterModule:
    """Filters of the role ``benchmark``."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return them by name."""
        return {"benchmark_agent_of": agent_of, "benchmark_known_host": known_host}
