"""The live outputs as a player asks for them, over a real store and a real rundown."""

from __future__ import annotations

import configparser
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from lxml import etree
from sqlalchemy.orm import Session

from media.fmp4 import SEGMENT_PREFIX_BYTES as LOW_PREFIX_BYTES
from media.grid import SEGMENT_TICKS, segment_decode_time, segment_pts, tick_at
from media.mp3 import SEGMENT_PREFIX_BYTES
from media.objects import StoreSettings
from media.profiles import Profile, low, standard
from media.store import ObjectStore
from radio.app import create_app
from radio.catalogue.models import Episode
from radio.channel.views import Channel, open_channel
from radio.clock import SetClock
from radio.core.people import Person, Role
from radio.db import db
from radio.editorial import actions as editorial
from radio.schedule import queries as schedule
from radio.schedule.airings import Part
from radio.settings import Settings
from radio.station import Station
from tests.air import LOOP_TICKS, extend, make_catalogue, tick_content
from tests.visitor import Visitor
from tests.waiting import PATIENCE_S, until

STEWARD = Person(None, "sam", frozenset({Role.STEWARD}))


def listed(text: str) -> list[tuple[int, str]]:
    """Number and address of every segment of a playlist."""
    return [(int(n), line) for line in text.splitlines() if (n := re.match(r"\w+/(\d+)-", line) and re.split(r"[/-]", line)[1])]


def ticks_of(body: bytes, profile: Profile) -> list[bytes]:
    prefix = SEGMENT_PREFIX_BYTES if profile.name == "standard" else LOW_PREFIX_BYTES
    sound = body[prefix:]
    assert len(sound) == SEGMENT_TICKS * profile.tick_bytes
    return [sound[i * profile.tick_bytes : (i + 1) * profile.tick_bytes] for i in range(SEGMENT_TICKS)]


def expected_tick(session: Session, tick: int, profile: Profile) -> bytes:
    """What the rundown says of a tick, worked out apart from the channel's code."""
    airing = next(a for a in schedule.rundown(session, tick - 90_000, tick + 1).airings if a.start_tick <= tick < a.end_tick)
    if airing.part is Part.EMERGENCY:
        return tick_content("loop", tick % LOOP_TICKS, profile)
    assert airing.recording_id
    return tick_content(airing.recording_id, airing.first_tick + tick - airing.start_tick, profile)


@pytest.fixture
def catalogue(session: Session, station: Station, store: ObjectStore, on_air: Channel, clock: SetClock) -> list[Episode]:
    """A station that has been compiled and has come on air."""
    made = list(make_catalogue(session, store, station))
    session.commit()
    station = replace(station, settings=replace(station.settings, horizon_days=2))
    extend(session, station)
    clock.move(timedelta(minutes=3))
    return made


def test_an_empty_station_plays_the_emergency_loop(client: Visitor, on_air: Channel, clock: SetClock) -> None:
    for number, address in listed(client.get("/live/standard.m3u8").text):
        body = client.get(f"/live/{address}").data
        ticks = range(number * SEGMENT_TICKS, (number + 1) * SEGMENT_TICKS)
        assert ticks_of(body, standard()) == [tick_content("loop", tick % LOOP_TICKS, standard()) for tick in ticks]


