"""Hosts in clouds: made and removed by Ansible's modules, found again by the lab's id, which all of it carries."""
