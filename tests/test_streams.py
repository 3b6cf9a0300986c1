import codecs
import io
import os
import re
from pathlib import Path

import pytest

from netlab import streams

SOURCES = Path(streams.__file__).parent


@pytest.fixture(autouse=True)
def handler():
    codecs.register_error("netlab.plain", streams.plain)


def written(text, encoding):
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=encoding, errors="netlab.plain") as stream:
        stream.write(text)
        stream.flush()
        return raw.getvalue()


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("\N{MINUS SIGN}3.4 … \N{MINUS SIGN}3.2 %", "iso-8859-1", b"-3.4 ... -3.2 %"),
        (
            "µs \N{MULTIPLICATION SIGN} τ · 4\u202f791",
            "iso-8859-1",
            "µs \N{MULTIPLICATION SIGN} tau · 4 791".encode("latin-1"),
        ),
        ("µs \N{MULTIPLICATION SIGN} τ · 4\u202f791", "ascii", b"us x tau - 4 791"),
        ("veth → eth0 ─│├└ ✓ ✗", "ascii", b"veth -> eth0 -|++ ok failed"),
        ("Müller é 漢", "ascii", b"Muller e ?"),
        ("é…", "utf-8", "é…".encode()),
        ("a file called \udcff", "utf-8", b"a file called \xff"),
        ("half \ud800", "utf-8", b"half ?"),
    ],
)
def test_a_glyph_that_the_terminal_does_not_have_has_another(text, encoding, expected):
    assert written(text, encoding) == expected


def test_every_glyph_of_netlabs_own_texts_has_another():
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    own = set(re.findall(r"[^\x00-\x7f]", text)) | {
        "\N{MINUS SIGN}",
        "\N{EN DASH}",
        "\N{MULTIPLICATION SIGN}",
        "\u202f",
        "║",
    }
    assert [letter for letter in sorted(own) if b"?" in written(letter, "ascii")] == []


def test_an_error_in_reading_is_not_hidden():
    with pytest.raises(UnicodeDecodeError):
        codecs.decode(b"\xff", "ascii", "netlab.plain")


def test_a_closed_stream_is_opened_and_keeps_its_number():
    """In a process of its own, whose streams can be closed."""
    child = os.fork()
    if child == 0:
        for number in (0, 1, 2):
            os.close(number)
        streams._open_closed()
        names = [str(Path(f"/proc/self/fd/{number}").readlink()) for number in (0, 1, 2)]
        os._exit(0 if names == ["/dev/null"] * 3 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
