"""Why a task or a play failed, in words, from what Ansible and its modules said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from netlab.excerpt import last_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LAST_LINES = 10
"""Lines of a failed command's output that are shown: what it said last is nearest to the reason."""


def explain(result: Mapping[str, Any]) -> str:
    """Say why a task failed, from what its module returned; what a role says in several lines stays several lines."""
    if "censored" in result:
        return "its output is hidden (no_log)"
    for item in result.get("results") or ():
        if item.get("failed"):
            return f"item {_label(item)}: {explain(item)}"
    message = _text(result.get("msg"))
    details = _last_lines(result.get("stderr")) or _last_lines(result.get("stdout"))
    if "non-zero return code" in message:
        return f"exit code {result.get('rc')}{_after(details)}"
    if not message or "MODULE FAILURE" in message or "Module result deserialization failed" in message:
        crash = result.get("module_stderr") or result.get("exception") or result.get("module_stdout")
        return (
            last_line(str(crash or ""), "").removeprefix("(traceback unavailable)")
            or details
            or message
            or "no message"
        )
    return message


def last_error(output: Sequence[str]) -> str:
    """Find what Ansible said before it had a host to say it about."""
    lines = "\n".join(output).splitlines()
    errors = [line.strip() for line in lines if re.match(r"\s*(\[ERROR\]|ERROR!|fatal:)", line)]
    last = errors[-1] if errors else last_line("\n".join(lines), "it said nothing")
    return re.sub(r"^(\[ERROR\]:|ERROR!)\s*", "", last)


def _text(message: object) -> str:
    """Return a module's message, which some give as a list of lines."""
    lines = message if isinstance(message, list) else [message or ""]
    return "\n".join(str(line) for line in lines).strip()


def _after(details: str) -> str:
    """Put what follows a colon on its line, or below where it is several lines."""
    return f":\n{details}" if "\n" in details else details and f": {details}"


def _label(item: Mapping[str, Any]) -> str:
    label = item.get("_ansible_item_label", item.get("item", "?"))
    return label if isinstance(label, str) else repr(label)


def _last_lines(text: object) -> str:
    return "\n".join(str(text or "").strip().splitlines()[-LAST_LINES:])
