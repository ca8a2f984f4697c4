"""What people type at the desk on air: an alert as its issuer gives it, and a day of the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import abort
from werkzeug.datastructures import MultiDict

from media.grid import first_tick_from
from radio.core.time import instant_of, unix_ms
from radio.schedule.overrides import Notice

FURTHEST_BACK = timedelta(days=3660)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = ("episode_id", "issuer", "link", "area", "grade", "until", "every_minutes")


@dataclass
class AlertForm:
    """An alert as typed; `faults` field → code."""

    text: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def empty(cls, today: date) -> AlertForm:
        """Nothing typed yet: it would hold for four weeks less a day and be heard every half hour."""
        text = dict.fromkeys(_FIELDS, "") | {
            "until": (today + timedelta(days=27)).isoformat(),
            "every_minutes": "30",
            "grade": "take-care",
        }
        return cls(text)

    @classmethod
    def typed(cls, form: MultiDict[str, str]) -> AlertForm:
        """The form as it was sent."""
        return cls({name: form.get(name, "").strip() for name in _FIELDS})

    def notice(self, zone: ZoneInfo) -> Notice:
        """What was typed as a value. Instead of a date or a number that is none, one stands there that is never taken."""
        until, every = _end_of_day(self.text["until"], zone), self.text["every_minutes"]
        if until is None:
            self.faults["until"] = "not-a-date"
        if not every.isascii() or not every.isdigit() or len(every) > 4:
            self.faults["every_minutes"] = "not-an-interval"
            every = "0"
        text = self.text
        return Notice(text["issuer"], text["link"], text["area"], text["grade"], until or _LONG_AGO, int(every))


def _end_of_day(typed: str, zone: ZoneInfo) -> datetime | None:
    try:
        return instant_of(datetime.combine(date.fromisoformat(typed) + timedelta(days=1), time()), zone)
    except (ValueError, OverflowError):
        return None


def day_of(typed: str, today: date) -> date:
    """The day that was asked for; today when none was. No such day, or one that is yet to come: 404."""
    if not typed:
        return today
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        abort(404)
    if not timedelta() <= today - day <= FURTHEST_BACK:
        abort(404)
    return day


def day_ticks(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """The ticks of a day of the station's calendar."""
    start, end = (instant_of(datetime.combine(day + timedelta(days=n), time()), zone) for n in (0, 1))
    return first_tick_from(unix_ms(start)), first_tick_from(unix_ms(end))
