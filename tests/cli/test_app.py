import resource
import subprocess
import sys

import pytest

from netlab import __version__
from netlab.cli.app import COMMANDS, build_parser
from netlab.cli.docs import pages
from netlab.cli.parser import _options
from tests.cli.conftest import ROOT

NAMES = [command.__name__.rpartition(".")[2] for command in COMMANDS]


def test_version(netlab):
    assert netlab("--version").stdout == f"netlab {__version__}\n"


def test_nothing_said_prints_the_help(netlab):
    done = netlab()
    assert (done.returncode, done.stdout) == (2, "")
    assert "COMMAND" in done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_an_example_and_exit_codes(name):
    text = build_parser().commands()[name].format_help()
    assert "\nexample:\n  netlab " in text
    assert "\nexit codes:\n    0  Success.\n" in text
    assert "  130  " in text


def test_every_command_spells_its_options_in_both_ways():
    commands = list(build_parser().commands().values())
    for parser in (*commands, *(action for command in commands for action in command.commands().values())):
        assert {"--no-colour", "--no-color"} <= set(_options(parser))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["reprot"], "unknown command: 'reprot'; did you mean 'report'?"),
        (["up", "--profil", "x"], "unknown argument: --profil; did you mean '--profile'?"),
        (["run", "--clock", "virtul"], "unknown value for --clock: 'virtul'; did you mean 'virtual'?"),
        (["completion", "fish"], "unknown value for shell: 'fish' (one of bash, zsh, tcsh)"),
        (["run", "--rounds", "many"], "argument --rounds: invalid int value: 'many'"),
        (["status", "more"], "unknown argument: more"),
        (["-C", "/no/such/folder", "status"], "cannot work in /no/such/folder: No such file or directory"),
        (["run", "--rounds", "2"], "--rounds: Input should be greater than or equal to 3"),
        (["run", "--connections", "0"], "--connections: Input should be greater than or equal to 1"),
        (["plan", "--duration", "3601"], "--duration: Input should be less than or equal to 3600"),
    ],
)
def test_a_wrong_word_is_a_usage_error(netlab, words, message):
    done = netlab(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == f"netlab: error: {message}"


def test_connections_that_wrk_would_not_open_are_refused_before_anything_is_done(netlab, folder):
    (folder / "netlab.yml").write_text("load: {threads: 2}\n")
    for command in ("run", "bench", "plan"):
        done = netlab(command, "--connections", "5")
        assert (done.returncode, done.stdout) == (2, "")
        assert "connections (5) must be a multiple of threads (2)" in done.stderr
        assert "wrk would open 4" in done.stderr


def test_a_misspelt_key_stops_every_command_that_reads_the_file(netlab, folder):
    (folder / "netlab.yml").write_text("rounds: 3\nprofles: [a]\n")
    for command in ("run", "bench", "up", "plan"):
        done = netlab(command)
        assert done.returncode == 3
        assert "netlab.yml:2: unknown key 'profles'; did you mean 'profiles'?" in done.stderr


def test_another_folder_can_be_named_before_and_after_the_command(netlab, lab, folder):
    for words in (["-C", folder, "status"], ["status", "-C", folder]):
        assert f"lab      {folder}\n" in netlab(*words, cwd="/").stdout


def test_help_imports_nothing_heavy():
    code = "import sys, netlab.__main__, netlab.cli.app as app; app.build_parser(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert {"pydantic", "psutil", "rich", "yaml", "numpy", "scipy", "ansible_runner", "jinja2"}.isdisjoint(
        loaded.split()
    )


def test_help_is_quick(netlab):
    """Processor time, which a busy machine does not change much."""

    def seconds():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert netlab("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.2


def test_a_reader_that_leaves_early_is_quiet(folder):
    command = f"{sys.executable} -m netlab completion bash | head -1"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)}
    )
    assert done.stderr == ""


@pytest.mark.parametrize("name", list(pages()))
def test_the_docs_are_those_of_the_code(name):
    assert (ROOT / "docs" / name).read_text() == pages()[name], "run: python -m netlab.cli.docs"
