"""Baking the image: mmdebstrap makes the root tree, the roles are applied in it at native speed, ext4 is made of it.

mmdebstrap runs the whole time: its first customize hook opens the tree to Ansible and waits, its second writes the
disk. So the mounts and user ids are mmdebstrap's own, and with newuidmap no root is needed. Ansible reaches the tree
by SSH as it reaches any other host, through an sshd that is started for the connection and listens nowhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shlex
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from filelock import FileLock

from netlab import ansible, assets, proc
from netlab.errors import ImageError, NetlabError, NoSpace
from netlab.files import write_atomic
from netlab.results.model import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlab.progress import Progress

SUITE = "trixie"
OS_NAME = "Debian 13"
RECIPE = 1
"""Raise it when this module changes what an image holds."""

DISK_GIB = 3
NEEDED_MIB = 2500
"""Free space that a bake takes at its peak: packages, root tree and disk."""

BAKED_ROLES = ["app", "base", "benchmark", "lab_routes", "nodeport", "pod", "pod_image", "pod_network", "tunnel"]
"""Roles whose install steps an image has behind it; what a profile decides is left to ``up``."""

HOOK_TIMEOUT_S = 1200.0
BAKE_TIMEOUT_S = 300.0


class Image(Frozen):
    """A baked image: a raw ext4 disk and the kernel to boot it with."""

    key: str
    disk: Path
    kernel: Path
    initrd: Path
    kernel_version: str


def image_key() -> str:
    """Return what the image depends on, hashed: recipe, packages, roles, playbook."""
    parts = [assets.playbook("image"), *(assets.roles() / role for role in _roles())]
    words = [str(RECIPE), SUITE, *packages(), assets.digest(parts)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]


def packages() -> list[str]:
    """Every distribution package that a role of the image asks for by ``<role>_packages`` in its defaults."""
    found: set[str] = set()
    for role in _roles():
        defaults = assets.roles() / role / "defaults" / "main.yml"
        if defaults.exists():
            found |= set((yaml.safe_load(defaults.read_text()) or {}).get(f"{role}_packages", []))
    return sorted(found)


def find(cache: Path) -> Image | None:
    """Return the image for the roles as they are now, if it has been baked."""
    return _read(cache / "images" / image_key())


def bake(cache: Path, progress: Progress) -> Image:
    """Return the image, baking it when the cache lacks it (about 90 s)."""
    images = cache / "images"
    images.mkdir(parents=True, exist_ok=True)
    with FileLock(images / "lock"):
        found = find(cache)
        if found is None:
            with progress.step("bake the image"):
                found = _bake(images, progress)
        return found


def _bake(images: Path, progress: Progress) -> Image:
    _check_space(images)
    key = image_key()
    with _workshop(images) as work:
        log = work / "bake.log"
        with _mmdebstrap(work, log) as builder:
            tree = _wait_for_tree(builder, work, log, progress)
            _apply_roles(tree, work, progress)
            _resume(work)
            progress.task("image", "write the disk")
            _wait_for_end(builder, log)
        _finish(work, key)
        work.chmod(0o755)
        target = images / key
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    image = _read(target)
    if image is None:
        raise ImageError(f"the baked image in {target} is not complete", log=target / "bake.log")
    return image


@contextlib.contextmanager
def _workshop(images: Path) -> Iterator[Path]:
    """Make a folder for one bake; a failed one leaves its log beside the images and nothing else."""
    work = Path(tempfile.mkdtemp(prefix=".bake-", dir=images))
    try:
        yield work
    except NetlabError as error:
        error.log = images / "bake-failed.log"
        raise
    finally:
        if work.exists():
            with contextlib.suppress(OSError):
                shutil.move(work / "bake.log", images / "bake-failed.log")
            shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def _mmdebstrap(work: Path, log: Path) -> Iterator[proc.Child]:
    os.mkfifo(work / "resume")
    for name in ("user", "host"):
        proc.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "netlab", "-f", work / name])
    command = [
        *(
            "mmdebstrap",
            "--variant=minbase",
            "--format=null",
            "--dpkgopt=force-unsafe-io",
            f"--include={','.join(packages())}",
        ),
        *(f"--customize-hook={hook}" for hook in (_open_hook(work), _disk_hook(work))),
        *(SUITE, "/dev/null", *_mirror()),
    ]
    child = proc.spawn(command, log=log)
    try:
        yield child
    finally:
        proc.end_tree(child.pid)


def _open_hook(work: Path) -> str:
    """Put the keys into the tree, say where it is, and wait until the roles are applied."""
    place = shlex.quote(str(work))
    return (
        f'install -d -m 700 "$1/run/netlab" && install -d "$1/run/sshd" && '
        f'install -m 600 {place}/host {place}/user.pub "$1/run/netlab/" && '
        f'echo "$1 $$" > {place}/tree.new && mv {place}/tree.new {place}/tree && '
        f"read -r word < {place}/resume && "
        f'rm -r "$1/run/netlab" "$1/run/sshd"'
    )


def _disk_hook(work: Path) -> str:
    """Write kernel, initrd and disk. mmdebstrap cleans apt's files only after the hooks, so that is done here."""
    place = shlex.quote(str(work))
    # a bind mount shows the tree without what mmdebstrap has mounted in it (/proc, /sys, /dev)
    disk = (
        f'mount --bind "$1" {place}/bare && mkfs.ext4 -q -F -O ^has_journal -L netlab -d {place}/bare {place}/disk.raw'
    )
    return (
        f'cp "$1"/boot/vmlinuz-* {place}/kernel && cp "$1"/boot/initrd.img-* {place}/initrd && '
        f'basename "$1"/boot/vmlinuz-* > {place}/kernel.name && '
        f'chroot "$1" apt-get clean && rm -rf "$1"/var/lib/apt/lists/* "$1"/var/log/apt "$1"/root/.ansible && '
        f"mkdir {place}/bare && truncate -s {DISK_GIB}G {place}/disk.raw && "
        f'unshare --mount sh -c {shlex.quote(disk)} disk "$1" && rmdir {place}/bare'
    )


