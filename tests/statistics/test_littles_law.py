from __future__ import annotations

import pytest

from netlab.statistics.littles_law import in_flight


def test_littles_law():
    assert in_flight(20_000, 190) == pytest.approx(3.8)
