"""Language and the station's wall clock in templates."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from babel.dates import format_skeleton
from flask import Flask
from flask_babel import Babel, format_date, get_locale
from flask_babel import gettext as _

from radio.core.time import from_unix_ms
from radio.settings import Settings
from radio.station import station

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"
NIGHT_BEGINS_HOUR = 22
NIGHT_ENDS_HOUR = 6


def is_night(local: datetime) -> bool:
    """Whether public pages start in night at this wall-clock time: from 22:00 until 06:00."""
    return local.hour >= NIGHT_BEGINS_HOUR or local.hour < NIGHT_ENDS_HOUR


def install(app: Flask, settings: Settings) -> None:
    """Wire gettext; English is the source language."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, default_locale="en_GB", default_timezone=settings.zone)
    app.jinja_env.filters["clock_time"] = lambda instant: said_time(_local(instant, settings))
    app.jinja_env.filters["local"] = lambda instant: _local(instant, settings)
    app.jinja_env.filters["iso"] = _iso
    app.jinja_env.filters["said_length"] = said_length
    app.jinja_env.filters["to_the_second"] = to_the_second
    app.jinja_env.filters["short_day"] = short_day
    app.jinja_env.filters["weekday_short"] = lambda day: format_skeleton("EEE", day, locale=get_locale())
    app.jinja_env.filters["spoken_when"] = lambda instant, style="time": spoken_when(_local(instant, settings), style)

    @app.context_processor
    def _page() -> dict[str, object]:
        locale = get_locale()
        return {
            "page_language": str(locale).replace("_", "-"),
            "text_direction": locale.text_direction if locale else "ltr",
            "zone_name": settings.zone,
            "night": is_night(_local(station().now(), settings)),
        }


def said_time(local: datetime) -> str:
    """A wall-clock time to the nearest minute: ticks rarely fall on one."""
    return (local + timedelta(seconds=30)).strftime("%H:%M")


def said_length(length_ms: int) -> str:
    """How long something is, as everybody is told: "under a minute", "12 min", "1 h", "1 h 05 min"."""
    if length_ms < 60_000:
        return str(_("under a minute"))
    minutes = (length_ms + 30_000) // 60_000
    if minutes < 60:
        return str(_("%(n)s min", n=minutes))
    if minutes % 60 == 0:
        return str(_("%(h)s h", h=minutes // 60))
    return str(_("%(h)s h %(m)s min", h=minutes // 60, m=f"{minutes % 60:02}"))


def to_the_second(length_ms: int) -> str:
    """A length, or a place in a recording, to the second: "2:10", "1:02:10"."""
    minutes, seconds = divmod(length_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def spoken_when(local: datetime, style: str) -> str:
    """A local time as it is said: time "21:30", second "21:30:07", day "Friday 21 November", date "21 November 2025", both."""
    if style == "time":
        return said_time(local)
    if style == "second":
        return local.strftime("%H:%M:%S")
    if style == "date":
        return str(format_date(local, "d MMMM y", rebase=False))
    day = str(format_date(local, "EEEE d MMMM", rebase=False))
    return day if style == "day" else _("%(day)s at %(time)s", day=day, time=said_time(local))


def short_day(day: date) -> str:
    """A date in short, in the order of the language: "20 Nov"."""
    return str(format_skeleton("MMMd", day, locale=get_locale()))


def _local(instant: datetime | int, settings: Settings) -> datetime:
    if isinstance(instant, int):
        instant = from_unix_ms(instant)
    return instant.astimezone(settings.tz)


def _iso(instant: datetime | int) -> str:
    if isinstance(instant, int):
        instant = from_unix_ms(instant)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
