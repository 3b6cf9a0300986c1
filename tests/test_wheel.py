"""The wheel works in an empty folder with no checkout anywhere near."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder that holds what the wheel installs, and nothing else of netlab."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "-q"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT]
    subprocess.run(build, check=True, stderr=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", target, wheel], check=True, stderr=subprocess.DEVNULL)
    return target


def netlab(installed, folder, *words):
    # -P and -s keep the checkout's own package out, wherever it is installed
    code = f"import sys; sys.path.insert(0, {str(installed)!r}); from netlab.__main__ import main; sys.exit(main())"
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    command = [sys.executable, "-P", "-c", code, *words]
    return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)


def test_roles_playbooks_profiles_and_the_lock_travel_in_it(installed):
    data = installed / "netlab" / "_data"
    for folder in ("roles", "playbooks", "profiles", "experiments", "artifacts"):
        here = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
        there = {path.relative_to(data) for path in (data / folder).rglob("*") if path.is_file()}
        assert {path for path in here if path.suffix != ".pyc"} <= there
    schemas = [f"docs/{name}.schema.json" for name in ("report", "comparison", "gate")]
    for name in ("Vagrantfile", "vagrant/fleet.json", *schemas):
        assert (data / name).read_bytes() == (ROOT / name).read_bytes()
    for name in ("netlab-agent", "netlab-drive"):
        (script,) = data.rglob(name)
        assert script.read_text().startswith("#!")


def test_it_lists_profiles_and_plans_in_an_empty_folder(installed, tmp_path):
    done = netlab(installed, tmp_path, "profiles")
    assert done.returncode == 0, done.stderr
    assert "calico-ipip" in done.stdout
    plan = netlab(installed, tmp_path, "plan")
    assert plan.returncode == 0, plan.stderr
    assert "bake the image" in plan.stdout
    assert not (tmp_path / ".netlab").exists()


def test_its_lock_is_listed_and_not_changed(installed, tmp_path):
    listed = netlab(installed, tmp_path, "artifacts", "list", "kubernetes=1.34.11")
    assert listed.stdout.startswith("kubernetes 1.34.11  0 of 3 files, 0 of 7 images cached (0 B)\n"), listed.stderr
    refused = netlab(installed, tmp_path, "artifacts", "update", "kubernetes=1.37.1")
    assert refused.returncode == 2
    assert "name a file with --lock" in refused.stderr


def test_it_pins_in_an_empty_folder(installed, tmp_path):
    """No netlab.yml, no checkout: what has no checksum yet comes from a mirror, and only the same is taken again."""
    lock = (
        "schema_version: 1\ncomponents: [{name: tool, version: v1.2, files: [{name: tool, url: URL, sha256: null}]}]\n"
    )
    (tmp_path / "own.yml").write_text(lock.replace("URL", "'https://dl.example.org/tool'"))
    served = tmp_path / "usb" / "dl.example.org" / "tool"
    served.parent.mkdir(parents=True)
    served.write_text("a program")
    words = ("artifacts", "fetch", "tool=v1.2", "--lock", "own.yml", "--mirror", "usb")
    assert netlab(installed, tmp_path, *words, "--locked").returncode == 13
    done = netlab(installed, tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "pinned 1 file in netlab.lock.yml\n" in done.stderr
    served.write_text("another")
    shutil.rmtree(tmp_path / "cache")
    refused = netlab(installed, tmp_path, *words)
    assert refused.returncode == 13
    assert str(tmp_path / "netlab.lock.yml") in refused.stderr
