from __future__ import annotations

import pytest

from netlab.statistics.littles_law import breaks_littles_law, in_flight


def test_littles_law():
    assert in_flight(20_000, 190) == pytest.approx(3.8)
    assert not breaks_littles_law(3.8, 4, keepalive=True)
    assert breaks_littles_law(8, 4, keepalive=True)
    assert breaks_littles_law(1, 4, keepalive=True)
    assert not breaks_littles_law(1, 4, keepalive=False)


@pytest.mark.parametrize(("flying", "broken"), [(4.0, False), (4.003, False), (4.05, True), (4.3, True)])
def test_no_more_requests_are_in_flight_than_connections_are_open(flying, broken):
    assert breaks_littles_law(flying, 4, keepalive=True) == broken
