"""The real command where its surroundings are not what it hopes for: one sentence, and a documented exit code."""

import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from netlab.__main__ import main
from netlab.results import store
from tests import factories
from tests.cli.conftest import ROOT
from tests.results.test_store import raw_sample

pytestmark = pytest.mark.real

NETLAB = f"{shlex.quote(sys.executable)} -m netlab"


@pytest.fixture
def shell(folder):
    """Run a line of shell in the lab's folder; ``netlab`` in it is the real command."""

    def run(line, **env):
        home = str(folder.parent)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
        return subprocess.run(
            ["sh", "-c", line.replace("netlab ", f"{NETLAB} ")],
            capture_output=True,
            check=False,
            cwd=folder,
            env={**clean, "PYTHONPATH": str(ROOT), "HOME": home, **env},
            timeout=60,
        )

    return run


def all_of(shell, lines):
    """Run several lines at the same time."""
    with ThreadPoolExecutor(4) as pool:
        return list(zip(lines, pool.map(shell, lines), strict=True))


@pytest.fixture
def stored(folder):
    """A run on disk that a report can be made of."""
    run = folder / ".netlab" / "runs" / "r1"
    store.write_header(run, factories.header())
    for number in (1, 2, 3):
        for position, (profile, path) in enumerate((("baseline-vm", "host"), ("calico-ipip", "pod-ip"))):
            place = run / "raw" / f"r{number}-p{position}-{profile}"
            place.mkdir(parents=True)
            (place / f"{path}.json").write_text(raw_sample(path))
    return run


SENTENCES = {
    # line of shell: (exit code, what the sentence says)
    "netlab status >&-": (1, "standard output cannot be written: Bad file descriptor"),
    "netlab completion bash >/dev/full": (4, "standard output cannot be written: No space left on device"),
    "netlab up --help >/dev/full": (4, "standard output cannot be written: No space left on device"),
    "mkdir g; cd g; rmdir ../g; netlab status": (
        2,
        "the folder that this command was started in cannot be used: No such",
    ),
    "mkdir f; touch f/.netlab; netlab -C f status": (
        1,
        "f/.netlab is not a folder, but that is where netlab keeps the lab's",
    ),
    "mkdir -p l/.netlab; touch l/.netlab/logs; netlab -C l down": (1, "l/.netlab/logs: File exists"),
    "mkdir -p s/.netlab/state.json; netlab -C s status": (1, "s/.netlab/state.json: Is a directory"),
    "ln -s loop loop; netlab -C loop status": (2, "cannot work in loop: Too many levels of symbolic links"),
    "mkdir -p $(printf 'b\\377'); netlab -C b* status": (1, "has a character that is not text"),
    "XDG_CACHE_HOME=/dev/null/x netlab artifacts fetch runc": (1, "/dev/null/x/netlab/logs: Not a directory"),
    "XDG_CACHE_HOME=/sys netlab artifacts fetch runc": (1, "/sys/netlab: "),
    "netlab -C '~nosuchuser/x' status": (2, "-C: '~nosuchuser/x': there is no user 'nosuchuser'"),
    "mkdir 2; touch 2/netlab.yml 2/netlab.yaml; cd 2; netlab down": (  # a cloud may have hosts of this lab
        3,
        "2 has both netlab.yml and netlab.yaml",
    ),
}


def test_what_cannot_be_is_one_sentence(shell):
    found = {line: (done.returncode, done.stderr.decode()) for line, done in all_of(shell, SENTENCES)}
    wrong = {
        line: found[line]
        for line, (code, sentence) in SENTENCES.items()
        if found[line][0] != code
        or not found[line][1].startswith("netlab: error: ")
        or sentence not in found[line][1].splitlines()[0]
        or "Traceback" in found[line][1]
        or found[line][1].count("\n") > 3
    }
    assert wrong == {}