@pytest.mark.parametrize(("name", "master"), [("standard", "/live.m3u8"), ("low", "/live-low.m3u8")])
def test_a_master_names_one_rendition(client: Visitor, on_air: Channel, name: str, master: str) -> None:
    response = client.get(master)
    assert response.mimetype == "application/vnd.apple.mpegurl"
    assert [line for line in response.text.splitlines() if not line.startswith("#")] == [f"live/{name}.m3u8"]
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("profile", [standard(), low()], ids=lambda profile: profile.name)
def test_every_listed_segment_is_what_the_rundown_says(
    client: Visitor, session: Session, catalogue: list[Episode], clock: SetClock, profile: Profile
) -> None:
    segments = listed(client.get(f"/live/{profile.name}.m3u8").text)
    assert [n for n, _ in segments] == list(range(clock.unix_ms() // 5760 - 17, clock.unix_ms() // 5760 + 3))
    for number, address in segments:
        response = client.get(f"/live/{address}")
        assert response.headers["Cache-Control"] == "public, max-age=15, immutable"
        ticks = range(number * SEGMENT_TICKS, (number + 1) * SEGMENT_TICKS)
        assert ticks_of(response.data, profile) == [expected_tick(session, tick, profile) for tick in ticks]


def test_segments_are_timed_on_the_clock(client: Visitor, catalogue: list[Episode]) -> None:
    number, address = listed(client.get("/live/standard.m3u8").text)[7]
    assert client.get(f"/live/{address}").data[:SEGMENT_PREFIX_BYTES].endswith(segment_pts(number).to_bytes(8, "big"))
    number, address = listed(client.get("/live/low.m3u8").text)[7]
    assert segment_decode_time(number).to_bytes(8, "big") in client.get(f"/live/{address}").data[:LOW_PREFIX_BYTES]


def test_the_future_and_wrong_names_are_not_served(
    client: Visitor, catalogue: list[Episode], clock: SetClock, on_air: Channel
) -> None:
    number, address = listed(client.get("/live/standard.m3u8").text)[-1]
    assert client.get(f"/live/{address}").status_code == 200
    assert client.get(f"/live/standard/{number}-{'0' * 16}.mp3").status_code == 404
    coming = f"/live/standard/{number + 1}-{on_air.holding.segment('standard', number + 1, tick_at(clock.unix_ms()))[0]}.mp3"
    assert client.get(coming).status_code == 404
    clock.move(timedelta(seconds=5.76))
    assert client.get(coming).status_code == 200
    assert client.get(f"/live/standard/5-{'0' * 16}.mp3").status_code == 404


def test_two_replicas_give_the_same_bytes(
    client: Visitor, catalogue: list[Episode], settings: Settings, clock: SetClock, s3: StoreSettings, emergency: Path
) -> None:
    other_app = create_app(settings, clock=clock, store=ObjectStore(s3))
    other_app.extensions["channel"] = open_channel(other_app, emergency=emergency, aside=False)
    other = other_app.test_client()
    for _ in range(4):
        for name in ("standard", "low"):
            text = client.get(f"/live/{name}.m3u8").data
            assert other.get(f"/live/{name}.m3u8").data == text
            for _number, address in listed(text.decode())[-3:]:
                assert other.get(f"/live/{address}").data == client.get(f"/live/{address}").data
        clock.move(timedelta(seconds=97.3))
    with other_app.app_context():
        db.engine.dispose()


def test_a_whole_day_tiles(client: Visitor, session: Session, catalogue: list[Episode], clock: SetClock, app: Flask) -> None:
    """Media sequence +1 each 5.76 s, and no tick but the rundown's, from one end of the day to the other."""
    here: Channel = app.extensions["channel"]
    before = None
    start = clock.unix_ms() // 5760
    wanted = schedule.rundown(session, start * SEGMENT_TICKS - 90_000, start * SEGMENT_TICKS + 180_000)
    for _ in range(15_000):
        now_tick = tick_at(clock.unix_ms())
        newest = clock.unix_ms() // 5760 + 2
        name, made_of = here.holding.segment("standard", newest, now_tick)
        assert before is None or newest == before + 1
        assert sum(piece.n_ticks for piece in made_of) == SEGMENT_TICKS
        tick = newest * SEGMENT_TICKS
        for piece in made_of:
            airing = wanted.within(tick, tick + 1)[0]
            assert piece.sound is not None
            assert piece.first_tick == airing.first_tick + tick - airing.start_tick
            tick += piece.n_ticks
        assert len(name) == 16
        before = newest
        clock.move(timedelta(milliseconds=5760))


def test_who_is_taken_back_on_air_is_off_every_output(
    client: Visitor, session: Session, catalogue: list[Episode], clock: SetClock, station: Station, on_air: Channel
) -> None:
    airing = next(
        a for a in _airings(session, clock) if a.part is Part.PROGRAMME and a.start_tick > tick_at(clock.unix_ms()) + 200
    )
    clock.move(timedelta(milliseconds=(airing.start_tick + 60) * 960 - clock.unix_ms()))
    earlier = listed(client.get("/live/standard.m3u8").text)
    episode = session.get_one(Episode, airing.episode_id)

    editorial.withdraw(session, station, episode, by=STEWARD, now=clock.now())
    session.commit()
    cut = episode.recording.withdrawn_from_tick if episode.recording else None
    assert cut == -(-(clock.unix_ms() + 24_000) // 960)
    clock.move(timedelta(seconds=2))
    assert dict(listed(client.get("/live/standard.m3u8").text)).items() >= dict(earlier[1:]).items(), (
        "what players hold was renamed"
    )

    voice = {tick_content(airing.recording_id or "", i, standard()) for i in range(airing.n_ticks)}
    clock.move(timedelta(seconds=30))
    after = listed(client.get("/live/standard.m3u8").text)
    for _number, address in after:
        assert voice.isdisjoint(ticks_of(client.get(f"/live/{address}").data, standard()))
    gone = [address for number, address in earlier if airing.start_tick + 6 <= number * 6 < airing.start_tick + 54]
    assert gone
    assert {client.get(f"/live/{address}").status_code for address in gone} == {410}
    now = client.get("/now.json").json
    assert airing.episode_id not in {(now["on_air"] or {}).get("episode"), (now["next"] or {}).get("episode")}
    chunk = b"".join(on_air.stream.half_tick(clock.unix_ms() // 480 - n).sound for n in range(40))
    assert not any(tick[:64] in chunk for tick in voice)


def _airings(session: Session, clock: SetClock):  # type: ignore[no-untyped-def]
    now = tick_at(clock.unix_ms())
    return schedule.rundown(session, now, now + 9_000).airings


def test_the_gap_after_a_withdrawal_is_filled_with_programme(
    session: Session, catalogue: list[Episode], clock: SetClock, station: Station
) -> None:
    airing = next(
        a for a in _airings(session, clock) if a.part is Part.PROGRAMME and a.start_tick > tick_at(clock.unix_ms()) + 200
    )
    clock.move(timedelta(milliseconds=(airing.start_tick + 60) * 960 - clock.unix_ms()))
    editorial.withdraw(session, station, session.get_one(Episode, airing.episode_id), by=STEWARD, now=clock.now())
    session.commit()
    clock.move(timedelta(seconds=25))
    coming = schedule.rundown(session, tick_at(clock.unix_ms()) + 1, tick_at(clock.unix_ms()) + 4000).airings
    assert {a.part for a in coming}.isdisjoint({Part.EMERGENCY})
    assert airing.episode_id not in {a.episode_id for a in coming}


def test_starting_over_lists_what_is_on_from_its_beginning(
    client: Visitor, session: Session, catalogue: list[Episode], clock: SetClock
) -> None:
    airing = next(
        a for a in _airings(session, clock) if a.part is Part.PROGRAMME and a.start_tick > tick_at(clock.unix_ms()) + 200
    )
    clock.move(timedelta(milliseconds=(airing.start_tick + 100) * 960 - clock.unix_ms()))
    text = client.get(f"/live/standard.m3u8?from={airing.start_tick}").text
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in text
    assert "#EXT-X-ENDLIST" not in text
    assert listed(text)[0][0] == airing.start_tick // 6
    assert listed(text)[-1][0] == clock.unix_ms() // 5760 + 2
    clock.move(timedelta(milliseconds=(airing.end_tick + 1) * 960 - clock.unix_ms()))
    assert client.get(f"/live/standard.m3u8?from={airing.start_tick}").text.endswith("#EXT-X-ENDLIST\n")
    assert client.get("/live/standard.m3u8?from=12").status_code == 404
    assert client.get("/live/standard.m3u8?from=x").status_code == 404


def test_now_tells_exact_times(client: Visitor, session: Session, catalogue: list[Episode], clock: SetClock) -> None:
    airing = next(a for a in _airings(session, clock) if a.part is Part.PROGRAMME and a.start_tick > tick_at(clock.unix_ms()))
    clock.move(timedelta(milliseconds=airing.start_tick * 960 + 333 - clock.unix_ms()))
    now = client.get("/now.json").json
    assert now["on_air"]["episode"] == airing.episode_id
    assert (now["on_air"]["start_ms"], now["on_air"]["end_ms"]) == (airing.start_tick * 960, airing.end_tick * 960)
    assert now["ms_to_change"] == airing.n_ticks * 960 - 333
    assert now["next"]["start_ms"] >= now["on_air"]["end_ms"]


def test_without_the_store_segments_say_come_back(
    app: Flask, client: Visitor, catalogue: list[Episode], s3: StoreSettings, emergency: Path, clock: SetClock
) -> None:
    away = ObjectStore(replace(s3, endpoint_url="http://127.0.0.1:9", attempts=1, connect_timeout_s=0.2))
    app.extensions["station"] = replace(app.extensions["station"], store=away)
    here = app.extensions["channel"] = open_channel(app, emergency=emergency, aside=False)
    _, address = listed(client.get("/live/standard.m3u8").text)[-1]
    response = client.get(f"/live/{address}")
    assert (response.status_code, response.headers["Cache-Control"]) == (503, "no-store")
    chunk = here.stream.half_tick(clock.unix_ms() // 480, 1.0).sound
    tick = tick_at(clock.unix_ms())
    assert chunk in {
        tick_content("loop", tick % LOOP_TICKS, standard())[:3840],
        tick_content("loop", tick % LOOP_TICKS, standard())[3840:],
    }


def test_the_first_listener_is_read_ahead_for_as_any_other(
    session: Session, catalogue: list[Episode], on_air: Channel, s3: StoreSettings, clock: SetClock
) -> None:
    """Over every join and block of the next twenty seconds, also when the store goes away right after they came."""
    join = next(a for a in _airings(session, clock) if a.part is Part.IDENT and a.start_tick > tick_at(clock.unix_ms()) + 40)
    clock.move(timedelta(milliseconds=(join.start_tick - 5) * 960 - clock.unix_ms()))
    present = clock.unix_ms() // 480
    on_air.stream.half_tick(present, PATIENCE_S)
    until(lambda: not on_air.ticks.under_way, every_s=0.01)
    on_air.ticks._store = ObjectStore(replace(s3, endpoint_url="http://127.0.0.1:9", attempts=1, connect_timeout_s=0.2))
    for half in range(present + 1, present + 41):
        tick, second = divmod(half, 2)
        whole = expected_tick(session, tick, standard())
        assert on_air.stream.half_tick(half).sound == whole[3840 * second : 3840 * second + 3840]


def test_without_the_database_what_is_held_plays_on(
    client: Visitor, app: Flask, catalogue: list[Episode], clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = listed(client.get("/live/standard.m3u8").text)
    from sqlalchemy.exc import OperationalError

    from radio.channel import queries

    def away(*_: object) -> None:
        raise OperationalError("select", {}, Exception("away"))

    monkeypatch.setattr(queries, "mark", away)
    monkeypatch.setattr(queries, "aired", away)
    clock.move(timedelta(seconds=57.6))
    after = listed(client.get("/live/standard.m3u8").text)
    assert after[:10] == before[10:]
    assert client.get(f"/live/{after[-1][1]}").status_code == 200


@pytest.mark.parametrize(
    ("path", "mimetype"),
    [("/live.pls", "audio/x-scpls"), ("/live.m3u", "audio/x-mpegurl"), ("/live.xspf", "application/xspf+xml")],
)
def test_small_lists_lead_to_the_stream(client: Visitor, path: str, mimetype: str) -> None:
    response = client.get(path)
    assert response.mimetype == mimetype
    assert "http://localhost/live.mp3" in response.text


def test_small_lists_keep_their_form_whatever_the_station_is_called(app: Flask, client: Visitor, station: Station) -> None:
    """Source: XSPF 1 (one trackList; `location` is a URI); PLS 2 as Winamp reads it; extended M3U."""
    name = "Night & <Day>\nFile2=http://elsewhere.example/"
    app.extensions["station"] = replace(station, settings=replace(station.settings, station_name=name))

    playlist = etree.fromstring(client.get("/live.xspf").data)
    xspf = "{http://xspf.org/ns/0/}"
    assert (playlist.tag, playlist.get("version")) == (f"{xspf}playlist", "1")
    assert [each.tag for each in playlist] == [f"{xspf}title", f"{xspf}trackList"]
    assert [each.tag for each in playlist.iter(f"{xspf}track")] == [f"{xspf}track"]
    assert playlist.findtext(f"{xspf}title") == name.replace("\n", " ")
    assert playlist.findtext(f".//{xspf}location") == "http://localhost/live.mp3"

    pls = configparser.ConfigParser(interpolation=None)
    pls.read_string(client.get("/live.pls").text)
    assert dict(pls["playlist"]) == {"numberofentries": "1", "file1": "http://localhost/live.mp3", "title1": name.replace("\n", " "),
                                     "length1": "-1", "version": "2"}  # fmt: skip
    assert client.get("/live.m3u").text.splitlines() == [
        "#EXTM3U",
        f"#EXTINF:-1,{name.replace(chr(10), ' ')}",
        "http://localhost/live.mp3",
    ]
