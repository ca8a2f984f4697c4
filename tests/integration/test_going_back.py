"""Going back on the channel: from any point of the last week, and only to what may be heard when the listener wants."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, SEGMENT_TICKS, tick_at
from media.profiles import Profile, low, standard
from media.store import ObjectStore
from radio.catalogue.actions import describe, touched
from radio.catalogue.models import Episode
from radio.channel.views import Channel
from radio.clock import SetClock
from radio.core.people import Person, Role
from radio.editorial import actions as editorial
from radio.schedule import queries as schedule
from radio.schedule.airings import Airing, Part
from radio.station import Station
from tests.air import LOOP_TICKS, extend, make_catalogue, tick_content
from tests.integration.test_channel import expected_tick, listed, ticks_of
from tests.visitor import Visitor

STEWARD = Person(None, "sam", frozenset({Role.STEWARD}))


@pytest.fixture
def past(session: Session, station: Station, store: ObjectStore, on_air: Channel, clock: SetClock) -> list[Airing]:
    """A station that has been on the air for some hours; gives its programmes that are over, oldest first."""
    make_catalogue(session, store, station)
    session.commit()
    extend(session, replace(station, settings=replace(station.settings, horizon_days=1)))
    clock.move(timedelta(hours=5))
    now = tick_at(clock.unix_ms())
    airings = schedule.rundown(session, now - 4 * 3750, now).airings
    return [a for a in airings if a.part is Part.PROGRAMME and a.end_tick < now][1:]


def episode_of(session: Session, airing: Airing) -> Episode:
    return session.get_one(Episode, airing.episode_id)


def change(session: Session, episode: Episode, clock: SetClock, **fields: object) -> None:
    describe(session, episode, now=clock.now(), **fields)  # type: ignore[arg-type]
    touched(session)
    session.commit()
    clock.move(timedelta(seconds=2))


@pytest.mark.parametrize("profile", [standard(), low()], ids=lambda profile: profile.name)
def test_a_programme_of_the_past_is_heard_again_tick_by_tick(
    client: Visitor, session: Session, past: list[Airing], profile: Profile
) -> None:
    airing = past[0]
    text = client.get(f"/live/{profile.name}.m3u8?from={airing.start_tick}").text
    segments = listed(text)

    assert text.endswith("#EXT-X-ENDLIST\n")
    assert f"#EXT-X-START:TIME-OFFSET={airing.start_tick % 6 * 0.96:.3f},PRECISE=YES" in text
    assert [n for n, _ in segments] == list(range(airing.start_tick // 6, (airing.end_tick - 1) // 6 + 1))
    for number, address in segments:
        ticks = range(number * SEGMENT_TICKS, (number + 1) * SEGMENT_TICKS)
        assert ticks_of(client.get(f"/live/{address}").data, profile) == [expected_tick(session, t, profile) for t in ticks]


def test_a_listener_begins_at_any_point_and_goes_on_as_far_as_they_say(client: Visitor, past: list[Airing]) -> None:
    start, end = past[0].start_tick + 50, past[2].end_tick

    text = client.get(f"/live/standard.m3u8?from={start}&to={end}").text

    assert [n for n, _ in listed(text)] == list(range(start // 6, (end - 1) // 6 + 1))
    assert client.get(f"/live/standard.m3u8?from={start}&to={start}").status_code == 404
    assert client.get(f"/live/standard.m3u8?from={start}&to={start + 14 * 3750}").status_code == 404


def test_nobody_goes_back_to_what_was_agreed_for_the_air_only(
    client: Visitor, session: Session, past: list[Airing], clock: SetClock
) -> None:
    other = next(a for a in past[1:] if a.episode_id != past[0].episode_id)
    before = dict(listed(client.get(f"/live/standard.m3u8?from={past[0].start_tick}&to={other.end_tick}").text))
    change(session, episode_of(session, other), clock, scopes=["live"])

    assert client.get(f"/live/standard.m3u8?from={other.start_tick}").status_code == 404
    inside = (other.start_tick // 6 + 1, (other.end_tick - 1) // 6)
    again = dict(listed(client.get(f"/live/standard.m3u8?from={past[0].start_tick}&to={other.end_tick}").text))
    for number in range(*inside):
        assert client.get(f"/live/{before[number]}").status_code == 404, "its old address, once it was on an hour ago"
        ticks = range(number * 6, number * 6 + 6)
        loop = [tick_content("loop", tick % LOOP_TICKS, standard()) for tick in ticks]
        assert ticks_of(client.get(f"/live/{again[number]}").data, standard()) == loop


def test_what_is_taken_back_is_gone_from_the_past_too(
    client: Visitor, session: Session, past: list[Airing], station: Station, clock: SetClock
) -> None:
    addresses = listed(client.get(f"/live/standard.m3u8?from={past[0].start_tick}").text)
    editorial.withdraw(session, station, episode_of(session, past[0]), by=STEWARD, now=clock.now())
    session.commit()
    clock.move(timedelta(seconds=30))

    assert client.get(f"/live/standard.m3u8?from={past[0].start_tick}").status_code == 410
    answers = [client.get(f"/live/{address}").status_code for _, address in addresses[1:-1]]
    assert set(answers) == {410}


def test_what_has_expired_is_not_gone_back_to(client: Visitor, session: Session, past: list[Airing], clock: SetClock) -> None:
    change(session, episode_of(session, past[0]), clock, expires_at=clock.now() + timedelta(seconds=10))
    assert client.get(f"/live/standard.m3u8?from={past[0].start_tick}").status_code == 200
    clock.move(timedelta(seconds=20))
    assert client.get(f"/live/standard.m3u8?from={past[0].start_tick}").status_code == 404


def test_a_week_is_the_end_of_it(client: Visitor, past: list[Airing], clock: SetClock) -> None:
    clock.move(timedelta(milliseconds=(past[0].start_tick + 7 * DAY_TICKS - 10) * 960 - clock.unix_ms()))
    text = client.get(f"/live/standard.m3u8?from={past[0].start_tick}").text
    clock.move(timedelta(minutes=5))
    assert client.get(f"/live/standard.m3u8?from={past[0].start_tick}").status_code == 404
    assert client.get(f"/live/{listed(text)[-1][1]}").status_code == 200, "who has begun hears it to its end"


def test_now_says_where_to_go_back_to(client: Visitor, session: Session, past: list[Airing], clock: SetClock) -> None:
    on_air = client.get("/now.json").json["on_air"]
    while on_air["part"] != "programme":
        clock.move(timedelta(milliseconds=client.get("/now.json").json["ms_to_change"]))
        on_air = client.get("/now.json").json["on_air"]
    assert on_air["again"].endswith(f"/live/standard.m3u8?from={on_air['start_tick']}")
    change(session, session.get_one(Episode, on_air["episode"]), clock, scopes=["live"])
    on_air = client.get("/now.json").json["on_air"]
    assert (on_air["again"], on_air["url"]) == (None, None)
    assert on_air["title"]


def test_the_schedule_of_the_past_offers_what_may_be_heard(
    client: Visitor, session: Session, past: list[Airing], clock: SetClock
) -> None:
    page = client.get("/schedule").text
    assert f'data-play="again" data-id="{past[0].start_tick}"' in page
    for airing in past:
        if airing.episode_id == past[0].episode_id:
            assert f'data-id="{airing.start_tick}"' in page
    change(session, episode_of(session, past[0]), clock, scopes=["live"])
    page = client.get("/schedule").text
    assert f'data-id="{past[0].start_tick}"' not in page
