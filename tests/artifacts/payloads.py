"""A payload's disk, read back with e2fsprogs."""

import subprocess


def read_back(disk, path):
    return subprocess.run(["/sbin/debugfs", "-R", f"cat /{path}", disk], check=True, capture_output=True).stdout
