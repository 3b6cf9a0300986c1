"""What an error of a cloud's API means: the first of the cloud's table that fits, or an error that nobody knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netlab.errors import CloudError, NetlabError

if TYPE_CHECKING:
    from netlab.hosts.cloud.cloud import Failure

Meanings = tuple[tuple[re.Pattern[str], type[NetlabError], str], ...]
"""What to find in what the cloud told, the error that it is, and what to do then."""


def meant(failure: Failure, meanings: Meanings, told: str, *, where: str, words: str) -> NetlabError:
    """Return the error that ``told`` means; ``words`` say it to humans, after ``where`` it was."""
    about = f"{failure.item}: " if failure.item else ""
    message = f"{about}{where}: {words}"
    for pattern, kind, hint in meanings:
        if pattern.search(told):
            return kind(message, hint=hint)
    return CloudError(f"{message} (in the step '{failure.task}')")
