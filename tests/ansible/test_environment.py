"""What Ansible finds in its environment."""

from pathlib import Path

from netlab.ansible.environment import CONFIG, environment

FOLDER, SOCKETS = Path("/x/play"), Path("/x/sockets")


def test_no_setting_is_the_users():
    found = environment(FOLDER, SOCKETS, None)
    assert found["ANSIBLE_CONFIG"] == f"/x/play/{CONFIG}"
    assert found["ANSIBLE_SSH_ARGS"].startswith("-F/dev/null ")
    assert found["ANSIBLE_HOST_KEY_CHECKING"] == "1"
    assert found["ANSIBLE_SSH_CONTROL_PATH_DIR"] == "/x/sockets"


def test_mitogen_is_named_with_its_folder_or_not_at_all():
    with_it, without = (environment(FOLDER, SOCKETS, strategy) for strategy in (Path("/m"), None))
    assert (with_it["ANSIBLE_STRATEGY"], with_it["ANSIBLE_STRATEGY_PLUGINS"]) == ("mitogen_linear", "/m")
    assert without["ANSIBLE_STRATEGY"] == "linear"
    assert "ANSIBLE_STRATEGY_PLUGINS" not in without
