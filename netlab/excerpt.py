"""Parts of foreign text that a screen has room for: whole words and lines, and what is left out is said."""

from __future__ import annotations

LINES = 40
CHARACTERS = 6000


def first_words(text: str, most: int) -> str:
    """As many of the first words, on one line, as ``most`` characters hold; an ellipsis stands for the others.

    A word that is longer by itself is cut, with the ellipsis right behind it.
    """
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    head, space, _ = line[: most - 1].rpartition(" ")
    return f"{head} …" if space else f"{line[: most - 1]}…"


def last_line(text: str, silence: str = "it left no message") -> str:
    """Return the last line of what a program wrote, where most of them say what was wrong; ``silence`` for nothing."""
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else silence


def first_lines(text: str, rest: str) -> str:
    """As many whole lines as a screen holds; a last line says how many more there are, and where: ``rest``."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    lines = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    shown: list[str] = []
    for line in lines[:LINES]:
        if shown and sum(map(len, shown)) + len(line) > CHARACTERS:
            break
        shown.append(line)
    left = len(lines) - len(shown)
    if shown:
        shown[0] = first_words(shown[0], CHARACTERS) if len(shown[0]) > CHARACTERS else shown[0]
    return "\n".join([*shown, f"… {left} more line{'s' * (left > 1)} in {rest}"] if left else shown)
