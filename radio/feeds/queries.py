"""What feeds and enclosures read. Columns, not objects: a feed of a thousand episodes is one query."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select
from sqlalchemy.orm import Session, aliased

from radio.catalogue.models import Episode, EpisodeTag, EpisodeVoice, Recording, Rendition, Show, Transcript, Voice
from radio.catalogue.queries import agreed
from radio.catalogue.rules import RecordingState, Scope, State, usual_role
from radio.catalogue.terms import role_words
from radio.editorial.models import FeedItem
from radio.feeds import alike, enclosures
from radio.feeds.belonging import of
from radio.feeds.channels import artwork_path
from radio.feeds.enclosures import LOW, STANDARD
from radio.feeds.models import StoredFeed
from radio.feeds.names import FeedName, Of
from radio.feeds.rules import Chapter, Due, Item, Person, Sound, Soundbite, Words, texts
from radio.feeds.writer import made_by
from radio.station import Station

_standard, _low = aliased(Rendition), aliased(Rendition)


def kept(session: Session, station: Station, name: str, change_number: int) -> StoredFeed | None:
    """The feed as this writer rendered it at this number; None: nobody has. What is too old is not even read: it may be large."""
    return session.scalar(select(StoredFeed).where(*_by_us(station, name), StoredFeed.change_number == change_number))


def dates(session: Session, station: Station, name: str) -> Any:
    """How long the feed holds as this writer rendered it last, without its bytes; None: nobody has."""
    columns = (StoredFeed.name, StoredFeed.change_number, StoredFeed.rundown_number, StoredFeed.valid_until)
    return session.execute(select(*columns).where(*_by_us(station, name))).one_or_none()


def _by_us(station: Station, name: str) -> tuple[ColumnElement[bool], ...]:
    return (StoredFeed.name == name, StoredFeed.made_by == made_by(station.settings))


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
    statement = _DUE.where(of(name))
    found = session.connection().execute(statement.where(*_PASSED) if passed else statement)  # rows: twice as fast as objects
    return [Due(*row) for row in found.all()]


def trailers(session: Session, found: Sequence[Due], name: FeedName) -> list[Due]:
    """Those of a show's episodes that introduce it or a season."""
    ids = set(session.scalars(select(Episode.id).where(of(name), Episode.release == "trailer")))
    return [one for one in found if one.episode_id in ids]


_DUE: Any = (  # in the order of `Due`
    select(Episode.id, Episode.guid, Episode.title, Episode.published_at, Episode.expires_at)
    .join(Show, Show.id == Episode.show_id)
    .join(Recording, Recording.id == Episode.recording_id)
    .outerjoin(FeedItem, FeedItem.episode_id == Episode.id)
    .where(Episode.state == State.PUBLISHED, Recording.state == RecordingState.TAKEN, Show.in_feeds, agreed(Scope.PODCAST))
)
_PASSED = (FeedItem.entered_at.is_not(None), FeedItem.held_at.is_(None))


