"""The live outputs. Public, without cookies, open to every origin, and the same bytes from every replica."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.sax.saxutils import escape

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy.orm import Session

from media import fmp4, hls, mp3
from media.grid import SEGMENT_TICKS, tick_at, tick_start_ms
from media.profiles import Profile
from radio.channel import caching, loop, rules
from radio.channel.held import Holding
from radio.channel.rules import Aired
from radio.channel.stream import METAINT_BYTES, SEND_BUFFER_BYTES, Stream
from radio.channel.ticks import Ticks
from radio.clock import ForwardClock
from radio.db import db, reading
from radio.errors import NotFoundError, WithdrawnError
from radio.station import Station, station
from radio.web.access import Access, access

bp = Blueprint("channel", __name__)

_FOR_EVER = "public, max-age=31536000, immutable"
_A_SECOND = "public, max-age=1"
_SUFFIX = {"standard": "mp3", "low": "m4s"}
_CODECS = {"standard": hls.MP3_CODECS, "low": hls.OPUS_CODECS}


@dataclass(slots=True)
class Channel:
    """What one process keeps for its listeners: the rundown it holds, the ticks it has read, the stream."""

    station: Station
    holding: Holding
    ticks: Ticks
    stream: Stream
    playlists: dict[str, tuple[object, str]] = field(default_factory=dict)
    """By rendition: what the text was made for, and the text."""

    @property
    def profiles(self) -> dict[str, Profile]:
        """The renditions by name."""
        return {profile.name: profile for profile in self.station.profiles}


def open_channel(app: Flask, *, emergency: Path | None = None, aside: bool = True) -> Channel:
    """The channel of an application; it reads nothing until somebody listens but the emergency loop (None: the package's).

    `aside` as in `Holding`: False, and what was committed a second ago is seen at the next call.
    """
    here: Station = app.extensions["station"]
    here = replace(here, clock=ForwardClock(here.clock))  # a playlist never goes back
    loops = loop.loops(here.profiles, emergency or loop.FOLDER)
    ticks = Ticks(here.store, loops)
    holding = Holding(here.clock, lambda: _only_reading(app), loops, aside=aside)
    return Channel(here, holding, ticks, Stream(here.clock, holding, ticks, here.settings.station_name))


@contextmanager
def _only_reading(app: Flask) -> Iterator[Session]:
    """A session that is nobody's request: no stream holds a connection."""
    with app.app_context(), reading(), Session(db.engine) as session:
        yield session


@bp.record
def _install(state: BlueprintSetupState) -> None:
    state.app.extensions.setdefault("channel", None)


def channel() -> Channel:
    """The channel of this process, opened at the first listener."""
    found: Channel | None = current_app.extensions.get("channel")
    if found is None:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        found = current_app.extensions["channel"] = open_channel(app)
    return found


@bp.after_request
def _open_to_all(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@bp.get("/live.m3u8")
@access(Access.PUBLIC)
def master_standard() -> Response:
    """The master playlist of the MP3 rendition."""
    return _master("standard", mp3.SEGMENT_PREFIX_BYTES)


@bp.get("/live-low.m3u8")
@access(Access.PUBLIC)
def master_low() -> Response:
    """The master playlist of the Opus rendition: its own, because a switch between codecs breaks playback."""
    return _master("low", fmp4.SEGMENT_PREFIX_BYTES)


def _master(name: str, prefix_bytes: int) -> Response:
    profile = channel().profiles[name]
    bandwidth_bps = hls.bandwidth_bps(prefix_bytes + SEGMENT_TICKS * profile.tick_bytes)
    return _playlist(hls.master(f"live/{name}.m3u8", codecs=_CODECS[name], bandwidth_bps=bandwidth_bps), "public, max-age=300")


@bp.get("/live/<any(standard, low):name>.m3u8")
@access(Access.PUBLIC)
def media_playlist(name: str) -> Response:
    """The live window, or with `?from=<tick>` what is on from its beginning."""
    start = request.args.get("from", type=int)
    if "from" in request.args:
        return _start_over(name, -1 if start is None else start)
    here = channel()
    now_ms = here.station.clock.unix_ms()
    segments = rules.window(now_ms)
    held = here.holding.now()
    made_for = (segments, id(held), held.taken_back(tick_at(now_ms)))
    kept = here.playlists.get(name)
    if kept is None or kept[0] != made_for:
        kept = here.playlists[name] = (made_for, hls.live(segments.start, _addresses(here, name, segments), map_uri=_map(name)))
    return _playlist(kept[1], _A_SECOND)


def _start_over(name: str, tick: int) -> Response:
    """The airing that covers `tick`, from its beginning: while it is on, and for an hour after."""
    here = channel()
    now_ms = here.station.clock.unix_ms()
    now_tick = tick_at(now_ms)
    if not now_tick - 90_000 <= tick <= now_tick:
        raise NotFoundError(f"tick {tick}")
    _, on = here.holding.tick(name, tick, now_tick)
    if on is None or on.airing.recording_id is None or on.airing.end_tick < now_tick - 3_750:
        raise NotFoundError(f"tick {tick}")
    segments, is_over = rules.segments_of(on.airing.start_tick, on.airing.end_tick, now_ms)
    addresses = _addresses(here, name, segments)
    return _playlist(hls.event(segments.start, addresses, map_uri=_map(name), is_over=is_over), _A_SECOND)


def _addresses(here: Channel, name: str, segments: range) -> list[str]:
    now_tick = tick_at(here.station.clock.unix_ms())
    return [f"{name}/{n}-{here.holding.segment(name, n, now_tick)[0]}.{_SUFFIX[name]}" for n in segments]


def _map(name: str) -> str | None:
    return "low/init.mp4" if name == "low" else None


def _playlist(text: str, cache: str) -> Response:
    return Response(text, mimetype=hls.MEDIA_TYPE, headers={"Cache-Control": cache})


@bp.get("/live/low/init.mp4")
@access(Access.PUBLIC)
def init_section() -> Response:
    """The one init section of the Opus rendition."""
    content = fmp4.channel_init(channel().profiles["low"].unit_bytes)
    return Response(content, mimetype="audio/mp4", headers={"Cache-Control": _FOR_EVER})


@bp.get("/live/standard/<int:segment>-<string(length=16):digest>.mp3", defaults={"name": "standard"})
@bp.get("/live/low/<int:segment>-<string(length=16):digest>.m4s", defaults={"name": "low"})
@access(Access.PUBLIC)
def live_segment(name: str, segment: int, digest: str) -> Response:
    """A segment by its number and the name of its sound: 404 for what is not yet, 410 for what was taken back."""
    here = channel()
    now_ms = here.station.clock.unix_ms()
    newest = rules.newest_segment(now_ms)
    if not newest - rules.KEPT_SEGMENTS <= segment <= newest:
        raise NotFoundError(f"segment {segment}")
    expected, made_of = here.holding.segment(name, segment, tick_at(now_ms))
    if digest != expected:
        if here.holding.was_taken_back(name, segment, digest):
            raise WithdrawnError(f"segment {segment}")
        raise NotFoundError(f"segment {segment}")
    sound = here.ticks.read(made_of, name)
    profile = here.profiles[name]
    prefix = mp3.segment_prefix(segment) if name == "standard" else fmp4.segment_prefix(segment, profile.unit_bytes)
    return Response(prefix + sound, mimetype=profile.media_type, headers=caching.segment_headers(made_of))


@bp.get("/live.mp3")
@access(Access.PUBLIC)
def mp3_stream() -> Response:
    """The endless MP3, with titles for players that ask for them."""
    here = channel()
    settings = here.station.settings
    with_titles = request.headers.get("Icy-MetaData") == "1"
    headers = {
        "Cache-Control": "no-store", "X-Accel-Buffering": "no", "Accept-Ranges": "none",
        "icy-name": _latin(settings.station_name), "icy-url": settings.public_url, "icy-br": str(settings.mp3_kbps),
        "icy-sr": "48000", "icy-pub": "1", "ice-audio-info": f"bitrate={settings.mp3_kbps};channels=1;samplerate=48000",
    }  # fmt: skip
    if with_titles:
        headers["icy-metaint"] = str(METAINT_BYTES)
    if request.method == "HEAD":
        return Response(mimetype="audio/mpeg", headers=headers)
    line = _line()
    return Response(here.stream.listen(with_titles=with_titles, line=line), mimetype="audio/mpeg", headers=headers)


def _latin(text: str) -> str:
    """A header's text: what HTTP cannot carry becomes a question mark."""
    return text.encode("latin-1", "replace").decode("latin-1")


def _line() -> socket.socket | None:
    """The listener's connection where the server gives it, with a small buffer: a paused player then soon counts as behind."""
    line: socket.socket | None = request.environ.get("gunicorn.socket")
    if line is not None:
        with suppress(OSError):
            line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return line


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


@bp.get("/now.json")
@access(Access.PUBLIC)
def now_json() -> Response:
    """What is on, what programme comes next, and when a page should ask again."""
    here = channel()
    now_ms = here.station.clock.unix_ms()
    found = rules.now_next(here.holding.now().aired, now_ms)
    response = jsonify(
        on_air=_described(here.station, found.now),
        next=_described(here.station, found.following),
        changes_at_ms=found.changes_at_ms,
        ms_to_change=found.changes_at_ms - now_ms,
        server_ms=now_ms,
        tick=tick_at(now_ms),
        station=here.station.settings.station_name,
    )
    response.headers["Cache-Control"] = _A_SECOND
    return response


def _described(here: Station, one: Aired | None) -> dict[str, object] | None:
    """An airing for a page: only what the public may know. Idents and beds have no page."""
    if one is None:
        return None
    start_ms, end_ms = tick_start_ms(one.airing.start_tick), tick_start_ms(one.airing.end_tick)
    public = one.has_page and one.airing.episode_id is not None
    return {
        "part": one.airing.part, "title": one.title if public else "", "synthetic": one.synthetic,
        "show": {"title": one.show_title, "slug": one.show_slug} if public else None,
        "episode": one.airing.episode_id if public else None,
        "url": here.url(f"/episodes/{one.airing.episode_id}") if public else None,
        "start_ms": start_ms, "end_ms": end_ms, "start_tick": one.airing.start_tick, "end_tick": one.airing.end_tick,
    }  # fmt: skip


__all__ = ["Channel", "bp", "channel", "open_channel"]
