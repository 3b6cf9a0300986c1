#!/usr/bin/env python3
"""Build Kubernetes 1.20.2 from Debian's source package, for a real kubeadm cluster where no registry can be reached.

OUT receives a mirror folder for netlab's artifacts (programs, container images) and the lock that names them. A second
run finds what the first one built. See docs/kubernetes-source.md.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, it finds its own parts and netlab

from netlab.errors import NetlabError, NoSpace
from scripts.kubernetes import archive, golang, output, trees
from scripts.kubernetes.context import BuildContext
from scripts.kubernetes.debian import Suite, architecture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VERSION = "1.20.2"
SOURCE = "kubernetes"
SOURCE_SUITE = "bookworm"
"""The last release of Debian whose source package still makes more than kubectl."""

HOST_SUITE = "trixie"
"""What the cluster's hosts run: kube-proxy must speak the same iptables as they do."""

SERVERS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy")
COMPONENTS = {SOURCE: ("kubeadm", "kubelet", "kubectl"), "crictl": ("crictl",)}
"""What hosts need as files, by component of the lock."""

NEED_GB = 6
LIMIT_S = 45 * 60


def main(words: Sequence[str] | None = None) -> int:
    """Parse, call, and say in one sentence what went wrong."""
    options = _parser().parse_args(words)
    out = options.out.absolute()
    try:
        return check(out) if options.check else ensure(out, jobs=options.jobs, limit=options.limit, work=options.work)
    except NetlabError as error:
        more = [f"; log: {error.log}"] * bool(error.log) + [f"; {error.hint}"] * bool(error.hint)
        print(f"kubernetes_source: {error.message}{''.join(more)}", file=sys.stderr)
    except OSError as error:
        print(f"kubernetes_source: {error.strerror or error}: {error.filename or out}", file=sys.stderr)
    except KeyboardInterrupt:
        print("kubernetes_source: interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "out", type=Path, metavar="OUT", help="folder for the result; whatever was built there is replaced"
    )
    parser.add_argument(
        "--check", action="store_true", help="build nothing: exit 0 when OUT is complete, digests and all"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="compile N packages at a time"
    )
    parser.add_argument("--limit", type=float, default=LIMIT_S, metavar="SECONDS", help="give up then (%(default)s)")
    work = "keep downloads and Go's cache there for the next build (default: a temporary folder beside OUT)"
    parser.add_argument("--work", type=Path, metavar="FOLDER", help=work)
    return parser


def check(out: Path) -> int:
    """Say whether a folder holds a complete build, and return the exit code that says the same."""
    wrong = output.problems(out, digests=True)
    print(f"{out} is complete" if not wrong else f"{out} is not complete: {'; '.join(wrong)}")
    return 1 if wrong else 0


def ensure(out: Path, *, jobs: int, limit: float, work: Path | None = None) -> int:
    """Build, unless it has been built. The second waits for the first."""
    output.refuse_foreign(out)
    if not output.problems(out, digests=False):
        print(f"{out} is already built")
        return 0
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = work.absolute() if work else _beside(out, "work")
    context = BuildContext(folder=folder, log=out.with_name(f"{out.name}.log"), jobs=jobs, limit=limit)
    with _alone(out, context):
        if not output.problems(out, digests=False):
            context.say(f"{out} has been built meanwhile")
            return 0
        with _folders(out, context, keep=work is not None) as new:
            files = build(context, new)
            output.publish(new, out)
    size = sum(file.size for file in files)
    context.say(f"{out}: {len(files)} files, {size / 1e6:.0f} MB")
    return 0


def build(context: BuildContext, new: Path) -> list[output.File]:
    """Fetch, compile, pack; return what the folder ``new`` then holds."""
    arch = architecture(context)
    base, host = Suite(context, SOURCE_SUITE), Suite(context, HOST_SUITE)
    version, archives = base.source(SOURCE, context.folder / "source")
    tools, packages = context.folder / "tools", context.folder / "packages"
    used = base.unpack((*golang.PACKAGES, "etcd-server"), tools) | host.unpack(trees.PROXY_PACKAGES, packages)
    source = golang.Source(context, tools)
    source.prepare(archives)
    programs = _compile(context, source, version)
    files = [
        *_programs(programs, new, arch),
        *_images(context, programs / "kubeadm", new, arch, _trees(context, programs, arch)),
    ]
    made_of = {name: used[name] for name in (*golang.PACKAGES, "etcd-server", *trees.PROXY_PACKAGES)}
    output.write(new, VERSION, files, {SOURCE: version, **made_of})
    return files


