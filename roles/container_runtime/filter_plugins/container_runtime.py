"""Which images of the payload containerd does not have yet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def missing_images(
    images: Iterable[dict[str, str]], present: Iterable[str], unwanted: Iterable[str]
) -> list[dict[str, str]]:
    """Return the images ({key: name, value: archive}) that are to be imported, in the payload's order.

    containerd's own names (``present``) are without the digest. ``unwanted`` are regular expressions.
    """
    known, patterns = set(present), [re.compile(pattern) for pattern in unwanted]
    wanted = [image for image in images if not any(pattern.search(image["key"]) for pattern in patterns)]
    return [image for image in wanted if image["key"].partition("@")[0] not in known]


def missing_components(index: Iterable[str], needed: Iterable[str]) -> list[str]:
    """Return what the payload does not hold, in the order in which it is needed."""
    held = set(index)
    return [name for name in needed if name not in held]


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by the names that the role calls them by."""
        return {
            "container_runtime_missing_images": missing_images,
            "container_runtime_missing_components": missing_components,
        }
