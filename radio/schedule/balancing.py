"""How a week is shared: which kinds, topics, strengths and voices get how many minutes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from flask import Blueprint, abort, render_template, request
from sqlalchemy import select

from media.grid import tick_start_ms
from radio.catalogue.models import Episode, EpisodeTag, EpisodeVoice, Show, Voice
from radio.catalogue.terms import vocabulary
from radio.db import session
from radio.schedule import dayplan, queries
from radio.schedule.airings import ON_REQUEST_KINDS, Part
from radio.schedule.balance import balance
from radio.station import station
from radio.web.access import Access, access

bp = Blueprint("balancing", __name__)

_FARTHEST = timedelta(days=400)
_LISTS = ("topic", "capital")
Facts = Mapping[str, Mapping[str, Sequence[str]]]


@bp.get("/studio/schedule/balance")
@access(Access.PRODUCER)
def week() -> str:
    """One week's minutes: what was aired of it and what is planned."""
    here, today = station(), station().now().astimezone(station().settings.tz).date()
    monday = _monday(request.args.get("day", ""), today)
    from_tick, _end = dayplan.day_ticks(monday, here)
    _start, to_tick = dayplan.day_ticks(monday + timedelta(days=6), here)
    from_tick, to_tick = max(from_tick, queries.planned_since(session())), min(to_tick, queries.planned_until(session()))
    airings = queries.rundown(session(), from_tick, to_tick).airings if from_tick < to_tick else ()
    facts = _facts({airing.episode_id for airing in airings if airing.episode_id})
    offered = {name: [term.code for term in vocabulary().lists[name].offered] for name in ("kind", *_LISTS)}
    offered["kind"] = [code for code in offered["kind"] if code not in ON_REQUEST_KINDS]
    found = balance(airings, facts, offered)
    return render_template(
        "schedule/balance.html", balance=found, labels=_labels(facts), monday=monday, sunday=monday + timedelta(days=6),
        one_week=timedelta(days=7), this_week=monday <= today < monday + timedelta(days=7), part=Part,
        all_ticks=sum(found.parts.values()), length_ms=tick_start_ms,
    )  # fmt: skip


def _monday(typed: str, today: date) -> date:
    try:
        day = date.fromisoformat(typed) if typed else today
    except ValueError:
        abort(404)
    if abs(day - today) > _FARTHEST:
        abort(404)
    return day - timedelta(days=day.weekday())


def _facts(ids: Collection[str]) -> Facts:
    """What is said of these episodes: dimension → episode → codes."""
    rows = session().execute(select(Episode.id, Episode.kind, Episode.show_id).where(Episode.id.in_(ids))).all()
    facts: dict[str, dict[str, list[str]]] = {name: {} for name in ("kind", "topic", "capital", "voice", "show")}
    for episode_id, kind, show_id in rows:
        facts["kind"][episode_id], facts["show"][episode_id] = [kind], [show_id]
    tags = select(EpisodeTag.episode_id, EpisodeTag.vocabulary, EpisodeTag.code).where(
        EpisodeTag.vocabulary.in_(_LISTS), EpisodeTag.episode_id.in_(ids)
    )
    for episode_id, name, code in session().execute(tags):
        facts[name].setdefault(episode_id, []).append(code)
    voices = select(EpisodeVoice.episode_id, EpisodeVoice.voice_id).where(EpisodeVoice.episode_id.in_(ids))
    for episode_id, voice_id in session().execute(voices):
        facts["voice"].setdefault(episode_id, []).append(voice_id)
    return facts


def _labels(facts: Facts) -> dict[str, dict[str, str]]:
    """Dimension → code → what people read."""
    labels = {name: {term.code: term.label for term in vocabulary().lists[name].terms} for name in ("kind", *_LISTS)}
    voices = {code for codes in facts["voice"].values() for code in codes}
    labels["voice"] = {row[0]: row[1] for row in session().execute(select(Voice.id, Voice.name).where(Voice.id.in_(voices)))}
    labels["show"] = {row[0]: row[1] for row in session().execute(select(Show.id, Show.title))}
    return labels
