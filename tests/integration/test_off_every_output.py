"""What is put over the rundown, on every address there is, on two replicas: afterwards none gives a tick or a word of what was taken back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from media.grid import HOUR_TICKS, TICK_MS, tick_at
from media.objects import StoreSettings
from media.profiles import standard
from media.store import ObjectStore
from radio.accounts.models import Person
from radio.app import create_app
from radio.catalogue.models import Episode, EpisodeTag
from radio.channel.export import PREFIX, Exporter
from radio.channel.views import Channel, open_channel
from radio.clock import SetClock
from radio.db import db
from radio.editorial import actions as editorial
from radio.editorial import air
from radio.editorial.rules import AT_THE_CONSOLE
from radio.jobs.rules import SKEW_MAY_BE_MS
from radio.schedule import queries as schedule
from radio.schedule.airings import Airing, Part
from radio.schedule.overrides import Notice
from radio.settings import Settings
from radio.station import Station
from radio.web.access import Access, access_of
from tests.air import LOOP_TICKS, PROFILES, Voice, extend, make_catalogue, put_sound, tick_content
from tests.integration.test_channel import expected_tick, listed, ticks_of
from tests.makers import make_episode, make_show
from tests.visitor import Visitor

SECRET = "Marigold"
"""A word that stands in everything that is said of the episode, and nowhere else."""
HEARD_OUT = timedelta(seconds=24 + 6 + 2)
"""The guard, what a listener of the stream gets at once, and a second for a replica to look."""


@pytest.fixture
def replicas(
    app: Flask, client: Visitor, on_air: Channel, settings: Settings, clock: SetClock, s3: StoreSettings, emergency: Path
) -> Iterator[list[Visitor]]:
    """The application under test, and another that shares nothing with it but database and store."""
    other = create_app(settings, clock=clock, store=ObjectStore(s3))
    other.extensions["channel"] = open_channel(other, emergency=emergency, aside=False)
    other.config["TESTING"] = True
    other.test_client_class = Visitor
    second = other.test_client()
    assert isinstance(second, Visitor)
    yield [client, second]
    with other.app_context():
        db.engine.dispose()


@pytest.fixture
def doomed(
    session: Session, station: Station, store: ObjectStore, on_air: Channel, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Episode]:
    """An episode that was heard today, is on the air now, comes again, and lies in the copy in the bucket."""
    make_catalogue(session, store, station)
    show = make_show(session, slug="garden", title="Garden", now=station.now())
    episode = make_episode(session, show=show, title=SECRET, kind="story", ticks=305, now=station.now())
    episode.summary = episode.notes = f"All about {SECRET}."
    episode.chapters = [{"start_ms": 0, "title": f"{SECRET} begins"}]
    episode.tags = [EpisodeTag(vocabulary="topic", code="sleep")]
    assert episode.recording
    put_sound(store, episode.recording)
    session.commit()
    extend(session, replace(station, settings=replace(station.settings, horizon_days=1)))
    monkeypatch.setattr("radio.channel.export.loop.loops", lambda *_: on_air.ticks.loops)
    now = hearings(session, station, episode)[1]
    clock.move(timedelta(milliseconds=(now.start_tick + 60) * 960 - clock.unix_ms()))
    yield episode
    store.delete_prefix("on-air")


def test_two_caches_in_a_row_have_forgotten_it_within_a_minute(client: Visitor, doomed: Episode) -> None:
    """The second has it from the first at the last moment and is not told its age: so it keeps it as long again."""
    rounded_up, late_clock = timedelta(milliseconds=TICK_MS), timedelta(milliseconds=SKEW_MAY_BE_MS)
    segment = next(line for line in client.get("/live/standard.m3u8").text.splitlines() if line.endswith(".mp3"))
    kept = re.fullmatch(r"public, max-age=(\d+), immutable", client.get(f"/live/{segment}").headers["Cache-Control"])
    assert kept
    last_given = editorial.GUARD + rounded_up + late_clock
    assert last_given + 2 * timedelta(seconds=int(kept[1])) <= timedelta(seconds=60)


def hearings(session: Session, station: Station, episode: Episode) -> list[Airing]:
    first = schedule.planned_since(session)
    airings = schedule.rundown(session, first, first + 24 * HOUR_TICKS).airings
    found = [a for a in airings if a.episode_id == episode.id]
    assert len(found) >= 3
    return found


def addresses(app: Flask, episode: Episode, station: Station, ticks: Sequence[int]) -> list[str]:
    """Everything that the public may ask for, by the table of addresses; a new one has to be named here."""
    day, show = station.now().astimezone(station.settings.tz).date(), episode.show
    one, feed, words = (
        {"episode_id": episode.id},
        [{"form": "xml"}, {"form": "json"}],
        [{"form": form} for form in ("vtt", "srt", "html")],
    )
    known: dict[str, list[dict[str, object]]] = {
        "pages.episode": [one], "pages.show": [{"slug": show.slug}], "pages.without_slash": [], "pages.favicon": [], "pictures.picture": [], "cards.picture": [],
        "assets.static": [], "channel.live_segment": [], "channel.mp3_stream": [], "elsewhere.short_episode": [{"short": episode.id[:8]}],
        "elsewhere.embed": [one], "elsewhere.episode_paper": [one], "elsewhere.short_show": [{"slug": show.slug}], "elsewhere.show_paper": [{"slug": show.slug}],
        "elsewhere.sitemap_episodes": [{"number": 1}], "enclosures.sound": [one | {"extension": extension} for extension in ("mp3", "m4a")],
        "feed_words.chapters": [one], "feed_words.words": [one | each for each in words] + [one | each | {"language": "en"} for each in words],
        "feed_words.subscribe_station": [{"low": "low"}, {}], "feed_words.subscribe_show": [{"slug": show.slug}, {"slug": show.slug, "low": "low"}],
        "feed_words.subscribe_kind": [{"kind": "story"}], "feed_words.subscribe_tag": [{"listed": "topic", "code": "sleep"}],
        "feeds.station_feed": [*feed, *({"low": "low"} | each for each in feed)],
        "feeds.show_feed": [{"slug": show.slug} | each | more for each in feed for more in ({}, {"low": "low"})],
        "feeds.kind_feed": [{"kind": "story"} | each for each in feed], "feeds.tag_feed": [{"listed": "topic", "code": "sleep"} | each for each in feed],
        "channel.media_playlist": [{"name": name, "from": tick} for name in ("standard", "low") for tick in (*ticks, None)],
        "listings.programme_information": [{"bearer": "id/localhost/live", "day": f"{day + timedelta(days=n):%Y%m%d}"} for n in (0, 1)],
        "listings.chapters": [{"day": day + timedelta(days=n)} for n in (0, 1)],
        "elsewhere.oembed": [{"url": f"http://localhost/episodes/{episode.id}"}], "pages.find": [{"q": "all about"}, {"q": SECRET[:-1].lower()}],
        "schedule.schedule_json": [{"days": 2}],
    }  # fmt: skip
    adapter, found = app.url_map.bind("localhost"), []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or access_of(app, rule.endpoint) is not Access.PUBLIC:
            continue
        assert rule.endpoint in known or not rule.arguments - set(rule.defaults or ()), (
            f"{rule}: say here how this output is asked"
        )
        found += [adapter.build(rule.endpoint, values) for values in known.get(rule.endpoint, [{}])]
    return sorted(set(found))


def telling(replica: Visitor, paths: Sequence[str], voice: Voice) -> set[str]:
    """Which of these addresses, and of the segments that their playlists name, tell of it."""
    found, segments = set(), set()
    for path in paths:
        answer = replica.get(path)
        if answer.mimetype == "application/vnd.apple.mpegurl":
            segments |= {f"/live/{address}" for _, address in listed(answer.text)}
        if SECRET.encode() in answer.data or (path.startswith("/audio/") and voice.is_in_file(answer.data)):
            found.add(path)
    for path in segments | {path for path in paths if path.startswith("/live/") and "-" in path}:
        answer = replica.get(path)
        if answer.status_code == 200 and voice.is_in_segment(answer.data, path):
            found.add(path)
    stream = replica.application.extensions["channel"].stream
    burst = next(stream.listen(with_titles=True))
    if SECRET.encode() in burst or voice.is_in_stream(next(stream.listen(with_titles=False))):
        found.add("/live.mp3")
    return found


def kept_s(replica: Visitor, path: str) -> int:
    """For how long a shared cache may keep an answer. Source: RFC 9111 §5.2.2.10."""
    said = replica.get(path).headers["Cache-Control"]
    ages = dict(re.findall(r"(s-maxage|max-age)=(\d+)", said))
    assert ages or "no-store" in said, path
    return int(ages.get("s-maxage", ages.get("max-age", 0)))


def in_the_bucket(store: ObjectStore, voice: Voice) -> list[str]:
    keys = [each.key for each in store.list(f"{PREFIX}live/") if each.key.endswith((".mp3", ".m4s"))]
    assert keys
    return [key for key in keys if voice.is_in_segment(store.read(key), key)]


def test_what_is_taken_back_is_off_every_output_of_every_replica(
    app: Flask, session: Session, station: Station, store: ObjectStore, clock: SetClock, replicas: list[Visitor], doomed: Episode,
    browser_of: Callable[[Person], Visitor], sam: Person, work_off: Callable[[], int],
) -> None:  # fmt: skip
    past, present, later = hearings(session, station, doomed)[:3]
    voice = Voice(present.recording_id or "", present.n_ticks)
    paths = addresses(app, doomed, station, [past.start_tick + 7, present.start_tick])
    named = {f"/live/{address}" for path in paths if path.startswith("/live/") and ".m3u8" in path
             for _, address in listed(replicas[0].get(path).text)}  # fmt: skip
    with app.app_context():
        Exporter(station).write(30)
    desk = browser_of(sam)
    day = f"{station.now().astimezone(station.settings.tz):%Y-%m-%d}"
    inside = ["/studio/air", f"/studio/air/log?day={day}", *(f"/studio/air/log.{form}?day={day}" for form in ("csv", "json", "cue")),
              f"/studio/schedule/days/{day}"]  # fmt: skip
    joins = [f"/studio/schedule/joins/{tick}.mp3" for tick in (past.start_tick, later.start_tick)]

    told = telling(replicas[0], paths, voice)
    assert {"/live.mp3", "/now.json", "/schedule.json?days=2", "/schedule.xml", "/schedule", "/", f"/embed/{doomed.id}", "/feed.xml",
            f"/schedule/{day}/chapters.json", f"/radiodns/spi/3.1/id/localhost/live/{day.replace('-', '')}_PI.xml"} <= told  # fmt: skip
    assert len([path for path in told if path.startswith("/live/")]) > 100, (
        "it is heard live, from its beginning, and in the past"
    )
    kept = {path: kept_s(replicas[0], path) for path in told if not path.startswith("/live")}
    assert [path for path, seconds in kept.items() if 2 * seconds > 57] == [], "two caches in a row forget it within a minute"
    assert in_the_bucket(store, voice)
    assert all(voice.is_in_stream(desk.get(path).data) for path in joins)

    episode_id = doomed.id
    editorial.withdraw(session, station, session.get_one(Episode, episode_id), by=AT_THE_CONSOLE, now=clock.now())
    session.commit()
    clock.move(HEARD_OUT)
    for replica in replicas:
        assert telling(replica, [*paths, *sorted(named)[::4]], voice) == set()
    work_off()
    assert in_the_bucket(store, voice) == []
    assert telling(replicas[1], paths, voice) == set(), "nor when it is erased"
    assert [path for path in inside if SECRET in desk.get(path).text] == []
    assert not any(voice.is_in_stream(desk.get(path).data) for path in joins)
    assert episode_id in desk.get(f"/studio/air/log.csv?day={day}").text, "its id and times stay in the log"


def test_every_override_is_heard_on_both_replicas_once_its_guard_is_over(
    app: Flask, session: Session, station: Station, store: ObjectStore, clock: SetClock, replicas: list[Visitor], doomed: Episode
) -> None:
    """An alert, its end, a swap, a stop and a resume: 32 s after each commit every output gives what the rundown says, and all alike."""
    warning = make_episode(session, title="A warning", kind="alert", ticks=40, now=station.now())
    assert warning.recording
    put_sound(store, warning.recording)
    notice = Notice("An office", "https://health.example", "Here", "act-now", station.now() + timedelta(days=1), 60)

    def coming() -> Airing:
        now = tick_at(clock.unix_ms())
        return next(
            a
            for a in schedule.rundown(session, now, now + HOUR_TICKS).airings
            if a.part is Part.PROGRAMME and a.start_tick > now + 30
        )

    decisions: dict[str, Callable[[], object]] = {
        "alert": lambda: air.alert(session, station, warning, notice, by=AT_THE_CONSOLE, now=clock.now()),
        "swap": lambda: air.swap(session, station, coming(), episode_id=None, by=AT_THE_CONSOLE, now=clock.now()),
        "stop": lambda: air.stop(session, station, by=AT_THE_CONSOLE, now=clock.now()),
        "resume": lambda: air.resume(session, station, by=AT_THE_CONSOLE, now=clock.now()),
    }
    for what, decide in decisions.items():
        decide()
        session.commit()
        guard_over = tick_at(clock.unix_ms() + 24_000) + 1
        clock.move(HEARD_OUT)
        for profile in PROFILES:
            text = [replica.get(f"/live/{profile.name}.m3u8").text for replica in replicas]
            assert text[0] == text[1], what
            fresh = [(n, address) for n, address in listed(text[0]) if n * 6 >= guard_over]
            assert fresh
            for number, address in fresh:
                expected = [expected_tick(session, tick, profile) for tick in range(number * 6, number * 6 + 6)]
                assert {tuple(ticks_of(replica.get(f"/live/{address}").data, profile)) for replica in replicas} == {
                    tuple(expected)
                }, what
        half = clock.unix_ms() // 480
        sound = {replica.application.extensions["channel"].stream.half_tick(half).sound for replica in replicas}
        assert len(sound) == 1
        assert sound.pop() in expected_tick(session, half // 2, standard())
        told = [replica.get("/now.json").json for replica in replicas]
        assert told[0] == told[1]
        if what == "stop":
            assert told[0]["on_air"]["part"] == "emergency"
            assert expected_tick(session, half // 2, standard()) == tick_content("loop", half // 2 % LOOP_TICKS, standard())
