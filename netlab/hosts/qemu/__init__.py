"""The embedded default: hosts in QEMU on this machine, with no daemon, no cloud and no root."""
