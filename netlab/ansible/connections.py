"""Connections of ssh's that plays share, and keep open for the next play."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from netlab import proc, ssh

if TYPE_CHECKING:
    from collections.abc import Iterator


def close_connections(sockets: Path) -> None:
    """End the ssh connections that plays keep open; needed before a snapshot is restored and on ``down``."""
    for socket in sorted(sockets.rglob("ssh-*")):
        proc.run(
            ["ssh", "-F/dev/null", f"-oControlPath={ssh.quoted(socket)}", "-Oexit", "netlab"], timeout=10, check=False
        )
        socket.unlink(missing_ok=True)


@contextlib.contextmanager
def kept(given: Path | None) -> Iterator[Path]:
    """Give the folder of the sockets; one that nobody has named is there for one play, whose connections then end."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="netlab-") as place:
        try:
            yield Path(place)
        finally:
            close_connections(Path(place))
