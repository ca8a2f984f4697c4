"""How long an editor waits for what a draft of a slot meets: the check alone, and the page from request to answer.

`compile.py` runs it, beside the catalogue and the slots that it compiles.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from flask import Flask
from sqlalchemy import create_engine, insert, select, update
from sqlalchemy.orm import Session

from media.objects import StoreSettings
from media.store import S3Store
from radio import keyring, schema
from radio.app import create_app
from radio.catalogue.models import Episode, EpisodeTag, Recording, Rendition, Show
from radio.catalogue.rules import RecordingState, State
from radio.clock import SetClock
from radio.core.people import Role
from radio.core.time import from_unix_ms
from radio.db import db, reading, writing
from radio.schedule import models, queries
from radio.schedule.airings import Airable
from radio.schedule.dayplan import look_around
from radio.schedule.drafts import findings
from radio.schedule.rules import Slot
from radio.settings import Settings
from radio.station import Station
from tests.makers import make_person
from tests.people import signed_in
from tests.visitor import Visitor

NOW = from_unix_ms(1_795_608_000_000)
FILLS: dict[str, dict[str, object]] = {
    "everything": {"rung": "rotation"},
    "two kinds": {"rung": "rotation", "kinds": ["story", "interview"]},
    "a topic": {"rung": "rotation", "tags": [["topic", "topic3"]]},
    "latest of a show": {"rung": "latest", "show_id": "show1"},
}


def rows_of(pool: list[Airable]) -> dict[type, list[dict[str, object]]]:
    """The catalogue as rows of the tables that an editor's question reads."""
    found: dict[type, list[dict[str, object]]] = {kind: [] for kind in (Show, Episode, Recording, Rendition, EpisodeTag)}
    for show in sorted({one.show_id for one in pool}):
        found[Show].append({"id": show, "slug": show, "guid": uuid4(), "title": show, "description": "", "kind": "programme", "in_feeds": show != "house",
                            "made_at": NOW, "changed_at": NOW})  # fmt: skip
    for one in pool:
        expires = from_unix_ms(one.expires_tick * 960) if one.expires_tick else None
        found[Episode].append({
            "id": one.episode_id, "show_id": one.show_id, "guid": uuid4(), "kind": one.kind, "state": State.PUBLISHED, "title": one.episode_id,
            "summary": "", "content_notes": [{"code": note} for note in one.notes], "scopes": ["site", "live"], "made_at": NOW, "changed_at": NOW,
            "published_at": from_unix_ms(0), "expires_at": expires, "intensity": 2 if one.heavy else 0,
        })  # fmt: skip
        found[Recording].append({"id": one.recording_id, "episode_id": one.episode_id, "state": RecordingState.TAKEN, "size_bytes": 1, "received_at": NOW,
                                 "n_samples": one.n_ticks * 46_080, "n_ticks": one.n_ticks})  # fmt: skip
        found[Rendition] += [
            {"recording_id": one.recording_id, "profile": name, "code": name, "sha256": one.episode_id, "key": one.episode_id, "media_type": "audio/mpeg",
             "size_bytes": 1, "header_bytes": 0, "tick_bytes": 1} for name in ("standard", "low")
        ]  # fmt: skip
        found[EpisodeTag] += [{"episode_id": one.episode_id, "vocabulary": list_, "code": code} for list_, code in one.tags]
    return found


def filled(folder: Path, pool: list[Airable], slots: list[Slot]) -> Flask:
    """An application over a database with the catalogue and the slots; its store is never asked."""
    settings = Settings.from_env({"RADIO_DATA": str(folder), "RADIO_PUBLIC_URL": "http://localhost"})
    keyring.make(settings)
    schema.upgrade(settings)
    engine = create_engine(settings.database_url)
    with writing(), Session(engine) as session:
        for kind, rows in rows_of(pool).items():
            session.execute(insert(kind), rows)
        session.execute(
            update(Episode).values(recording_id=select(Recording.id).where(Recording.episode_id == Episode.id).scalar_subquery())
        )
        for slot in slots:
            session.add(models.Slot(id=slot.slot_id.ljust(16, "0"), title=slot.slot_id, zone=slot.zone, first_start=slot.first_start.isoformat(), rrule=slot.rrule,
                                    length_minutes=slot.length.seconds // 60, fill=dict(slot.fill), made_at=NOW, changed_at=NOW))  # fmt: skip
        session.commit()
    engine.dispose()
    return create_app(
        settings, clock=SetClock(NOW), store=S3Store(StoreSettings("http://127.0.0.1:9", "bench", "bench", "bench"))
    )


def took_ms(do: Callable[[], object], times: int) -> tuple[int, int]:
    """The first time, and the median of those that follow."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        do()
        found.append((time.perf_counter() - began) * 1000)
    return round(found[0]), round(statistics.median(found[1:]))


def measured(pool: list[Airable], slots: list[Slot], times: int = 6) -> dict[str, tuple[int, int]]:
    """What was asked → (first answer, median) in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        app = filled(Path(name), pool, slots)
        here: Station = app.extensions["station"]
        found: dict[str, tuple[int, int]] = {}
        with app.app_context():
            for what, fill in FILLS.items():
                draft = replace(slots[0], slot_id="", fill=fill, first_start=datetime(2026, 11, 26, 14, 10))  # noqa: DTZ001

                def check(draft: Slot = draft) -> object:
                    with reading(), Session(db.engine) as session:
                        assert len(queries.slots(session)) == len(slots)
                        return findings(draft, look_around(session, here, draft))

                found[f"the check: {what}"] = took_ms(check, times)
            found["the page"] = took_ms(asking(app), times)
            db.engine.dispose()
        return found


def asking(app: Flask) -> Callable[[], object]:
    """Somebody who presses “Check it first”."""
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    app.test_client_class = Visitor
    with writing(), Session(db.engine, expire_on_commit=False) as session:
        person = make_person(session, name="edith", roles=(Role.EDITOR,))
        session.commit()
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    signed_in(visitor, person)
    typed = {
        "title": "Tried",
        "repeat": "weekly",
        "date": "2026-11-26",
        "time": "14:10",
        "length_minutes": "60",
        "rung": "rotation",
        "check": "yes",
    }

    def ask() -> None:
        answer = visitor.post("/studio/schedule/new", data=typed)
        assert answer.status_code == 200, answer.status_code

    return ask
