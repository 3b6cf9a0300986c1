"""Which roles a role is made of, in every way in which a role can name another one."""

import time

import pytest

from netlab import assets, roles
from netlab.errors import ConfigError

INCLUDES = {
    "plain": "- ansible.builtin.include_role:\n    name: other\n",
    "import": "- ansible.builtin.import_role:\n    name: other\n",
    "short module name": "- include_role:\n    name: other\n",
    "legacy module name": "- ansible.legacy.import_role:\n    name: other\n",
    "quoted": '- ansible.builtin.include_role:\n    name: "other"\n',
    "not the first argument": "- ansible.builtin.include_role:\n    tasks_from: install\n    name: other\n",
    "deeper indentation": "- name: x\n  ansible.builtin.include_role:\n          name:   other\n",
    "flow style": "- ansible.builtin.include_role: {name: other, tasks_from: install}\n",
    "comment between": "- ansible.builtin.include_role: # why\n    # how\n    name: other\n",
    "alias of name": "- ansible.builtin.include_role:\n    role: other\n",
    "free form": "- ansible.builtin.include_role: name=other tasks_from=install\n",
    "action": "- action: include_role name=other\n",
    "action with a module": "- action: {module: ansible.builtin.import_role, name: other}\n",
    "args": "- ansible.builtin.include_role:\n  args:\n    name: other\n",
    "block": "- block:\n    - block:\n        - ansible.builtin.include_role:\n            name: other\n",
    "rescue": "- block: []\n  rescue:\n    - ansible.builtin.include_role: {name: other}\n",
    "with its collection": "- ansible.builtin.include_role:\n    name: netlab.netlab.other\n",
    "loop": "- ansible.builtin.include_role:\n    name: '{{ item }}'\n  loop: [third, other]\n",
    "loop variable": (
        '- ansible.builtin.include_role:\n    name: "{{ role_name }}"\n'
        "  loop:\n    - other\n  loop_control:\n    loop_var: role_name\n"
    ),
    "loop over mappings": (
        "- ansible.builtin.include_role:\n    name: '{{ item.role }}'\n  with_items: [{role: other}, {role: third}]\n"
    ),
    "path in a lookup": "- x: \"{{ lookup('template', role_path ~ '/../other/templates/a.j2') }}\"\n",
    "path in an argument": "- ansible.builtin.copy: {src: '{{ role_path }}/../other/files/a', dest: /a}\n",
    "path from the playbook": "- ansible.builtin.copy: {src: '{{ playbook_dir }}/../roles/other/files/a', dest: /a}\n",
    "tasks of the other": "- ansible.builtin.include_tasks: ../../other/tasks/install.yml\n",
    "foreign tag": "- x: !vault abc\n- ansible.builtin.include_role: {name: other}\n",
}


def made_of(tmp_path, **files):
    """Names of the roles that role ``one`` is made of, beside it; ``a__b`` is the file a/b.yml."""
    for name in ("one", "other", "third"):
        (tmp_path / name / "tasks").mkdir(parents=True)
    for name, text in files.items():
        file = tmp_path / "one" / f"{name.replace('__', '/')}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return {folder.name for folder in roles.with_their_roles(tmp_path, ["one"])} - {"one"}


@pytest.mark.parametrize("text", INCLUDES.values(), ids=INCLUDES)
def test_a_role_that_is_included_is_found(tmp_path, text):
    assert "other" in made_of(tmp_path, tasks__main=text)


@pytest.mark.parametrize(
    "text",
    [
        "dependencies:\n  - role: other\n    vars: {a: 1}\n",
        "dependencies:\n  - other\n",
        "dependencies: [{name: 'other'}]\n",
    ],
)
def test_a_role_that_is_depended_on_is_found(tmp_path, text):
    assert made_of(tmp_path, meta__main=text) == {"other"}


@pytest.mark.parametrize("place", ["tasks__main", "tasks__deeper__still", "handlers__main"])
def test_every_file_of_tasks_is_read(tmp_path, place):
    assert made_of(tmp_path, **{place: INCLUDES["plain"]}) == {"other"}


def test_a_template_that_includes_anothers_is_found(tmp_path):
    (tmp_path / "one" / "templates").mkdir(parents=True)
    (tmp_path / "one" / "templates" / "a.j2").write_text("{% include '../../other/templates/b.j2' %}")
    assert made_of(tmp_path) == {"other"}


def test_roles_of_found_roles_are_found(tmp_path):
    (tmp_path / "other" / "tasks").mkdir(parents=True)
    (tmp_path / "other" / "tasks" / "main.yml").write_text("- include_role: {name: third}\n")
    (tmp_path / "one" / "tasks").mkdir(parents=True)
    (tmp_path / "one" / "tasks" / "main.yml").write_text(INCLUDES["plain"])
    (tmp_path / "third").mkdir()
    assert [folder.name for folder in roles.with_their_roles(tmp_path, ["one"])] == ["one", "other", "third"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- x: 1\n- include_role: {name: '{{ chosen }}'}\n", r"main.yml:2: cannot tell which role .*'{{ chosen }}'"),
        ("- include_role: {name: '{{ item }}'}\n  loop: '{{ many }}'\n", "cannot tell which role"),
        ("- include_role: {name: '{{ item }}'}\n  loop: [other, '{{ more }}']\n", "cannot tell which role"),
        ("- include_role: {name: '{{ a if b else c }}'}\n", "cannot tell which role"),
        ("- include_role: {tasks_from: install}\n", "cannot tell which role"),
        ("- include_role: {name: othr}\n", "netlab has no role 'othr'; did you mean 'other'"),
        ("- include_role: {name: community.general.thing}\n", "netlab has no role 'community.general.thing'"),
        ("- x: \"{{ lookup('file', role_path ~ '/../' ~ which ~ '/files/a') }}\"\n", "cannot tell which role's file"),
        ("- include_role: {name: other\n", "not valid YAML"),
    ],
)
def test_a_role_that_cannot_be_known_is_an_error_with_its_line(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        made_of(tmp_path, tasks__main=text)


def test_what_only_looks_like_an_include_is_none(tmp_path):
    text = "- ansible.builtin.debug: {msg: 'include_role: name: other'}\n- x: /etc/roles/\n- y: ../elsewhere/a\n"
    assert made_of(tmp_path, tasks__main=text) == set()


def test_all_of_netlabs_roles_can_be_told_and_quickly():
    names = [entry.name for entry in assets.roles().iterdir() if (entry / "tasks").is_dir()]
    roles._others.cache_clear()
    begin = time.process_time()  # no clock that other work on the machine moves
    found = assets.with_their_roles(names)
    assert [folder.name for folder in found] == sorted(names)
    assert time.process_time() - begin < 2, "0.1 s of processor time, usually"
