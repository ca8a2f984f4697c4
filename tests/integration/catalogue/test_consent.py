"""Where an episode may be heard: nowhere that its teller has not agreed to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from media.grid import DAY_TICKS, HOUR_TICKS, first_tick_from
from radio.accounts.models import Person
from radio.catalogue import actions as catalogue
from radio.catalogue.models import Episode, Voice
from radio.catalogue.queries import airable_episodes
from radio.clock import SetClock
from radio.core.time import unix_ms
from radio.editorial.actions import GUARD
from radio.errors import InvalidError
from radio.schedule import actions as schedule
from radio.schedule.queries import rundown
from radio.station import Station
from tests.makers import make_episode, make_show
from tests.visitor import Visitor


def found_at(client: Visitor, session: Session, episode: Episode, clock: SetClock) -> set[str]:
    """The places where an episode is found."""
    places = {
        "site": client.get(f"/episodes/{episode.id}").status_code == 200,
        "podcast": str(episode.guid) in client.get("/feed.xml").get_data(as_text=True),
        "live": episode in airable_episodes(session, now=clock.now()),
    }
    return {place for place, found in places.items() if found}


@pytest.mark.parametrize("scopes", [{"site"}, {"live"}, {"site", "podcast"}, {"site", "live", "podcast"}, {"training"}, set()])
def test_an_episode_is_found_where_it_was_agreed_and_nowhere_else(
    client: Visitor, session: Session, clock: SetClock, scopes: set[str]
) -> None:
    episode = make_episode(session)
    episode.scopes = sorted(scopes)

    assert found_at(client, session, episode, clock) == scopes - {"training"}


def test_a_story_stays_on_the_station_until_somebody_says_more(session: Session, alice: Person, clock: SetClock) -> None:
    show = make_show(session)
    story = catalogue.make_episode(session, show, by=alice.asking, now=clock.now(), kind="story")
    talk = catalogue.make_episode(session, show, by=alice.asking, now=clock.now(), kind="programme")
    assert story.scopes == ["site", "live"]
    assert "podcast" in talk.scopes

    catalogue.describe(session, talk, now=clock.now(), kind="story")

    assert talk.scopes == ["site", "live"]


def test_what_may_not_be_aired_any_more_leaves_the_air_after_the_guard(
    session: Session, station: Station, clock: SetClock, sam: Person, browser_of: Callable[[Person], Visitor],
    work_off: Callable[[], int],
) -> None:  # fmt: skip
    episode = make_episode(session, ticks=2_000)
    session.commit()
    schedule.extend(session, station)
    session.commit()
    guard_tick = first_tick_from(unix_ms(clock.now() + GUARD))
    assert episode.id in {a.episode_id for a in rundown(session, guard_tick, guard_tick + 90_000).airings}

    form = {"title": episode.title, "summary": "A calm talk.", "kind": "programme", "content_notes": "none", "language": "en-GB",
            "intensity": "0", "detail": "none", "scopes": ["site"]}  # fmt: skip
    answer = browser_of(sam).post(f"/studio/episodes/{episode.id}", data=form)

    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert episode.id not in {a.episode_id for a in rundown(session, guard_tick, guard_tick + HOUR_TICKS).airings}
    work_off()
    assert episode.id not in {a.episode_id for a in rundown(session, guard_tick, guard_tick + 13 * DAY_TICKS).airings}


def test_a_voice_is_one_however_its_name_is_typed_and_is_forgotten_with_its_last_episode(
    session: Session, clock: SetClock
) -> None:
    first, second = make_episode(session), make_episode(session, show=make_show(session, slug="other"))
    catalogue.set_voices(session, first, ["Zoë", "Ray "], named=True, now=clock.now())
    catalogue.set_voices(session, second, ["zoe"], named=False, now=clock.now())
    assert first.voices[0].voice is second.voices[0].voice
    assert [each.named for each in second.voices] == [False]

    first.voices = []
    catalogue.forget_voices(session)

    assert [voice.name for voice in session.scalars(select(Voice))] == ["Zoë"]


def test_what_somebody_does_is_typed_behind_the_name_and_told_to_apps_by_it(
    session: Session, clock: SetClock, browser_of: Callable[[Person | None], Visitor], sam: Person
) -> None:
    episode = make_episode(session, kind="story")
    steward, page = browser_of(sam), f"/studio/episodes/{episode.id}"
    form = {"title": "First light", "summary": "A walk.", "kind": "story", "language": "en-GB", "content_notes": "none", "intensity": "0",
            "detail": "none", "scopes": ["site"], "voices": "Robin (Fact Checker)\nKim (from the Wirral)\nAda", "named": "yes"}  # fmt: skip

    assert steward.post(page, data=form).status_code == 303

    session.expire_all()
    assert [(each.voice.name, each.role) for each in episode.voices] == [
        ("Robin", "fact-checker"), ("Kim (from the Wirral)", ""), ("Ada", ""),
    ]  # fmt: skip
    assert "Robin (Fact checker)\nKim (from the Wirral)\nAda</textarea>" in steward.get(page).text
    assert steward.post(page, data={**form, "voices": "Robin"}).status_code == 303
    session.expire_all()
    assert [(each.voice.name, each.role) for each in episode.voices] == [("Robin", "")]
    with pytest.raises(InvalidError):
        catalogue.set_voices(session, episode, ["Robin"], named=True, now=clock.now(), roles={"Robin": "juggler"})
