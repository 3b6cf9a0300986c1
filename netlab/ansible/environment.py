"""What Ansible finds in its environment: settings of netlab's own, none of the user's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from netlab import assets, locales

CONFIG = "ansible.cfg"
"""Empty, so that no setting of the user's counts; by its path, a play's processes are found again."""


def environment(folder: Path, sockets: Path, strategy: Path | None) -> dict[str, str]:
    """Return the variables of a play in ``folder``; ``strategy``: see ``netlab.ansible.mitogen``."""
    accelerated = {"ANSIBLE_STRATEGY_PLUGINS": str(strategy), "ANSIBLE_STRATEGY": "mitogen_linear"}
    return {
        **locales.required(),
        # ansible-playbook stands beside the interpreter, also when its environment is not activated.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "ANSIBLE_CONFIG": str(folder / CONFIG),
        "ANSIBLE_ROLES_PATH": str(assets.roles()),
        "ANSIBLE_FORKS": "10",
        "ANSIBLE_TIMEOUT": "120",  # s; an emulated host may take long to answer
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_GATHERING": "explicit",
        "ANSIBLE_HOST_KEY_CHECKING": "1",
        "ANSIBLE_SSH_ARGS": "-F/dev/null -oControlMaster=auto -oControlPersist=60 -oServerAliveInterval=15",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(sockets),
        "ANSIBLE_SSH_CONTROL_PATH": "%(directory)s/ssh-%%C",
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
        "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
        **(accelerated if strategy else {"ANSIBLE_STRATEGY": "linear"}),
    }
