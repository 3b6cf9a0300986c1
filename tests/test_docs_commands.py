"""Every command that README, CONTRIBUTING and docs tell people to type, and every file, name and link in them.

How commands are written there:

- in a block of console, in a line that begins with ``$`` (without one in the block, every line is a command), or in
  backticks when they begin with a program of ``PROGRAMS``;
- words in capitals stand for something of the reader's, here for what ``PLACEHOLDERS`` says;
- ``[…]`` may be left out, ``|`` stands between alternatives, ``…`` for more of the same.

What only looks is run for real in an empty folder; of ``up`` and ``run``, which take minutes, the plan is.
"""

import importlib
import importlib.util
import itertools
import os
import re
import shlex
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from netlab import assets, profiles
from netlab.__main__ import main
from netlab.artifacts.lock import load_lock
from netlab.cli.app import build_parser
from netlab.errors import UsageError

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = ("netlab", "make", ".venv/bin/pytest", "python", "pip", "pipx", "molecule", "ansible-playbook", "scripts/")
ELSEWHERE = {"cp", "git", "kubectl", "vagrant"}
"""Programs of others, which the documents name but this project cannot vouch for."""

PLACEHOLDERS = {
    "PROFILE": "calico-ipip",
    "HOST": "node1",
    "CMD": "true",
    "RUN": "20260101T000000Z-0000",
    "CLUSTER_RUN": "20260101T000000Z-0000",
    "REPLICA_RUN": "20260101T000000Z-1111",
    "COMPONENT": "kubernetes",
    "FOLDER": "folder",
    "OUT": "out",
}
NAMES = {"netlab": "calico-ipip", ".venv/bin/pytest": "app", "molecule": "app"}
"""``NAME`` is a profile to netlab, a role to its tests."""

PATHS = ("netlab/", "roles/", "playbooks/", "profiles/", "extensions/", "scripts/", "tests/", "docs/", "inventories/")


# ---- what stands in the documents ----