def _compile(context: BuildContext, source: golang.Source, version: str) -> Path:
    """Compile everything, and return the folder with the programs."""
    folder = context.folder / "bin"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("crictl", "pause"):
        source.build(f"cmd/netlab-{name}", folder / name)
    for name in ("kubeadm", "kubectl", *SERVERS, "kubelet"):
        source.build(f"cmd/{name}", folder / name, version=f"v{VERSION}", commit=f"debian-{version}")
    return folder


def _trees(context: BuildContext, programs: Path, arch: str) -> dict[str, Path]:
    """Make the images' root folders, see that each one's program runs in it, and return them by the program's name."""
    folder = context.folder / "trees"
    shutil.rmtree(folder, ignore_errors=True)
    made = {name: trees.base(folder / name) for name in (*SERVERS, "etcd", "pause")}
    for name in (*SERVERS, "pause"):
        trees.add(made[name], programs / name)
    trees.add_etcd(context, made["etcd"], context.folder / "tools", arch)
    trees.add_proxy(context, made["kube-proxy"], context.folder / "packages", arch)
    for name in (*SERVERS, "etcd"):
        trees.check(context, made[name], f"/{trees.PROGRAMS}/{name}", "--version")
    for program in trees.PROXY_CHECKED:
        trees.check(context, made["kube-proxy"], program, "--version")
    return made


def _programs(programs: Path, new: Path, arch: str) -> Iterator[output.File]:
    """Put into the mirror what hosts need as files."""
    for component, names in COMPONENTS.items():
        for name in names:
            url = output.url(VERSION, arch, name)
            file = output.File(component=component, kind="files", name=name, arch=arch, url=url)
            shutil.copy(programs / name, output.make_place(new, file))
            yield output.measured(new, file)


def _images(context: BuildContext, kubeadm: Path, new: Path, arch: str, made: dict[str, Path]) -> Iterator[output.File]:
    """Write the images into the mirror, under the names that kubeadm will ask for."""
    names = image_names(context.run("ask kubeadm for the images' names", [kubeadm, *_LIST]))
    for program, tree in made.items():
        context.say(f"write the image {names[program]}")
        url = output.url(VERSION, arch, f"images/{program}.tar")
        file = output.File(component=SOURCE, kind="images", name=names[program], arch=arch, url=url)
        image = archive.Image(name=file.name, arch=arch, entrypoint=(f"/{trees.PROGRAMS}/{program}",))
        archive.write(output.make_place(new, file), tree, image)
        yield output.measured(new, file)


def image_names(listed: str) -> dict[str, str]:
    """Return the full names that ``kubeadm config images list`` prints, by the last word of each."""
    return {name.rpartition("/")[2].partition(":")[0]: name for name in listed.split()}


_LIST = ("config", "images", "list", f"--kubernetes-version=v{VERSION}")


def _beside(out: Path, what: str) -> Path:
    return out.with_name(f".{out.name}.{what}")


@contextlib.contextmanager
def _alone(out: Path, context: BuildContext) -> Iterator[None]:
    """Hold the lock of OUT; wait for it as long as the limit allows."""
    with _beside(out, "lock").open("w") as file:
        while not _locked(file.fileno()):
            context.say("another process builds this; wait for it")
            time.sleep(min(10, context.left(f"get the lock of {out}")))
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _folders(out: Path, context: BuildContext, *, keep: bool) -> Iterator[Path]:
    """Yield a new folder beside OUT; it and the work folder go in the end, also those that a killed build left."""
    new = _beside(out, "new")
    passing = [new] if keep else [new, context.folder]
    _remove(passing)
    _require_space(out.parent)
    context.log.write_text("")
    try:
        for folder in (new, context.folder):
            folder.mkdir(parents=True, exist_ok=True)
        yield new
    finally:
        _remove(passing)


def _remove(folders: Sequence[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _require_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free / 1e9
    if free < NEED_GB:
        hint = "make room, or name a folder on another disk"
        raise NoSpace(f"{folder} has {free:.1f} GB free; building Kubernetes takes {NEED_GB} GB", hint=hint)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that folders and children go
    sys.exit(main())
