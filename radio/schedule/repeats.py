"""How often a slot happens, as people say it, and as a rule says it. Pure.

A rule that people have no words for here (made by a command, or by an older release) is kept as it is: `Repeat.OTHER`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from dateutil.rrule import rrulestr

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LAST = -1
_WEEK = timedelta(days=7)


class Repeat(StrEnum):
    """How often. The month's choices are read off the first day."""

    ONCE = "once"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY_DATE = "monthly-date"
    MONTHLY_WEEKDAY = "monthly-weekday"
    MONTHLY_LAST = "monthly-last"
    OTHER = "other"


BY_WEEK = frozenset({Repeat.WEEKLY, Repeat.FORTNIGHTLY})


def parts_of(rrule: str) -> Mapping[str, str]:
    """The parts of a rule by their names."""
    return dict(part.split("=", 1) for part in rrule.split(";") if "=" in part)


def repeat_of(rrule: str) -> Repeat:
    """How often a rule happens."""
    if not rrule:
        return Repeat.ONCE
    parts = {name: value for name, value in parts_of(rrule).items() if name not in {"UNTIL", "WKST"}}
    every, by_day = parts.pop("INTERVAL", "1"), parts.get("BYDAY", "")
    named = (parts.get("FREQ"), every, frozenset(parts))
    if parts == {"FREQ": "DAILY"} and every == "1":
        return Repeat.WEEKLY
    if named[2] == {"FREQ", "BYDAY"} and parts["FREQ"] == "WEEKLY" and set(by_day.split(",")) <= set(DAYS):
        return {"1": Repeat.WEEKLY, "2": Repeat.FORTNIGHTLY}.get(every, Repeat.OTHER)
    if named[2] == {"FREQ", "BYMONTHDAY"} and parts["FREQ"] == "MONTHLY" and every == "1" and parts["BYMONTHDAY"].isdigit():
        return Repeat.MONTHLY_DATE
    if named[2] == {"FREQ", "BYDAY"} and parts["FREQ"] == "MONTHLY" and every == "1" and by_day[-2:] in DAYS:
        nth = by_day[:-2]
        return Repeat.MONTHLY_LAST if nth == "-1" else Repeat.MONTHLY_WEEKDAY if nth in set("1234") else Repeat.OTHER
    return Repeat.OTHER


def days_of(rrule: str) -> list[str]:
    """The days of the week of a weekly rule; empty: it goes by something else."""
    if repeat_of(rrule) not in BY_WEEK:
        return []
    parts = parts_of(rrule)
    return list(DAYS) if parts["FREQ"] == "DAILY" else [day for day in DAYS if day in parts["BYDAY"].split(",")]


def nth_of(rrule: str) -> int:
    """Which such weekday of the month: 1 to 4, or `LAST`; 0: it goes by something else."""
    by_day = parts_of(rrule).get("BYDAY", "")[:-2]
    return int(by_day) if repeat_of(rrule) in {Repeat.MONTHLY_WEEKDAY, Repeat.MONTHLY_LAST} else 0


def until_of(rrule: str) -> date | None:
    """The last day on which it may happen; None: it goes on."""
    until = parts_of(rrule).get("UNTIL", "")[:8]
    return date.fromisoformat(until) if until else None


def rule_of(repeat: Repeat, first: date, days: Collection[str] = (), until: date | None = None) -> str:
    """The rule of something that happens on `first` and so often; empty: once. Not for `OTHER`."""
    if repeat is Repeat.ONCE:
        return ""
    day = DAYS[first.weekday()]
    nth = (first.day - 1) // 7 + 1
    rule = {
        Repeat.WEEKLY: f"FREQ=WEEKLY;BYDAY={_listed(days or (day,))}",
        Repeat.FORTNIGHTLY: f"FREQ=WEEKLY;INTERVAL=2;BYDAY={_listed(days or (day,))}",
        Repeat.MONTHLY_DATE: f"FREQ=MONTHLY;BYMONTHDAY={first.day}",
        Repeat.MONTHLY_WEEKDAY: f"FREQ=MONTHLY;BYDAY={nth if nth < 5 else LAST}{day}",
        Repeat.MONTHLY_LAST: f"FREQ=MONTHLY;BYDAY={LAST}{day}",
    }[repeat]
    return rule + (f";UNTIL={until:%Y%m%d}T235959" if until else "")


def _listed(days: Collection[str]) -> str:
    return ",".join(day for day in DAYS if day in days)


def first_day(repeat: Repeat, start: date, days: Collection[str]) -> date:
    """The first day on or after `start` on which it happens."""
    wanted = {DAYS.index(day) for day in days} if repeat in BY_WEEK else set()
    ahead = (start + timedelta(days=n) for n in range(7))
    first = next((day for day in ahead if day.weekday() in wanted), start) if wanted else start
    if repeat is Repeat.MONTHLY_LAST:
        return next(day for day in (start + n * _WEEK for n in range(6)) if (day + _WEEK).month != day.month)
    return first


def moved(rrule: str, first_start: datetime, old: datetime, new: datetime) -> tuple[datetime, str]:
    """The first start and the rule when the occurrence at `old`, and all others like it, move to `new`."""
    repeat, until = repeat_of(rrule), until_of(rrule)
    away = new.date() - old.date()
    if repeat in {Repeat.ONCE, Repeat.OTHER} or not away:
        return datetime.combine(first_start.date() + (away if repeat is Repeat.ONCE else timedelta()), new.time()), rrule
    if repeat in BY_WEEK:
        days = {*days_of(rrule)} - {DAYS[old.weekday()]} | {DAYS[new.weekday()]}
        crossed = _monday(new.date()) - _monday(old.date())
        monday = _monday(first_start.date()) + crossed
        first = next(day for day in (monday + timedelta(days=n) for n in range(7)) if DAYS[day.weekday()] in days)
        return datetime.combine(first, new.time()), rule_of(repeat, first, days, until)
    if repeat is Repeat.MONTHLY_LAST and (new + _WEEK).month == new.month:
        repeat = Repeat.MONTHLY_WEEKDAY
    rule = rule_of(repeat, new.date(), (), until)
    begins = datetime.combine(min(first_start.date(), new.date()).replace(day=1), new.time())
    found = rrulestr(rule, dtstart=begins).after(begins, inc=True)
    return (found or datetime.combine(new.date(), new.time())), rule


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def renamed(starts: Iterable[datetime], rrule: str, old: datetime, new: datetime) -> dict[datetime, datetime]:
    """What the occurrences at `starts` are called once the one at `old` and its like have moved to `new`.

    An exception or a one-day change belongs to its occurrence, so it goes with it. `rrule` is the rule before.
    """
    away, by_week = new.date() - old.date(), repeat_of(rrule) in BY_WEEK
    return {
        start: datetime.combine(
            start.date() + (away if not by_week or start.weekday() == old.weekday() else timedelta()), new.time()
        )
        for start in starts
    }


def at_time(starts: Iterable[datetime], at: time) -> dict[datetime, datetime]:
    """What the occurrences at `starts` are called once the rule says another time of day."""
    return {start: datetime.combine(start.date(), at) for start in starts}
