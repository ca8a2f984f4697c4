"""The schedule and the station in the forms of other people's programs: calendars, guides, directories, hybrid radios."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from flask import Blueprint, Response, abort, current_app, jsonify

from media.grid import DAY_TICKS, tick_at, tick_start_ms
from media.hls import MEDIA_TYPE
from radio.channel import guides
from radio.channel.calendar import Shown, calendar
from radio.channel.programmes import Programme, day_ticks, programmes
from radio.channel.rules import BURST_HALVES, HALF_MS
from radio.db import session
from radio.schedule import queries as schedule
from radio.station import Station, station
from radio.web.access import Access, access
from radio.web.respond import SOON_GONE_S, page_response

bp = Blueprint("listings", __name__)

GUIDE_DAYS = 7
"""How far a guide reaches ahead; a day of it behind."""
DAYS_NEAR = 60
"""How far from today a day may be asked for."""
_CALENDAR_S, _STEADY_S = 900, 86_400


@bp.after_request
def _open_to_all(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@bp.get("/schedule.ics")
@access(Access.PUBLIC)
def schedule_ics() -> Response:
    """The slots, for a calendar that subscribes to them."""
    here = station()
    shown = [Shown(schedule.slot_value(row), row.title, row.changed_at) for row in schedule.slots(session())]
    made_for = (here.now().date(), shown)
    kept = current_app.extensions.get("calendar")
    if kept is None or kept[0] != made_for:
        made = calendar(shown, name=here.settings.station_name, url=here.url("/schedule"), host=_host(here), now=here.now())
        kept = current_app.extensions["calendar"] = (made_for, made)
    return page_response(kept[1], "text/calendar", kept_s=_CALENDAR_S)


@bp.get("/schedule.xml")
@access(Access.PUBLIC)
def schedule_xml() -> Response:
    """The programmes of yesterday and the coming week as XMLTV."""
    here = station()
    now_tick = tick_at(here.clock.unix_ms())
    shown = programmes(session(), now_tick - DAY_TICKS, now_tick + GUIDE_DAYS * DAY_TICKS, now=here.now())
    return page_response(guides.xmltv(_teller(here), shown), "application/xml", kept_s=SOON_GONE_S)


@bp.get("/schedule/<day>/chapters.json")
@access(Access.PUBLIC)
def chapters(day: str) -> Response:
    """A day of the station's calendar as chapters, counted in seconds from its midnight."""
    here = station()
    found, (start, _) = _day(here, _date(day, "%Y-%m-%d"))
    title = f"{here.settings.station_name}, {day}"
    response = jsonify(guides.chapters(_teller(here), found, title=title, from_ms=tick_start_ms(start)))
    response.mimetype = "application/json+chapters"
    response.headers["Cache-Control"] = f"public, max-age={SOON_GONE_S}"
    return response


@bp.get("/radiodns/spi/3.1/SI.xml")
@access(Access.PUBLIC)
def service_information() -> Response:
    """What a hybrid radio learns of the station."""
    here = station()
    made = guides.service_information(_teller(here), _ways(here), changed_at=_midnight(here))
    return page_response(made, "application/xml", kept_s=SOON_GONE_S)


@bp.get("/radiodns/spi/3.1/<path:bearer>/<day>_PI.xml")
@access(Access.PUBLIC)
def programme_information(bearer: str, day: str) -> Response:  # noqa: ARG001 - this station is the only one here, however it came in
    """One day's programmes for a hybrid radio, under whichever bearer it found the station by."""
    here = station()
    found, span = _day(here, _date(day, "%Y%m%d"))
    made = guides.programme_information(
        _teller(here), found, _ways(here), span_ms=(tick_start_ms(span[0]), tick_start_ms(span[1])), changed_at=_midnight(here)
    )
    return page_response(made, "application/xml", kept_s=SOON_GONE_S)


@bp.get("/streaminfo.json")
@access(Access.PUBLIC)
def streaminfo() -> Response:
    """What a directory may write down of the station. Source: stream-meta.info, version 2, files."""
    here = station()
    response = jsonify(directory_entry(here))
    response.headers["Cache-Control"] = f"public, max-age={_STEADY_S}"
    return response