_ITEMS = (  # in the order in which `_item` takes them
    select(
        Episode.id, Episode.show_id, Episode.feed_guid, Episode.kind, Episode.language, Episode.summary, Episode.notes_html,
        Episode.changed_at, Episode.explicit, Episode.synthetic, Episode.release, Episode.season_number, Episode.episode_number,
        Episode.chapters, Episode.soundbites, Episode.own_license, Episode.artwork_sha256, Recording.n_samples,
        _standard.media_type, _standard.code, *enclosures.offered(_standard, STANDARD, "standard"),
        _low.media_type, _low.code, *enclosures.offered(_low, LOW, "low"),
    )
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
    these, origin, found, broken = _these(wanted, name), station.url(""), [], []
    rows = {row[0]: row for row in session.connection().execute(_ITEMS.where(these)).all()}
    aside = Aside(
        origin, _shows(session, origin), _persons(session, these), _words(session, these), several=name.of is not Of.SHOW
    )
    for one in wanted:
        if one.episode_id in rows:
            try:
                item = _item(rows[one.episode_id], one, aside)
            except Exception as error:  # noqa: BLE001 - whatever stands in one row, the others go on
                broken.append((one.episode_id, type(error).__name__))
            else:
                found.append(item)
    if name.low:
        found = [replace(item, standard=item.low, low=None) for item in found if item.low]
    return tuple(found), tuple(broken)


_FEW = 50


def _these(wanted: Sequence[Due], name: FeedName) -> ColumnElement[bool]:
    """The condition of the rows of these episodes. Of many it is their span of time: a statement with thousands of ids is slow to build.

    There may be others in the span; who reads the rows takes what is wanted.
    """
    if len(wanted) <= _FEW:
        return Episode.id.in_([one.episode_id for one in wanted])
    dates = [one.published_at for one in wanted]
    return and_(of(name), Episode.state == State.PUBLISHED, Episode.published_at.between(min(dates), max(dates)))


@dataclass(frozen=True, slots=True)
class OfShow:
    """What every item of a show says alike."""

    image_url: str
    author: str
    seasons: Mapping[str, str]
    explicit: bool
    synthetic: bool
    license: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Aside:
    """What other tables say of episodes, by their ids; `several`: the feed has more than one show."""

    origin: str
    shows: Mapping[str, OfShow]
    persons: Mapping[str, list[tuple[str, str]]]
    words: Mapping[str, list[tuple[str, bool]]]
    several: bool


def _shows(session: Session, origin: str) -> dict[str, OfShow]:
    query = select(
        Show.id,
        Show.title,
        Show.author,
        Show.artwork_sha256,
        Show.seasons,
        Show.explicit,
        Show.synthetic,
        Show.license,
        Show.license_url,
    )
    return {
        row.id: OfShow(origin + artwork_path(row.id, row.artwork_sha256), alike.line(row.author or row.title), row.seasons or {}, row.explicit, row.synthetic, (row.license, row.license_url))
        for row in session.connection().execute(query)
    }  # fmt: skip


def _persons(session: Session, these: ColumnElement[bool]) -> dict[str, list[tuple[str, str]]]:
    """Name and role, only of names that the public may read."""
    query = (
        select(EpisodeVoice.episode_id, Voice.name, EpisodeVoice.role).join(Voice, Voice.id == EpisodeVoice.voice_id)
        .join(Episode, Episode.id == EpisodeVoice.episode_id).where(these, EpisodeVoice.named)
        .order_by(EpisodeVoice.position, Voice.name)
    )  # fmt: skip
    found: dict[str, list[tuple[str, str]]] = {}
    for episode_id, name, role in session.connection().execute(query):
        found.setdefault(episode_id, []).append((name, role))
    return found


def _words(session: Session, these: ColumnElement[bool]) -> dict[str, list[tuple[str, bool]]]:
    query = select(Transcript.episode_id, Transcript.language, Transcript.timed).join(
        Episode, Episode.id == Transcript.episode_id
    )
    found: dict[str, list[tuple[str, bool]]] = {}
    for episode_id, language, timed in session.connection().execute(query.where(these).order_by(Transcript.language)):
        found.setdefault(episode_id, []).append((language, timed))
    return found


def _item(row: Any, due: Due, aside: Aside) -> Item:
    """An earlier host's id is given by its own show's feed alone: two shows may have the same."""
    (id_, show_id, feed_guid, kind, language, summary, notes_html, changed_at, explicit, synthetic, release, season, episode,
     chapters, soundbites, own_license, picture, n_samples, *sounds) = row  # fmt: skip  # at once: a thousand rows of thirty names each are slow
    show, guid, url, link = aside.shows[show_id], str(due.guid), f"{aside.origin}/audio/{id_}", f"{aside.origin}/episodes/{id_}"
    title, summary, notes = texts(due.title, summary, notes_html, link)
    licence = (own_license["name"], own_license.get("url", "")) if own_license else show.license if aside.several else ("", "")
    return Item(
        guid=guid if aside.several else feed_guid or guid, title=title, summary=summary, notes_html=notes, link=link,
        published_at=due.published_at, changed_at=changed_at, length_ms=n_samples // 48, explicit=explicit or show.explicit,
        image_url=aside.origin + artwork_path(id_, picture) if picture else show.image_url, standard=_sound(f"{url}.mp3", *sounds[:4]), low=_sound(f"{url}.m4a", *sounds[4:]) if sounds[4] else None,
        season_number=season, episode_number=episode, expires_at=due.expires_at, episode_id=id_, kind=kind,
        author=show.author if aside.several else "", release=release, synthetic=synthetic or show.synthetic,
        license=licence[0], license_url=licence[1] if licence[0] else "",
        season_name=show.seasons.get(str(season), "") if season else "",
        persons=tuple([Person(alike.line(name), *role_words(role or usual_role(kind))) for name, role in aside.persons.get(id_, ())]),
        words=tuple([Words(each, timed, "" if each == language else f".{each}") for each, timed in aside.words.get(id_, ())]),
        chapters=tuple([Chapter(one["start_ms"], one["title"]) for one in chapters or ()]),
        soundbites=tuple([Soundbite(one["from_ms"], one["to_ms"], alike.line(one["title"])) for one in soundbites or ()]),
    )  # fmt: skip


def _sound(url: str, media_type: str, code: str, size_bytes: int, sha256: str) -> Sound:
    return Sound(url, media_type, size_bytes, sha256, int(code.rpartition("-")[2]) * 1000)


def terms(session: Session) -> set[tuple[str, str]]:
    """The kinds and tags, as (list, code), of what is in the feeds."""
    told = _DUE.where(*_PASSED).with_only_columns(Episode.id, Episode.kind).subquery()
    kinds = session.scalars(select(told.c.kind).distinct())
    tags = session.execute(
        select(EpisodeTag.vocabulary, EpisodeTag.code).join(told, told.c.id == EpisodeTag.episode_id).distinct()
    )
    return {*(("kind", kind) for kind in kinds), *((row.vocabulary, row.code) for row in tags)}


def of_guids(session: Session, show_id: str, guids: Collection[str]) -> dict[str, Episode]:
    """The episodes of a show by the ids that its feed gives them."""
    every = session.scalars(select(Episode).where(Episode.show_id == show_id, Episode.state == State.PUBLISHED)) if guids else ()
    return {guid: one for one in every if (guid := one.feed_guid or str(one.guid)) in guids}


def moved_to(session: Session, slug: str, *, now: datetime) -> str:
    """Where a show lives, when our address of its feed leads there already; empty: here."""
    moved = select(Show.moved_to).where(Show.slug == slug, Show.in_feeds, Show.redirects_from <= now)
    return session.scalar(moved) or ""
