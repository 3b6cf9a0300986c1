"""Leads TCP connections from one address of this machine to another."""

import contextlib
import socket
import threading


class Relay:
    """Who connects to ``here`` talks to ``there``, until ``close``."""

    def __init__(self, here: tuple[str, int], there: tuple[str, int]) -> None:
        self._there = there
        self._listener = socket.create_server(here)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Lead nobody there any more."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._there)
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def _copy(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(1 << 16):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
