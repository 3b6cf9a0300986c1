"""The playbook that turns hosts into a profile, on this machine, as far as it goes without changing anything."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def play(tmp_path, **variables):
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "netlab_address": "127.0.0.1"}
    groups = {"client": {"hosts": {"client": local}}, "node": {"hosts": {"node1": local, "node2": local}}}
    (tmp_path / "hosts.json").write_text(json.dumps(groups))
    command = ["ansible-playbook", "-i", "hosts.json", "-e", json.dumps(variables), str(ROOT / "playbooks" / "up.yml")]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = os.environ | {"PATH": path, "ANSIBLE_ROLES_PATH": str(ROOT / "roles"), "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)


def test_a_kernel_that_is_too_old_is_refused_before_anything_is_done(tmp_path):
    done = play(tmp_path, netlab_profile="cilium-netkit", netlab_kernel="6.1.0")
    assert done.returncode != 0
    assert "node1 runs Linux 6.1.0; the profile cilium-netkit needs 6.8 or newer." in done.stdout
    assert "changed=0" in done.stdout
