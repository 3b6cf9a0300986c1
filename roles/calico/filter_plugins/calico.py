"""What of Calico's resources is not as it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def differences(checks: Iterable[dict[str, str]]) -> list[str]:
    """Return a sentence for each check ({name, expected, seen}) in which the two differ."""
    return [
        f"{each['name']}: expected {each['expected']}, seen {each['seen']}"
        for each in checks
        if each["expected"] != each["seen"]
    ]


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by the names that the role calls them by."""
        return {"calico_differences": differences}
