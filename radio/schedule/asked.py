"""What a slot's fill asks for, read lightly: an editor who types waits for it. Compiling reads the whole pool (`queries.pool`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, cast, false, or_, select, true
from sqlalchemy.orm import Session

from media.grid import tick_at
from radio.catalogue.models import Episode, EpisodeTag, Recording, Show
from radio.catalogue.queries import airable
from radio.core.time import unix_ms
from radio.schedule.airings import SUPPORT_LIST, Airable, night_ok, part_of
from radio.schedule.policy import SUPPORTS


def asked_for(session: Session, fill: Mapping[str, object], *, now: datetime) -> list[Airable]:
    """What may be aired of what a fill names, in order of id: without voices, and of their tags those that the fill names.

    All of it is public by now, so nobody asks since when.
    """
    notes = cast(Episode.content_notes, String)
    query = _airable(now, Episode.show_id, Episode.kind, Episode.expires_at, Episode.intensity, Episode.detail, notes, Recording.n_ticks,
                     Show.in_feeds).where(_named(fill)).order_by(Episode.id)  # fmt: skip
    tags, codes, none = _tags(session, fill), cache(_codes), frozenset[tuple[str, str]]()
    return [
        Airable(
            episode_id=episode_id, recording_id="", show_id=show_id, kind=kind, part=part_of(kind=kind, n_ticks=n_ticks or 0, in_feeds=in_feeds),
            n_ticks=n_ticks or 0, published_tick=0, expires_tick=tick_at(unix_ms(expires_at)) if expires_at else None,
            night_ok=night_ok(intensity=intensity, detail=detail, notes=codes(said)), heavy=intensity >= 2, order=0,
            tags=tags.get(episode_id, none), notes=codes(said) or frozenset(),
        )
        for episode_id, show_id, kind, expires_at, intensity, detail, said, n_ticks, in_feeds in session.execute(query)
    ]  # fmt: skip


def support_lengths(session: Session, *, now: datetime) -> dict[str, int]:
    """Support → how many ticks the longest message that tells it takes; what none tells is not there."""
    fill = {"rung": "rotation", "tags": [[SUPPORT_LIST, support] for support in SUPPORTS]}
    told = asked_for(session, fill, now=now)
    lengths = {support: max((one.n_ticks for one in told if support in one.supports), default=0) for support in SUPPORTS}
    return {support: n_ticks for support, n_ticks in lengths.items() if n_ticks}


def choices(session: Session, *, now: datetime, most: int, chosen: str | None) -> list[tuple[str, str, str, int]]:
    """What an editor may name for a slot: (id, show, title, milliseconds), by show and title, at most so many; `chosen` in any case."""
    query = _airable(now, Show.title.label("show"), Episode.title, Recording.n_samples).where(Show.in_feeds)
    found = session.execute(query.order_by(Show.title, Episode.title, Episode.id).limit(most)).all()
    if chosen and all(row.id != chosen for row in found):
        found = [*session.execute(query.where(Episode.id == chosen)).all(), *found]
    return [(row.id, row.show, row.title, (row.n_samples or 0) // 48) for row in found]


def _airable(now: datetime, *columns: Any) -> Select[Any]:
    return (
        select(Episode.id, *columns)
        .join(Recording, Episode.recording_id == Recording.id)
        .join(Show, Episode.show_id == Show.id)
        .where(airable(now))
    )


def _named(fill: Mapping[str, object]) -> ColumnElement[bool]:
    """The condition under which an episode is one of those that a fill names."""
    rung = fill.get("rung")
    if rung == "episode":
        return Episode.id == fill.get("episode_id")
    if rung in {"latest", "next"}:
        return Episode.show_id == fill.get("show_id")
    named: list[ColumnElement[bool]] = [true()]
    for column, name in ((Episode.kind, "kinds"), (Episode.show_id, "show_ids")):
        wanted = fill.get(name)
        if isinstance(wanted, list) and wanted:
            named.append(column.in_(wanted))
    if _terms(fill):
        named.append(Episode.tags.any(_one_of(_terms(fill))))
    return and_(*named)


def _terms(fill: Mapping[str, object]) -> list[tuple[str, str]]:
    tags = fill.get("tags")
    return [(str(list_), str(code)) for list_, code in tags] if isinstance(tags, list) else []


def _one_of(terms: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    return or_(false(), *(and_(EpisodeTag.vocabulary == list_, EpisodeTag.code == code) for list_, code in terms))


def _tags(session: Session, fill: Mapping[str, object]) -> dict[str, frozenset[tuple[str, str]]]:
    if fill.get("rung") != "rotation" or not _terms(fill):
        return {}
    found: dict[str, set[tuple[str, str]]] = {}
    columns = (EpisodeTag.episode_id, EpisodeTag.vocabulary, EpisodeTag.code)
    for episode_id, list_, code in session.execute(select(*columns).where(_one_of(_terms(fill)))):
        found.setdefault(episode_id, set()).add((list_, code))
    return {episode_id: frozenset(terms) for episode_id, terms in found.items()}


def _codes(notes: str | None) -> frozenset[str] | None:
    """The codes of content notes as they are stored; None: nobody has said yet. Few catalogues have many different ones."""
    said = None if notes is None else json.loads(notes)
    return None if said is None else frozenset(str(note.get("code")) for note in said)
