"""What Vagrant says when it fails, and what that means here: to be tried again, or an error with its exit code."""

from __future__ import annotations

import re
from typing import NamedTuple

from netlab.errors import BoxError, MachineError, MachineSilent, MissingTool, NetlabError, RequirementError


class Known(NamedTuple):
    """A failure that is told from its words: several machines fail together under one class of error."""

    words: str
    error: type[NetlabError]
    hint: str | None = None
    """It has ``{domain}`` where it needs libvirt's name of a machine."""


TAKEN = "of domain about to create is already taken"
TRANSIENT = {
    "because it is locked": "another Vagrant works on the machine",
    "another process is already executing an action": "another Vagrant works on the machine",
    "lock is being held by another instance": "another Vagrant holds a lock",
    "SSH connection was refused": "SSH was refused",
    "SSH connection was aborted": "SSH was aborted",
    "SSH connection was reset": "SSH was reset",
    "timed out while attempting to connect via SSH": "SSH took too long",
    "connection was unexpectedly closed by the remote end": "SSH was closed",
    "timeout during server version negotiating": "SSH took too long",
    "machine that is not ready for guest communication": "the machine did not answer while it was configured",
    "Failed to open an SSH channel": "SSH opened no channel",
    "(EHOSTUNREACH)": "there was no route to the machine",
    "(EHOSTDOWN)": "the machine did not answer",
    TAKEN: "a machine was there that Vagrant did not know",
    "Volume for domain is already created": "a machine's disk was there that Vagrant did not know",
    "Call to virNetworkCreate failed": "another netlab made the network at the same moment",
    "Call to virNetworkDefineXML failed": "another netlab made the network at the same moment",
}
"""Words of Vagrant's, or of its libvirt plugin's, for what may be over when it is tried again; and ours for it."""

_BOX_HINT = (
    "see vagrant.box, vagrant.box_url and vagrant.box_checksum in netlab.yml; docs/vagrant.md says how boxes are had"
)
_PLUGIN_HINT = "'netlab doctor' says which plugins are there; 'vagrant plugin install NAME' installs one"

KNOWN = (
    Known("did not match the expected value", BoxError, _BOX_HINT),
    Known("The box failed to unpackage", BoxError, _BOX_HINT),
    Known("An error occurred while downloading the remote file", BoxError, _BOX_HINT),
    Known("could not be found or could not be accessed in the remote catalog", BoxError, _BOX_HINT),
    Known("The box you're attempting to add doesn't support the provider", BoxError, _BOX_HINT),
    Known("could not be found, but was requested to back the machine", MissingTool, _PLUGIN_HINT),
    Known("isn't usable on this system", RequirementError, _PLUGIN_HINT),
    Known(
        "Error while connecting to Libvirt",
        RequirementError,
        "start libvirtd, and be in the group 'libvirt'; 'virsh -c qemu:///system list' shows whether it answers",
    ),
    Known(
        TAKEN,
        MachineError,
        "'virsh -c qemu:///system undefine {domain}' removes it; with virsh (on Debian or Ubuntu: sudo apt-get install"
        " libvirt-clients), 'netlab down' removes it by itself",
    ),
    Known("Timed out while waiting for the machine to boot", MachineSilent, "vagrant.boot_timeout_s gives it longer"),
    Known("No IP address found", MachineSilent, "vagrant.boot_timeout_s gives it longer"),
)


def transient(message: str) -> str | None:
    """Return why it is worth another try; None where it is not."""
    return next((reason for words, reason in TRANSIENT.items() if words in message), None)


def error_of(message: str) -> NetlabError:
    """Return what is raised for a failure that is not, or no longer, tried again."""
    found = next((known for known in KNOWN if known.words in message), Known("", MachineError))
    domain = re.search(f"Name `([^`]+)` {TAKEN}", message)
    hint = found.hint and found.hint.format(domain=domain[1] if domain else "")
    return found.error(f"Vagrant failed: {message}", hint=hint)
