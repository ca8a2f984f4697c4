"""A show of 200 items from a host with every bad habit: complete, or with a list of what is missing and why; twice is once."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from media.store import ObjectStore
from radio.accounts.models import Person
from radio.catalogue.models import Episode, EpisodeTag, EpisodeVoice, Recording, Rendition, Show, Transcript, Voice
from radio.clock import SetClock
from radio.editorial.rules import AT_THE_CONSOLE
from radio.jobs.carrier import Carrier
from radio.moving import actions, words
from radio.moving.models import Arrival
from radio.moving.rules import ArrivalState, ItemState
from tests import elsewhere as habits
from tests.elsewhere import Elsewhere, Habit, Item, rss
from tests.integration.moving.conftest import Bring, items_of
from tests.sounds import tone
from tests.visitor import Visitor

pytestmark = pytest.mark.usefixtures("one_ingest_a_sound")

TOTAL = 200
SOUNDS = [tone(1.0 + n / 4, hz=300 + 60 * n, rate_hz=16_000) for n in range(3)]
VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\n<v Robin>Good morning"
MORE = """<podcast:person role="Co-Host" href="https://a.example/">Robin Real</podcast:person><podcast:chapters url="{0}/chapters.json"/>
<podcast:transcript url="{0}/gone.vtt" type="text/vtt"/><podcast:transcript url="{0}/words.json" type="application/json"/>
<podcast:alternateEnclosure type="audio/opus"/>"""


def good_in_the_end(elsewhere: Elsewhere, sound: bytes) -> dict[str, Habit]:
    """Ways in which all of it comes."""
    return {
        "plain": habits.gives(sound, Content_Type="audio/wav"),
        "no-type": habits.gives(sound),
        "no-kind": habits.gives(sound, Content_Type="application/octet-stream"),
        "redirected": habits.leads_to("/hop", 301),
        "ends-early": habits.breaks_off(sound),
        "no-ranges": habits.breaks_off_without_ranges(sound),
        "too-little": habits.promises_too_little(sound),
        "ill": habits.is_ill(sound),
        "busy": habits.is_busy(sound, seconds=180),
        "chunks": habits.in_chunks(sound),
        "drips": habits.drips(sound, bytes_at_once=8_000),
        "gone-once": habits.in_turn(lambda asked: asked.handler.connection.close(), habits.gives(sound)),
    }


def never_good(elsewhere: Elsewhere) -> dict[str, tuple[str, Habit]]:
    """Name → the reason that must be told, and the way in which it never comes."""
    sound, page = SOUNDS[0], b"<!doctype html><html><body>Please sign in</body></html>"
    return {
        "404": ("status", habits.gives(b"", 404)),
        "410": ("status", habits.gives(b"", 410)),
        "403": ("status", habits.gives(b"", 403)),
        "500": ("status", habits.gives(b"", 500)),
        "429": ("status", habits.gives(b"", 429, Retry_After="600")),
        "too-much": ("dropped", habits.promises_too_much(sound)),
        "page": ("no-sound", habits.gives(page, Content_Type="text/html; charset=utf-8")),
        "page-as-sound": ("not-audio", habits.gives(page * 50, Content_Type="audio/mpeg")),
        "picture": ("no-sound", habits.gives(b"\xff\xd8", Content_Type="image/jpeg")),
        "noise": ("not-audio", habits.gives(bytes(range(256)) * 40, Content_Type="audio/mpeg")),
        "silent": ("silent", habits.gives(sound[:44] + bytes(len(sound) - 44), Content_Type="audio/wav")),
        "empty": ("empty", habits.gives(b"", Content_Type="audio/mpeg")),
        "packed": ("packed", habits.gives(gzip.compress(sound), Content_Type="audio/wav", Content_Encoding="gzip")),
        "loop": ("too-many-redirects", habits.leads_to("/never/loop")),
        "inside": ("private-address", habits.leads_to("http://10.0.0.1/secret")),
        "mapped": ("private-address", habits.leads_to("http://[::ffff:169.254.169.254]/latest/")),
        "file": ("not-an-address", habits.leads_to("file:///etc/passwd")),
        "nowhere": ("status", habits.gives(b"", 302)),
    }


def hosted(elsewhere: Elsewhere) -> tuple[str, list[Item], dict[str, str]]:
    """Address of the feed, its items, and guid → reason of those that can never come."""
    elsewhere.do("/hop", habits.leads_to(elsewhere.give("/plain", SOUNDS[1])))
    elsewhere.give("/chapters.json", json.dumps({"chapters": [{"startTime": 0, "title": "Start"}]}).encode(), "application/json")
    said = {"segments": [{"speaker": "Robin", "startTime": 0, "endTime": 1, "body": "Good morning"}]}
    elsewhere.give("/words.json", json.dumps(said).encode(), "application/json")
    items, reasons = [], {}
    for name, (reason, habit) in never_good(elsewhere).items():
        reasons[f"never {name}"] = reason
        items.append(Item(elsewhere.do(f"/never/{name}", habit), f"never {name}", f"Never: {name}"))
    items += [Item(None, "never at all", "Never: no sound"), Item("mailto:a@b.example", "never an address", "Never: no address")]
    reasons |= {"never at all": "no-enclosure", "never an address": "not-an-address"}
    good = [good_in_the_end(elsewhere, sound) for sound in SOUNDS]
    for n in range(TOTAL - len(items)):
        ways = good[n % 3]
        name = list(ways)[n % len(ways)]
        url = elsewhere.do(f"/{n}/{name}", ways[name])
        more = MORE.format(elsewhere.url("")) if n % 20 == 0 else ""
        items.append(
            Item(
                url,
                f"https://old.example/?p={n}",
                f"Walk {n}, {name}",
                length=str(len(SOUNDS[n % 3]) if name == "too-little" else 1000 * n),
                more=more,
            )
        )
    order = sorted(items, key=lambda item: hashlib.sha256((item.guid or "").encode()).digest())
    first, second = rss(order[:120], channel=f'<atom:link rel="next" href="{elsewhere.url("/2.xml")}"/>'), rss(order[120:])
    elsewhere.do(
        "/2.xml", habits.in_turn(habits.gives(b"", 503), habits.gives(gzip.compress(second), Content_Type="application/rss+xml"))
    )
    cut = habits.gives(first[: len(first) // 2], Content_Type="application/rss+xml")
    whole = habits.gives(gzip.compress(first), Content_Type="text/xml", Content_Encoding="gzip")
    return (
        elsewhere.do("/feed.xml", habits.in_turn(cut, whole)),
        order,
        reasons,
    )


def everything(session: Session) -> list[tuple[object, ...]]:
    """Every row of the catalogue as it stands."""
    session.expire_all()
    tables = (Show, Episode, EpisodeTag, EpisodeVoice, Voice, Transcript, Recording, Rendition)
    rows = [(each.__tablename__, *map(repr, row)) for each in tables for row in session.execute(select(each.__table__))]
    session.rollback()
    return sorted(rows)


def stopping_at(elsewhere: Elsewhere, path: str, carrier: Carrier) -> None:
    """The worker is asked to stop just when this is asked for."""
    habit = elsewhere.habits[path]

    def stops(asked: habits.Asked) -> None:
        carrier.stop()
        habit(asked)

    elsewhere.habits[path] = stops


def test_a_show_of_two_hundred_from_the_worst_of_hosts_is_whole_or_listed_and_twice_is_once(
    elsewhere: Elsewhere, session: Session, clock: SetClock, app: Flask, go_on: Callable[[Arrival], Arrival], bring: Bring,
    store: ObjectStore, sam: Person, browser_of: Callable[[Person | None], Visitor],
) -> None:  # fmt: skip
    feed, order, reasons = hosted(elsewhere)
    arrival, _job = actions.begin(session, address=feed, by=AT_THE_CONSOLE, now=clock.now())
    session.commit()
    stopped = Carrier(app)
    stopping_at(elsewhere, next(path for path in elsewhere.habits if path.startswith("/70/")), stopped)
    for _ in range(300):  # until it is asked to stop, in the middle
        for work, craft in stopped._take():
            stopped._do(work, craft)
            if stopped._stopping.is_set():
                break
        if stopped._stopping.is_set():
            break
        clock.move(timedelta(seconds=5))
    stopped.close()
    session.expire_all()
    at_the_stop = Counter(item.state for item in items_of(session, arrival))
    assert at_the_stop[ItemState.WAITING] > 0
    assert sum(at_the_stop.values()) == TOTAL

    go_on(arrival)

    found = items_of(session, arrival)
    assert session.get_one(Arrival, arrival.id).state is ArrivalState.OVER
    assert [item.guid for item in found] == [item.guid for item in order], (
        "each item of both pages stands in the list, in its order"
    )
    assert {item.guid: item.problem for item in found if item.state is ItemState.MISSING} == reasons
    whole = [item for item in found if item.state is ItemState.WHOLE]
    assert len(whole) == TOTAL - len(reasons)
    episodes = {each.id: each for each in session.scalars(select(Episode))}
    assert set(episodes) == {item.episode_id for item in whole}, "nothing is half done"
    assert {each.feed_guid for each in episodes.values()} == {item.guid for item in whole}
    assert len(set(session.scalars(select(Recording.n_samples)))) == len(SOUNDS), "each has all of its sound"
    assert all(store.exists(each.key) for each in session.scalars(select(Rendition)))
    told = [episodes[str(item.episode_id)] for item in whole if (item.guid or "").endswith(("p=0", "p=20", "p=160"))]
    for episode in told:
        assert [(each.voice.name, each.role, each.named) for each in episode.voices] == [("Robin Real", "co-host", False)]
        assert ["Good morning" in row.text for row in episode.transcripts] == [True]
        assert episode.chapters == [{"start_ms": 0, "title": "Start"}]
    assert session.get_one(Arrival, arrival.id).notes[-3:] == ["alternates-left 9", "persons-held 9", "persons-linked 9"]

    page = browser_of(sam).get(f"/studio/moving/arrivals/{arrival.id}").text
    for item in found:
        if item.problem:
            assert words.problem(item.problem, item.detail) in page
            assert item.title in page
    assert "Publish all 180 episodes" in page

    before = everything(session)
    elsewhere.asked.clear()
    elsewhere.do("/feed.xml", habits.gives(rss(order), Content_Type="application/rss+xml"))
    again = bring(feed)

    assert everything(session) == before, "run twice it changes nothing"
    assert Counter(item.state for item in items_of(session, again)) == {
        ItemState.HERE: len(whole),
        ItemState.MISSING: len(reasons),
    }
    assert not [path for path in elsewhere.asked if path.split("/")[1].isdigit()], "what is here is not asked for again"
