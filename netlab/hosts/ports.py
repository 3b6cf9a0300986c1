"""TCP ports on 127.0.0.1 for a lab's hosts."""

from __future__ import annotations

import contextlib
import socket

from netlab.errors import PortInUse


def find_ports(first: int, count: int) -> list[int]:
    """Return the ``count`` ports from ``first`` on, or any that are free (0); PortInUse where one is not free now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for index, sock in enumerate(sockets):
            port = first + index if first else 0
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind(("127.0.0.1", port))
            except OSError as error:
                hint = "end the program that listens there, or set qemu.ssh_port in netlab.yml to another number"
                raise PortInUse(
                    f"port {port} on 127.0.0.1 is in use, but the lab needs it for SSH or its API", hint=hint
                ) from error
        return [sock.getsockname()[1] for sock in sockets]