QUIET = {
    # line of shell: exit code; nothing is said and nothing is wrong
    "netlab completion bash 2>&- <&-": 0,
    "netlab down >&- 2>&- <&-": 0,
    "netlab nonsense 2>&-": 2,
    "netlab nonsense 2>/dev/full": 2,
    "netlab completion zsh >&- 2>&-": 1,
    "netlab completion zsh | head -1": 0,
    "netlab --help | true": 0,
    "netlab nonsense 2>&1 | true": 0,
    "mkdir g; cd g; rmdir ../g; netlab -C / completion zsh": 0,
    "TMPDIR=/nowhere netlab status": 0,
    "env -u HOME -u XDG_CACHE_HOME netlab status": 0,
    "mkdir -p '~/x'; netlab -C './~/x' completion zsh && netlab -C '~' completion zsh": 0,
    "netlab --no-color completion --no-colour zsh && netlab completion zsh --no-color": 0,
}


def test_what_does_not_matter_is_not_in_the_way(shell):
    done = {line: (done.returncode, done.stderr.decode()) for line, done in all_of(shell, QUIET)}
    assert done == {line: (code, "") for line, code in QUIET.items()}


NOBODY = "~nosuchuser/x"
PATHS = {
    "RUN": ["report", NOBODY],
    "RUN ": ["report", "r1", "--replicas", NOBODY],
    "RUN  ": ["explain", "cilium", "--run", NOBODY],
    "--junit": ["gate", "--max-loss", "5", "--junit", NOBODY],
    "RUN    ": ["compare", NOBODY, NOBODY],
    "RUN   ": ["gate", NOBODY, "--max-loss", "5"],
    "FOLDER": ["artifacts", "bundle", NOBODY, "runc"],
    "--lock": ["artifacts", "list", "--lock", NOBODY],
    "--mirror": ["artifacts", "fetch", "runc", "--mirror", NOBODY],
}


@pytest.mark.parametrize(("what", "words"), PATHS.items(), ids=[" ".join(words) for words in PATHS.values()])
def test_every_path_on_the_command_line_follows_one_rule(stored, capsys, what, words):
    assert main(words) == 2
    assert capsys.readouterr().err.startswith(f"netlab: error: {what.strip()}: '{NOBODY}': there is no user")


def test_a_run_may_be_named_from_home(stored, monkeypatch, capsys, folder):
    monkeypatch.setenv("HOME", str(folder))
    assert main(["report", "~/.netlab/runs/r1"]) == 0


def test_a_closed_stream_lets_nobody_write_into_a_file_of_netlabs(shell, folder):
    """Without a standard error, the first file that netlab opens would get its number."""
    (folder / ".netlab").mkdir()
    done = shell("netlab up --profile nonsense 2>&- >&-")
    assert done.returncode == 3
    log = folder / ".netlab" / "logs" / "up.log"
    assert not log.exists() or "netlab: error" not in log.read_text()


@pytest.fixture(scope="session")
def latin_1(tmp_path_factory):
    """A locale of a terminal without UTF-8, made with the C library's own tool."""
    folder = tmp_path_factory.mktemp("locales")
    made = subprocess.run(
        ["localedef", "-i", "en_US", "-f", "ISO-8859-1", folder / "en_US.ISO-8859-1"], check=False, capture_output=True
    )
    if not (folder / "en_US.ISO-8859-1").is_dir():
        pytest.skip(f"there is no locale to make: {made.stderr.decode()}")
    return {"LOCPATH": str(folder), "LC_ALL": "en_US.ISO-8859-1"}


PLACES = ("LANG=C.UTF-8 LC_NUMERIC=xx_XX.UTF-8", "LC_ALL=POSIX PYTHONUTF8=0 PYTHONCOERCECLOCALE=0")


def test_no_locale_ends_a_command(shell):
    for line, done in all_of(shell, [f"{place} netlab plan" for place in PLACES]):
        assert (done.returncode, done.stderr) == (0, b""), line


def test_a_report_fits_a_terminal_without_utf8(shell, stored, latin_1):
    done = shell("netlab report", **latin_1)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode("iso-8859-1")
    assert "calico-ipip" in text
    assert "µs" in text
    assert "?" not in text
    page = (stored / "report" / "report.html").read_text(encoding="utf-8")
    assert "\N{NARROW NO-BREAK SPACE}" in page
