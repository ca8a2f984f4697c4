"""Makers of rows: keywords only, honest defaults, flushed and not committed. Every room adds its own."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from media.grid import TICK_SAMPLES
from media.profiles import low, standard
from radio.accounts.actions import role_rows
from radio.accounts.models import Person
from radio.catalogue.models import Episode, Recording, Rendition, Show
from radio.catalogue.rules import RecordingState, State
from radio.core.people import Role
from radio.editorial.models import FeedItem
from radio.schedule.models import Slot

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
"""A Wednesday in winter: London's wall clock says the same."""


def make_person(session: Session, *, name: str, roles: tuple[Role, ...] = (Role.PRODUCER,), active: bool = True) -> Person:
    """Somebody who was invited and can sign in. They have no password: `tests.people.sign_in` needs none."""
    person = Person(username=name, roles=role_rows(session, roles), active=active, create_datetime=NOON)
    session.add(person)
    session.flush()
    return person


def make_show(
    session: Session, *, slug: str = "night-desk", title: str = "Night Desk", kind: str = "programme", in_feeds: bool = True,
    synthetic: bool = False, now: datetime = NOON,
) -> Show:  # fmt: skip
    """A show of the station."""
    show = Show(slug=slug, guid=uuid4(), title=title, description="Talk through the night.", kind=kind, in_feeds=in_feeds,
                synthetic=synthetic, made_at=now, changed_at=now)  # fmt: skip
    session.add(show)
    session.flush()
    return show


def make_episode(
    session: Session, *, show: Show | None = None, title: str = "The first week", kind: str = "programme",
    state: State = State.PUBLISHED, ticks: int | None = 125, now: datetime = NOON,
) -> Episode:  # fmt: skip
    """An episode that, when it is published, has passed the gate, with a taken recording of `ticks` (125 ticks are two minutes); None: nothing was uploaded."""
    show = show or make_show(session)
    episode = Episode(show_id=show.id, guid=uuid4(), kind=kind, state=state, title=title, summary="A calm talk.",
                      content_notes=[], scopes=["site", "live", "podcast", "relay"], made_at=now, changed_at=now,
                      published_at=now if state is State.PUBLISHED else None,
                      withdrawn_at=now if state is State.WITHDRAWN else None)  # fmt: skip
    session.add(episode)
    session.flush()
    if state is State.PUBLISHED:
        session.add(FeedItem(episode_id=episode.id, entered_at=now, checked_at=now, faults=[]))
    if ticks is not None:
        episode.recording = make_recording_rows(session, episode=episode, ticks=ticks, now=now)
        session.flush()
    return episode


def make_recording_rows(
    session: Session, *, episode: Episode, ticks: int = 125, state: RecordingState = RecordingState.TAKEN, now: datetime = NOON
) -> Recording:
    """A recording and its two renditions as rows only: no object lies behind their keys."""
    recording = Recording(episode_id=episode.id, state=state, size_bytes=1_000_000, received_at=now, container="wav",
                          codec="pcm_s16le", n_samples=(ticks - 1) * TICK_SAMPLES, n_ticks=ticks, integrated_lufs=-19.0,
                          true_peak_dbtp=-2.0, gain_db=3.0)  # fmt: skip
    session.add(recording)
    session.flush()
    recording.original_key = f"originals/{recording.id}"
    for profile in (standard(), low()):
        sha256 = hashlib.sha256(f"{recording.id} {profile.code}".encode()).hexdigest()
        recording.renditions.append(
            Rendition(
                profile=profile.name,
                code=profile.code,
                sha256=sha256,
                key=f"renditions/{sha256}.{profile.extension}",
                media_type=profile.media_type,
                size_bytes=profile.header_bytes + ticks * profile.tick_bytes,
                header_bytes=profile.header_bytes,
                tick_bytes=profile.tick_bytes,
            )
        )
    session.flush()
    return recording


def make_slot(
    session: Session, *, title: str = "Morning talk", first_start: str = "2026-11-25T14:00:00", length_minutes: int = 60,
    rrule: str = "FREQ=DAILY", fill: dict[str, object] | None = None, now: datetime = NOON,
) -> Slot:  # fmt: skip
    """A slot by London's wall clock, filled from the rotation."""
    slot = Slot(title=title, zone="Europe/London", first_start=first_start, length_minutes=length_minutes, rrule=rrule,
                fill=fill or {"rung": "rotation"}, made_at=now, changed_at=now)  # fmt: skip
    session.add(slot)
    session.flush()
    return slot
