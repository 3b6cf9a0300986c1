"""Imports between the package's rooms point one way, those for type checkers too."""

import ast
from pathlib import Path

import netlab

PACKAGE = Path(netlab.__file__).parent
ROOMS = (
    {"__main__"},
    {"cli"},
    {"workflow", "doctor"},
    {"reports"},
    {"plan", "measure", "cache", "report"},
    {"provision"},
    {"hosts", "results", "selection"},
    {"artifacts", "samples", "lab"},
    {"spec", "profiles", "storage"},
    {"inputs", "access", "gates"},
    {"model"},
)
"""From the entry down; each room may import those on the levels below its own.

All other modules are tools that know nothing of labs: every room may import them, and they import no room.
"""
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}


def imports(package):
    """Yield (file, room, imported room) of each import within a package of netlab's, by the package's dotted name."""
    names = package.split(".")
    root = PACKAGE.joinpath(*names[1:])
    for file in sorted(root.rglob("*.py")):
        room = file.relative_to(root).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            path = (node.module or "").split(".") if isinstance(node, ast.ImportFrom) else []
            if path[: len(names)] == names:
                for imported in path[len(names) :][:1] or [alias.name for alias in node.names]:
                    if imported != room:
                        yield str(file.relative_to(root)), room, imported


def test_every_import_points_down():
    found = list(imports("netlab"))
    assert {imported for _, _, imported in found} >= set(LEVEL) - {"__main__"}, "every room is seen"
    wrong = [
        f"{file} imports netlab.{imported}"
        for file, room, imported in found
        if imported in LEVEL and LEVEL.get(room, len(ROOMS)) >= LEVEL[imported]
    ]
    assert not wrong


def test_rooms_of_ansible_point_down():
    order = ("__init__", "runner", "events", "environment", "connections", "mitogen", "explanation", "results")
    found = list(imports("netlab.ansible"))
    assert {imported for _, _, imported in found} == set(order[1:]), "every room is seen"
    assert not [
        f"{file} imports {imported}" for file, room, imported in found if order.index(room) >= order.index(imported)
    ]


def test_rooms_of_the_report_point_down():
    order = ("render", "compute", "draw", "text", "explanation", "gate", "comparison", "values")
    below = {room: set(order[at + 1 :]) for at, room in enumerate(order)}
    below["compute"] -= {"draw"}
    found = list(imports("netlab.report"))
    assert {imported for _, _, imported in found} >= set(order) - {"render", "compute"}, (
        "every room that others use is seen"
    )
    wrong = [f"{file} imports {imported}" for file, room, imported in found if imported not in below[room]]
    assert not wrong


def test_statistics_know_nothing_of_labs():
    found = [imported for file, _, imported in imports("netlab") if file.startswith("statistics/")]
    assert not found
    assert len(list(imports("netlab.statistics"))) > 1
