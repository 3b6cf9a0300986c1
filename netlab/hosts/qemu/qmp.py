"""The one place that speaks QMP, QEMU's control protocol, through the ``qemu.qmp`` package."""

from __future__ import annotations

import asyncio
import logging
import shlex
import time
from typing import TYPE_CHECKING, Any

from qemu.qmp import ExecuteError, QMPClient, QMPError

from netlab.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

TIMEOUT_S = 120.0
FASTEST = 1 << 40
"""Bytes a second: no limit."""


def execute(socket: Path, command: str, arguments: dict[str, Any] | None = None, *, timeout: float = TIMEOUT_S) -> Any:
    """Run one QMP command and return its result."""
    return _talk(socket, lambda client: client.execute(command, arguments), timeout)


def save(socket: Path, file: Path) -> None:
    """Write memory and devices of a paused machine to ``file``."""
    execute(socket, "migrate-set-parameters", {"max-bandwidth": FASTEST})
    execute(socket, "migrate", {"uri": f"exec:exec cat > {shlex.quote(str(file))}"})
    _wait_until_migrated(socket, f"QEMU could not save the machine to {file}")


def wait_until_loaded(socket: Path) -> None:
    """Return once a machine that QEMU was started to receive is there, and paused."""
    _wait_until_migrated(socket, "QEMU could not resume the snapshot")


def _wait_until_migrated(socket: Path, failure: str) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        answer = execute(socket, "query-migrate")
        status = answer.get("status")
        if status == "completed":
            return
        if status in {"failed", "cancelled"} or time.monotonic() > deadline:
            detail = answer.get("error-desc", status or "it did not begin")
            raise MachineError(f"{failure}: {detail}", hint="free space in the cache folder, then try again")
        time.sleep(0.05)


def _talk(socket: Path, work: Callable[[QMPClient], Awaitable[Any]], timeout: float) -> Any:
    async def conversation() -> Any:
        client = QMPClient("netlab")
        client.logger.setLevel(logging.CRITICAL)  # it logs what it also raises
        await client.connect(str(socket))
        try:
            return await work(client)
        finally:
            await client.disconnect()

    try:
        return asyncio.run(asyncio.wait_for(conversation(), timeout))
    except ExecuteError as error:
        raise MachineError(f"QEMU refused a command: {error}") from error
    except (QMPError, OSError, EOFError, TimeoutError) as error:
        hint = "run 'netlab down' and try again"
        raise MachineError(f"QEMU does not answer on {socket}: {error}", hint=hint) from error
