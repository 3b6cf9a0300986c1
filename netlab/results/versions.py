"""``run.json`` as older versions of netlab wrote it → as it is written now.

Version 2 added what profiles and image were made of, all with a default; 3 which hosts share a kernel, and calls
``lanes`` ``parallel_fleets``; 4 has samples that are controls, which an older netlab would take for the baseline's, and
says why a run ended: before, it was always after a fixed number of rounds; 5 may be of several builds of the hosts,
which an older netlab would take for one.
"""

from __future__ import annotations

from typing import Any

SCHEMA_VERSION = 5
READABLE = (1, 2, 3, 4, SCHEMA_VERSION)
_KERNELS, _STOP = 3, 4
"""Versions that added something for which there is no default."""


def upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content in the present version; what is wrong with it stays wrong."""
    environment, version = content.get("environment"), content.get("schema_version", SCHEMA_VERSION)
    if version < _KERNELS and isinstance(environment, dict):
        environment = dict(environment)
        environment["parallel_fleets"] = environment.pop("lanes", None)
        hosts = list(environment.get("fleet") or ())
        environment["kernels"] = [hosts] if environment.get("clock") == "virtual" else [[host] for host in hosts]
        content = {**content, "environment": environment}
    if version < _STOP:
        content = {**content, "stop": {"reason": "rounds", "rounds": content.get("rounds")}}
    return {**content, "schema_version": SCHEMA_VERSION}
