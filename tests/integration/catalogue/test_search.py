"""People find by the words they have."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from radio.catalogue import actions, search
from radio.catalogue.models import Episode
from radio.catalogue.rules import State
from radio.clock import SetClock
from tests.makers import NOON, make_episode, make_show


@pytest.fixture
def walk(session: Session) -> Episode:
    episode = make_episode(session, title="Café at dawn")
    actions.describe(
        session, episode, now=NOON, summary="Coming off, slowly.", notes="With **Zoë** and [links](https://a.example)."
    )
    actions.set_tags(session, episode, [("topic", "craving"), ("topic", "trauma")], now=NOON)
    session.commit()
    return episode


@pytest.mark.parametrize("words", ["cafe", "CAFÉ", "dawn cafe", "slow", "zoe", "urges", "temptation", "craving"])
def test_words_of_title_summary_notes_and_other_names_of_tags_find(session: Session, walk: Episode, words: str) -> None:
    assert search.find(session, words, now=NOON) == [walk]


@pytest.mark.parametrize("words", ["", "  ", "***", "dusk", "cafe dusk", "trauma", '"', "NOT", "title:cafe OR x", "a NEAR b"])
def test_other_words_find_nothing_and_are_never_syntax(session: Session, walk: Episode, words: str) -> None:
    assert search.find(session, words, now=NOON) == []


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60))
def test_whatever_is_typed_is_answered(session: Session, walk: Episode, words: str) -> None:
    assert search.find(session, words, now=NOON) in ([], [walk])


def test_only_what_is_public_is_found(session: Session, walk: Episode, clock: SetClock) -> None:
    ident = make_episode(session, show=make_show(session, slug="idents", in_feeds=False), title="Café ident")
    draft = make_episode(session, show=walk.show, title="Café draft", state=State.DRAFT)
    for episode in (ident, draft):
        search.index(session, episode)

    assert search.find(session, "cafe", now=NOON) == [walk]
    assert search.find(session, "cafe", now=NOON - timedelta(seconds=1)) == []


def test_the_best_comes_first(session: Session, walk: Episode) -> None:
    other = make_episode(session, show=walk.show, title="Morning")
    actions.describe(session, other, now=NOON, notes="A word about a café somewhere in the notes.")

    assert search.find(session, "cafe", now=NOON) == [walk, other]


def test_what_is_unindexed_leaves_no_word_behind(session: Session, walk: Episode) -> None:
    search.unindex(session, walk)

    assert search.find(session, "cafe", now=NOON) == []
    if session.get_bind().dialect.name == "sqlite":
        blocks = session.connection().exec_driver_sql("SELECT block FROM episode_search_data").scalars().all()
        assert not [block for block in blocks if b"temptation" in block or b"dawn" in block]
