from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from netlab.report.render.names import distinct


def test_plain_names_stay_as_they_are():
    assert list(distinct(["calico-ipip-pod-ip", "a.b+c"])) == ["calico-ipip-pod-ip", "a.b+c"]


def test_none_leaves_its_folder_or_takes_anothers_place():
    assert list(distinct(["../x", "..", "x/y", "x_y", "X_Y", ""])) == ["_x", "_", "x_y", "x_y-2", "X_Y-3", "_-2"]


@given(st.lists(st.text(max_size=200), max_size=8))
def test_any_name_can_be_a_file(names):
    found = list(distinct(names))
    assert len({name.casefold() for name in found}) == len(names)
    assert all(re.fullmatch(r"[\w+-][\w.+-]{0,110}", name) for name in found)
