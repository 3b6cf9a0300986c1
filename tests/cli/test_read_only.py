"""Commands that only look: the real ones, in a real lab with a real cache, compared file by file before and after."""

import hashlib
import os

import pytest

from netlab import assets
from netlab.__main__ import main
from netlab.cli.app import COMMANDS
from netlab.errors import ArtifactError, MissingTool, NotUp, RequirementError
from netlab.hosts.qemu import accel, image
from netlab.hosts.qemu.accel import Accelerator
from netlab.results import store
from tests import factories
from tests.cache.factories import make_image

pytestmark = pytest.mark.real

DOWN = NotUp.exit_code

LOOKING = {
    "plan": 0,
    "plan --json --profiles baseline-vm,cilium": 0,
    "up --dry-run": 0,
    "up --dry-run --profile ipvlan-l2": 0,
    "up --dry-run --no-profile": 0,
    "up --dry-run --profile ipvlan-l2 --stack kubeadm": 0,
    "status": 0,
    "status --json": 0,
    "profiles": 0,
    "profiles --json": 0,
    "doctor": (0, RequirementError.exit_code),
    "inventory --list": (0, DOWN),
    "kubeconfig": DOWN,
    "explain calico-ipip": DOWN,
    "report": DOWN,
    "gate --max-loss 5": DOWN,
    "compare old new": DOWN,
    "ssh nobody": (DOWN, 2),
    "artifacts list": 0,
    "artifacts verify kubernetes": (ArtifactError.exit_code, MissingTool.exit_code),
    "cache list": 0,
    "cache prune --dry-run": 0,
    "completion bash": 0,
    "down": 0,
}
"""Command and exit code, in a lab that is down or claims to be up; what differs between the two has both."""

WRITING = {
    "init": "netlab.yml",
    "lock": "netlab.lock.yml",
    "run": "hosts, a run and its report",
    "bench": "hosts and a run",
    "image": "a disk or a box",
    "prove": "the log, what it recorded",
    "reset": "hosts",
}
"""Commands that exist to change something, and what."""


@pytest.fixture
def baked(folder):
    """A cache that knows of an image, but not which accelerator works: the planner then looks for snapshots."""
    make_image(assets.cache())


@pytest.fixture(autouse=True)
def no_kvm(monkeypatch):
    """To find out that one does not work takes seconds, of each test."""
    monkeypatch.setattr(accel, "_candidates", tuple)


@pytest.fixture
def settled(folder):
    """A lab with settings, and one stored run."""
    folder.joinpath("netlab.yml").write_text("rounds: 4\n")
    run = factories.header(run_id="20260101T000000Z-0000")
    store.write_header(folder / ".netlab" / "runs" / run.run_id, run)


def listing(root):
    """Everything below ``root``: kind, permissions, time of change, content.

    Except the folder of temporary files, where the probe writes what it boots: it must only be empty again.
    """
    found = {}
    for path in [root, *root.rglob("*")]:
        if path == root / "t":
            continue
        status = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        found[str(path.relative_to(root))] = (oct(status.st_mode), status.st_mtime_ns, status.st_ctime_ns, content)
    return found


def changes(command, root, codes):
    """Run the command; return what is not as it was."""
    before = listing(root)
    code = main(command.split())
    assert code in (codes if isinstance(codes, tuple) else (codes,)), command
    after = listing(root)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("command", LOOKING)
def test_in_an_empty_folder_what_only_looks_changes_nothing(command, tmp_path, capsys):
    assert changes(command, tmp_path, LOOKING[command]) == set()
    assert not assets.cache().exists()


@pytest.mark.usefixtures("settled", "baked")
@pytest.mark.parametrize(
    "command", ["plan", "up --dry-run --profile cilium --stack datapath", "doctor", "artifacts list"]
)
def test_in_a_lab_that_is_down_what_only_looks_changes_nothing(command, tmp_path, capsys):
    assert changes(command, tmp_path, (0, RequirementError.exit_code)) == set()


@pytest.mark.usefixtures("lab", "baked")
@pytest.mark.parametrize("command", ["plan", "up --dry-run", "status --json", "inventory --list", "ssh nobody"])
def test_in_a_lab_that_is_up_what_only_looks_changes_nothing(command, tmp_path, capsys):
    assert changes(command, tmp_path, LOOKING[command]) == set()


@pytest.mark.usefixtures("settled", "baked")
def test_the_planner_was_really_asked(capsys, monkeypatch):
    probed = []
    monkeypatch.setattr(
        accel, "_try_all", lambda version: probed.append(1) or Accelerator(name="tcg", qemu_version=version)
    )
    assert main(["plan"]) == 0
    assert probed, "it looks for the snapshots of a fleet, which depend on the accelerator"
    steps = capsys.readouterr().out.splitlines()
    assert steps[0] == f"image {image.DATAPATH.key}: there already"
    assert "in each of 4 rounds" in steps[-4]
    assert any(step.startswith("calico-ipip: play 5 roles") for step in steps)


def test_the_comparison_sees_a_touched_file(tmp_path):
    (tmp_path / "file").write_text("content")
    before = listing(tmp_path)
    os.utime(tmp_path / "file", ns=(1, 1))
    assert listing(tmp_path) != before


def test_every_command_is_in_one_of_the_lists():
    names = {module.__name__.rpartition(".")[2] for module in COMMANDS}
    assert {command.split()[0] for command in [*LOOKING, *WRITING]} == names
