"""The section ``ssh``: hosts that are there already, as an Ansible inventory names them."""

from __future__ import annotations

from pydantic import Field, field_validator

from netlab.model.frozen import Frozen
from netlab.userpaths import expand


class SshSpec(Frozen):
    """Which inventory, and which of its hosts play which part."""

    inventory: str = Field(
        default="inventory.yml",
        min_length=1,
        description="Ansible inventory, relative to the lab's folder: a file, a folder, a script, a plugin's settings.",
    )
    client: str = Field(default="", description="Its host that plays the client; none: that of the group `client`.")
    nodes: tuple[str, ...] = Field(
        default=(), description="Its hosts that play the nodes, in order; none: those of the group `node`."
    )
    control: str = Field(
        default="",
        description="Its host that plays a cluster's control plane; none: that of the group `control`.",
    )

    @field_validator("inventory")
    @classmethod
    def _is_a_path(cls, text: str) -> str:
        return expand(text)
