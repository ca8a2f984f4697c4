"""Recordings arrive whole and once, whatever breaks on the way."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from media.store import ObjectStore
from radio.accounts.models import Person
from radio.catalogue.models import Episode, Recording, Show
from radio.catalogue.rules import RecordingState, State
from radio.clock import SetClock
from radio.jobs.actions import enqueue
from radio.jobs.models import Job
from radio.station import Station
from radio.studio import actions
from radio.studio.models import Upload
from radio.studio.rules import PART_BYTES
from tests.makers import NOON, make_episode, make_show
from tests.sounds import tone
from tests.visitor import Visitor

WHOLE = bytes(range(256)) * (PART_BYTES * 5 // 2 // 256)
"""Two parts and a half; no sound, which is the worker's to find out."""


def mark(content: bytes) -> str:
    return hashlib.sha256(content[:65_536] + str(len(content)).encode()).hexdigest()


def begun(browser: Visitor, episode: Episode, content: bytes = WHOLE, *, fingerprint: str = "") -> dict:
    answer = browser.post(
        f"/studio/episodes/{episode.id}/uploads",
        json={"fingerprint": fingerprint or mark(content), "size_bytes": len(content)},
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def send(browser: Visitor, upload: str, number: int, content: bytes = WHOLE):
    part = content[(number - 1) * PART_BYTES : number * PART_BYTES]
    [url] = browser.post(f"/studio/uploads/{upload}/sign", json={"parts": [number]}).get_json()["urls"].values()
    if url.startswith("/"):
        return browser.put(url, data=part, content_type="application/octet-stream").status_code
    with urlopen(Request(url, data=part, method="PUT")) as answer:
        return answer.status


def complete(browser: Visitor, upload: str):
    return browser.post(f"/studio/uploads/{upload}/complete", json={})


@pytest.fixture
def draft(session: Session, alice: Person) -> Episode:
    episode = make_episode(session, state=State.DRAFT, ticks=None, title="")
    episode.made_by = alice.id
    session.commit()
    return episode


@pytest.fixture
def browser(browser_of: Callable[[Person | None], Visitor], alice: Person) -> Visitor:
    return browser_of(alice)


def recordings(session: Session) -> list[Recording]:
    return list(session.scalars(select(Recording)))


def test_a_file_sent_in_parts_is_one_recording_and_one_job(
    browser: Visitor, draft: Episode, session: Session, store: ObjectStore
) -> None:
    upload = begun(browser, draft)
    for number in (3, 1, 2):
        assert send(browser, upload["id"], number) == 204

    assert complete(browser, upload["id"]).status_code == 200

    [recording] = recordings(session)
    assert store.read(recording.original_key) == WHOLE
    assert recording.state is RecordingState.RECEIVED
    assert [job.subject for job in session.scalars(select(Job).where(Job.kind == "ingest"))] == [recording.id]


def test_completing_twice_changes_nothing(browser: Visitor, draft: Episode, session: Session) -> None:
    upload = begun(browser, draft)
    for number in (1, 2, 3):
        send(browser, upload["id"], number)

    answers = [complete(browser, upload["id"]).get_json() for _ in range(2)]

    assert answers[0] == answers[1]
    assert len(recordings(session)) == 1
    assert begun(browser, draft)["complete"]


def test_a_reloaded_page_goes_on_where_it_stopped(browser: Visitor, draft: Episode) -> None:
    first = begun(browser, draft)
    send(browser, first["id"], 2)

    again = begun(browser, draft)

    assert (again["id"], again["have"]) == (first["id"], [2])


def test_a_part_that_is_missing_is_asked_for(browser: Visitor, draft: Episode, session: Session) -> None:
    upload = begun(browser, draft)
    send(browser, upload["id"], 1)
    send(browser, upload["id"], 3)

    answer = complete(browser, upload["id"])

    assert (answer.status_code, answer.get_json()["missing"]) == (409, [2])
    assert recordings(session) == []


def test_a_part_of_the_wrong_length_is_not_taken(browser: Visitor, draft: Episode) -> None:
    upload = begun(browser, draft)
    url = f"/studio/uploads/{upload['id']}/parts"

    assert browser.put(f"{url}/1", data=WHOLE[:1000]).status_code == 400
    assert browser.put(f"{url}/3", data=WHOLE[:PART_BYTES]).status_code == 400
    assert browser.put(f"{url}/4", data=WHOLE[:PART_BYTES]).status_code == 400
    assert begun(browser, draft)["have"] == []


def test_a_part_sent_twice_counts_once(browser: Visitor, draft: Episode, session: Session, store: ObjectStore) -> None:
    upload = begun(browser, draft)
    for number in (1, 1, 2, 3, 2):
        assert send(browser, upload["id"], number) == 204

    assert complete(browser, upload["id"]).status_code == 200
    assert store.read(recordings(session)[0].original_key) == WHOLE


def test_parts_go_straight_to_a_store_that_browsers_can_reach(
    app: Flask, browser: Visitor, draft: Episode, s3, session: Session
) -> None:
    station: Station = app.extensions["station"]
    app.extensions["station"] = replace(station, store=ObjectStore(s3))
    upload = begun(browser, draft)
    urls = browser.post(f"/studio/uploads/{upload['id']}/sign", json={"parts": [1, 2, 3]}).get_json()["urls"]
    assert all(url.startswith(s3.public_endpoint_url) for url in urls.values())

    for number in (1, 2, 3):
        assert send(browser, upload["id"], number) == 200

    assert complete(browser, upload["id"]).status_code == 200
    assert len(recordings(session)) == 1


def test_an_upload_completed_in_the_store_whose_answer_was_lost_is_taken(
    browser: Visitor, draft: Episode, session: Session, store: ObjectStore
) -> None:
    upload = begun(browser, draft)
    for number in (1, 2, 3):
        send(browser, upload["id"], number)
    row = session.get_one(Upload, upload["id"])
    store.complete_upload(row.key, row.store_upload_id, store.parts(row.key, row.store_upload_id))

    assert not begun(browser, draft)["complete"]
    assert complete(browser, upload["id"]).status_code == 200
    assert len(recordings(session)) == 1


def test_who_presses_while_the_store_throws_the_parts_away_is_told_that_it_is_whole(
    browser: Visitor, draft: Episode, session: Session, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = begun(browser, draft)
    for number in (1, 2, 3):
        send(browser, upload["id"], number)
    row = session.get_one(Upload, upload["id"])
    arrived = store.parts(row.key, row.store_upload_id)
    store.complete_upload(row.key, row.store_upload_id, arrived)
    monkeypatch.setattr(ObjectStore, "parts", lambda *_: arrived[1:])

    assert complete(browser, upload["id"]).status_code == 200
    assert len(recordings(session)) == 1


def test_an_upload_that_the_store_has_lost_begins_again(
    browser: Visitor, draft: Episode, session: Session, store: ObjectStore
) -> None:
    upload = begun(browser, draft)
    row = session.get_one(Upload, upload["id"])
    store.abort_upload(row.key, row.store_upload_id)

    assert complete(browser, upload["id"]).status_code == 409
    assert begun(browser, draft)["id"] != upload["id"]
    assert recordings(session) == []


@pytest.mark.parametrize("size_bytes", [0, -1, 3_000_000_000_000, "12", None, True, 1.5])
def test_sizes_that_cannot_be_are_refused_before_anything_is_sent(
    browser: Visitor, draft: Episode, session: Session, size_bytes: object
) -> None:
    answer = browser.post(f"/studio/episodes/{draft.id}/uploads", json={"fingerprint": "0" * 64, "size_bytes": size_bytes})

    assert answer.status_code in {400, 422}
    assert session.scalars(select(Upload)).all() == []


def test_others_neither_see_nor_continue_an_upload(
    browser: Visitor, draft: Episode, browser_of: Callable[[Person | None], Visitor], bob: Person, charlie: Person
) -> None:
    upload = begun(browser, draft)["id"]

    assert browser_of(bob).get(f"/studio/uploads/{upload}").status_code == 404
    assert browser_of(bob).put(f"/studio/uploads/{upload}/parts/1", data=WHOLE[:PART_BYTES]).status_code == 404
    assert complete(browser_of(bob), upload).status_code == 404
    assert browser_of(charlie).post(f"/studio/uploads/{upload}/sign", json={"parts": [1]}).status_code == 403
    assert browser_of(None).post(f"/studio/uploads/{upload}/sign", json={"parts": [1]}).status_code == 401


def test_a_file_dropped_on_the_studio_becomes_a_draft_and_goes_on_after_a_reload(browser: Visitor, session: Session) -> None:
    make_show(session)
    asked = {"fingerprint": mark(WHOLE), "size_bytes": len(WHOLE), "show": "night-desk"}

    first, again = (browser.post("/studio/uploads", json=asked).get_json() for _ in range(2))

    assert first["id"] == again["id"]
    assert [episode.title for episode in session.scalars(select(Episode))] == [""]
    browser.post(f"/studio/uploads/{first['id']}/abort", headers={"Accept": "application/json"})
    assert session.scalars(select(Episode)).all() == [], "what was stopped leaves no empty draft"


def test_a_recording_for_an_episode_that_was_handed_in_is_not_taken(
    browser: Visitor, draft: Episode, session: Session, store: ObjectStore
) -> None:
    upload = begun(browser, draft)
    for number in (1, 2, 3):
        send(browser, upload["id"], number)
    draft.state = State.READY
    session.commit()

    answer = complete(browser, upload["id"])

    key = session.get_one(Upload, upload["id"]).key
    assert (answer.status_code, recordings(session), store.exists(key)) == (409, [], False)


NAMES = ("../../etc/passwd.mp3", "\u202egnp.3pm", "my clean date 14 May.m4a", "a" * 300 + ".wav", "x\x00y.wav", "<script>.ogg")


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_form_does_the_same_and_no_file_name_is_kept_anywhere(
    browser: Visitor, draft: Episode, session: Session, store: ObjectStore, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    content = tone(1.2)

    answer = browser.post(f"/studio/episodes/{draft.id}/recording", data={"recording": (BytesIO(content), name)})

    assert answer.status_code == 303
    [recording] = recordings(session)
    assert store.read(recording.original_key) == content
    stem = name.split(".", 1)[0][-20:].strip("\x00") or "passwd"
    written = " ".join(
        str(row) for table in ("recording", "upload", "job", "audit_entry", "episode") for row in _rows(session, table)
    )
    assert name not in written
    assert stem not in written
    assert all(name not in record.getMessage() for record in caplog.records)


def _rows(session: Session, table: str) -> list:
    return list(session.execute(text(f"SELECT * FROM {table}")))


def test_a_plain_form_with_an_empty_file_makes_no_recording(browser: Visitor, draft: Episode, session: Session) -> None:
    answer = browser.post(f"/studio/episodes/{draft.id}/recording", data={"recording": (BytesIO(b""), "a.mp3")})

    assert answer.status_code == 422
    assert "empty" in answer.get_data(as_text=True)
    assert recordings(session) == []


def test_a_plain_form_without_a_file_says_so(browser: Visitor, draft: Episode) -> None:
    answer = browser.post(f"/studio/episodes/{draft.id}/recording", data={})

    assert (answer.status_code, "Choose a file" in answer.get_data(as_text=True)) == (422, True)


def test_several_files_in_a_plain_form_become_a_draft_each(browser: Visitor, session: Session, alice: Person) -> None:
    show: Show = make_show(session)
    files = [(BytesIO(tone(1.2, hz=hz)), f"{hz}.wav") for hz in (300, 400, 500)]

    answer = browser.post("/studio/recordings", data={"show": show.slug, "recording": files})

    assert answer.status_code == 303
    drafts = session.scalars(select(Episode)).all()
    assert [(draft.made_by, len(draft.recordings), draft.state) for draft in drafts] == [(alice.id, 1, State.DRAFT)] * 3


def test_an_upload_nobody_comes_back_to_is_thrown_away(
    browser: Visitor, draft: Episode, session: Session, store: ObjectStore, clock: SetClock, work_off: Callable[[], int]
) -> None:
    upload = begun(browser, draft)
    send(browser, upload["id"], 1)
    row = session.get_one(Upload, upload["id"])
    key, store_upload_id = row.key, row.store_upload_id
    clock.move(timedelta(hours=47))
    enqueue(session, "sweep-uploads", "", now=clock.now())
    work_off()
    assert len(store.parts(key, store_upload_id)) == 1

    clock.move(timedelta(hours=2))
    work_off()

    assert session.scalars(select(Upload)).all() == []
    assert list(store.unfinished_uploads(key)) == []


def test_untitled_drafts_can_be_told_apart(browser_of: Callable[[Person], Visitor], session: Session, alice: Person) -> None:
    show = make_show(session)
    for minutes, ticks in ((5, 300), (65, 400)):
        made = make_episode(session, show=show, title="", state=State.DRAFT, ticks=ticks, now=NOON - timedelta(minutes=minutes))
        made.made_by = alice.id

    page = browser_of(alice).get("/studio").text

    assert "received Wednesday 25 November at 11:55" in page
    assert "received Wednesday 25 November at 10:55" in page
    assert "4:47" in page
    assert "6:23" in page


@pytest.mark.parametrize(("size_bytes", "goes_on"), [(PART_BYTES, False), (PART_BYTES + 1, True)])
def test_it_is_said_that_an_upload_goes_on_only_when_it_does(
    browser_of: Callable[[Person], Visitor], session: Session, alice: Person, size_bytes: int, goes_on: bool
) -> None:
    draft = make_episode(session, state=State.DRAFT, ticks=None)
    draft.made_by = alice.id
    actions.begin(
        session, draft, by=alice.asking, fingerprint="0" * 64, size_bytes=size_bytes, key="k", store_upload_id="u", now=NOON
    )

    page = browser_of(alice).get(f"/studio/episodes/{draft.id}").text

    assert "An upload was begun and not finished" in page
    assert ("goes on where it stopped" in page) is goes_on
