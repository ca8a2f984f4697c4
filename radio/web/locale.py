"""Language and the station's wall clock in templates."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from flask import Flask
from flask_babel import Babel

from radio.core.time import from_unix_ms
from radio.settings import Settings

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"


def install(app: Flask, settings: Settings) -> None:
    """Wire gettext; English is the source language."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app, default_locale="en_GB", default_timezone=settings.zone)
    app.jinja_env.filters["clock_time"] = lambda instant: _local(instant, settings).strftime("%H:%M")
    app.jinja_env.filters["local"] = lambda instant: _local(instant, settings)
    app.jinja_env.filters["iso"] = _iso


def _local(instant: datetime | int, settings: Settings) -> datetime:
    if isinstance(instant, int):
        instant = from_unix_ms(instant)
    return instant.astimezone(settings.tz)


def _iso(instant: datetime | int) -> str:
    if isinstance(instant, int):
        instant = from_unix_ms(instant)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
