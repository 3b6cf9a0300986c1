"""Fixtures that more than one folder of tests needs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from netlab import assets
from netlab.hosts.qemu import accel

# A busy machine fails no test: how long something takes is for `make bench`.
settings.register_profile("netlab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("netlab")

# What nohup, or a shell for its jobs in the background, has a process ignore, all its children ignore too, and netlab
# leaves it so. What the tests send must arrive, however they were started.
for _number, _handler in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGQUIT, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, _handler)

NETLAB = [sys.executable, "-m", "netlab"]


BUILT = assets.cache() / "kubernetes-source"
"""Where `make kubernetes` puts what it builds."""
needs_kubernetes = pytest.mark.skipif(
    not (BUILT / "lock.yml").is_file(), reason="Kubernetes is not built; make test-cluster does it"
)


@pytest.fixture(autouse=True)
def offline(request, monkeypatch):
    """Whatever asks for a host elsewhere is told at once that nobody is there: fast tests leave no packet on a wire."""
    if not any(request.node.get_closest_marker(mark) for mark in ("vm", "vagrant", "ssh", "cloud", "cluster")):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        for name in ("ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)


def knows_its_accelerator(cache: Path) -> Path:
    """Have a cache remember that nothing accelerates: to find out takes seconds where ``/dev/kvm`` does not work."""
    accel.remember(cache / "netlab", accel.Accelerator(name="tcg", qemu_version=accel.qemu_version()))
    return cache


class Command:
    """Drives the real command in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: list[subprocess.Popen[str]] = []

    def __call__(
        self,
        *words: str,
        timeout: float = 900,
        input: str | None = None,  # noqa: A002 - subprocess's own name
        **env: str,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*NETLAB, *words],
            cwd=self.folder,
            env={**os.environ, **env},
            timeout=timeout,
            input=input,
            check=False,
            capture_output=True,
            text=True,
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [*NETLAB, *words],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.children.append(child)
        return child

    def machines(self) -> list[int]:
        """Process ids of the QEMUs that run in this folder."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                inside = (entry / "cwd").readlink().is_relative_to(self.folder)
                if inside and (entry / "comm").read_text().startswith("qemu-system"):  # qemu-img is none
                    found.append(int(entry.name))
            except OSError:
                continue
        return found


@pytest.fixture
def netlab(tmp_path):
    """The command in an empty folder; whatever it started has ended after the test."""
    command = Command(tmp_path)
    yield command
    for child in command.children:
        child.terminate()
        child.communicate(timeout=60)
    command("down")
    for pid in command.machines():
        os.kill(pid, signal.SIGKILL)


def wait_until(condition, *, seconds: float, what: str) -> None:
    """Fail when ``condition`` does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.1)
