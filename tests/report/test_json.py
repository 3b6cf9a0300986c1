from __future__ import annotations

import json

from netlab.report import json_


def test_numbers_are_numbers_and_the_unknown_is_null(report):
    found = json.loads(json_.render(report))
    assert found["schema_version"] == 1
    assert found["cells"][0]["change"] is None
    assert found["cells"][1]["change"]["base"] == "baseline-vm/host, same round"
    assert found["cells"][0]["rate"]["median"] == report.cells[0].rate.median
