"""Keys of ``netlab.yml`` that had another name in an older netlab: they are still read, with a warning."""

from __future__ import annotations

MOVED = ("cpus", "memory_mib", "control_cpus", "control_memory_mib", "mitigations", "ssh_port")

RENAMED: dict[tuple[str, ...], tuple[str, ...]] = {
    **{("fleet", name): ("qemu", name) for name in MOVED},
    ("fleet", "lanes"): ("qemu", "parallel"),
}
"""From 0.1."""
