"""Brings the sample station through the same doors as anything else: shows, drafts, recordings, ingest, publishing, slots."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from radio.catalogue import actions as catalogue
from radio.catalogue import transcripts
from radio.catalogue.models import Episode, Recording, Show
from radio.catalogue.rules import RecordingState, State, podcast_guid
from radio.core.text import plain
from radio.editorial import actions as editorial
from radio.editorial.rules import AT_THE_CONSOLE
from radio.sample import Sample, SampleEpisode, SampleFill, SampleSlot
from radio.schedule import actions as schedule
from radio.schedule.models import Slot
from radio.station import Station

_DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_FIRST_ON_AIR = {"ident": 0, "company": 1}
"""What a station needs first, so that it is alive while the rest is made ready."""


def bring_shows(session: Session, station: Station, sample: Sample, *, now: datetime) -> dict[str, Show]:
    """Make the shows that are not there yet; slug → show. Each station's have ids of their own, as directories want them."""
    shows = {show.slug: show for show in session.scalars(select(Show))}
    for one in sample.shows:
        if one.slug not in shows:
            shows[one.slug] = catalogue.make_show(
                session, now=now, guid=podcast_guid(station.url(f"/shows/{one.slug}/feed.xml")), address=one.slug, title=one.title,
                description=one.description, language=one.language, category=one.category, kind=one.kind,
                in_feeds=one.in_feeds, synthetic=one.synthetic,
            )  # fmt: skip
    return shows


def in_order(sample: Sample) -> list[SampleEpisode]:
    """The episodes, the station's own sounds first."""
    return sorted(sample.episodes, key=lambda episode: _FIRST_ON_AIR.get(episode.kind, 2))


def bring_episode(session: Session, show_id: str, one: SampleEpisode, *, now: datetime) -> tuple[str, bool]:
    """The id of the episode, made as a draft when it is not there yet, and whether it waits for its recording."""
    title = plain(one.title)
    found = session.scalar(select(Episode).where(Episode.show_id == show_id, Episode.title == title))
    episode = found or catalogue.make_episode(
        session, session.get_one(Show, show_id), by=AT_THE_CONSOLE, now=now, title=title, summary=one.summary, notes=one.notes,
        kind=one.kind, language=one.language, synthetic=one.synthetic, intensity=one.intensity, detail=one.detail, content_notes=[],
        scopes=["site", "live", "podcast", "relay"],
    )  # fmt: skip
    if found is None:
        catalogue.set_tags(session, episode, one.tags, now=now)
    if one.transcript is not None and not episode.transcripts and episode.state is not State.WITHDRAWN:
        transcripts.set_transcript(session, episode, one.language, one.transcript.read_bytes(), now=now)
    return episode.id, episode.state is State.DRAFT and not has_recording(session, episode)


def has_recording(session: Session, episode: Episode) -> bool:
    """Whether a recording is taken or on its way."""
    alive = (RecordingState.RECEIVED, RecordingState.INGESTING, RecordingState.TAKEN)
    query = select(Recording.id).where(Recording.episode_id == episode.id, Recording.state.in_(alive))
    return session.scalar(query) is not None


def publish(session: Session, episode_ids: Iterable[str], *, now: datetime) -> None:
    """Publish those that are not published yet; their recordings are ready."""
    for episode_id in episode_ids:
        episode = session.get_one(Episode, episode_id)
        if episode.state is State.DRAFT:
            editorial.submit(session, episode, by=AT_THE_CONSOLE, now=now)
        if episode.state is State.READY:
            editorial.publish(session, episode, by=AT_THE_CONSOLE, now=now)


def bring_slots(
    session: Session, station: Station, sample: Sample, shows: dict[str, str], episodes: dict[str, str], *, now: datetime
) -> None:
    """Make the week's slots that are not there yet. `shows` and `episodes`: name → id."""
    there = set(session.scalars(select(Slot.title)))
    today = now.astimezone(station.settings.tz).date()
    for slot in sample.slots:
        if slot.title not in there:
            schedule.set_slot(
                session, None, zone=station.settings.zone, now=now, title=slot.title, first_start=_first_start(slot, today),
                length_minutes=slot.length_minutes, rrule=slot.rrule, start_rule=slot.start_rule, fill=_fill(slot.fill, shows, episodes),
            )  # fmt: skip


def _first_start(slot: SampleSlot, today: date) -> datetime:
    """The slot's first day in the week that began last Monday, so that today counts."""
    monday = today - timedelta(days=today.weekday())
    return datetime.combine(monday + timedelta(days=min(_DAYS.index(day) for day in slot.weekdays)), slot.starts_at)


def _fill(fill: SampleFill, shows: dict[str, str], episodes: dict[str, str]) -> dict[str, object]:
    if fill.rung == "episode":
        return {"rung": "episode", "episode_id": episodes[fill.episode or ""]}
    if fill.rung in {"latest", "next"}:
        return {"rung": fill.rung, "show_id": shows[fill.show or ""]}
    return {
        "rung": "rotation",
        "show_ids": [shows[slug] for slug in fill.shows],
        "kinds": list(fill.kinds),
        "tags": [list(tag) for tag in fill.tags],
    }
