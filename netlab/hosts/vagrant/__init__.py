"""Hosts that Vagrant makes: by libvirt, VirtualBox, VMware, Parallels or QEMU, on whatever they run on."""
