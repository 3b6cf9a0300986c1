"""What QEMU says when it does not start, as the user is told it."""

import pytest

from netlab.errors import MachineError, PortInUse
from netlab.hosts.qemu.machine import _start_failure

OPTION = "user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:2300-:22,hostfwd=tcp:127.0.0.1:2301-:6443"
SAID = "qemu-system-x86_64: -netdev {}: Could not set up host forwarding rule 'tcp:127.0.0.1:{}-:{}'\n"


@pytest.mark.parametrize(("port", "inside"), [(2300, 22), (2301, 6443)])
def test_the_port_that_is_taken_is_named_and_no_other_of_the_machine(tmp_path, port, inside):
    (tmp_path / "log").write_text(SAID.format(OPTION, port, inside))
    error = _start_failure("control", tmp_path / "log")
    assert isinstance(error, PortInUse)
    assert error.message == f"port {port} on 127.0.0.1 is in use, but machine 'control' needs it for SSH or its API"


def test_anything_else_is_what_qemu_said_last(tmp_path):
    (tmp_path / "log").write_text("a warning\nqemu-system-x86_64: no memory\n")
    error = _start_failure("control", tmp_path / "log")
    assert type(error) is MachineError
    assert error.message == "QEMU of machine 'control' did not start: qemu-system-x86_64: no memory"
