"""The live outputs. Public, without cookies, open to every origin, and the same bytes from every replica."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy.orm import Session

from media import fmp4, hls, mp3
from media.grid import SEGMENT_MS, SEGMENT_TICKS, tick_at, tick_start_ms
from media.profiles import Profile
from radio.channel import again, caching, loop, rules
from radio.channel.held import Holding
from radio.channel.listings import directory_entry
from radio.channel.rules import Aired
from radio.channel.stream import METAINT_BYTES, SEND_BUFFER_BYTES, Stream
from radio.channel.ticks import Ticks
from radio.clock import ForwardClock
from radio.db import db, reading
from radio.errors import NotFoundError, WithdrawnError
from radio.station import Station
from radio.web.access import Access, access

bp = Blueprint("channel", __name__)

_FOR_EVER = "public, max-age=31536000, immutable"
_A_SECOND = "public, max-age=1"
_SUFFIX = {"standard": "mp3", "low": "m4s"}
_PLAYLISTS_KEPT = 64
_CODECS = {"standard": hls.MP3_CODECS, "low": hls.OPUS_CODECS}


@dataclass(slots=True)
class Channel:
    """What one process keeps for its listeners: the rundown it holds, the ticks it has read, the stream."""

    station: Station
    holding: Holding
    ticks: Ticks
    stream: Stream
    windows: dict[str, tuple[object, str]] = field(default_factory=dict)
    """By rendition: what the text of the live window was made for, and the text."""
    playlists: dict[tuple[str, int, int | None], tuple[object, str]] = field(default_factory=dict)
    """The same of those that go back, by rendition, start and end; the one asked for last stands last."""

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
    """The live window, or with `?from=<tick>` what was on then, from there."""
    if "from" in request.args:
        return _again(name)
    here = channel()
    now_ms = here.station.clock.unix_ms()
    segments = rules.window(now_ms)
    held = here.holding.now()
    made_for = (segments, id(held), held.taken_back(tick_at(now_ms)))
    kept = here.windows.get(name)
    if kept is None or kept[0] != made_for:
        kept = here.windows[name] = (made_for, hls.live(segments.start, _addresses(here, name, segments), map_uri=_map(name)))
    return _playlist(kept[1], _A_SECOND)


def _again(name: str) -> Response:
    """What was on at a tick of the last week, and on from there: until it ended, or until `?to=<tick>`."""
    here = channel()
    start, end = request.args.get("from", -1, type=int), request.args.get("to", type=int)
    now_ms = here.station.clock.unix_ms()
    held = here.holding.now()
    made_for = (now_ms // SEGMENT_MS, held.mark)
    kept = here.playlists.pop((name, start, end), None)
    if kept is None or kept[0] != made_for:
        found = again.again(here.holding, name, start, end, now_ms)
        addresses = [f"{name}/{n}-{digest}.{_SUFFIX[name]}" for n, digest in found.segments]
        text = hls.event(found.segments[0][0], addresses, map_uri=_map(name), is_over=found.is_over, skipped_ms=found.skipped_ms)
        kept = (made_for, text)
    here.playlists[name, start, end] = kept
    while len(here.playlists) > _PLAYLISTS_KEPT:
        del here.playlists[next(iter(here.playlists))]
    return _playlist(kept[1], _A_SECOND)


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
    """A segment by its number and the name of its sound: 404 for what is not yet, 410 for what was taken back.

    What has been on is there for an hour as it was, then for a week without what nobody may go back to.
    """
    here = channel()
    now_ms = here.station.clock.unix_ms()
    newest = rules.newest_segment(now_ms)
    if not newest - rules.KEPT_SEGMENTS - rules.LONGEST_AGAIN_TICKS // SEGMENT_TICKS <= segment <= newest:
        raise NotFoundError(f"segment {segment}")
    expected, made_of = here.holding.segment(name, segment, tick_at(now_ms))
    if digest != expected or segment <= newest - rules.LATE_SEGMENTS:
        expected, made_of = here.holding.segment_again(name, segment, tick_at(now_ms))
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
    with_titles = request.headers.get("Icy-MetaData") == "1"
    headers = {
        **{name: _latin(str(value)) for name, value in directory_entry(here.station).items()},
        "Cache-Control": "no-store", "X-Accel-Buffering": "no", "Accept-Ranges": "none",
        "ice-audio-info": f"bitrate={here.station.settings.mp3_kbps};channels=1;samplerate=48000",
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
    told = one.has_page and one.airing.episode_id is not None
    public = told and one.on_site
    return {
        "part": one.airing.part, "title": one.title if told else "", "synthetic": one.synthetic,
        "show": {"title": one.show_title, "slug": one.show_slug} if told else None,
        "episode": one.airing.episode_id if public else None,
        "url": here.url(f"/episodes/{one.airing.episode_id}") if public else None,
        "start_ms": start_ms, "end_ms": end_ms, "start_tick": one.airing.start_tick, "end_tick": one.airing.end_tick,
        "again": here.url(f"/live/standard.m3u8?from={one.airing.start_tick}") if _may_go_back(here, one) else None,
    }  # fmt: skip


def _may_go_back(here: Station, one: Aired) -> bool:
    now_tick = tick_at(here.clock.unix_ms())
    return one.is_programme and one.airing.start_tick <= now_tick and one.may_be_heard_again(now_tick)


__all__ = ["Channel", "bp", "channel", "open_channel"]
