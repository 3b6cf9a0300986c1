"""How a report's numbers were made, one sentence or two each."""

from __future__ import annotations

METHOD = (
    (
        "Every difference is made of pairs: requests/s of a cell over those of the baseline in the same round. Each "
        "round measured the cells in a random order of its own."
    ),
    (
        "The interval is Student's t on the logarithms of those ratios. All intervals of a report hold together with "
        "95 % confidence, so that of twenty reports on equal networks at most one calls any of them slower or faster. "
        "The more comparisons, the wider each (Bonferroni); more rounds make all of them narrower."
    ),
    (
        "The verdict is read from the interval. Slower, faster: it leaves out zero. Same: all of it is within the "
        "margin of zero (report.margin_percent), which is a finding of its own. Cannot tell yet: neither; the warnings "
        "say about how many rounds would tell."
    ),
    (
        "Response times are percentiles of one histogram that holds each request of all rounds once. They were "
        "measured at saturation, where a slower path also queues longer."
    ),
    (
        "Corrected response times are wrk's own: for each slow response it adds shorter ones, of requests that users "
        "on a schedule would have sent meanwhile (coordinated omission). A closed loop has no schedule: netlab takes "
        "the addition back, and checks that as many requests are left as wrk counted."
    ),
    (
        "Runs are pooled where they were made of the same things: profile, roles, playbooks, image, artifacts, netlab, "
        "kernel command line and mitigations, processors of the control plane and fleets at the same time, of the cell "
        "and of its baseline. Other rows name their runs."
    ),
    (
        "Percentiles, CPU time and softirqs have intervals of their own, by leaving out one round after the other "
        "(jackknife); each holds by itself with 95 % confidence. A longest response time has none."
    ),
    "CPU classes are % of one CPU. Busy is user + nice + system + irq + softirq; idle, iowait and steal are not work.",
    (
        "The profiler ran in passes of its own, never inside a timed sample; its shares are of the samples that found "
        "the CPU busy."
    ),
)
CONTROLS = (
    "A/A control: the baseline was measured a second time in each round, at another random place, and is compared with "
    "itself. Its interval holds with 95 % confidence for itself, and is none of the networks': of twenty reports, one "
    "calls the baseline different from itself by chance."
)
SAME_BLOCK = (
    "Its second sample is of the baseline's own block: the control shows what differs between two samples, not what "
    "undoing profiles and applying them again adds to that."
)
BUILDS = (
    "The hosts were built several times: booted again, and provisioned and proven as if they had never been. Rounds of "
    "one build have more in common than those of two, so intervals count builds: the change is the mean of the builds' "
    "means, with Student's t on their logarithms, and percentiles, CPU time and softirqs leave out one build after the "
    "other (none for fewer than three)."
)
LOOKS = (
    "A run that was to stop at a precision was looked at after each round, and to stop at one that is precise enough "
    "picks a moment of small spread. So its intervals are made wider, as if there were two comparisons more; by "
    "simulation, they then hold with 95 % (docs/measuring.md). Precision is half of an interval."
)
BLOCKS = {
    True: "Before each block of samples of one profile, the hosts resumed the snapshot of that profile.",
    False: (
        "The hosts keep no snapshots: before a block of another profile's samples, the roles of the one before were "
        "undone and its own applied again. Minutes lie between the samples of a pair, in which machines may change "
        "their speed."
    ),
    None: "",
}
"""How hosts became a profile again, by what the run says of it."""
