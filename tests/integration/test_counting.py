"""What is fetched is counted by what really went out, and nothing is kept of whoever fetched it."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from media.objects import StoreSettings
from media.store import S3Store
from radio.accounts.models import Person
from radio.app import create_app
from radio.catalogue.models import Episode
from radio.catalogue.rules import State
from radio.clock import SetClock
from radio.counting import actions
from radio.counting.answers import write_down
from radio.counting.models import EpisodeDay
from radio.db import db
from radio.schema import TABLES
from radio.settings import Settings
from tests.makers import NOON, make_episode, make_show
from tests.visitor import Visitor

SOUND = bytes(range(256)) * 30 * 125
MINUTE = 480_000
APP = "AntennaPod/3.4.0 somebody-s-telephone"
ADDRESS = "203.0.113.77"
TODAY = NOON.date()


@pytest.fixture
def episode(session: Session, store: S3Store) -> Episode:
    episode = make_episode(session, ticks=125)
    assert episode.recording is not None
    rendition = episode.recording.rendition("standard")
    assert rendition is not None
    rendition.sha256 = hashlib.sha256(SOUND).hexdigest()
    rendition.key = f"renditions/{rendition.sha256}.mp3"
    store.put_bytes(rendition.key, SOUND, "audio/mpeg")
    session.flush()
    return episode


def fetch(
    client: Visitor, episode: Episode, *, address: str = ADDRESS, agent: str = APP, method: str = "GET", **headers: str
) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = client.open(
        f"/audio/{episode.id}.mp3", method=method, headers={"User-Agent": agent, **named}, environ_base={"REMOTE_ADDR": address}
    )
    assert response.data is not None
    response.close()


def counted(app: Flask, session: Session, episode: Episode, day: date = TODAY) -> int:
    write_down(app)
    session.rollback()
    row = session.get(EpisodeDay, (episode.id, day), populate_existing=True)
    return row.n_fetched if row else 0


def test_a_download_is_counted_and_the_same_again_is_not(app: Flask, client: Visitor, session: Session, episode: Episode) -> None:
    fetch(client, episode)
    fetch(client, episode)
    fetch(client, episode, address="203.0.113.78")

    assert counted(app, session, episode) == 2


def test_looking_is_not_fetching(app: Flask, client: Visitor, session: Session, episode: Episode) -> None:
    fetch(client, episode, method="HEAD")
    fetch(client, episode, Range="bytes=0-1")
    fetch(client, episode, Range=f"bytes=0-{MINUTE - 2}")
    fetch(client, episode, Range="bytes=99999999-")
    fetch(client, episode, agent="curl/8.5.0")
    fetch(client, episode, address="203.0.113.79", Sec_Purpose="prefetch")
    fetch(client, episode, address="203.0.113.80", If_None_Match=f'"{hashlib.sha256(SOUND).hexdigest()[:32]}"')

    assert counted(app, session, episode) == 0


def test_pieces_of_one_listener_become_a_minute(app: Flask, client: Visitor, session: Session, episode: Episode) -> None:
    fetch(client, episode, Range="bytes=0-299999")
    fetch(client, episode, Range="bytes=300000-479999")

    assert counted(app, session, episode) == 1


def test_what_a_listener_leaves_unheard_is_not_counted(app: Flask, client: Visitor, session: Session, episode: Episode) -> None:
    response = client.get(f"/audio/{episode.id}.mp3", headers={"User-Agent": APP}, buffered=False)
    next(response.iter_encoded())
    response.close()

    assert counted(app, session, episode) == 0


def test_each_process_adds_its_own(session: Session, episode: Episode) -> None:
    for number in (3, 4):
        actions.add(session, {(episode.id, TODAY): number, (episode.id, TODAY - timedelta(days=1)): 1})
        session.commit()

    assert session.get_one(EpisodeDay, (episode.id, TODAY), populate_existing=True).n_fetched == 7


def test_sums_wait_while_the_database_is_away(
    app: Flask, client: Visitor, session: Session, episode: Episode, caplog: pytest.LogCaptureFixture
) -> None:
    fetch(client, episode)
    session.execute(text("ALTER TABLE episode_day RENAME TO away"))
    session.commit()
    with caplog.at_level(logging.WARNING):
        write_down(app)
    session.execute(text("ALTER TABLE away RENAME TO episode_day"))
    session.commit()

    assert "wait" in caplog.text
    assert counted(app, session, episode) == 1


@pytest.fixture
def others(clock: SetClock) -> Iterator[Callable[[Settings, S3Store], Flask]]:
    """Makes the application with other settings."""
    made = []

    def make(settings: Settings, store: S3Store) -> Flask:
        made.append(create_app(settings, clock=clock, store=store))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


def test_the_store_s_own_answer_counts_by_what_was_asked(
    settings: Settings, s3: StoreSettings, session: Session, episode: Episode, others: Callable[[Settings, S3Store], Flask]
) -> None:
    public = replace(settings, s3_endpoint=s3.endpoint_url, s3_public_endpoint=s3.endpoint_url)
    app = others(public, S3Store(s3))
    session.commit()
    for headers in ({"Range": "bytes=0-1"}, {"Range": "bytes=0-"}, {}):
        asked = {"User-Agent": APP, **headers}
        assert app.test_client().get(f"/audio/{episode.id}.mp3", headers=asked).status_code == 302

    assert counted(app, session, episode) == 1


@pytest.mark.parametrize(("proxies", "number"), [(0, 1), (1, 2)])
def test_a_proxy_is_believed_only_as_the_settings_say(
    settings: Settings, store: S3Store, session: Session, episode: Episode, others: Callable[[Settings, S3Store], Flask],
    proxies: int, number: int,
) -> None:  # fmt: skip
    app = others(replace(settings, proxies=proxies), store)
    session.commit()
    for address in ("203.0.113.5", "198.51.100.6"):
        named = {"User-Agent": APP, "X-Forwarded-For": f"192.0.2.99, {address}"}
        app.test_client().get(f"/audio/{episode.id}.mp3", headers=named).get_data()

    assert counted(app, session, episode) == number


def test_no_address_and_no_agent_is_in_rows_logs_or_files(
    app: Flask, client: Visitor, session: Session, episode: Episode, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for number in range(20):
            fetch(client, episode, address=f"203.0.113.{100 + number}", agent=f"{APP} {number}")
        fetch(client, episode, address="2001:db8:77::5")
        fetch(client, episode, Range="bytes=99999999-")
        client.get("/audio/nothing.mp3", headers={"User-Agent": APP}, environ_base={"REMOTE_ADDR": ADDRESS})
        assert counted(app, session, episode) == 21

    planted = ("203.0.113.", "2001:db8:77", "AntennaPod", "somebody-s-telephone")
    rows = " ".join(str(tuple(row)) for table in TABLES.sorted_tables for row in session.execute(select(table)))
    said = " ".join(record.getMessage() for record in caplog.records if record.name.partition(".")[0] in {"radio", "media"})
    kept = b" ".join(path.read_bytes() for path in Path(settings.data).rglob("*") if path.is_file()).decode(errors="replace")
    for word in planted:
        assert word not in rows
        assert word not in said
        assert word not in kept


def test_the_table_has_no_room_for_a_listener() -> None:
    assert set(EpisodeDay.__table__.columns.keys()) == {"episode_id", "day", "n_fetched"}


def test_what_is_taken_back_leaves_no_number(session: Session, episode: Episode, work_off: Callable[[], int]) -> None:
    from radio.jobs.actions import enqueue

    other = make_episode(session, show=episode.show, title="Another")
    actions.add(session, {(episode.id, TODAY): 9, (other.id, TODAY): 8})
    episode.state, episode.withdrawn_at = State.WITHDRAWN, NOON
    enqueue(session, "forget-counts", "station", now=NOON)
    work_off()

    assert [row.n_fetched for row in session.scalars(select(EpisodeDay))] == [8]


def test_the_studio_tells_whole_weeks_and_no_small_number(
    browser_of: Callable[[Person], Visitor], session: Session, alice: Person, bob: Person
) -> None:
    show = make_show(session)
    bread, tea = make_episode(session, show=show, title="Bread"), make_episode(session, show=show, title="Tea")
    theirs = make_episode(session, show=show, title="Soup")
    bread.made_by = tea.made_by = alice.id
    theirs.made_by = bob.id
    last_week = TODAY - timedelta(days=7)
    actions.add(session, {(bread.id, last_week): 37, (bread.id, TODAY): 800, (tea.id, last_week): 4})

    page = browser_of(alice).get("/studio/fetched").text

    assert "<td>37</td><td>&lt;5</td><td>35</td>" in page
    assert "<td>&lt;5</td><td>&lt;5</td><td>&lt;5</td>" in page
    assert "Soup" not in page
    assert "800" not in re.findall(r"<td>([^<]*)</td>", page)


def test_the_list_is_not_in_the_order_of_the_numbers(
    browser_of: Callable[[Person], Visitor], session: Session, sam: Person
) -> None:
    show = make_show(session)
    older = make_episode(session, show=show, title="Older", now=NOON - timedelta(days=9))
    make_episode(session, show=show, title="Newer", now=NOON - timedelta(days=8))
    actions.add(session, {(older.id, TODAY - timedelta(days=7)): 900})

    page = browser_of(sam).get("/studio/fetched").text

    assert page.index("Newer") < page.index("Older")


def test_no_public_page_has_a_number_of_fetches(client: Visitor, session: Session, episode: Episode) -> None:
    before = [client.get(path).text for path in ("/", "/shows", f"/shows/{episode.show.slug}", f"/episodes/{episode.id}")]
    actions.add(session, {(episode.id, TODAY - timedelta(days=7)): 98_765})
    after = [client.get(path).text for path in ("/", "/shows", f"/shows/{episode.show.slug}", f"/episodes/{episode.id}")]

    assert before == after


def test_whoever_is_not_signed_in_sees_no_numbers(client: Visitor) -> None:
    assert client.get("/studio/fetched").status_code in {302, 401, 403}
