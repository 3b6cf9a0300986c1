"""Baking the image: mmdebstrap makes the root tree, the roles are applied in it at native speed, ext4 is made of it.

mmdebstrap runs the whole time: a customize hook waits while Ansible works in the tree, another writes the disk. So the
mounts and user ids are mmdebstrap's own, and with newuidmap no root is needed. Ansible reaches the tree by SSH as it
reaches any other host, through an sshd that is started for the connection and listens nowhere.

Without root, hooks run as somebody who may not even enter the user's folders: what goes in is uploaded by mmdebstrap,
what comes out is written to file descriptors that it inherits.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from netlab import ansible, assets, locks, proc, signals, ssh
from netlab.errors import ImageError, NetlabError, NoSpace
from netlab.files import remove_folder, write_atomic
from netlab.hosts.qemu import bootloader, hooks, mirrors
from netlab.hosts.qemu.image import FILES, SUITE, Image, Record, damage, folder_of, read
from netlab.storage import manifest
from netlab.storage.work import discard, sweep, work_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netlab.hosts.qemu.image import Recipe
    from netlab.progress import Progress

NEEDED_MIB = 2500
"""Free space that a bake takes at its peak: packages, root tree and disk."""

HOOK_TIMEOUT_S = 1200.0
BAKE_TIMEOUT_S = 300.0
CLEANUP_TIMEOUT_S = 30.0
"""What mmdebstrap may take to remove its tree when it is ended."""


def bake(recipe: Recipe, cache: Path, progress: Progress) -> Image:
    """Return the image, baking it when it is not in the cache, or not as it was baked (about 90 s)."""
    images = cache / "images"
    images.mkdir(parents=True, exist_ok=True)
    with locks.held(images / "lock"):
        wrong = damage(folder_of(recipe, cache))
        if wrong:
            progress.warn(f"the cached image {recipe.key} is damaged ({wrong}); it is baked again")
        found = None if wrong else read(folder_of(recipe, cache))
        if found is None:
            with progress.step("bake the image"):
                found = _bake(recipe, images, progress)
        os.utime(images / recipe.key)  # when it was last used
        return found


def own_tools() -> tuple[str, ...]:
    """Programs that a bake needs only without root."""
    return () if os.geteuid() == 0 else ("newuidmap", "newgidmap")


def _bake(recipe: Recipe, images: Path, progress: Progress) -> Image:
    _check_space(images)
    for name in own_tools():
        proc.find_tool(name)
    key = recipe.key
    sweep(images)
    with _build_folder(images) as work:
        log = work / "bake.log"
        progress.task("image", f"install {len(recipe.packages)} packages and what they need")
        with _mmdebstrap(recipe, work, log) as builder:
            tree = _wait_for_tree(builder, log)
            _apply_roles(recipe, tree, work, progress)
            _resume(tree)
            progress.task("image", "write the disk")
            _wait_for_end(builder, log)
        if recipe.login:
            bootloader.install(work, work / "disk.raw")
        _finish(work, key)
        work.chmod(0o755)
        discard(images / key)
        work.rename(images / key)
    image = read(images / key)
    if image is None:
        raise ImageError(f"the baked image in {images / key} is not complete", log=images / key / "bake.log")
    return image


@contextlib.contextmanager
def _build_folder(images: Path) -> Iterator[Path]:
    """Make a folder for one bake; a failed one leaves its log beside the images and nothing else."""
    with work_folder(images, ".bake-") as work:
        try:
            yield work
        except NetlabError as error:
            error.log = images / "bake-failed.log"
            raise
        finally:
            if work.exists():
                _keep_log(work / "bake.log", images / "bake-failed.log")


def _keep_log(log: Path, place: Path) -> None:
    """Move a failed bake's log, if there is one, out of the folder that is removed; a full disk hides no error."""
    try:
        log.replace(place)
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise


@contextlib.contextmanager
def _mmdebstrap(recipe: Recipe, work: Path, log: Path) -> Iterator[proc.Child]:
    for name in ("user", "host"):
        proc.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "netlab", "-f", work / name])
    with contextlib.ExitStack() as stack:
        names = (*FILES, *(bootloader.FILES if recipe.login else ()))
        outputs = {name: stack.enter_context(hooks.writable(work / name)) for name in names}
        os.truncate(outputs["disk.raw"], recipe.disk_gib << 30)
        command = [
            *(
                "mmdebstrap",
                "--variant=minbase",
                "--format=null",
                "--dpkgopt=force-unsafe-io",
                f"--include={','.join(recipe.packages)}",
            ),
            *(f"--customize-hook={hook}" for hook in (*_key_hooks(work), _OPEN_HOOK, _disk_hook(recipe, outputs))),
            *(SUITE, "/dev/null", *mirrors.sources(SUITE)),
        ]
        with signals.held():
            child = proc.spawn(command, log=log, pass_fds=tuple(outputs.values()))
            stack.callback(child.stop, grace=CLEANUP_TIMEOUT_S)
        yield child


def _key_hooks(work: Path) -> Iterator[str]:
    yield 'install -d -m 700 "$1/run/netlab" && install -d "$1/run/sshd"'
    for name in ("host", "user.pub"):
        yield f"upload {shlex.quote(str(work / name))} /run/netlab/{name}"


_TREE = "netlab-tree:"
_OPEN = ": netlab-open"
_OPEN_HOOK = (
    f'{_OPEN}; chmod 600 "$1/run/netlab/host" && echo "{_TREE} $1" && '
    f'for i in $(seq {10 * HOOK_TIMEOUT_S:.0f}); do [ ! -e "$1/run/netlab/resume" ] || break; sleep 0.1; done && '
    '[ -e "$1/run/netlab/resume" ] && rm -r "$1/run/netlab" "$1/run/sshd"'
)
"""Say where the tree is, and wait until the roles are applied; not for ever, should netlab be killed."""


