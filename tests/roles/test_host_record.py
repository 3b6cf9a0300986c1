"""What a host was before netlab came: written down once, given back, and nothing else taken away."""

from __future__ import annotations

import json
import stat
import sys
import tempfile

import pytest
import yaml

from tests.namespaces import run_apart
from tests.roles.programs import Tools, program
from tests.roles.rendering import ROLES, render


def listing(*names: str) -> str:
    return "".join(f"{name} installed\n" for name in names) + "gone not-installed\n"


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host with a setting, a choice, a unit of the administrator's and a file, all below ``tmp_path``."""
    module = program("host_record", "host-record")
    monkeypatch.setattr(module, "RECORD", str(tmp_path / "lib" / "before.json"))
    monkeypatch.setattr(module, "UNITS", str(tmp_path / "units"))
    monkeypatch.setattr(module, "setting", lambda name: str(tmp_path / name))
    monkeypatch.setattr(module, "modules", lambda: ["veth"])
    (tmp_path / "units").mkdir()
    (tmp_path / "somaxconn").write_text("4096\n")
    (tmp_path / "range").write_text("1024\t2048\n")
    (tmp_path / "pages").write_text("always [madvise] never\n")
    (tmp_path / "file").write_text("before\n")
    (tmp_path / "file").chmod(0o640)
    module.tools = Tools(systemctl_show="ActiveState=active\n\nActiveState=active\n")
    module.tools.answers["dpkg-query"] = listing("kmod", "vim")
    module.tools.answers["ip -details"] = "[]"
    monkeypatch.setattr(module, "run", module.tools)
    return module


@pytest.fixture
def wanted(tmp_path):
    return {
        "sysctls": ["somaxconn", "range", "missing"],
        "choices": [str(tmp_path / "pages")],
        "units": ["fstrim.timer", "own.timer"],
        "files": [str(tmp_path / "file"), str(tmp_path / "none")],
        "paths": [str(tmp_path), str(tmp_path / "none")],
        "modules": ["ip*", "xt_*", "br_netfilter"],
    }


def installed(host, *names):
    host.tools.answers["dpkg-query"] = listing(*names)


def record(host):
    return host.load()


def test_what_the_kernel_sets_with_a_choice_is_given_back_after_it(host, wanted, tmp_path, monkeypatch):
    host.begin(wanted)
    write = host.write

    def as_the_kernel(path, value):
        write(path, value)
        if path.endswith("/pages"):
            write(tmp_path / "somaxconn", "of the kernel")

    monkeypatch.setattr(host, "write", as_the_kernel)
    (tmp_path / "pages").write_text("always madvise [never]\n")
    host.restore(wanted)
    assert (tmp_path / "somaxconn").read_text() == "4096"


def test_what_is_there_is_written_down_once(host, wanted, tmp_path, capsys):
    host.begin(wanted)
    first = record(host)
    assert first["sysctls"] == {"somaxconn": "4096", "range": "1024\t2048", "missing": None}
    assert first["choices"] == {str(tmp_path / "pages"): "madvise"}
    assert first["packages"] == ["kmod", "vim"]
    assert first["paths"] == [str(tmp_path)]
    assert stat.S_IMODE((tmp_path / "lib" / "before.json").stat().st_mode) == 0o600, "it may hold a cluster's key"
    assert "wrote down" in capsys.readouterr().out
    (tmp_path / "somaxconn").write_text("16384\n")
    host.begin(wanted)
    assert record(host)["sysctls"] == first["sysctls"]
    assert capsys.readouterr().out == ""


def test_settings_and_files_are_given_back(host, wanted, tmp_path):
    host.begin(wanted)
    for name, text in (("somaxconn", "16384"), ("pages", "always madvise [never]"), ("file", "after"), ("none", "x")):
        (tmp_path / name).write_text(f"{text}\n")
    (tmp_path / "file").chmod(0o600)
    host.restore(wanted)
    assert (tmp_path / "somaxconn").read_text() == "4096"
    assert (tmp_path / "range").read_text() == "1024\t2048\n", "it was not changed"
    assert (tmp_path / "pages").read_text() == "madvise"
    assert (tmp_path / "file").read_text() == "before\n"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640
    assert not (tmp_path / "lib").exists(), "the record and its folder are gone"
    host.restore(wanted)
    assert host.problems == []


