"""Every role on hosts of netlab's own: applied, applied again, asked for what it is there for."""

import os
import sys
from pathlib import Path

import pytest
import yaml

from netlab import proc
from netlab.ansible import accelerator
from tests import leftovers
from tests.conftest import needs_kubernetes

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "extensions" / "molecule"
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
ON_A_CLUSTER = set(yaml.safe_load((SCENARIOS / "shared" / "vars" / "clusters.yml").read_text())["clusters"])
"""Roles whose scenarios begin with hosts of the stack kubeadm, and want what `make test-cluster` builds."""


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_a_scenario_that_asserts(role):
    files = {path.name for path in (SCENARIOS / role).iterdir()}
    assert {"molecule.yml", "converge.yml", "verify.yml"} <= files
    assert f"role: {role}\n" in (SCENARIOS / role / "converge.yml").read_text()
    assert "ansible.builtin.assert" in (SCENARIOS / role / "verify.yml").read_text()


@pytest.mark.vm
@pytest.mark.timeout(600)
@pytest.mark.parametrize("role", sorted(set(ROLES) - ON_A_CLUSTER))
def test_scenario(role, tmp_path):
    molecule(role, tmp_path)


@pytest.mark.cluster
@pytest.mark.timeout(3600)
@needs_kubernetes
@pytest.mark.parametrize("role", sorted(ON_A_CLUSTER))
def test_scenario_on_a_cluster(role, tmp_path):
    molecule(role, tmp_path)


def molecule(role, folder):
    """Run a scenario; whatever ends it early, a time limit for example, ends it with its machines."""
    programs = Path(sys.executable).parent
    env = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "MOLECULE_EPHEMERAL_DIRECTORY": str(folder),
        "NO_COLOR": "1",
    }
    if plugins := accelerator():  # a third of the time
        env |= {"ANSIBLE_STRATEGY": "mitogen_linear", "ANSIBLE_STRATEGY_PLUGINS": str(plugins)}
    with leftovers.ended() as mark:
        done = proc.run(
            [programs / "molecule", "test", "--scenario-name", role], cwd=ROOT, env={**env, **mark}, check=False
        )
    assert done.exit_code == 0, (done.stdout + done.stderr)[-6000:]
