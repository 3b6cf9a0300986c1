"""Plays of Ansible's: started, watched, ended. What others need of them is named here."""

from netlab.ansible.connections import close_connections
from netlab.ansible.explanation import explain
from netlab.ansible.mitogen import accelerator
from netlab.ansible.results import HostStats, PlayResult, TaskTime
from netlab.ansible.runner import end_leftovers, end_plays, play

__all__ = [
    "HostStats",
    "PlayResult",
    "TaskTime",
    "accelerator",
    "close_connections",
    "end_leftovers",
    "end_plays",
    "explain",
    "play",
]
