from __future__ import annotations

import json

from netlab.report.render import json_


def test_numbers_are_numbers_and_the_unknown_is_null(report):
    found = json.loads(json_.render(report))
    assert found["schema_version"] == 2
    assert found["cells"][0]["change"] is None
    assert found["cells"][1]["change"]["base"] == "baseline-vm/host, same round"
    assert found["cells"][0]["rate"]["median"] == report.cells[0].rate.median


def test_predictions_are_numbers_too(predicting, report):
    found = json.loads(json_.render(predicting))
    assert found["schema_version"] == 2
    row = found["predictions"]["rows"][0]
    assert row["difference_points"] == predicting.predictions.rows[0].difference_points
    assert (row["agreement"], row["replica_change"]["base"]) == ("agrees", "baseline-vm/host, same round")
    assert {cell["stack"] for cell in found["predictions"]["cells"]} == {"vm", "datapath"}
    assert json.loads(json_.render(report))["predictions"] is None
