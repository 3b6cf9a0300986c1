"""What profiles, loads and runs are called in a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.report.text.numbers import NARROW, counted, joined, number

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from netlab.model.lab import Load
    from netlab.model.run import ProfileInfo, Stop
    from netlab.report.values import Report, RunRef

CLUSTER, REPLICA = "cluster", "data-path replica"
PRODUCTS = {"calico": "Calico", "cilium": "Cilium", "kubernetes": "Kubernetes"}
"""Components of the lock whose versions a label says; the others stand where the report says what is made of what."""


def labelled(profiles: Mapping[str, ProfileInfo], *, beside_clusters: bool = False) -> dict[str, ProfileInfo]:
    """Mark each cluster as one and, where there are clusters, each replica as one."""
    beside = beside_clusters or any(profile.stack == "kubeadm" for profile in profiles.values())
    replica = REPLICA if beside else ""
    return {
        name: profile.model_copy(
            update={
                "label": _marked(profile, {"kubeadm": _cluster(profile), "datapath": replica}.get(profile.stack, ""))
            }
        )
        for name, profile in profiles.items()
    }


def _cluster(profile: ProfileInfo) -> str:
    """Write ``cluster: Calico 3.32.1 on Kubernetes 1.36.4``, as far as the run recorded it."""
    artifacts = profile.provenance.artifacts if profile.provenance else {}
    products = [f"{said} {artifacts[name].version}" for name, said in PRODUCTS.items() if name in artifacts]
    return f"{CLUSTER}: {' on '.join(products)}" if products else CLUSTER


def _marked(profile: ProfileInfo, mark: str) -> str:
    if not mark or profile.label.endswith(f"{mark})"):
        return profile.label
    label = profile.label.removesuffix(f" ({profile.stack})")  # the report's word for it takes its place
    label = label.removesuffix(f" ({CLUSTER})")
    return f"{label[:-1]}, {mark})" if label.endswith(")") else f"{label} ({mark})"


def load_text(load: Load) -> str:
    """Say what wrk did."""
    reuse = "kept alive" if load.keepalive else "a new connection a request"
    return (
        f"{counted(load.connections, 'connection')} in a closed loop, {counted(load.threads, 'thread')}, "
        f"{load.duration_s} s after {load.warmup_s:g} s of warm-up, {reuse}, "
        f"{number(load.response_bytes)} byte responses"
    )


def load_suffix(load: Load, loads: Collection[Load]) -> str:
    """Say what tells the load from the others of a report; nothing where it is the usual one."""
    if len({other.model_copy(update={"keepalive": True}) for other in loads}) > 1:
        return f", load: {load_text(load)}"
    return "" if load.keepalive or len(loads) == 1 else ", one connection per request"


def together(labels: Sequence[str]) -> str:
    """Say once what labels have in common: ``calico-ipip, macvlan (each a data-path replica)``."""
    names, kinds = zip(*(label.removesuffix(")").partition(" (")[::2] for label in labels), strict=True)
    if len(labels) > 1 and len(set(kinds)) == 1 and kinds[0]:
        return f"{joined(names)} (each a {kinds[0]})"
    return joined(labels)


def run_name(report: Report, at: int) -> str:
    """Name the run at this place of a report: by its number too where there are several."""
    run = report.runs[at]
    return f"run {at + 1}: {run.run_id}" if len(report.runs) > 1 else f"run {run.run_id}"


def run_text(run: RunRef) -> str:
    """Say when a run was made, what repeats its order, why it ended, and whether it was interrupted."""
    text = f"{run.created_at:%Y-%m-%d %H:%M} UTC, {counted(run.rounds, 'round')}{_on(run)}, seed {run.seed}"
    if run.stop and run.precision_percent is not None:
        text += f"; {reason_text(run.stop, run.precision_percent)}"
    if run.stop is None:
        text += "; interrupted, and not continued to its end"
    return text + (f"; interrupted {times(len(run.resumed_at))} and continued" if run.resumed_at else "")


def _on(run: RunRef) -> str:
    return f" of {counted(run.builds, 'build')} of the hosts" if run.builds > 1 else ""


def times(count: int) -> str:
    """Write ``once``, ``twice`` or ``3 times``."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def reason_text(stop: Stop, precision_percent: float | None) -> str:
    """Say why a run ended that was to stop at a precision."""
    asked = f"± {precision_percent:g}{NARROW}%"
    if stop.half_width_percent is None:
        found = f"{stop.widest} has too few rounds for an interval" if stop.widest else "nothing is compared"
    else:
        found = f"the widest interval is ± {stop.half_width_percent:.2g}{NARROW}%, {stop.widest}"
    if stop.reason == "precision":
        return f"stopped because every comparison is known to {asked} ({found})"
    return f"stopped after the most rounds that were allowed, short of {asked} ({found})"
