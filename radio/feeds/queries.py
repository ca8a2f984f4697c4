"""What feeds and enclosures read. Columns, not objects: a feed of a thousand episodes is one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session, aliased

from radio.catalogue.models import Episode, EpisodeTag, EpisodeVoice, Recording, Rendition, Show, Transcript, Voice
from radio.catalogue.queries import agreed
from radio.catalogue.rules import RecordingState, Scope, State, usual_role
from radio.catalogue.terms import vocabulary
from radio.editorial.models import FeedItem
from radio.feeds import enclosures
from radio.feeds.channels import artwork_path
from radio.feeds.enclosures import LOW, STANDARD
from radio.feeds.models import StoredFeed
from radio.feeds.names import FeedName, Of
from radio.feeds.rules import Chapter, Due, Item, Person, Sound, Soundbite, Words, texts
from radio.station import Station

_standard, _low = aliased(Rendition), aliased(Rendition)


def stored(session: Session, name: str) -> StoredFeed | None:
    """The feed as it was last rendered, however old."""
    return session.get(StoredFeed, name)


def left_out(session: Session) -> list[Episode]:
    """The episodes that could not be told in some feed."""
    named = session.scalars(select(StoredFeed.left_out).where(StoredFeed.left_out.is_not(None)))
    ids = {one["episode_id"] for each in named for one in each or ()}
    return list(session.scalars(select(Episode).where(Episode.id.in_(ids)).order_by(Episode.id))) if ids else []


NUMBERS = "SELECT (SELECT number FROM change WHERE name = 'catalogue'), (SELECT max(id) FROM revision)"
"""Asks for the catalogue's change number and the newest revision of the rundown without an object."""


def numbers(connection: Connection) -> tuple[int, int]:
    """The catalogue's change number and the newest revision of the rundown; 0: there is none yet."""
    change_number, revision_id = connection.exec_driver_sql(NUMBERS).one()
    return change_number or 0, revision_id or 0


def due(session: Session, name: FeedName, *, passed: bool = True) -> list[Due]:
    """What every public episode of a feed needs to find its place; expired ones too (rules leave them out).

    `passed`: only what has passed the gate, as feeds hold it.
    """
    statement = of(name, _DUE)
    found = session.connection().execute(statement.where(*_PASSED) if passed else statement)  # rows: twice as fast as objects
    return [Due(row.id, row.guid, row.title, row.published_at, row.expires_at) for row in found]


_DUE: Any = (  # five columns
    select(Episode.id, Episode.guid, Episode.title, Episode.published_at, Episode.expires_at)
    .join(Show, Show.id == Episode.show_id)
    .join(Recording, Recording.id == Episode.recording_id)
    .outerjoin(FeedItem, FeedItem.episode_id == Episode.id)
    .where(Episode.state == State.PUBLISHED, Recording.state == RecordingState.TAKEN, Show.in_feeds, agreed(Scope.PODCAST))
)
_PASSED = (FeedItem.entered_at.is_not(None), FeedItem.held_at.is_(None))


def of(name: FeedName, statement: Any) -> Any:
    """Only what the feed is of."""
    if name.of is Of.SHOW:
        return statement.where(Show.slug == name.which)
    if name.of is Of.KIND:
        return statement.where(Episode.kind == name.which)
    if name.of is Of.TAG:
        listed, code = name.which.split(":", 1)
        tagged = select(EpisodeTag.episode_id).where(EpisodeTag.vocabulary == listed, EpisodeTag.code == code)
        return statement.where(Episode.id.in_(tagged))
    return statement


_ITEMS = (
    select(
        Episode.id, Episode.feed_guid, Episode.kind, Episode.summary, Episode.notes_html, Episode.explicit, Episode.changed_at, Episode.season_number, Episode.episode_number, Episode.release, Episode.synthetic,
        Episode.chapters, Episode.soundbites, Episode.artwork_sha256.label("own_artwork"), Episode.language, Recording.n_samples, Show.id.label("show_id"),
        Show.title.label("show_title"), Show.author.label("show_author"), Show.artwork_sha256, Show.seasons,
        Show.explicit.label("show_explicit"), Show.synthetic.label("show_synthetic"),
        *(_standard.media_type.label("standard_media_type"), _standard.code.label("standard_code")),
        *(_low.media_type.label("low_media_type"), _low.code.label("low_code")),
        *enclosures.offered(_standard, STANDARD, "standard"), *enclosures.offered(_low, LOW, "low"),
    )
    .join(Show, Show.id == Episode.show_id)
    .join(Recording, Recording.id == Episode.recording_id)
    .join(_standard, (_standard.recording_id == Recording.id) & (_standard.profile == "standard"))
    .outerjoin(_low, (_low.recording_id == Recording.id) & (_low.profile == "low"))
    .outerjoin(STANDARD, enclosures.holds(_standard, STANDARD))
    .outerjoin(LOW, enclosures.holds(_low, LOW))
)  # fmt: skip


Broken = tuple[tuple[str, str], ...]
"""(episode id, why): what could not be told."""


