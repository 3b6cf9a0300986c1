"""Makes sure that no host can ask for its user data, where the cloud's network is told to let none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.errors import CloudError

if TYPE_CHECKING:
    from netlab.hosts.remote import RemoteHosts

REACHED = "netlab: the metadata service answers"
SCRIPT = f"""if timeout 5 bash -c 'exec 3<>/dev/tcp/169.254.169.254/80' 2>/dev/null; then echo "{REACHED}"; fi
"""
"""For ``sh`` on the host."""


def check(remote: RemoteHosts) -> None:
    """CloudError naming hosts that reach the metadata service."""
    answers = remote.ask(SCRIPT, "it does not say whether it reaches the metadata service")
    if names := [name for name, text in answers.items() if REACHED in text]:
        message = (
            f"{', '.join(names)}: the metadata service still answers, which hands the host's private key to any process"
        )
        raise CloudError(message, hint="the cloud does not filter what hosts send to it; netlab cannot use it safely")
