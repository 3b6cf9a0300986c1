"""What decides performance besides the path, compared with the baseline's profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlab.model.proof import DeviceFacts
from netlab.report.values import DeviceRow, ProfileFacts, SettingRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netlab.model.proof import HostFacts, Proof
    from netlab.model.run import ProfileInfo


def of_profiles(
    proofs: Sequence[Proof], profiles: Mapping[str, ProfileInfo], baseline: str
) -> tuple[ProfileFacts, ...]:
    """Facts of every profile that has any, the baseline's first."""
    recorded = {proof.profile: proof.facts for proof in proofs if proof.facts}
    base = recorded.get(baseline)
    return tuple(
        ProfileFacts(
            profile=name,
            label=profiles[name].label if name in profiles else name,
            base=baseline if base and name != baseline else None,
            devices=_devices(recorded[name], base),
            settings=_settings(recorded[name], base),
        )
        for name in sorted(recorded, key=lambda name: name != baseline)
    )


def _devices(facts: Mapping[str, HostFacts], base: Mapping[str, HostFacts] | None) -> tuple[DeviceRow, ...]:
    before = {(place, one.name): one for place, host in (base or {}).items() for one in host.devices}
    return tuple(
        _device(place, one, before.get((place, one.name))) for place, host in facts.items() for one in host.devices
    )


def _device(place: str, device: DeviceFacts, base: DeviceFacts | None) -> DeviceRow:
    fields = DeviceFacts.model_fields if base else ()
    differs = tuple(name for name in fields if getattr(device, name) != getattr(base, name))
    return DeviceRow(
        place=place,
        device=device,
        base=base,
        differs=differs,
        gained=_without(device.offloads, base.offloads) if base else (),
        lost=_without(base.offloads, device.offloads) if base else (),
    )


def _without(names: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in others)


def _settings(facts: Mapping[str, HostFacts], base: Mapping[str, HostFacts] | None) -> tuple[SettingRow, ...]:
    """Compare the settings of each place; one that only the baseline has is shown as unknown here."""
    rows = []
    for place, host in facts.items():
        other = base.get(place) if base else None
        before = other.settings if other else {}
        for name in dict.fromkeys((*host.settings, *before)):
            value, was = host.settings.get(name), before.get(name)
            differs = other is not None and value != was
            rows.append(SettingRow(place=place, name=name, value=value, base=was, differs=differs))
    return tuple(rows)