def items(session: Session, station: Station, wanted: Sequence[Due], name: FeedName) -> tuple[tuple[Item, ...], Broken]:
    """These episodes as a feed tells them, in the same order, and those that cannot be told."""
    ids = [one.episode_id for one in wanted]
    rows = {row.id: row for row in session.connection().execute(_ITEMS.where(Episode.id.in_(ids)))}
    aside = Aside(_persons(session, ids), _words(session, ids), several=name.of is not Of.SHOW)
    origin, found, broken = station.url(""), [], []
    for one in wanted:
        if one.episode_id in rows:
            try:
                item = _item(rows[one.episode_id], one, origin, aside)
            except Exception as error:  # noqa: BLE001 - whatever stands in one row, the others go on
                broken.append((one.episode_id, type(error).__name__))
            else:
                found.append(item)
    if name.low:
        found = [replace(item, standard=item.low, low=None) for item in found if item.low]
    return tuple(found), tuple(broken)


@dataclass(frozen=True, slots=True)
class Aside:
    """What other tables say of episodes, by their ids; `several`: the feed has more than one show."""

    persons: dict[str, list[tuple[str, str]]]
    words: dict[str, list[tuple[str, bool]]]
    several: bool


def _persons(session: Session, ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Name and role, only of names that the public may read."""
    query = (
        select(EpisodeVoice.episode_id, Voice.name, EpisodeVoice.role).join(Voice, Voice.id == EpisodeVoice.voice_id)
        .where(EpisodeVoice.episode_id.in_(ids), EpisodeVoice.named).order_by(EpisodeVoice.position, Voice.name)
    )  # fmt: skip
    found: dict[str, list[tuple[str, str]]] = {}
    for episode_id, name, role in session.connection().execute(query):
        found.setdefault(episode_id, []).append((name, role))
    return found


@lru_cache(maxsize=256)
def _role(code: str, kind: str) -> tuple[str, str]:
    """Role and group in the words of the Podcast Taxonomy."""
    term = vocabulary().term("role", code or usual_role(kind))
    return term.label.lower(), vocabulary().term("role", term.broader or "").label.lower()


def _words(session: Session, ids: Sequence[str]) -> dict[str, list[tuple[str, bool]]]:
    query = select(Transcript.episode_id, Transcript.language, Transcript.timed).where(Transcript.episode_id.in_(ids))
    found: dict[str, list[tuple[str, bool]]] = {}
    for episode_id, language, timed in session.connection().execute(query.order_by(Transcript.language)):
        found.setdefault(episode_id, []).append((language, timed))
    return found


def _item(row: Any, due: Due, origin: str, aside: Aside) -> Item:
    """An earlier host's id is given by its own show's feed alone: two shows may have the same."""
    sound, link = f"{origin}/audio/{row.id}", f"{origin}/episodes/{row.id}"
    title, summary, notes = texts(due.title, row.summary, row.notes_html, link)
    season = row.seasons.get(str(row.season_number), "") if row.seasons and row.season_number else ""
    return Item(
        guid=str(due.guid) if aside.several else row.feed_guid or str(due.guid), title=title, summary=summary, notes_html=notes,
        link=link, published_at=due.published_at, changed_at=row.changed_at,
        length_ms=row.n_samples // 48, explicit=row.explicit or row.show_explicit,
        image_url=origin + (artwork_path(row.id, row.own_artwork) if row.own_artwork else artwork_path(row.show_id, row.artwork_sha256)),
        standard=_sound(f"{sound}.mp3", row.standard_media_type, row.standard_size_bytes, row.standard_sha256, row.standard_code),
        low=_sound(f"{sound}.m4a", row.low_media_type, row.low_size_bytes, row.low_sha256, row.low_code) if row.low_code else None,
        season_number=row.season_number, episode_number=row.episode_number, expires_at=due.expires_at, episode_id=row.id,
        kind=row.kind, author=(row.show_author or row.show_title) if aside.several else "", release=row.release, season_name=season,
        synthetic=row.synthetic or row.show_synthetic, persons=tuple(Person(name, *_role(role, row.kind)) for name, role in aside.persons.get(row.id, ())),
        words=tuple(
            Words(language, timed, "" if language == row.language else f".{language}")
            for language, timed in aside.words.get(row.id, ())
        ),
        chapters=tuple(Chapter(one["start_ms"], one["title"]) for one in row.chapters or ()),
        soundbites=tuple(Soundbite(one["from_ms"], one["to_ms"], one["title"]) for one in row.soundbites or ()),
    )  # fmt: skip


def _sound(url: str, media_type: str, size_bytes: int, sha256: str, code: str) -> Sound:
    return Sound(url, media_type, size_bytes, sha256, int(code.rpartition("-")[2]) * 1000)


def moved_to(session: Session, slug: str, *, now: datetime) -> str:
    """Where a show lives, when our address of its feed leads there already; empty: here."""
    moved = select(Show.moved_to).where(Show.slug == slug, Show.in_feeds, Show.redirects_from <= now)
    return session.scalar(moved) or ""
