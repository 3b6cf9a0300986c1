"""Lists of roles that name images and snapshots are those of the playbooks."""

import re

import pytest
import yaml

from netlab import assets
from netlab.session import CLUSTER_ROLES
from netlab.vm import image


def roles_of(playbook):
    """Every role that a playbook applies, in whole or in part."""
    plays = yaml.safe_load(assets.playbook(playbook).read_text())
    tasks = [task for play in plays for task in play.get("tasks", ())]
    named = {use["role"] for play in plays for use in play.get("roles", ())}
    included = {
        name for task in tasks for name in (task["ansible.builtin.include_role"]["name"], *task.get("loop", ()))
    }
    return {name for name in named | included if re.fullmatch(r"[a-z_]+", name)}


@pytest.mark.parametrize("recipe", [image.DATAPATH, image.CLUSTER], ids=["datapath", "cluster"])
def test_a_recipe_names_every_role_of_its_playbook(recipe):
    assert set(recipe.roles) == roles_of(recipe.playbook)


def test_a_foundation_is_named_by_every_role_of_its_playbook():
    assert set(CLUSTER_ROLES) == roles_of("cluster")
