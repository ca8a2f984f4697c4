"""Decisions: each once, each with a trail, and none behind another's back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from radio.accounts.models import Person
from radio.catalogue import actions as catalogue
from radio.catalogue import search
from radio.catalogue.models import Episode
from radio.catalogue.queries import airable_episodes, change_number, episode_or_404, published_episodes
from radio.catalogue.rules import State
from radio.clock import SetClock
from radio.db import db
from radio.editorial import actions
from radio.editorial.queries import decisions_about, episodes_ready
from radio.errors import ForbiddenError, MoveError, NotFoundError
from radio.jobs.actions import enqueue
from radio.station import Station
from tests.makers import make_episode
from tests.visitor import Visitor


@pytest.fixture
def draft(session: Session, alice: Person) -> Episode:
    episode = make_episode(session, state=State.DRAFT)
    episode.made_by = alice.id
    session.commit()
    return episode


@pytest.fixture
def ready(session: Session, draft: Episode, alice: Person, clock: SetClock) -> Episode:
    actions.submit(session, draft, by=alice.asking, now=clock.now())
    session.commit()
    return draft


def trail(session: Session, episode: Episode) -> list[str]:
    return [entry.what for entry in decisions_about(session, "episode", episode.id)]


def test_a_producer_hands_in_a_steward_publishes(
    session: Session, draft: Episode, alice: Person, sam: Person, clock: SetClock
) -> None:
    actions.submit(session, draft, by=alice.asking, now=clock.now())
    assert list(episodes_ready(session)) == [draft]
    before = change_number(session)

    actions.publish(session, draft, by=sam.asking, now=clock.now())

    assert episode_or_404(session, draft.id, now=clock.now()) is draft
    assert change_number(session) == before + 1
    assert trail(session, draft) == ["submit", "publish"]
    assert [found.id for found in airable_episodes(session, now=clock.now())] == [draft.id]


def test_nobody_hands_in_what_is_not_whole(session: Session, draft: Episode, alice: Person, clock: SetClock) -> None:
    catalogue.describe(session, draft, now=clock.now(), title="", content_notes=None)

    with pytest.raises(MoveError) as refused:
        actions.submit(session, draft, by=alice.asking, now=clock.now())

    assert refused.value.missing == ("title", "content-notes")
    assert trail(session, draft) == []


def test_what_was_changed_since_it_was_seen_is_not_published(
    session: Session, ready: Episode, sam: Person, edith: Person, clock: SetClock
) -> None:
    seen = ready.changed_at
    clock.move(timedelta(seconds=1))
    catalogue.describe(session, ready, now=clock.now(), summary="Something else.")

    with pytest.raises(MoveError):
        actions.publish(session, ready, by=sam.asking, now=clock.now(), seen=seen)

    assert ready.state is State.READY


def test_others_may_not_decide(session: Session, draft: Episode, bob: Person, edith: Person, clock: SetClock) -> None:
    with pytest.raises(ForbiddenError):
        actions.submit(session, draft, by=bob.asking, now=clock.now())
    with pytest.raises(ForbiddenError):
        actions.publish(session, draft, by=edith.asking, now=clock.now())


def test_two_stewards_who_decide_at_once_leave_one_decision(
    app: Flask, session: Session, ready: Episode, sam: Person, station: Station, clock: SetClock
) -> None:
    asking, episode_id = sam.asking, ready.id
    session.commit()
    together, outcomes = threading.Barrier(4), []

    def decide(action: Callable[..., object]) -> None:
        with app.app_context(), Session(db.engine) as own:
            together.wait()
            episode = own.get_one(Episode, episode_id)
            try:
                action(own, episode)
                own.commit()
                outcomes.append("made")
            except MoveError:
                outcomes.append("refused")

    def publish(own: Session, episode: Episode) -> None:
        actions.publish(own, episode, by=asking, now=clock.now())

    threads = [threading.Thread(target=decide, args=(publish,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    session.expire_all()
    assert sorted(outcomes) == ["made", "refused", "refused", "refused"]
    assert trail(session, ready) == ["submit", "publish"]


def test_what_is_taken_back_stays_so(
    session: Session, ready: Episode, alice: Person, sam: Person, station: Station, clock: SetClock
) -> None:
    actions.withdraw(session, station, ready, by=alice.asking, now=clock.now())

    for move in (actions.submit, actions.send_back, actions.publish):
        with pytest.raises(MoveError):
            move(session, ready, by=sam.asking, now=clock.now())
    with pytest.raises(MoveError):
        actions.withdraw(session, station, ready, by=sam.asking, now=clock.now())


def test_a_draft_that_was_never_public_is_not_spoken_of_when_taken_back(
    session: Session, draft: Episode, alice: Person, station: Station, clock: SetClock
) -> None:
    actions.withdraw(session, station, draft, by=alice.asking, now=clock.now())

    with pytest.raises(NotFoundError):
        episode_or_404(session, draft.id, now=clock.now())


def test_what_runs_out_is_gone_by_itself(
    session: Session, ready: Episode, sam: Person, clock: SetClock, work_off: Callable[[], int]
) -> None:
    catalogue.describe(session, ready, now=clock.now(), title="Naloxone today", expires_at=clock.now() + timedelta(hours=1))
    actions.publish(session, ready, by=sam.asking, now=clock.now())
    session.commit()
    before = change_number(session)
    assert search.find(session, "naloxone", now=clock.now()) == [ready]

    clock.move(timedelta(hours=1))

    assert published_episodes(session, now=clock.now()) == []
    assert search.find(session, "naloxone", now=clock.now()) == []
    enqueue(session, "expire", "", now=clock.now())
    work_off()
    assert change_number(session) > before
    assert trail(session, ready)[-1] == "expired"


def test_the_way_from_draft_to_out_and_back_in_the_studio(
    browser_of: Callable[[Person | None], Visitor], draft: Episode, alice: Person, sam: Person, bob: Person, session: Session
) -> None:
    page = f"/studio/episodes/{draft.id}"
    producer, steward, other = browser_of(alice), browser_of(sam), browser_of(bob)
    assert other.get(page).status_code == 404
    assert other.post(f"{page}/submit").status_code == 404
    producer.post(f"{page}/submit")
    assert "Publish it" not in producer.get(page).text
    assert producer.post(f"{page}/publish").status_code == 403
    assert "Publish it" in steward.get(page).text
    assert draft.title in steward.get("/studio").text
    steward.post(f"{page}/publish", data={"seen": "yesterday"})
    assert session.get_one(Episode, draft.id).state is State.READY

    steward.post(f"{page}/publish", data={"seen": session.get_one(Episode, draft.id).changed_at.isoformat()})
    assert session.get_one(Episode, draft.id).state is State.PUBLISHED
    assert "cannot be undone" in producer.get(f"{page}/withdraw").text
    assert other.post(f"{page}/withdraw").status_code == 404
    assert producer.post(f"{page}/withdraw").status_code == 303

    assert session.get_one(Episode, draft.id).state is State.WITHDRAWN
    assert browser_of(None).get(f"/episodes/{draft.id}").status_code == 410
    assert producer.get(f"{page}/audio/standard").status_code == 410
