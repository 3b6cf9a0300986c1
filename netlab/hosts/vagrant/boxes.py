"""What machines are made from: the box that netlab.yml names, or netlab's own, which is baked where it is not there."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from netlab import assets
from netlab.errors import BoxError, ConfigError
from netlab.hosts.qemu import export, image
from netlab.hosts.qemu.bake import bake
from netlab.hosts.vagrant import output
from netlab.hosts.vagrant.fleet import Box

if TYPE_CHECKING:
    from netlab.hosts.qemu.export import Format
    from netlab.hosts.vagrant.command import Vagrant
    from netlab.spec.lab import LabSpec
    from netlab.spec.vagrant import VagrantProvider

OWN: dict[VagrantProvider, Format] = {"libvirt": "box", "qemu": "box", "virtualbox": "virtualbox"}
"""The format of netlab's own box for a provider; vagrant-qemu takes boxes for libvirt."""

_BOX_PROVIDERS: dict[VagrantProvider, set[str]] = {"qemu": {"qemu", "libvirt"}}
ADD_TIMEOUT_S = 900.0


def box_of(spec: LabSpec) -> Box:
    """Return the box of a lab's machines; ConfigError where it must be named and is not."""
    own = spec.vagrant
    if own.box:
        return Box(name=own.box, url=own.box_url or None, checksum=own.box_checksum or None)
    if own.provider not in OWN:
        message = f"netlab makes no box for Vagrant's provider '{own.provider}'"
        raise ConfigError(message, hint="name one as vagrant.box in netlab.yml (Debian or Ubuntu; docs/vagrant.md)")
    return Box(name=f"netlab-{spec.stack}-{recipe_of(spec).key}")


def recipe_of(spec: LabSpec) -> image.Recipe:
    """Return what netlab's own box is baked by."""
    return image.recipe_of(spec.stack, "vagrant")


def is_there(vagrant: Vagrant, box: Box, provider: VagrantProvider) -> bool:
    """Whether Vagrant has the box already."""
    suited = _BOX_PROVIDERS.get(provider, {provider})
    return any(name == box.name and kind in suited for name, kind in output.boxes(_list(vagrant)))


def ensure(vagrant: Vagrant, spec: LabSpec, box: Box) -> None:
    """Have the box there, or somewhere where Vagrant finds it; BoxError where nobody knows where that is."""
    if is_there(vagrant, box, spec.vagrant.provider):
        return
    if not spec.vagrant.box:
        _make(vagrant, spec, box)
    elif box.url is None and "/" not in box.name:  # only a name with one is asked for at a registry
        hint = "name a file or URL as vagrant.box_url in netlab.yml, or 'vagrant box add' it"
        raise BoxError(f"Vagrant has no box '{box.name}' for {spec.vagrant.provider}", hint=hint)


def _make(vagrant: Vagrant, spec: LabSpec, box: Box) -> None:
    """Bake the disk, pack it, and give it to Vagrant, which keeps a copy."""
    progress = vagrant.progress
    kind = OWN[spec.vagrant.provider]
    export.require_tools(kind)
    baked = bake(recipe_of(spec), assets.cache(), progress)
    work = vagrant.folder / "box"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        with progress.step(f"make the box {box.name}"):
            made = export.export(baked, kind, work / f"{box.name}.box")
            checksum = ("--checksum-type", "sha256", "--checksum", made.sha256)
            vagrant.work("box", "add", "--force", "--name", box.name, *checksum, str(made.path), timeout=ADD_TIMEOUT_S)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _list(vagrant: Vagrant) -> str:
    return vagrant.ask("box", "list", "--machine-readable")
