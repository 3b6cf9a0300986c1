"""What is left out of foreign text is left out at the end of a word or a line, and it is said."""

import pytest

from netlab.excerpt import CHARACTERS, LINES, first_lines, first_words, last_line


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("short", 80, "short"),
        ("two\n  lines", 80, "two lines"),
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two …"),
        ("one two three", 9, "one two …"),
        ("one two three", 8, "one …"),
        ("abcdefgh", 4, "abc…"),
        ("", 4, ""),
    ],
)
def test_words_stay_whole(text, most, shown):
    assert first_words(text, most) == shown
    assert len(shown) <= most


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\n\n\ntwo  \n", "one\n\ntwo"),
        ("\n".join(map(str, range(LINES))), "\n".join(map(str, range(LINES)))),
        ("\n".join(map(str, range(LINES + 1))), "\n".join([*map(str, range(LINES)), "… 1 more line in the log"])),
        (f"first\n{'x' * CHARACTERS}\nlast", "first\n… 2 more lines in the log"),
        ("word " * CHARACTERS, ("word " * (CHARACTERS // 5))[: CHARACTERS - 6] + " …"),
    ],
    ids=["blank lines", "as many as fit", "one too many", "a long one", "one line that fills the screen"],
)
def test_lines_stay_whole(text, shown):
    found = first_lines(text, "the log")
    assert found.split() == shown.split()
    assert found.count("\n") == shown.count("\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("one\n  two  \n\n", "two"), ("one", "one"), ("", "it left no message"), (" \n", "it left no message")],
)
def test_the_last_line_is_what_a_program_said_last(text, shown):
    assert last_line(text) == shown
    assert last_line(text, "nothing") == shown.replace("it left no message", "nothing")