def _disk_hook(recipe: Recipe, outputs: Mapping[str, int]) -> str:
    """Write kernel, initrd and disk. mmdebstrap cleans apt's files only after the hooks, so that is done here."""
    places = {name: f"/proc/self/fd/{descriptor}" for name, descriptor in outputs.items()}
    boot = "".join(f'cat "$1"/boot/grub/{name} > {places[name]} && ' for name in bootloader.FILES if name in places)
    make = hooks.on_bare_tree(_file_system(recipe, places["disk.raw"]))
    return (
        f'cat "$1"/boot/vmlinuz-* > {places["kernel"]} && cat "$1"/boot/initrd.img-* > {places["initrd"]} && '
        f'echo "{_KERNEL} $(basename "$1"/boot/vmlinuz-*)" && {boot}'
        f'chroot "$1" apt-get clean && rm -rf "$1"/var/lib/apt/lists/* "$1"/var/log/apt "$1"/root/.ansible && '
        f"{make}"
    )


def _file_system(recipe: Recipe, disk: str) -> str:
    """Return the command that makes it of the tree ``$2``: of the whole disk, or behind a boot loader's place."""
    if not recipe.login:
        return f'mkfs.ext4 -q -F -O ^has_journal -L netlab -d "$2" {disk}'
    kib = ((recipe.disk_gib << 30) - bootloader.START) >> 10
    return f'mkfs.ext4 -q -F -L netlab -E offset={bootloader.START} -d "$2" {disk} {kib}k'


_KERNEL = "netlab-kernel:"


def _said(log: Path, word: str) -> str | None:
    """Return what a hook said after ``word``, if it has."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.removeprefix(word).strip() for line in lines if line.startswith(word)), None)


class _Tree(NamedTuple):
    place: Path
    enter: list[str]
    """Words that run a command where the tree is mounted."""


def _wait_for_tree(builder: proc.Child, log: Path) -> _Tree:
    """Return the root tree once mmdebstrap has installed all packages."""
    deadline = time.monotonic() + HOOK_TIMEOUT_S
    while not (place := _said(log, _TREE)):
        if builder.exit_code is not None:
            raise _failure(log)
        if time.monotonic() > deadline:
            raise ImageError(f"mmdebstrap did not install the packages within {HOOK_TIMEOUT_S:g} s")
        time.sleep(0.1)
    hook = builder.shell_below(_OPEN)
    if hook is None:
        raise _failure(log)
    enter = ["nsenter", "--target", str(hook), "--mount", *([] if os.geteuid() == 0 else ["--user"])]
    return _Tree(Path(place), enter)


def _apply_roles(recipe: Recipe, tree: _Tree, work: Path, progress: Progress) -> None:
    known = work / "known_hosts"
    known.write_text("image " + (work / "host.pub").read_text(encoding="utf-8"), encoding="utf-8")
    sshd = ["/usr/sbin/sshd", "-i", "-f", "/dev/null", *_options(_SSHD)]
    enter = shlex.join([*tree.enter, proc.find_tool("chroot"), str(tree.place), *sshd])
    connection = {
        "IdentityFile": ssh.quoted(work / "user"),
        "UserKnownHostsFile": ssh.quoted(known),
        "IdentitiesOnly": "yes",
        "StrictHostKeyChecking": "yes",
        "ProxyCommand": ssh.escaped(enter),
    }
    words = {
        "ansible_host": "image",
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_common_args": shlex.join(_options(connection)),
    }
    ansible.play(
        assets.playbook(recipe.playbook),
        {"all": {"hosts": {"image": words}}},
        folder=work / "ansible",
        log=work / "bake.log",
        progress=progress,
        extra_vars={"netlab_baking": True, **recipe.variables},
    )
    remove_folder(work / "ansible")


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


def _resume(tree: _Tree) -> None:
    proc.run([*tree.enter, "touch", tree.place / "run" / "netlab" / "resume"])


def _wait_for_end(builder: proc.Child, log: Path) -> None:
    if builder.wait(BAKE_TIMEOUT_S) != 0:
        raise _failure(log)


def _finish(folder: Path, key: str) -> None:
    """Leave the image's files and what they are; ImageError where one of them is empty."""
    version = (_said(folder / "bake.log", _KERNEL) or "").removeprefix("vmlinuz-")
    for name in ("user", "user.pub", "host", "host.pub", "known_hosts"):
        (folder / name).unlink()
    files = {name: manifest.record(folder / name) for name in FILES}
    empty = [name for name, noted in files.items() if not noted.size]
    if empty:
        raise ImageError(f"mmdebstrap left nothing in the image's file '{empty[0]}'")
    record = Record(key=key, kernel_version=version, files=files)
    write_atomic(folder / "image.json", record.model_dump_json(indent=2).encode())


def _check_space(images: Path) -> None:
    for place in (images, Path(tempfile.gettempdir())):
        free = shutil.disk_usage(place).free >> 20
        if free < NEEDED_MIB:
            hint = (
                f"'netlab cache prune' removes what is no longer used; or free {NEEDED_MIB - free} MiB there, or point "
                "XDG_CACHE_HOME and TMPDIR to another disk"
            )
            raise NoSpace(f"baking the image needs {NEEDED_MIB} MiB in {place}, but {free} MiB are free", hint=hint)


def _failure(log: Path) -> ImageError:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith("E:")] or lines or ["it left no message"]
    hint = "check that the package archive is reachable ('apt-get update'), then run the command again"
    return ImageError(f"mmdebstrap could not make the root tree: {telling[0]}", hint=hint)
