"""``run.json`` as older versions of netlab wrote it → as it is written now.

Version 2 added what profiles and image were made of, all with a default; 3 which hosts share a kernel, and calls
``lanes`` ``parallel_fleets``.
"""

from __future__ import annotations

from typing import Any

SCHEMA_VERSION = 3
READABLE = (1, 2, SCHEMA_VERSION)


def upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content in the present version; what is wrong with it stays wrong."""
    environment = content.get("environment")
    if content.get("schema_version", SCHEMA_VERSION) < SCHEMA_VERSION and isinstance(environment, dict):
        environment = dict(environment)
        environment["parallel_fleets"] = environment.pop("lanes", None)
        hosts = list(environment.get("fleet") or ())
        environment["kernels"] = [hosts] if environment.get("clock") == "virtual" else [[host] for host in hosts]
        content = {**content, "environment": environment}
    return {**content, "schema_version": SCHEMA_VERSION}
