"""A slot as people type it: days of the week, a time, a length, and what fills it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from werkzeug.datastructures import MultiDict

from radio.schedule.actions import SlotFields
from radio.schedule.models import Slot

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_TEXT = ("title", "date", "time", "length_minutes", "rung", "show_id", "episode_id", "tolerance_minutes", "priority")


@dataclass
class SlotForm:
    """What is typed; `faults` are codes by field."""

    text: dict[str, str]
    days: list[str] = field(default_factory=list)
    """Empty: once."""
    kinds: list[str] = field(default_factory=list)
    """Empty: every kind."""
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, slot: Slot | None, *, today: date) -> SlotForm:
        """The form as the slot stands; None: an empty one."""
        if slot is None:
            text = dict.fromkeys(_TEXT, "") | {
                "date": today.isoformat(), "time": "20:00", "length_minutes": "60", "rung": "latest", "tolerance_minutes": "0",
                "priority": "0",
            }  # fmt: skip
            return cls(text)
        start, fill = datetime.fromisoformat(slot.first_start), slot.fill
        kinds = fill.get("kinds")
        text = {
            "title": slot.title, "date": start.date().isoformat(), "time": start.strftime("%H:%M"),
            "length_minutes": str(slot.length_minutes), "rung": str(fill.get("rung", "rotation")),
            "show_id": str(fill.get("show_id", "")), "episode_id": str(fill.get("episode_id", "")),
            "tolerance_minutes": str(slot.tolerance_minutes if slot.start_rule == "soft" else 0), "priority": str(slot.priority),
        }  # fmt: skip
        return cls(text, days_of(slot.rrule), [str(kind) for kind in kinds] if isinstance(kinds, list) else [])

    @classmethod
    def typed(cls, form: MultiDict[str, str]) -> SlotForm:
        """The form as it was sent."""
        days = [day for day in DAYS if day in form.getlist("days")]
        return cls({name: form.get(name, "").strip() for name in _TEXT}, days, form.getlist("kinds"))

    def fields(self) -> SlotFields:
        """The values for `actions.set_slot`; what cannot be read is in `faults` and left out."""
        tolerance = self._number("tolerance_minutes", 0)
        fields: SlotFields = {
            "title": self.text["title"],
            "rrule": f"FREQ=WEEKLY;BYDAY={','.join(self.days)}" if self.days else "",
            "length_minutes": self._number("length_minutes", 60),
            "start_rule": "soft" if tolerance else "hard",
            "tolerance_minutes": tolerance,
            "priority": self._number("priority", 0),
            "fill": self._fill(),
        }
        start = self._start()
        if start is not None:
            fields["first_start"] = start
        return fields

    def _number(self, name: str, default: int) -> int:
        typed = self.text[name]
        if not typed:
            return default
        if not typed.isascii() or not typed.isdigit() or len(typed) > 4:
            self.faults[name] = "not-a-number"
            return default
        return int(typed)

    def _start(self) -> datetime | None:
        """The first start: the chosen date, or the first chosen day of the week from there."""
        try:
            day = date.fromisoformat(self.text["date"])
        except ValueError:
            self.faults["date"] = "not-a-date"
            return None
        try:
            at = time.fromisoformat(self.text["time"])
        except ValueError:
            self.faults["time"] = "not-a-time"
            return None
        wanted = {DAYS.index(name) for name in self.days} or {day.weekday()}
        first = next(day + timedelta(days=n) for n in range(7) if (day + timedelta(days=n)).weekday() in wanted)
        return datetime.combine(first, at.replace(second=0, microsecond=0, tzinfo=None))

    def _fill(self) -> dict[str, object]:
        rung = self.text["rung"]
        if rung in {"latest", "next"}:
            return {"rung": rung, "show_id": self.text["show_id"]}
        if rung == "episode":
            return {"rung": rung, "episode_id": self.text["episode_id"]}
        return {"rung": rung, "kinds": self.kinds} if self.kinds else {"rung": rung}


def days_of(rrule: str) -> list[str]:
    """The days of a weekly rule; empty: it is another rule, or happens once."""
    parts: Mapping[str, str] = dict(part.split("=", 1) for part in rrule.split(";") if "=" in part)
    if parts.get("FREQ") == "DAILY" and "INTERVAL" not in parts:
        return list(DAYS)
    return [day for day in parts.get("BYDAY", "").split(",") if day in DAYS]
