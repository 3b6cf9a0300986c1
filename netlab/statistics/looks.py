"""Measuring that ends as soon as intervals are narrow enough.

To look again and again, and to stop at the first look that is narrow enough, picks a moment at which the spread seems
smaller than it is: a single 95 % interval then misses the truth up to 10 times in 100. Where several have to be narrow
enough at the same time, this does little to each. So the looks are paid for as if they were some comparisons more: that
makes a single interval one of 98.3 %, and each of twelve hardly wider. That this suffices is shown by simulation
(``scripts/intervals.py``), not proven for every noise that there can be.

That the estimates themselves play no part in when it stops keeps the effect small: for normal noise the mean of all
rounds is independent of every spread that was looked at. Source: Starr, Ann. Math. Statist. 37(1), 1966; that a
correction which does not depend on the noise suffices: Simons, Ann. Math. Statist. 39(6), 1968.
"""

from __future__ import annotations

LOOKS = 2
"""Statements more that intervals must hold together with, where a measurement was looked at to decide when it ends."""
