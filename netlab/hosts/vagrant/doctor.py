"""What ``netlab doctor`` looks at for hosts that Vagrant makes: Vagrant, its plugin, what it drives, and the box."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from netlab import proc
from netlab.errors import MissingTool, NetlabError
from netlab.hosts.vagrant import boxes, output
from netlab.hosts.vagrant.command import Vagrant
from netlab.model.check import Check
from netlab.progress import Reporter
from netlab.versions import at_least

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netlab.lab import Lab
    from netlab.spec.lab import LabSpec
    from netlab.spec.vagrant import VagrantProvider

OLDEST = "2.2"
"""Vagrant before it had what the Vagrantfile uses; 2.3.4 is what netlab is tried with."""
PLUGINS: dict[VagrantProvider, str] = {
    "libvirt": "vagrant-libvirt",
    "vmware_desktop": "vagrant-vmware-desktop",
    "parallels": "vagrant-parallels",
    "qemu": "vagrant-qemu",
}
PROGRAMS: dict[VagrantProvider, str] = {"virtualbox": "VBoxManage", "parallels": "prlctl"}
"""What a provider's machines are driven by, where it is a program."""


def checks(lab: Lab, spec: LabSpec) -> list[Check]:
    """Ask Vagrant, in a folder that is removed again."""
    del lab  # what it needs of this machine does not depend on what is up
    found = [_program("vagrant"), _program("ssh"), _program("ssh-keyscan")]
    if not found[0].ok:
        return found
    with tempfile.TemporaryDirectory(prefix="netlab-") as folder:
        vagrant = Vagrant(Path(folder), spec.vagrant.provider, Path(folder), Reporter())
        return [*found, *_of_vagrant(vagrant, spec)]


def version_of(text: str) -> str:
    """Return the version in what ``vagrant --version`` writes; empty where there is none."""
    found = re.search(r"[0-9]+\.[0-9]+\.[0-9]+", text)
    return found[0] if found else ""


def _of_vagrant(vagrant: Vagrant, spec: LabSpec) -> Iterator[Check]:
    provider = spec.vagrant.provider
    try:
        yield _version(vagrant.ask("--version"))
        if name := PLUGINS.get(provider):
            yield _plugin(name, output.plugins(vagrant.ask("plugin", "list", "--machine-readable")))
        if program := PROGRAMS.get(provider):
            yield _program(program)
        yield _box(vagrant, spec)
    except NetlabError as error:
        yield Check(name="Vagrant", ok=False, message=error.message, hint=error.hint)


def _version(text: str) -> Check:
    found = version_of(text)
    ok = at_least(found, OLDEST)
    hint = None if ok else f"netlab needs Vagrant {OLDEST} or newer"
    return Check(name="Vagrant", ok=ok, message=found or text.strip(), hint=hint)


def _plugin(name: str, found: dict[str, str]) -> Check:
    if name in found:
        return Check(name=name, ok=True, message=found[name])
    hint = f"on Debian or Ubuntu: sudo apt-get install {name}" if name == "vagrant-libvirt" else None
    hint = hint or f"vagrant plugin install {name}"
    return Check(name=name, ok=False, message="the plugin is not installed", hint=hint)


def _box(vagrant: Vagrant, spec: LabSpec) -> Check:
    """Look for the box; netlab's own is made when it is needed."""
    box = boxes.box_of(spec)
    there = boxes.is_there(vagrant, box, spec.vagrant.provider)
    own = not spec.vagrant.box
    message = f"{box.name} is there" if there else f"{box.name} is not there" + (", and will be made" if own else "")
    ok = there or own or box.url is not None
    hint = None if ok else "name a file or URL as vagrant.box_url in netlab.yml, or 'vagrant box add' it"
    return Check(name="box", ok=ok, message=message, hint=hint)


def _program(name: str) -> Check:
    try:
        return Check(name=name, ok=True, message=proc.find_tool(name))
    except MissingTool as error:
        return Check(name=name, ok=False, message=error.message, hint=error.hint)
