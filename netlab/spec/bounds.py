"""Fields with bounds."""

from __future__ import annotations

from typing import Any

from pydantic import Field


def whole(default: int | None, description: str, *, low: int, high: int) -> Any:
    """Return the field of a whole number within bounds, both included."""
    return Field(default=default, ge=low, le=high, strict=True, description=description)
