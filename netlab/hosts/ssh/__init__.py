"""Hosts that are there already: an Ansible inventory names them, the user's own ssh knows how they are entered."""