def _mirror() -> list[str]:
    """Return the host's own Debian mirrors, so that a site's mirror or proxy is honoured; else mmdebstrap's default."""
    try:
        query = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)", "Created-By: Packages"]
        lines = proc.run(query, timeout=30).stdout.splitlines()
    except NetlabError:
        return []
    words = [line.split() for line in lines]
    found = {w[1].partition("-")[2]: w[2] for w in words if len(w) == 3 and w[0] == "Debian"}
    suites = {"": SUITE, "updates": f"{SUITE}-updates", "security": f"{SUITE}-security"}
    return [f"deb {found[kind]} {suite} main" for kind, suite in suites.items() if kind in found]


def _wait_for_tree(builder: proc.Child, work: Path, log: Path, progress: Progress) -> tuple[Path, int]:
    """Root tree and the hook's process id, once mmdebstrap has installed all packages."""
    deadline = time.monotonic() + HOOK_TIMEOUT_S
    progress.task("image", f"install {len(packages())} packages and what they need")
    while not (work / "tree").exists():
        if builder.exit_code is not None:
            raise _failure(log)
        if time.monotonic() > deadline:
            raise ImageError(f"mmdebstrap did not install the packages within {HOOK_TIMEOUT_S:g} s")
        time.sleep(0.1)
    place, pid = (work / "tree").read_text().rsplit(maxsplit=1)
    return Path(place), int(pid)


def _apply_roles(tree: tuple[Path, int], work: Path, progress: Progress) -> None:
    place, pid = tree
    known = work / "known_hosts"
    known.write_text("image " + (work / "host.pub").read_text())
    enter = ["nsenter", "--target", str(pid), "--mount", *([] if os.geteuid() == 0 else ["--user"])]
    sshd = ["/usr/sbin/sshd", "-i", "-f", "/dev/null", *_options(_SSHD)]
    words = {
        "ansible_host": "image",
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_private_key_file": str(work / "user"),
        "ansible_ssh_common_args": shlex.join(
            [
                *_options({"UserKnownHostsFile": str(known), "IdentitiesOnly": "yes", "StrictHostKeyChecking": "yes"}),
                "-o",
                f"ProxyCommand={shlex.join([*enter, 'chroot', str(place), *sshd])}",
            ]
        ),
    }
    ansible.play(
        assets.playbook("image"),
        {"all": {"hosts": {"image": words}}},
        folder=work / "ansible",
        log=work / "bake.log",
        progress=progress,
        extra_vars={"netlab_baking": True},
    )
    shutil.rmtree(work / "ansible", ignore_errors=True)


_SSHD = {
    "HostKey": "/run/netlab/host",
    "AuthorizedKeysFile": "/run/netlab/user.pub",
    "UsePAM": "no",
    "StrictModes": "no",
    "PermitRootLogin": "prohibit-password",
    "Subsystem": "sftp internal-sftp",
}


def _options(values: dict[str, str]) -> list[str]:
    return [word for key, value in values.items() for word in ("-o", f"{key}={value}")]


def _resume(work: Path) -> None:
    (work / "resume").write_text("on\n")


def _wait_for_end(builder: proc.Child, log: Path) -> None:
    if builder.wait(BAKE_TIMEOUT_S) != 0:
        raise _failure(log)


def _finish(work: Path, key: str) -> None:
    version = (work / "kernel.name").read_text().strip().removeprefix("vmlinuz-")
    for name in ("user", "user.pub", "host", "host.pub", "resume", "tree", "kernel.name", "known_hosts"):
        (work / name).unlink()
    write_atomic(work / "image.json", json.dumps({"key": key, "kernel_version": version}).encode())


def _read(folder: Path) -> Image | None:
    try:
        words = json.loads((folder / "image.json").read_text())
    except (OSError, ValueError):
        return None
    return Image(disk=folder / "disk.raw", kernel=folder / "kernel", initrd=folder / "initrd", **words)


def _roles() -> list[str]:
    """Every role may bake a part of itself, so the image depends on all of them."""
    return sorted(folder.name for folder in assets.roles().iterdir() if folder.is_dir())


def _check_space(images: Path) -> None:
    for place in (images, Path(tempfile.gettempdir())):
        free = shutil.disk_usage(place).free >> 20
        if free < NEEDED_MIB:
            hint = f"free {NEEDED_MIB - free} MiB there, or point XDG_CACHE_HOME and TMPDIR to another disk"
            raise NoSpace(f"baking the image needs {NEEDED_MIB} MiB in {place}, but {free} MiB are free", hint=hint)


def _failure(log: Path) -> ImageError:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith("E:")] or lines or ["it left no message"]
    hint = "check that the package archive is reachable ('apt-get update'), then run the command again"
    return ImageError(f"mmdebstrap could not make the root tree: {telling[0]}", hint=hint)
