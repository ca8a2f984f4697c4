"""A slot as people type it: how often, when, how long, what fills it; and one day of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import cast

from werkzeug.datastructures import MultiDict

from radio.schedule.actions import SlotFields
from radio.schedule.models import Slot
from radio.schedule.repeats import (
    BY_WEEK,
    DAYS,
    Repeat,
    at_time,
    days_of,
    first_day,
    moved,
    renamed,
    repeat_of,
    rule_of,
    until_of,
)
from radio.schedule.wallclock import RUNGS

__all__ = ["DAYS", "DayForm", "SlotForm", "days_of"]

_TEXT = ("title", "repeat", "date", "time", "length_minutes", "until", "rung", "show_id", "episode_id", "tolerance_minutes",
         "priority", "under_run", "over_run")  # fmt: skip
_DAY_TEXT = ("date", "time", "length_minutes", "rung", "show_id", "episode_id")
_OF_THE_PAGE = ("title", "repeat", "days", "date", "time", "length_minutes", "rung", "show_id", "episode_id", "until", "tolerance_minutes",
                "under_run", "over_run", "priority")  # fmt: skip
_NEEDED = {"length_minutes"}
AS_ALWAYS = "as-always"
PRIORITIES = ("-1", "0", "1", "2")


def place_of(name: str) -> int:
    """Which field of the page it is, counted from its top."""
    return _OF_THE_PAGE.index(name) if name in _OF_THE_PAGE else len(_OF_THE_PAGE)


class _Reading:
    """Reads what is typed; what cannot be read is said in `faults`, by field."""

    text: dict[str, str]
    kinds: list[str]
    tags: list[str]
    show_ids: list[str]
    faults: dict[str, str]

    def number(self, name: str, default: int) -> int:
        """A number of up to four digits."""
        typed = self.text.get(name, "")
        if not typed and name not in _NEEDED:
            return default
        digits = typed.removeprefix("-") if name == "priority" else typed
        if not digits.isascii() or not digits.isdigit() or len(digits) > 4:
            self.faults[name] = "not-a-number"
            return default
        return int(typed)

    def day(self, name: str = "date") -> date | None:
        """A date; None: it is none, or nothing was typed."""
        try:
            return date.fromisoformat(self.text.get(name, ""))
        except ValueError:
            self.faults[name] = "not-a-date"
            return None

    def clock(self) -> time | None:
        """A time of day, to the minute."""
        try:
            return time.fromisoformat(self.text.get("time", "")).replace(second=0, microsecond=0, tzinfo=None)
        except ValueError:
            self.faults["time"] = "not-a-time"
            return None

    def fill(self) -> dict[str, object]:
        """What fills it, as a slot stores it."""
        rung = self.text.get("rung", "")
        if rung in {"latest", "next"}:
            return {"rung": rung, "show_id": self.text["show_id"]}
        if rung == "episode":
            return {"rung": rung, "episode_id": self.text["episode_id"]}
        tags = [pair.split(":", 1) for pair in self.tags if ":" in pair]
        filters: dict[str, list[object]] = {"kinds": [*self.kinds], "tags": [*tags], "show_ids": [*self.show_ids]}
        return {"rung": rung} | {name: values for name, values in filters.items() if values}


def _filters(fill: object, name: str) -> list[str]:
    """The kinds, tags (`list:code`) or shows that a rotation is limited to."""
    values = fill.get(name) if isinstance(fill, dict) else None
    if not isinstance(values, list):
        return []
    return [":".join(str(part) for part in value) if isinstance(value, list) else str(value) for value in values]


@dataclass
class SlotForm(_Reading):
    """What is typed; `faults` are codes by field."""

    text: dict[str, str]
    days: list[str] = field(default_factory=list)
    """Of a weekly or fortnightly slot; empty: the day of the week of the first day."""
    kinds: list[str] = field(default_factory=list)
    """Empty: every kind."""
    tags: list[str] = field(default_factory=list)
    """`list:code`; empty: with any tags."""
    show_ids: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, slot: Slot | None, *, today: date, asked: MultiDict[str, str] | None = None) -> SlotForm:
        """The form as the slot stands; None: a new one, with the day, time and length that were `asked` for."""
        if slot is None:
            text = dict.fromkeys(_TEXT, "") | {
                "repeat": Repeat.WEEKLY.value, "date": today.isoformat(), "time": "20:00", "length_minutes": "60",
                "rung": "latest", "tolerance_minutes": "0", "priority": "0", "under_run": "open", "over_run": "refuse",
            }  # fmt: skip
            for name in ("date", "time", "length_minutes"):
                if asked and asked.get(name):
                    text[name] = asked[name]
            return cls(text)
        start, fill, until = datetime.fromisoformat(slot.first_start), slot.fill, until_of(slot.rrule)
        text = {
            "title": slot.title, "repeat": repeat_of(slot.rrule).value, "date": start.date().isoformat(),
            "time": start.strftime("%H:%M"), "length_minutes": str(slot.length_minutes),
            "until": until.isoformat() if until else "", "rung": str(fill.get("rung", "rotation")),
            "show_id": str(fill.get("show_id", "")), "episode_id": str(fill.get("episode_id", "")),
            "tolerance_minutes": str(slot.tolerance_minutes if slot.start_rule == "soft" else 0), "priority": str(slot.priority),
            "under_run": slot.under_run, "over_run": slot.over_run,
        }  # fmt: skip
        kinds, tags, show_ids = (_filters(fill, name) for name in ("kinds", "tags", "show_ids"))
        return cls(text, days_of(slot.rrule), kinds, tags, show_ids)

    @classmethod
    def typed(cls, form: MultiDict[str, str]) -> SlotForm:
        """The form as it was sent. One that says nothing of how often is weekly when it names days."""
        days = [day for day in DAYS if day in form.getlist("days")]
        text = {name: form.get(name, "").strip() for name in _TEXT}
        text["repeat"] = text["repeat"] or (Repeat.WEEKLY if days else Repeat.ONCE).value
        return cls(text, days, form.getlist("kinds"), form.getlist("tags"), form.getlist("show_ids"))

    def fields(self, slot: Slot | None = None) -> SlotFields:
        """The values for `actions.set_slot`; what cannot be read is in `faults` and left out.

        Exceptions and one-day changes of the `slot` go with its time of day.
        """
        tolerance = self.number("tolerance_minutes", 0)
        fields: SlotFields = {
            "title": self.text["title"],
            "length_minutes": self.number("length_minutes", 60),
            "start_rule": "soft" if tolerance else "hard",
            "tolerance_minutes": tolerance,
            "priority": self.number("priority", 0),
            "under_run": self.text["under_run"] or "open",
            "over_run": self.text["over_run"] or "refuse",
            "fill": self.fill(),
        }
        day, at, until = self.day(), self.clock(), self.day("until") if self.text["until"] else None
        repeat = self._repeat(slot)
        if day and at and repeat:
            first, rule = self._starts(repeat, day, until, slot)
            fields["first_start"], fields["rrule"] = datetime.combine(first, at), rule
            if until and until < first:
                self.faults["until"] = "before-the-first"
            if slot is not None:
                fields |= _kept(slot, at_time(_named(slot), at))
        return fields

    def _repeat(self, slot: Slot | None) -> Repeat | None:
        try:
            repeat = Repeat(self.text["repeat"])
        except ValueError:
            self.faults["repeat"] = "unknown"
            return None
        if repeat is Repeat.OTHER and (slot is None or repeat_of(slot.rrule) is not Repeat.OTHER):
            self.faults["repeat"] = "unknown"
            return None
        return repeat

    def _starts(self, repeat: Repeat, day: date, until: date | None, slot: Slot | None) -> tuple[date, str]:
        """The first day and the rule."""
        if repeat is Repeat.OTHER and slot is not None:
            return day, slot.rrule
        days = (self.days or [DAYS[day.weekday()]]) if repeat in BY_WEEK else []
        first = first_day(repeat, day, days)
        return first, rule_of(repeat, first, days, until)


@dataclass
class DayForm(_Reading):
    """One day of a slot: when it is then, and what fills it; or all its days, when it is dragged."""

    text: dict[str, str]
    kinds: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    show_ids: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, slot: Slot, at: datetime, asked: MultiDict[str, str]) -> DayForm:
        """The day as it stands, with the time and length that were `asked` for."""
        changed = slot.overrides.get(at.isoformat(), {})
        start = datetime.fromisoformat(str(changed.get("start", at.isoformat())))
        fill = changed.get("fill")
        own = fill if isinstance(fill, dict) else {}
        text = {
            "date": start.date().isoformat(), "time": start.strftime("%H:%M"),
            "length_minutes": str(changed.get("length_minutes", slot.length_minutes)), "rung": str(own.get("rung", AS_ALWAYS)),
            "show_id": str(own.get("show_id", "")), "episode_id": str(own.get("episode_id", "")),
        }  # fmt: skip
        for name in ("date", "time", "length_minutes"):
            text[name] = asked.get(name) or text[name]
        return cls(text)

    @classmethod
    def typed(cls, form: MultiDict[str, str]) -> DayForm:
        """The form as it was sent."""
        return cls({name: form.get(name, "").strip() for name in _DAY_TEXT})

    def changed(self, slot: Slot, at: datetime) -> dict[str, object]:
        """What is different on that day; empty: nothing. What cannot be read is in `faults`."""
        day, clock, length = self.day(), self.clock(), self.number("length_minutes", slot.length_minutes)
        found: dict[str, object] = {}
        if day and clock and datetime.combine(day, clock) != at:
            found["start"] = datetime.combine(day, clock).isoformat()
        if length != slot.length_minutes:
            found["length_minutes"] = length
        if not 1 <= length <= 1440:
            self.faults["length_minutes"] = "not-a-length"
        if self.text["rung"] not in {"", AS_ALWAYS}:
            fill = found["fill"] = self.fill()
            named = RUNGS.get(str(fill["rung"]), "rung")
            if named and not fill.get(named):
                self.faults[named] = "required"
        return found

    def one_day(self, slot: Slot, at: datetime) -> SlotFields:
        """The values for `actions.set_slot` when only the occurrence at `at` changes."""
        others = {start: changed for start, changed in _overrides(slot).items() if start != at}
        changed = self.changed(slot, at)
        return {"overrides": others | ({at: changed} if changed else {}), "exceptions": [e for e in _exceptions(slot) if e != at]}

    def every_day(self, slot: Slot, at: datetime) -> SlotFields:
        """The values for `actions.set_slot` when the occurrence at `at` and all like it change."""
        changed = self.changed(slot, at)
        new = datetime.fromisoformat(str(changed.get("start", at.isoformat())))
        first, rule = moved(slot.rrule, datetime.fromisoformat(slot.first_start), at, new)
        names = renamed((start for start in _named(slot) if start != at), slot.rrule, at, new)
        fields: SlotFields = {"first_start": first, "rrule": rule, "length_minutes": self.number("length_minutes", 60)}
        if isinstance(changed.get("fill"), dict):
            fields["fill"] = cast("dict[str, object]", changed["fill"])
        return fields | _kept(slot, names)


def without(slot: Slot, at: datetime) -> SlotFields:
    """The values for `actions.set_slot` when the slot does not happen at `at`."""
    overrides = {start: changed for start, changed in _overrides(slot).items() if start != at}
    return {"exceptions": sorted({*_exceptions(slot), at}), "overrides": overrides}


def as_the_rule_says(slot: Slot, at: datetime) -> SlotFields:
    """The values for `actions.set_slot` when the occurrence at `at` is like the others again."""
    overrides = {start: changed for start, changed in _overrides(slot).items() if start != at}
    return {"exceptions": [start for start in _exceptions(slot) if start != at], "overrides": overrides}


def _exceptions(slot: Slot) -> Sequence[datetime]:
    return [datetime.fromisoformat(start) for start in slot.exceptions]


def _overrides(slot: Slot) -> dict[datetime, dict[str, object]]:
    return {datetime.fromisoformat(start): changed for start, changed in slot.overrides.items()}


def _named(slot: Slot) -> Collection[datetime]:
    """The occurrences of which something is said by name."""
    return {*_exceptions(slot), *_overrides(slot)}


def _kept(slot: Slot, names: dict[datetime, datetime]) -> SlotFields:
    """Exceptions and one-day changes under the new names of their occurrences; what has no new name is let go."""
    return {
        "exceptions": sorted(names[start] for start in _exceptions(slot) if start in names),
        "overrides": {names[start]: changed for start, changed in _overrides(slot).items() if start in names},
    }