def test_units_are_given_back_with_the_administrators_own_file(host, wanted, tmp_path):
    own, other = tmp_path / "units" / "own.timer", tmp_path / "units" / "fstrim.timer"
    own.write_text("[Timer]\nOnCalendar=daily\n")
    host.begin(wanted)
    for mask in (own, other):
        mask.unlink(missing_ok=True)
        mask.symlink_to("/dev/null")
    host.tools.answers["systemctl show"] = "ActiveState=inactive\n\nActiveState=inactive\n"
    host.restore(wanted)
    assert own.read_text() == "[Timer]\nOnCalendar=daily\n"
    assert not other.is_symlink(), "a mask that no teardown has taken away"
    assert ("systemctl", "daemon-reload") in host.tools.told
    assert ("systemctl", "start", "fstrim.timer", "own.timer") in host.tools.told


def test_a_unit_that_was_masked_before_is_left_as_it_was(host, wanted, tmp_path):
    (tmp_path / "units" / "fstrim.timer").symlink_to("/dev/null")
    host.begin(wanted)
    assert record(host)["units"] == {"fstrim.timer": "masked", "own.timer": "active"}
    host.tools.answers["systemctl show"] = "ActiveState=active\n"
    host.restore(wanted)
    assert (tmp_path / "units" / "fstrim.timer").is_symlink()
    assert not [words for words in host.tools.told if words[1] in {"start", "stop"}]


@pytest.mark.parametrize(
    ("between", "later", "purged"),
    [
        ((), (), ["nginx", "wrk"]),
        (("emacs",), (), ["nginx", "wrk"]),
        ((), ("wrk",), ["wrk"]),
        (("kmod-none",), ("nginx", "wrk", "kmod", "emacs"), ["nginx", "wrk"]),
    ],
    ids=["all of them", "not what the user installed", "not what is gone", "not what was there before"],
)
def test_packages_that_netlab_installed_are_purged_and_no_others(host, wanted, between, later, purged):
    host.begin(wanted)
    installed(host, "kmod", "vim", "nginx")
    host.end()
    installed(host, "vim", "nginx", *between)  # the user takes kmod away
    host.begin(wanted)
    installed(host, "kmod", "vim", "nginx", "wrk", *between)
    host.end()
    installed(host, *(later or ("kmod", "vim", "nginx", "wrk", *between)))
    host.restore(wanted)
    (told,) = [words[3:] for words in host.tools.told if words[0] == "dpkg"]
    assert list(told) == purged


def test_what_a_play_that_was_killed_has_installed_is_netlabs(host, wanted):
    host.begin(wanted)
    installed(host, "kmod", "vim", "nginx")
    host.begin(wanted)
    installed(host, "kmod", "vim", "nginx", "wrk")
    host.end()
    assert record(host)["installed"] == ["nginx", "wrk"]


def test_modules_of_netlabs_kinds_are_unloaded_until_none_is_free(host, wanted, monkeypatch):
    host.begin(wanted)
    loaded = ["veth", "xt_nat", "ipip", "ip_tunnel", "usb_storage", "br_netfilter"]
    monkeypatch.setattr(host, "modules", lambda: loaded)
    host.tools.answers["ip -details"] = json.dumps([{"ifname": "br0", "linkinfo": {"info_kind": "bridge"}}])
    told = []

    def unload(name):
        told.append(name)
        return name != "ip_tunnel" or "ipip" in told[:-1]

    monkeypatch.setattr(host, "unload", unload)
    host.restore(wanted)
    assert set(told) == {"xt_nat", "ipip", "ip_tunnel"}, "a driver is left, and what a bridge of others' may need"


