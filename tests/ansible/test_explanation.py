"""Why something failed, from what modules return and what Ansible itself says."""

import pytest

from netlab.ansible.explanation import LAST_LINES, explain, last_error


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ({"censored": "the output has been hidden"}, "its output is hidden (no_log)"),
        ({"msg": "no such\n  package\n"}, "no such\n  package"),
        ({"msg": ["no such", "package"]}, "no such\npackage"),
        ({"msg": "non-zero return code", "rc": 2, "stderr": "a\nb\n"}, "exit code 2:\na\nb"),
        ({"msg": "non-zero return code", "rc": 2, "stdout": "only\n"}, "exit code 2: only"),
        ({"msg": "non-zero return code", "rc": 2}, "exit code 2"),
        ({"msg": "MODULE FAILURE", "exception": "Traceback:\n  x\nKeyError: 'a'\n"}, "KeyError: 'a'"),
        ({"results": [{"item": 1}, {"item": {"a": 1}, "failed": True, "msg": "bad"}]}, "item {'a': 1}: bad"),
        ({}, "no message"),
    ],
)
def test_explain(result, message):
    assert explain(result) == message


def test_of_a_long_output_the_last_lines_are_shown():
    output = "\n".join(map(str, range(100)))
    said = explain({"msg": "non-zero return code", "rc": 1, "stderr": output})
    assert said.splitlines() == ["exit code 1:", *map(str, range(100 - LAST_LINES, 100))]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (["[ERROR]: the role 'x' was not found\n", "more"], "the role 'x' was not found"),
        (["ERROR! one", "ERROR! no such file"], "no such file"),
        (["fatal: [node1]: UNREACHABLE!"], "fatal: [node1]: UNREACHABLE!"),
        (["PLAY [all]\n", "\n", "killed\n"], "killed"),
        ([], "it said nothing"),
    ],
)
def test_what_ansible_said_before_there_was_a_host(output, message):
    assert last_error(output) == message
