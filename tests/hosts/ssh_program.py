"""A program called ssh, first in PATH, that answers as hosts would: nothing is connected to, and nothing runs there."""

import shlex
import shutil
import textwrap
from pathlib import Path

from netlab.hosts import packages

REAL = shutil.which("ssh") or "/usr/bin/ssh"

PACKAGES = "".join(f"package {name}=99\n" for role in packages.roles() for name in packages.packages(role, "debian_13"))
"""Of a host whose apt knows all."""
# Of a Debian 13 that netlab booted, and its own answers
SUITABLE = f"""{PACKAGES}distribution=debian 13
os=Debian GNU/Linux 13 (trixie)
kernel=6.12.38+deb13-cloud-amd64
init=systemd
free_mib= 5120
claim=
btf=yes
python=yes
modprobe=yes
address 10.0.0.10=ens3
address 10.0.0.11=ens4
address 10.0.0.12=ens5
mtu ens3=1500
mtu ens4=1500
mtu ens5=1500
networkd ens3=/run/systemd/network/10-netplan-ens3.network
networkd ens4=/run/systemd/network/10-netplan-ens4.network
networkd ens5=/run/systemd/network/10-netplan-ens5.network
"""
FIT = """machine=x86_64
cpus=2
memory_kib=4013940
swap=
free_mib= 5120
"""
MACHINE = """os=Debian GNU/Linux 13 (trixie)
kernel=6.12.38+deb13-cloud-amd64
cpus=2
memory_kib=4013940
cpu=Intel(R) Xeon(R) Processor @ 2.60GHz
cpu_flags=fpu vme de
"""
REFUSED = "root@192.0.2.11: Permission denied (publickey)."
CHANGED = "@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@\nHost key verification failed."
UNREACHABLE = "ssh: connect to host 192.0.2.11 port 22: Connection refused"
NO_SUDO = "sudo: a password is required"


class SshProgram:
    """What it writes about the hosts, and how each of them behaves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "ssh-program"
        self.folder.mkdir()
        program = self.folder / "ssh"
        program.write_text(
            textwrap.dedent(f"""\
            #!/bin/sh
            [ "$1" = -G ] && exec {shlex.quote(REAL)} "$@"
            cd {shlex.quote(str(self.folder))} || exit
            shift 2
            while [ "${{1#-}}" != "$1" ]; do shift; done
            name=$1
            shift
            script=$(cat)
            printf '%s: %s\\n' "$name" "$*" >> entered
            [ ! -e "$name.sh" ] || . "./$name.sh"
            case $script in
                true) ;;
                *listens*) cat fit; [ ! -e "$name.said" ] || cat "$name.said" ;;
                *free_mib*) cat suitable; echo "time=$(date +%s)"; [ ! -e "$name.said" ] || cat "$name.said" ;;
                *apt-cache*) cat suitable; [ ! -e "$name.said" ] || cat "$name.said" ;;
                *memory_kib*) cat machine ;;
                *before.json*) [ ! -e "$name.said" ] || cat "$name.said" ;;
                *) printf '%s: %s\\n' "$name" "$script" >> done ;;
            esac
            """)
        )
        program.chmod(0o755)
        self.say()
        (self.folder / "fit").write_text(FIT)

    def say(self, suitable: str = SUITABLE, machine: str = MACHINE) -> None:
        (self.folder / "suitable").write_text(suitable)
        (self.folder / "machine").write_text(machine)

    def also(self, name: str, answers: str) -> None:
        """Have one host end its answers with these, which win."""
        (self.folder / f"{name}.said").write_text(answers)

    def behave(self, name: str, script: str) -> None:
        """Have one host do this before it answers."""
        (self.folder / f"{name}.sh").write_text(script)

    def fail(self, name: str, words: str, exit_code: int = 255) -> None:
        """Have one host let nobody in."""
        self.behave(name, f"printf '%s\\n' {shlex.quote(words)} >&2\nexit {exit_code}\n")

    def recover(self, name: str) -> None:
        """Have it answer again."""
        (self.folder / f"{name}.sh").unlink()

    def fail_once(self, name: str, words: str) -> None:
        """Have it answer from the second time on."""
        self.behave(name, f"rm -f {name}.sh\nprintf '%s\\n' {shlex.quote(words)} >&2\nexit 255\n")

    @property
    def entered(self) -> list[str]:
        """Which host was entered, and what was called there."""
        return self._lines("entered")

    @property
    def done(self) -> list[str]:
        """What was run on which host that changes it."""
        return self._lines("done")

    def _lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []
