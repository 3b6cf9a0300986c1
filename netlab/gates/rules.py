"""Every rule: what is measured, from where on it counts, why there, and what follows."""

from __future__ import annotations

from netlab.gates.gate import REAL, Gate
from netlab.statistics.littles_law import EMPTIEST, FULLEST

AGAIN = "a warning; on the real clock, a sample with more than {limit} is taken again once (at most 1 in 10 of a run)"
_FLYING = "requests in flight (requests/s \N{MULTIPLICATION SIGN} mean response time)"
MACHINE_LOAD = Gate(
    name="machine-load",
    measured=(
        "processor time that is taken on the machine under the lab while nothing is measured, of all its processors"
    ),
    unit="%",
    limit=10,
    clocks=REAL,
    when="before",
    reason=(
        "A judgement: a machine that does nothing takes a few percent, and what takes a tenth of it takes as much from "
        "samples. The virtual clock counts instructions, and a busy machine moves none of them."
    ),
    says="The machine under the lab is busy before anything is measured",
    then="End other programs, or measure on the virtual clock (clock: virtual).",
)
HOST_LOAD = Gate(
    name="host-load",
    measured="processor time that is taken on a host of the lab while nothing is measured, of all its processors",
    unit="%",
    limit=10,
    when="before",
    reason=(
        "A judgement: what takes a tenth of a host takes as much from samples, while kubelets of an idle cluster are "
        "always at work. It matters on either clock: what a host does beside the app is executed between the requests."
    ),
    says="A host of the lab works although nothing is measured",
    then="See what runs there (netlab ssh HOST -- top -b -n 1); a host that has just booted may need a minute.",
)
FREQUENCY = Gate(
    name="frequency",
    measured="clock frequency of a processor that is kept busy for half a second, of the highest that it can have",
    unit="%",
    limit=70,
    side="below",
    clocks=REAL,
    when="before",
    reason=(
        "A judgement: with all cores at work, vendors promise a third less than for one, and power saving takes more. "
        "Guests are not told frequencies: there the machine under them is asked."
    ),
    says="A busy processor does not reach its frequency",
    then="Choose the governor 'performance', plug the machine in, or let it cool down.",
)
THROTTLING = Gate(
    name="throttling",
    measured="times that heat, or a quota of CPU time (cgroup), halted processors during the look of two seconds",
    unit="times",
    limit=0,
    clocks=REAL,
    when="before",
    reason="None is usual. Who is halted while nothing is measured will be halted under load.",
    says="Processors are being halted",
    then="Let the machine cool down, or lift the quota (CPUQuota of the unit, --cpus of the container).",
)
CLOCK_SKEW = Gate(
    name="clock-skew",
    measured="distance between the clocks of two hosts, beyond what asking them takes",
    unit="s",
    limit=1,
    clocks=REAL,
    when="before",
    reason=(
        "Every response time is of the client's clock alone, so that no figure depends on it. It mixes up which round "
        "was measured when, and a cluster refuses certificates of the future. Hosts on the virtual clock share one."
    ),
    says="The hosts' clocks differ",
    then="Let the hosts' clocks follow a time server (timedatectl set-ntp true).",
)
LINK_RATE = Gate(
    name="link-rate",
    measured="bits/s of responses in a sample, of what the slowest interface in the lab says that it can carry",
    unit="%",
    limit=90,
    clocks=REAL,
    when="before",
    reason=(
        "Frames and headers take 5 to 10 % of a link: above it is the link that is measured, and all paths look alike. "
        "Runs do not record it; virtual links say no rate."
    ),
    says="The load fills the link",
    then="Make load.response_bytes smaller, or use a faster link.",
)
ERRORS = Gate(
    name="errors",
    measured=(
        "requests that could not connect, read, write or be answered in time, or had another status, of 1 000 answered"
    ),
    unit="\N{PER MILLE SIGN}",
    limit=0,
    exclude=1,
    when="sample",
    consequence=(
        "a warning; a sample with more than {limit}, or without an answer, is taken again once, and left out of every "
        "number if that one is no better"
    ),
    reason="A failed request costs the server less than an answer. Beside 1 000 others one moves no figure.",
    says="Requests failed",
    then="See what the app says (netlab ssh node1 -- journalctl -n 50).",
)
STEAL = Gate(
    name="steal",
    measured="time that a kernel's processors had work and the machine under it did not run them, of all their time",
    unit="%",
    limit=1,
    exclude=10,
    clocks=REAL,
    when="sample",
    consequence=AGAIN,
    reason=(
        "1 % is the usual margin of a comparison (report.margin_percent); /proc counts 1/100 s, so that a second "
        "cannot show less. With the second attempt no better, it is no moment but the machine: the sample counts. "
        "On the virtual clock time stands while the machine does something else: there is none to steal."
    ),
    says="The machine under the lab took processor time from its hosts (steal)",
    then="Give the lab fewer processors than the machine has (qemu.cpus), end other programs, or measure more rounds.",
)
LOST_TICKS = Gate(
    name="lost-ticks",
    measured="time of a sample that a kernel counted in no class of CPU time, of all its processors' time",
    unit="%",
    limit=5,
    exclude=10,
    when="sample",
    consequence=AGAIN,
    reason=(
        "A kernel counts all its time, in 1/100 s: stored samples of one second were 1 % below to 3 % above, which is "
        "rounding, and what asking takes. It loses ticks while the machine under it does not run it: steal by another "
        "name, where no accelerator tells it of steal. The same figure shows a client's clock that runs faster than "
        "the nodes'."
    ),
    says="Kernels counted less time than the sample took by the client's clock (lost ticks)",
    then=(
        "CPU figures of these cells are too low: give the lab fewer processors than the machine has, or end other "
        "programs."
    ),
)
DROPPED = Gate(
    name="dropped-packets",
    measured="packets that a kernel dropped because a processor's backlog was full (softnet_stat)",
    unit="packets",
    limit=0,
    when="sample",
    reason="Each costs a retransmission of 200 ms or more, beside responses of one.",
    says="Kernels dropped packets because a backlog queue was full",
    then="Use fewer connections, or a longer queue (net.core.netdev_max_backlog).",
)
CLIENT = Gate(
    name="client-saturated",
    measured=f"{_FLYING}, of the connections that wrk held open",
    unit="%",
    limit=100 * EMPTIEST,
    side="below",
    when="sample",
    reason=(
        "wrk is between two requests for up to a fifth of the time on one processor; where connections wait for it "
        "longer, the client is what was measured. Only with keepalive: to connect is in no response time. The client's "
        "own CPU time is in no sample of the real clock; on the virtual clock all hosts share the processor."
    ),
    says="Connections waited for the client",
    then="Give the client more threads (load.threads) and processors, or use fewer connections.",
)
LITTLE = Gate(
    name="littles-law",
    measured=f"{_FLYING}, of the connections that wrk held open",
    unit="%",
    limit=100 * FULLEST,
    when="sample",
    reason=(
        "A closed loop cannot have more under way than it has connections; 1 % more, as wrk's threads start before its "
        "clock. Response times are the raw ones, without wrk's correction for coordinated omission."
    ),
    says="More requests were in flight than wrk held connections open, which cannot be (Little's law)",
    then="Do not trust these response times; requests/s is a count and holds.",
)
SPREAD = Gate(
    name="spread",
    measured="requests/s of the fastest round minus those of the slowest, of their mean",
    unit="%",
    limit=5,
    when="report",
    reason=(
        "On the virtual clock rounds were seen within 2 % of each other, natively on a quiet machine within 4 %. It is "
        "in the intervals already: this says why they are wide."
    ),
    says="Requests/s spread between rounds ((max \N{MINUS SIGN} min)/mean)",
    then="More rounds make intervals narrower (--precision); a quieter machine makes them narrower sooner.",
)
CONTROL = Gate(
    name="a-a-control",
    measured="change of requests/s of the baseline against itself, where its interval leaves out zero, else 0",
    unit="%",
    limit=0,
    when="report",
    reason="The interval is of 95 %: of twenty reports, one leaves zero out by chance.",
    says="The baseline differs from itself",
    then="Believe no difference that is as small.",
)
KERNEL = Gate(
    name="kernel",
    measured="hosts that had another kernel, or another kernel command line, under one profile than under another",
    unit="hosts",
    limit=0,
    when="profiles",
    consequence="the run is refused before it measures (exit code 3); of a stored run, a warning",
    reason="Then it is kernels that are compared, not networks. Read from what proves each profile.",
    says="Hosts had other kernels under some profiles",
    then="Boot all hosts into the same kernel, and measure again.",
)
MTU = Gate(
    name="mtu",
    measured="hosts whose interface in the lab had another MTU under one profile than under another",
    unit="hosts",
    limit=0,
    when="profiles",
    consequence="the run is refused before it measures (exit code 3); of a stored run, a warning",
    reason=(
        "A response that fits in one packet here and takes two there is no property of a network. Pods may have "
        "another MTU: that is one."
    ),
    says="Hosts had other MTUs under some profiles",
    then="Give the interface one MTU (ip link set DEV mtu N), and measure again.",
)
ENVIRONMENT = Gate(
    name="environment",
    measured=(
        "what is not alike in the environments of runs in one report: machine, processors, kernel, clock, provider, "
        "fleet, baseline"
    ),
    unit="facts",
    limit=0,
    when="report",
    consequence="the report is refused (exit code 3)",
    reason="requests/s of two environments have no common unit.",
    says="Runs come from different environments",
    then="Make a report for each, or measure both again on the same lab.",
)
GATES: tuple[Gate, ...] = (
    *(MACHINE_LOAD, HOST_LOAD, FREQUENCY, THROTTLING, CLOCK_SKEW, LINK_RATE),
    *(KERNEL, MTU),
    *(ERRORS, STEAL, LOST_TICKS, DROPPED, CLIENT, LITTLE),
    *(SPREAD, CONTROL, ENVIRONMENT),
)
