"""What the stewards decide about the air: rests, quiet times, what may not be heard when, support messages, weights. Pure.

Consent, embargo, expiry and the night are no choice: they are not here. What is here can be made stricter or kinder, never so
that nobody says where help is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import time
from typing import Any

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
"""Days of the week as RFC 5545 writes them."""
SUPPORTS = ("helpline", "overdose")
"""What a support message tells: where to talk to somebody now; what to do when somebody does not wake. The list `support`."""
ALWAYS_AROUND: Mapping[str, str] = {"suicide": "helpline", "self-harm": "helpline", "overdose": "overdose"}
"""Content notes that always have a support message before and after. Source: Samaritans' media guidelines; domain S18, S19."""
LEAST_WEIGHT, MOST_WEIGHT = 0.1, 10.0


@dataclass(frozen=True, slots=True)
class Hours:
    """A stretch of the station's wall clock on some days of the week. One that ends before it begins runs past midnight."""

    begins: str
    """HH:MM."""
    ends: str
    """HH:MM, excluded. The same as `begins`: all day."""
    days: tuple[str, ...] = ()
    """Of `DAYS`, those on which it begins; empty: every day."""


@dataclass(frozen=True, slots=True)
class HourRule:
    """What may not be heard in some hours: episodes of these kinds, and episodes with these content notes."""

    hours: Hours
    kinds: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Weight:
    """How much likelier than others something is chosen. `list_` is kind, show or a list of the vocabulary."""

    list_: str
    code: str
    weight: float


@dataclass(frozen=True, slots=True)
class StationRules:
    """The rules of one version. The defaults are version 0."""

    episode_rest_minutes: int = 1440
    voice_rest_minutes: int = 360
    show_rest_minutes: int = 120
    light_after_heavy: bool = True
    ident_every_minutes: int = 10
    short_every_minutes: int = 15
    support_at_night_minutes: int = 20
    """At most this long between two support messages at night and in quiet times."""
    support_around: tuple[tuple[str, str], ...] = tuple(sorted(ALWAYS_AROUND.items()))
    """Content note → which of `SUPPORTS` is heard before and after."""
    quiet_times: tuple[Hours, ...] = ()
    """Hours that are as the night is, besides the night itself."""
    hour_rules: tuple[HourRule, ...] = ()
    weights: tuple[Weight, ...] = ()

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> StationRules:
        """The rules as they were stored; what an older version did not say is as by default."""
        known = {field.name: stored[field.name] for field in fields(cls) if field.name in stored}
        if "support_around" in known:
            around = {**ALWAYS_AROUND, **known["support_around"]}
            known["support_around"] = tuple(sorted((str(note), str(support)) for note, support in around.items()))
        if "quiet_times" in known:
            known["quiet_times"] = tuple(_hours(one) for one in known["quiet_times"])
        if "hour_rules" in known:
            known["hour_rules"] = tuple(
                HourRule(_hours(one["hours"]), tuple(one.get("kinds", ())), tuple(one.get("notes", ())))
                for one in known["hour_rules"]
            )
        if "weights" in known:
            known["weights"] = tuple(Weight(str(o["list_"]), str(o["code"]), float(o["weight"])) for o in known["weights"])
        return cls(**known)

    def stored(self) -> dict[str, Any]:
        """The rules as JSON takes them; `read` gives them back."""
        return asdict(self) | {"support_around": dict(self.support_around)}


DEFAULTS = StationRules()
CHILDREN_LISTENING = tuple(
    HourRule(Hours(begins, ends, DAYS[:5]), notes=("use-described",)) for begins, ends in (("06:00", "09:00"), ("15:00", "19:00"))
)
"""For a station that is also carried on FM or DAB: what children hear on the way to school and back. Source: domain S22."""

_MINUTES = {
    "episode_rest_minutes": (60, 7 * 1440), "voice_rest_minutes": (0, 1440), "show_rest_minutes": (0, 720),
    "ident_every_minutes": (5, 60), "short_every_minutes": (5, 120), "support_at_night_minutes": (10, 20),
}  # fmt: skip
"""The least and the most of each."""


def rules_faults(fields_: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with rules as `StationRules.stored` gives them: field → code. Fields that are left out are not looked at."""
    known = {field.name for field in fields(StationRules)}
    faults = {name: "unknown" for name in fields_ if name not in known}
    for name, (least, most) in _MINUTES.items():
        value = fields_.get(name, least)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            faults[name] = "not-a-length"
    if not isinstance(fields_.get("light_after_heavy", True), bool):
        faults["light_after_heavy"] = "not-a-choice"
    checks = {
        "support_around": _around_fault,
        "quiet_times": _quiet_fault,
        "hour_rules": _hour_rules_fault,
        "weights": _weights_fault,
    }
    for name, check in checks.items():
        found = _said(check, fields_[name]) if name in fields_ else None
        if found:
            faults[name] = found
    return faults


def _said(check: Any, value: Any) -> str | None:
    """The check's answer; what has not even the right shape is said as well."""
    try:
        found: str | None = check(value)
    except (TypeError, ValueError, KeyError, AttributeError):
        return "not-readable"
    return found


def _around_fault(around: Mapping[str, str]) -> str | None:
    if any(support not in SUPPORTS for support in around.values()):
        return "unknown"
    if any(around.get(note) != support for note, support in ALWAYS_AROUND.items()):
        return "always-there"
    return None


def _quiet_fault(times: Sequence[Any]) -> str | None:
    return next((fault for one in times if (fault := _hours_fault(one))), None)


def _hour_rules_fault(rules: Sequence[Any]) -> str | None:
    for one in rules:
        if not (one.get("kinds") or one.get("notes")):
            return "says-nothing"
        if fault := _hours_fault(one["hours"]):
            return fault
    return None


def _weights_fault(weights: Sequence[Any]) -> str | None:
    if any(not LEAST_WEIGHT <= float(one["weight"]) <= MOST_WEIGHT for one in weights):
        return "not-a-weight"
    return "unknown" if any(not one["list_"] or not one["code"] for one in weights) else None


def _hours_fault(hours: Any) -> str | None:
    if any(day not in DAYS for day in hours.get("days", ())):
        return "not-a-day"
    for name in ("begins", "ends"):
        try:
            time.fromisoformat(hours[name])
        except ValueError:
            return "not-a-time"
    return None


def _hours(stored: Mapping[str, Any]) -> Hours:
    return Hours(str(stored["begins"]), str(stored["ends"]), tuple(stored.get("days", ())))
