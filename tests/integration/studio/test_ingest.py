"""From what was uploaded to what is heard, and back to nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from media.errors import StoreUnavailableError
from media.store import ObjectStore
from radio.accounts.models import Person
from radio.catalogue import actions as catalogue
from radio.catalogue.models import Episode, Recording
from radio.catalogue.queries import change_number, episode_or_404, keys_of
from radio.catalogue.rules import RecordingState, State
from radio.clock import SetClock
from radio.editorial import actions as editorial
from radio.editorial.queries import decisions_about
from radio.errors import WithdrawnError
from radio.jobs.models import Job
from radio.jobs.rules import JobState
from radio.station import Station
from radio.studio.actions import receive_path
from tests.makers import make_episode, make_show
from tests.sounds import tone
from tests.visitor import Visitor


@pytest.fixture
def draft(session: Session, alice: Person) -> Episode:
    episode = make_episode(session, state=State.DRAFT, ticks=None, title="First light")
    episode.made_by = alice.id
    session.commit()
    return episode


def send(browser: Visitor, episode: Episode, content: bytes) -> None:
    sent = browser.post(f"/studio/episodes/{episode.id}/recording", data={"recording": (BytesIO(content), "x")})
    assert sent.status_code == 303


def job(session: Session, kind: str = "ingest") -> Job:
    return session.scalars(select(Job).where(Job.kind == kind)).one()


def test_a_recording_becomes_two_renditions_that_can_be_heard(
    browser_of: Callable[[Person | None], Visitor],
    alice: Person,
    draft: Episode,
    session: Session,
    store: ObjectStore,
    station: Station,
    work_off: Callable[[], int],
) -> None:
    browser = browser_of(alice)
    send(browser, draft, tone(4))
    assert "Wait until the sound is ready" in browser.get(f"/studio/episodes/{draft.id}").text
    assert [each["standing"] for each in browser.get("/studio/progress").get_json()["work"]] == ["working"]

    work_off()

    recording = session.get_one(Episode, draft.id).recording
    assert recording.state is RecordingState.TAKEN
    assert {r.profile for r in recording.renditions} == {"standard", "low"}
    for rendition in recording.renditions:
        found = store.read(rendition.key)
        assert len(found) == rendition.size_bytes == rendition.header_bytes + recording.n_ticks * rendition.tick_bytes
        whole = browser.get(f"/studio/episodes/{draft.id}/audio/{rendition.profile}")
        part = browser.get(f"/studio/episodes/{draft.id}/audio/{rendition.profile}", headers={"Range": "bytes=100-199"})
        assert (whole.data, part.status_code, part.data) == (found, 206, found[100:200])
    peaks = browser.get(f"/studio/episodes/{draft.id}/peaks").get_json()
    assert 3_900 < peaks["length_ms"] < 4_200
    assert max(high for _, high in peaks["peaks"]) > 25
    assert not list((station.settings.data / "work" / "ingest").iterdir())
    assert browser.get("/studio/progress").get_json()["work"] == []


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"not a sound at all, only words. " * 50, "not a recording that we can read"), (b"\0" * 50_000, "not a recording")],
)
def test_a_file_that_is_no_sound_is_refused_in_words(
    browser_of: Callable[[Person | None], Visitor], alice: Person, draft: Episode, session: Session,
    work_off: Callable[[], int], content: bytes, words: str,
) -> None:  # fmt: skip
    browser = browser_of(alice)
    send(browser, draft, content)

    work_off()

    assert session.get_one(Episode, draft.id).recording is None
    assert words in browser.get(f"/studio/episodes/{draft.id}").text
    assert browser.get("/studio").text.count(words) == 1
    assert job(session).state is JobState.DONE
    send(browser, draft, tone(2))
    session.scalars(select(Job)).first()
    work_off()
    assert session.get_one(Episode, draft.id).recording.state is RecordingState.TAKEN


def test_a_store_that_is_away_is_waited_for_and_said(
    browser_of: Callable[[Person | None], Visitor], alice: Person, draft: Episode, session: Session, clock: SetClock,
    work_off: Callable[[], int], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    browser = browser_of(alice)
    send(browser, draft, tone(2))
    with monkeypatch.context() as away:
        away.setattr(ObjectStore, "fetch_to", _away)
        work_off()
    page = browser.get(f"/studio/episodes/{draft.id}").text
    assert "The store cannot be reached" in page
    assert job(session).state is JobState.QUEUED

    clock.set(job(session).due_at)
    work_off()

    assert session.get_one(Episode, draft.id).recording.state is RecordingState.TAKEN


def _away(*_: object, **__: object) -> None:
    raise StoreUnavailableError("away")


def test_work_that_was_given_up_can_be_asked_for_again(
    browser_of: Callable[[Person | None], Visitor], alice: Person, draft: Episode, session: Session, work_off: Callable[[], int]
) -> None:
    browser = browser_of(alice)
    send(browser, draft, tone(2))
    job(session).state, job(session).failure = JobState.FAILED, "EncodingError: x"
    session.commit()
    assert "could not make the sound ready" in browser.get(f"/studio/episodes/{draft.id}").text

    browser.post(f"/studio/episodes/{draft.id}/retry")
    assert "Nobody is working at the moment" in browser.get(f"/studio/episodes/{draft.id}").text, "no worker lives"
    work_off()

    assert session.get_one(Episode, draft.id).recording.state is RecordingState.TAKEN


def test_folders_of_killed_workers_are_cleared_away(
    session: Session, draft: Episode, station: Station, tmp_path: Path, alice: Person, work_off: Callable[[], int]
) -> None:
    left = station.settings.data / "work" / "ingest" / "dead-worker"
    left.mkdir(parents=True)
    (left / "original").write_bytes(b"x" * 1000)
    path = tmp_path / "tone.wav"
    path.write_bytes(tone(2))
    receive_path(session, station, path, draft, by=alice.asking, now=station.now())

    work_off()

    assert not left.exists()
    assert session.get_one(Episode, draft.id).recording is not None


def taken(session: Session, station: Station, episode: Episode, path: Path, by: Person, work_off: Callable[[], int]) -> Recording:
    path.write_bytes(tone(3))
    receive_path(session, station, path, episode, by=by.asking, now=station.now())
    work_off()
    return session.get_one(Episode, episode.id).recording


def put_out(session: Session, episode: Episode, station: Station, alice: Person, sam: Person) -> None:
    catalogue.set_tags(session, episode, [("topic", "sleep")], now=station.now())
    catalogue.describe(session, episode, now=station.now(), summary="A walk before dawn.", notes="By **Alex**.", content_notes=[])
    editorial.submit(session, episode, by=alice.asking, now=station.now())
    editorial.publish(session, episode, by=sam.asking, now=station.now())
    session.commit()


def test_taking_back_leaves_nothing_in_the_store_and_only_ids_and_dates_in_the_rows(
    session: Session, draft: Episode, station: Station, store: ObjectStore, tmp_path: Path, alice: Person, sam: Person,
    work_off: Callable[[], int], clock: SetClock,
) -> None:  # fmt: skip
    recording = taken(session, station, draft, tmp_path / "a.wav", alice, work_off)
    put_out(session, draft, station, alice, sam)
    keys = keys_of(draft.recordings)
    assert len(keys) == 4
    before = change_number(session)

    editorial.withdraw(session, station, draft, by=alice.asking, now=station.now())
    session.commit()
    with pytest.raises(WithdrawnError):
        episode_or_404(session, draft.id, now=clock.now())
    assert change_number(session) > before
    assert recording.withdrawn_from_tick is not None
    work_off()

    assert [key for key in keys if store.exists(key)] == []
    erased = session.get_one(Episode, draft.id)
    assert erased.erased_at is not None
    everything = " ".join(
        str(list(session.execute(text(f"SELECT * FROM {table}"))))
        for table in ("episode", "episode_tag", "recording", "rendition", "episode_text", "audit_entry", "job", "upload")
    )
    told = re.sub(r"\b[0-9a-z]{16}\b", "", everything)  # ids are chance: any short word may be in one
    for word in ("First light", "before dawn", "Alex", "sleep", "wav", *keys):
        assert word not in told
    assert not any(key in everything for key in keys)
    assert [entry.what for entry in decisions_about(session, "episode", draft.id)] == ["submit", "publish", "withdraw", "erased"]


def test_erasing_twice_is_harmless_and_spares_what_another_recording_uses(
    session: Session, draft: Episode, station: Station, store: ObjectStore, tmp_path: Path, alice: Person, sam: Person,
    work_off: Callable[[], int],
) -> None:  # fmt: skip
    same = make_episode(session, show=make_show(session, slug="other"), state=State.DRAFT, ticks=None)
    taken(session, station, draft, tmp_path / "a.wav", alice, work_off)
    kept = taken(session, station, same, tmp_path / "b.wav", alice, work_off)
    shared = keys_of([kept]) & keys_of(draft.recordings)
    assert len(shared) == 3

    editorial.withdraw(session, station, draft, by=alice.asking, now=station.now())
    work_off()
    erased_at = session.get_one(Episode, draft.id).erased_at
    job(session, "erase").state = JobState.QUEUED
    work_off()

    assert session.get_one(Episode, draft.id).erased_at == erased_at
    assert all(store.exists(key) for key in keys_of([kept]))


def test_an_episode_taken_back_during_ingest_leaves_nothing(
    session: Session, draft: Episode, station: Station, store: ObjectStore, tmp_path: Path, alice: Person, clock: SetClock,
    work_off: Callable[[], int],
) -> None:  # fmt: skip
    path = tmp_path / "a.wav"
    path.write_bytes(tone(3))
    recording = receive_path(session, station, path, draft, by=alice.asking, now=station.now())
    key = recording.original_key
    editorial.withdraw(session, station, draft, by=alice.asking, now=station.now())

    work_off()
    clock.set(max(job(session, "erase").due_at, clock.now()))
    work_off()

    assert session.get_one(Episode, draft.id).erased_at is not None
    assert not store.exists(key)
    assert session.get_one(Recording, recording.id).state is RecordingState.ERASED
