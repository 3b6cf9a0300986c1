"""The one place that speaks QMP, QEMU's control protocol, through the ``qemu.qmp`` package."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from qemu.qmp import ExecuteError, QMPClient, QMPError

from netlab.errors import MachineError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

TIMEOUT_S = 120.0


def execute(socket: Path, command: str, arguments: dict[str, Any] | None = None) -> Any:
    """Run one QMP command and return its result."""
    return _talk(socket, lambda client: client.execute(command, arguments))


def monitor(socket: Path, line: str) -> str:
    """Run one line of the human monitor (savevm, loadvm); any words it answers with are an error."""
    answer = execute(socket, "human-monitor-command", {"command-line": line})
    if "error" in str(answer).lower():
        raise MachineError(f"QEMU refused '{line}': {str(answer).strip()}", hint="run 'netlab down' and try again")
    return str(answer)


def _talk(socket: Path, work: Callable[[QMPClient], Awaitable[Any]]) -> Any:
    async def conversation() -> Any:
        client = QMPClient("netlab")
        client.logger.setLevel(logging.CRITICAL)  # it logs what it also raises
        await client.connect(str(socket))
        try:
            return await work(client)
        finally:
            await client.disconnect()

    try:
        return asyncio.run(asyncio.wait_for(conversation(), TIMEOUT_S))
    except ExecuteError as error:
        raise MachineError(f"QEMU refused a command: {error}") from error
    except (QMPError, OSError, EOFError, TimeoutError) as error:
        hint = "run 'netlab down' and try again"
        raise MachineError(f"QEMU does not answer on {socket}: {error}", hint=hint) from error
