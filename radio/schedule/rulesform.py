"""The station's rules as stewards type them: every list has two empty rows at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from radio.schedule.policy import ALWAYS_AROUND, DAYS, StationRules

HOURS = {
    "episode_rest_hours": "episode_rest_minutes",
    "voice_rest_hours": "voice_rest_minutes",
    "show_rest_hours": "show_rest_minutes",
}
MINUTES = ("ident_every_minutes", "short_every_minutes", "support_at_night_minutes")
_LISTS = ("support_around", "quiet_times", "hour_rules", "weights")
EMPTY_ROWS = 2
_MOST_ROWS = 60
Row = dict[str, Any]


@dataclass
class RulesForm:
    """What is typed; `faults` are codes by field."""

    text: dict[str, str]
    light_after_heavy: bool
    around: list[Row]
    """note, support."""
    quiet: list[Row]
    """begins, ends, days."""
    hours: list[Row]
    """begins, ends, days, kinds, notes."""
    weights: list[Row]
    """of (`list:code`), weight."""
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: StationRules, version: int) -> RulesForm:
        """The form as the rules stand."""
        stored = rules.stored()
        text = {name: _hours(stored[of]) for name, of in HOURS.items()}
        text |= {name: str(stored[name]) for name in MINUTES} | {"why": "", "version": str(version)}
        around = [
            {"note": note, "support": support} for note, support in stored["support_around"].items() if note not in ALWAYS_AROUND
        ]
        quiet = [{"begins": one["begins"], "ends": one["ends"], "days": list(one["days"])} for one in stored["quiet_times"]]
        hours = [
            {"begins": one["hours"]["begins"], "ends": one["hours"]["ends"], "days": list(one["hours"]["days"]),
             "kinds": list(one["kinds"]), "notes": list(one["notes"])} for one in stored["hour_rules"]
        ]  # fmt: skip
        weights = [{"of": f"{one['list_']}:{one['code']}", "weight": f"{one['weight']:g}"} for one in stored["weights"]]
        return cls(text, stored["light_after_heavy"], around, quiet, hours, weights)

    @classmethod
    def typed(cls, form: MultiDict[str, str]) -> RulesForm:
        """The form as it was sent."""
        text = {name: form.get(name, "").strip() for name in (*HOURS, *MINUTES, "why", "version")}
        return cls(
            text, form.get("light_after_heavy") == "yes",
            _rows(form, "around", ("note", "support"), ()), _rows(form, "quiet", ("begins", "ends"), ("days",)),
            _rows(form, "hours", ("begins", "ends"), ("days", "kinds", "notes")), _rows(form, "weights", ("of", "weight"), ()),
        )  # fmt: skip

    def changes(self) -> Mapping[str, Any]:
        """The values for `actions.set_station_rules`; what cannot be read is in `faults`."""
        found: dict[str, Any] = {of: self._minutes_of(name) for name, of in HOURS.items()}
        found |= {name: self._number(name) for name in MINUTES}
        found["light_after_heavy"] = self.light_after_heavy
        found["support_around"] = dict(ALWAYS_AROUND) | {row["note"]: row["support"] for row in self.around if row["note"]}
        found["quiet_times"] = [_span(row) for row in self.quiet if _is_said(row)]
        found["hour_rules"] = [
            {"hours": _span(row), "kinds": row["kinds"], "notes": row["notes"]}
            for row in self.hours
            if _is_said(row) or row["kinds"] or row["notes"]
        ]
        found["weights"] = [self._weight(row) for row in self.weights if row["of"]]
        return {name: value for name, value in found.items() if value is not None}

    def _minutes_of(self, name: str) -> int | None:
        try:
            hours = float(self.text[name].replace(",", "."))
        except ValueError:
            self.faults[name] = "not-a-number"
            return None
        return round(hours * 60) if 0 <= hours < 10_000 else 10_000_000

    def _number(self, name: str) -> int | None:
        typed = self.text[name]
        if not typed.isascii() or not typed.isdigit() or len(typed) > 5:
            self.faults[name] = "not-a-number"
            return None
        return int(typed)

    def _weight(self, row: Row) -> Row:
        list_, _colon, code = row["of"].partition(":")
        try:
            weight = float(row["weight"] or 1)
        except ValueError:
            weight = 0.0
        return {"list_": list_, "code": code, "weight": weight}


def place_of(name: str) -> int:
    """Which field of the page it is, counted from its top."""
    page = ("version", *HOURS, "light_after_heavy", *MINUTES, *_LISTS, "why")
    return page.index(name) if name in page else len(page)


def _hours(minutes: int) -> str:
    return f"{minutes / 60:.4g}"


def _is_said(row: Row) -> bool:
    return bool(row["begins"] or row["ends"])


def _span(row: Row) -> Row:
    """Times to the minute; what is no time goes through as it is, and is then said to be none."""
    return {"begins": row["begins"][:5], "ends": row["ends"][:5], "days": [day for day in DAYS if day in row["days"]]}


def _rows(form: MultiDict[str, str], name: str, single: tuple[str, ...], several: tuple[str, ...]) -> list[Row]:
    """The rows of a list: `name-0-field`, `name-1-field` … until one is not there."""
    found: list[Row] = []
    while len(found) < _MOST_ROWS and f"{name}-{len(found)}-{single[0]}" in form:
        at = f"{name}-{len(found)}-"
        found.append(
            {part: form.get(at + part, "").strip() for part in single} | {part: form.getlist(at + part) for part in several}
        )
    return [row for row in found if any(row.values())]