def prose(text):
    """The text without fenced blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def in_backticks(text):
    """Each piece of code that stands in a sentence or a table, on one line."""
    return [" ".join(code.replace("\\|", "|").split()) for code in re.findall(r"`([^`]+)`", prose(text))]


def fenced(text):
    """Each command in a block of console."""
    for block in re.findall(r"^```console\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        lines = [line for line in block.splitlines() if line.strip()]
        prompted = any(line.startswith("$ ") for line in lines)
        for line in lines:
            if not prompted or line.startswith("$ "):
                yield from one_by_one(re.sub(r"\s+#.*", "", line.removeprefix("$ ")))


def one_by_one(line):
    """The commands of a line of the shell."""
    return [re.sub(r"\s*>\s*\S+$", "", command) for command in line.split(" && ")]


def commands_of(document):
    """Every command of a document, as it is written."""
    text = document.read_text()
    inline = [code for code in in_backticks(text) if code.startswith(tuple(f"{name} " for name in PROGRAMS))]
    indented = re.findall(r"^ {4}(scripts/\S+.*?)(?: {2,}.*)?$", prose(text), flags=re.MULTILINE)
    examples = re.findall(r"^example:\n {2}(netlab .*)$", text, flags=re.MULTILINE)
    single = [command for line in (*inline, *indented, *examples) for command in one_by_one(line)]
    return list(dict.fromkeys([*single, *fenced(text)]))


WRITTEN = [
    pytest.param(command, id=f"{document.name}: {command}")
    for document in DOCUMENTS
    for command in commands_of(document)
]


def spelled(command):
    """Every command that the reader may type: lists of words."""
    with_options = [
        re.sub(r"\s*\[(?![A-Z]+\]')[^\]]*\]", "", command),
        re.sub(r"\[(?![A-Z]+\]')([^\]]*)\]", r" \1", command),
    ]
    for variant in dict.fromkeys(with_options):
        words = [word for word in shlex.split(variant.replace(" …", "")) if word != "…"]
        program = next((name for name in NAMES if words[0] == name), "netlab")
        for choice in itertools.product(*(word.split("|") for word in words)):
            yield [filled(word, program) for word in choice]


def filled(word, program):
    """The word with what its placeholder stands for."""
    known = PLACEHOLDERS | {"NAME": NAMES[program]}
    return re.sub(r"(?<![A-Z-])[A-Z_]{2,}(?![A-Z=])", lambda found: known.get(found[0], found[0]), word)


# ---- commands ----


@pytest.mark.parametrize("command", WRITTEN)
def test_a_command_of_the_documents_can_be_typed(command):
    for words in spelled(command):
        program = "scripts/" if words[0].startswith("scripts/") else words[0]
        if program not in ELSEWHERE:
            assert program in CHECKS, f"{program}: who checks it?"
            try:
                CHECKS[program](words)
            except UsageError as error:
                overview = "|" in command and "are required" in error.message
                if not overview:
                    raise


def check_netlab(words):
    if "--help" in words:
        return
    args = build_parser().parse(words[1:])
    options = vars(args)
    for name in [*(options.get("profiles") or ()), *filter(None, [options.get("profile")])]:
        assert name == "all" or name in profiles.names(), name
    if args.command == "artifacts":
        known = {component.name for component in load_lock().components}
        assert {name.partition("=")[0] for name in args.components} <= known
    if args.command == "ssh":
        assert args.host in {"client", "node1", "node2", "control"}


def check_make(words):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert set(words[1:]) <= set(targets)


def check_pytest(words):
    """A marker that exists, and at least one test that it and the name select."""
    marker = words[words.index("-m") + 1]
    markers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["markers"]
    assert marker in {line.partition(":")[0] for line in markers}
    name = words[words.index("-k") + 1]
    assert any(name in line for line in collected(marker))


@cache
def collected(marker):
    """Tests of all roles that the marker selects."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-m", marker]
    place = "tests/roles/test_molecule.py"
    return subprocess.run([*command, place], cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()


def check_python(words):
    assert words[1] == "-m"
    assert importlib.util.find_spec(words[2]), words[2]


def check_pip(words):
    """Nothing of this project is in a package index: what is installed is this folder, or a wheel made of it."""
    name = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["name"].replace("-", "_")
    sources = [word for word in words[2:] if not word.startswith("-") and word != "dist"]
    assert words[1] in {"wheel", "install"}
    assert sources
    assert all(source == "." or source.startswith(f"dist/{name}-") for source in sources)


def check_molecule(words):
    assert words[1:3] == ["test", "-s"]
    assert (ROOT / "extensions" / "molecule" / words[3] / "molecule.yml").is_file()


def check_ansible(words):
    done = subprocess.run(
        [Path(sys.executable).parent / words[0], "--syntax-check", *words[1:]],
        cwd=ROOT,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def check_script(words):
    script = ROOT / words[0]
    assert os.access(script, os.X_OK)
    told = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, check=True).stdout
    assert {word for word in words if word.startswith("--")} <= set(re.findall(r"--[a-z-]+", told))


CHECKS = {
    "netlab": check_netlab,
    "make": check_make,
    ".venv/bin/pytest": check_pytest,
    "python": check_python,
    "pip": check_pip,
    "pipx": check_pip,
    "molecule": check_molecule,
    "ansible-playbook": check_ansible,
    "scripts/": check_script,
}

NOT_UP = 6
HARMLESS = {
    "profiles": 0,
    "plan": 0,
    "status": 0,
    "init": 0,
    "completion": 0,
    "inventory": NOT_UP,
    "kubeconfig": NOT_UP,
    "explain": NOT_UP,
    "report": NOT_UP,
    "reset": NOT_UP,
    "ssh": NOT_UP,
    "down": 0,
}
"""Exit codes in an empty folder, where no host is up and no run is stored."""


def as_a_plan(words):
    """The command, or what says what it would do; None where it cannot be tried in an empty folder."""
    if {"ec2", "hcloud", "openstack", "--expired"} & set(words):  # they want a region, and an account
        return None
    if words[0] == "up":
        return [*words, *([] if "--dry-run" in words else ["--dry-run"])]
    if words[0] == "run":
        return ["plan", *(word for word in words[1:] if word != "--keep")]
    listing = words[:2] == ["artifacts", "list"]
    return words if listing or words[0] in HARMLESS or "--help" in words else None


HARMLESS_ONES = {
    tuple(plan)
    for parameter in WRITTEN
    if parameter.values[0].startswith("netlab ")
    for words in spelled(parameter.values[0])
    if (plan := as_a_plan(words[1:]))
}


@pytest.mark.parametrize("words", sorted(HARMLESS_ONES), ids=" ".join)
def test_what_can_be_tried_in_an_empty_folder_works_there(words, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "lab").mkdir()
    monkeypatch.chdir(tmp_path / "lab")
    if "--lock" in words:  # a file that the reader has
        Path(words[words.index("--lock") + 1]).write_text(assets.lock().read_text())
    if "--help" in words:
        assert main(list(words)) == 0
        return
    assert main(list(words)) == HARMLESS.get(words[0], 0), capsys.readouterr().err
    assert capsys.readouterr().err == "" or HARMLESS.get(words[0], 0)


# ---- files, names and links ----


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document.read_text())):
        if "://" in target:
            continue
        file, _, heading = target.partition("#")
        place = (document.parent / file).resolve() if file else document
        assert place.exists(), target
        assert not heading or heading in headings(place), target


def headings(document):
    """Anchors, as GitHub makes them of headings."""
    titles = re.findall(r"^#+ (.*)$", prose(document.read_text()), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_files_that_are_named_exist(document):
    for code in in_backticks(document.read_text()):
        path = filled(code.rstrip(":"), "molecule" if "roles" in code or "molecule" in code else "netlab")
        if path.startswith(PATHS) and not re.search(r"[\s<>(…]", path):
            assert list(ROOT.glob(path)), code


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_names_of_the_package_exist(document):
    for name in re.findall(r"`(netlab(?:\.[A-Za-z_]+)+)`", prose(document.read_text())):
        if not name.endswith((".yml", ".yaml", ".json", ".lock", ".invalid")):
            module, _, attribute = name.rpartition(".")
            assert importlib.util.find_spec(module), name
            assert hasattr(importlib.import_module(module), attribute) or importlib.util.find_spec(name), name


def test_a_wrong_command_would_be_found(tmp_path):
    """What the checks are worth: each of these is refused."""
    wrong = [
        "netlab up --profil cilium",
        "netlab up --profile cilum",
        "netlab run --profiles baseline-vm,nobody",
        "netlab ssh somebody",
        "netlab artifacts fetch kubernets",
        "make tests",
        ".venv/bin/pytest -m vms -k app",
        ".venv/bin/pytest -m vm -k 'test_scenario[NOBODY]'",
        "python -m netlab.cli.doc",
        "pipx install cni-netlab",
        "molecule test -s nobody",
        "scripts/kubernetes_source.py OUT --checks",
        "curl https://example.com",
    ]
    for command in wrong:
        with pytest.raises((AssertionError, UsageError)):
            test_a_command_of_the_documents_can_be_typed(command)