def test_a_check_changes_nothing(host, wanted, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(host, "check", True)
    host.begin(wanted)
    assert not (tmp_path / "lib").exists()
    monkeypatch.setattr(host, "check", False)
    host.begin(wanted)
    monkeypatch.setattr(host, "check", True)
    (tmp_path / "somaxconn").write_text("1\n")
    installed(host, "kmod", "vim", "nginx")
    capsys.readouterr()
    host.restore(wanted)
    assert (tmp_path / "somaxconn").read_text() == "1\n"
    assert not [words for words in host.tools.told if words[0] == "dpkg"]
    out = capsys.readouterr().out
    assert "purged nginx" in out
    assert "somaxconn is 4096 again" in out


def test_a_record_that_could_not_be_restored_is_kept(host, wanted, tmp_path):
    host.begin(wanted)
    host.tools.answers["systemctl show"] = "ActiveState=inactive\n\nActiveState=inactive\n"
    host.tools.failing.add("systemctl start")
    host.restore(wanted)
    assert (tmp_path / "lib" / "before.json").exists()
    assert host.problems == ["start fstrim.timer own.timer: no"]


def test_all_that_roles_set_and_mask_is_written_down():
    load = {
        role: yaml.safe_load((ROLES / role / "defaults" / "main.yml").read_text()) for role in ("base", "host_record")
    }
    kept = load["host_record"]
    settings = {name.lstrip("-") for name in load["base"]["base_sysctls"]}
    assert settings | render("kubernetes", "{{ kubernetes_sysctls }}", "node1").keys() <= set(
        kept["host_record_sysctls"]
    )
    masked = {"nginx.service", "bird.service", *load["base"]["base_masked_units"]}
    assert masked <= set(kept["host_record_units"])
    assert kept["host_record_choices"] == ["/sys/kernel/mm/transparent_hugepage/enabled"]
    assert "/sys/kernel/mm/transparent_hugepage/enabled" in (ROLES / "base/templates/tmpfiles.conf.j2").read_text()


@pytest.mark.parametrize(("exit_code", "kept"), [(1, False), (2, True)], ids=["another needs it", "dpkg is locked"])
def test_packages_that_could_not_be_purged_are_named(host, wanted, tmp_path, capsys, exit_code, kept):
    host.begin(wanted)
    installed(host, "kmod", "vim", "nginx")
    host.tools.failing.add("dpkg --purge")
    host.tools.exit_code = exit_code
    host.restore(wanted)
    assert (tmp_path / "lib" / "before.json").exists() == kept
    assert host.problems == (["dpkg did not purge nginx: no"] if kept else [])
    assert ("left nginx: no" in capsys.readouterr().out) != kept


def test_what_installs_packages_comes_after_the_record_and_so_goes_with_the_others():
    record, bindings = yaml.safe_load((ROLES / "host_record" / "tasks" / "main.yml").read_text())
    assert "begin" in record["ansible.builtin.command"]["argv"]
    assert bindings["ansible.builtin.command"]["argv"][-1] == "python3-apt"
    assert bindings["ansible.builtin.command"]["creates"] == "/usr/lib/python3/dist-packages/apt"


def test_where_no_tables_can_be_nobody_is_asked_which_would_load_the_module(host, monkeypatch):
    monkeypatch.setattr(host.socket, "socket", lambda *_: pytest.fail("the kernel was asked"))
    assert host.tables() == []


@pytest.mark.real
def test_tables_are_those_that_nft_would_list():
    """In a network namespace of its own: more of them than fit into one answer of the kernel, of every family."""
    script = f"""
        for family in inet ip ip6 arp bridge netdev; do
            for number in $(seq 60); do echo add table $family a-table-$number; done
        done | nft --file -
        '{sys.executable}' -c "$0" | sort >"$1"
        nft list tables | sort | diff - "$1" && wc --lines <"$1"
    """
    listed = f"""
from pathlib import Path
host = {{"__name__": "host"}}
exec(Path("{ROLES}/host_record/files/host-record").read_text(), host)
host["modules"] = lambda: ["nf_tables"]  # not every kernel has modules
print(*host["tables"](), sep="\\n")
    """
    with tempfile.NamedTemporaryFile() as file:
        done = run_apart(script, listed, file.name, kinds=("--net",))
    assert (done.stdout, done.stderr) == ("360\n", "")