def directory_entry(here: Station) -> dict[str, object]:
    """The names and values that directories know; also sent as headers of the stream. Source: stream-meta.info, version 2."""
    return {
        "icy-version": 2,
        "icy-index-metadata": 1,
        "icy-pub": 1,
        "icy-name": here.settings.station_name,
        "icy-url": here.settings.public_url,
        "icy-main-stream-url": here.url("/live.mp3"),
        "icy-genre": "talk,community,health",
        "icy-br": here.settings.mp3_kbps,
        "icy-sr": 48_000,
        "icy-language-codes": here.settings.language.split("-")[0].lower(),
        **({"icy-country-code": country} if (country := _country(here)) else {}),
    }


def _country(here: Station) -> str:
    """The country of the station's language, where it names one."""
    parts = [part for part in here.settings.language.split("-")[1:] if len(part) == 2 and part.isalpha()]
    return parts[0].upper() if parts else ""


@bp.get("/live.m3u")
@access(Access.PUBLIC)
def m3u() -> Response:
    """One line for players that take a list."""
    here = station()
    text = f"#EXTM3U\n#EXTINF:-1,{_one_line(here.settings.station_name)}\n{here.url('/live.mp3')}\n"
    return Response(text, mimetype="audio/x-mpegurl", headers={"Cache-Control": "public, max-age=300"})


@bp.get("/live.pls")
@access(Access.PUBLIC)
def pls() -> Response:
    """The same as Winamp's list."""
    here = station()
    name = _one_line(here.settings.station_name)
    text = f"[playlist]\nNumberOfEntries=1\nFile1={here.url('/live.mp3')}\nTitle1={name}\nLength1=-1\nVersion=2\n"
    return Response(text, mimetype="audio/x-scpls", headers={"Cache-Control": "public, max-age=300"})


@bp.get("/live.xspf")
@access(Access.PUBLIC)
def xspf() -> Response:
    """The same as XSPF."""
    here = station()
    name = escape(_one_line(here.settings.station_name))
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<playlist version="1" xmlns="http://xspf.org/ns/0/">\n'
        f"<title>{name}</title>\n<trackList><track><location>{escape(here.url('/live.mp3'))}</location>"
        f"<title>{name}</title></track></trackList>\n</playlist>\n"
    )
    return Response(text, mimetype="application/xspf+xml", headers={"Cache-Control": "public, max-age=300"})


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _teller(here: Station) -> guides.Teller:
    settings = here.settings
    return guides.Teller(settings.station_name, settings.language, settings.public_url, _host(here), settings.tz)


def _ways(here: Station) -> Sequence[guides.Way]:
    """The stream first: a radio is a simple thing. How late each is, is what it sends at once."""
    standard, low = here.profiles
    burst_ms = BURST_HALVES * HALF_MS
    return (
        guides.Way(here.url("/live.mp3"), standard.media_type, standard.bitrate_kbps, 20, burst_ms),
        guides.Way(here.url("/live.m3u8"), MEDIA_TYPE, standard.bitrate_kbps, 30, burst_ms),
        guides.Way(here.url("/live-low.m3u8"), MEDIA_TYPE, low.bitrate_kbps, 40, burst_ms),
    )


def _host(here: Station) -> str:
    return urlsplit(here.settings.public_url).hostname or "localhost"


def _midnight(here: Station) -> datetime:
    """When a guide says it was made: the start of the day, so that what did not change keeps its bytes."""
    return here.now().astimezone(here.settings.tz).replace(hour=0, minute=0, second=0, microsecond=0)


def _date(text: str, form: str) -> date:
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day of the calendar
    except ValueError:
        abort(404)


def _day(here: Station, day: date) -> tuple[tuple[Programme, ...], tuple[int, int]]:
    today = here.now().astimezone(here.settings.tz).date()
    if abs(day - today) > timedelta(days=DAYS_NEAR):
        abort(404)
    span = day_ticks(day, here.settings.tz)
    return programmes(session(), *span, now=here.now()), span


__all__ = ["bp", "directory_entry"]
