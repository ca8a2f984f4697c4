"""The slots of the week, what will really go out, and the schedule for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, Response, abort, jsonify, render_template, request
from sqlalchemy import select

from media.grid import DAY_TICKS, tick_at, tick_start_ms
from radio.catalogue.models import Episode, Show
from radio.catalogue.queries import agreed, all_shows, out
from radio.catalogue.rules import Scope
from radio.catalogue.terms import vocabulary
from radio.core.people import Role
from radio.core.time import instant_of, unix_ms
from radio.db import session
from radio.schedule import amiss_words, dayplan, outlook, queries, weekgrid, words
from radio.schedule.airings import Part
from radio.schedule.dayplan import told
from radio.schedule.models import Slot
from radio.schedule.rules import places
from radio.schedule.weekgrid import Block, Column
from radio.station import station
from radio.web.access import Access, access
from radio.web.current import me
from radio.web.respond import SOON_GONE_S

bp = Blueprint("schedule", __name__)
_FARTHEST = timedelta(days=400)
_CLOCKS_TOLD = timedelta(days=14)
"""A change of the clocks is told with the week it falls in and with the one before."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A block of the grid with its slot and its words."""

    block: Block
    slot: Slot
    fills: str
    beaten_by: Sequence[str]
    """Titles of the slots that have some of its time."""

    @property
    def minutes(self) -> int:
        """How long the whole occurrence is by the wall clock."""
        return int((self.block.end - self.block.start).total_seconds() // 60)


@bp.get("/studio/schedule")
@access(Access.PRODUCER)
def week() -> str:
    """The week of the slots, and beside the rules of one day what comes of them."""
    here, now = station(), station().now()
    today = _today()
    day = _day(request.args.get("day", ""), today)
    monday = day - timedelta(days=day.weekday())
    rows = queries.slots(session())
    first, last = dayplan.day_ticks(day, here)
    first, last = max(first, queries.planned_since(session())), min(last, queries.planned_until(session()))
    change = weekgrid.clock_change(_midnight(monday), _midnight(monday + _CLOCKS_TOLD), here.settings.tz)
    return render_template(
        "schedule/week.html", clock_change=words.clock_change(change) if change else "",
        columns=_columns(rows, monday), day=day, today=today, monday=monday,
        one_week=timedelta(days=7), days=[monday + timedelta(days=n) for n in range(7)],
        stretches=dayplan.stretches(session(), here, first, last) if first < last else [],
        fills=_fills(rows), slots={row.id: row for row in rows}, n_slots=len(rows), now_ms=unix_ms(now),
        days_amiss=[(one, _gathered(one)) for one in outlook.days_ahead(session(), here)],
        planned_until_ms=tick_start_ms(queries.planned_until(session())),
        fixed_until=now + timedelta(minutes=here.settings.freeze_minutes),
        editor=me().has(Role.EDITOR, Role.STEWARD), steward=me().has(Role.STEWARD), parts=Part, words=words,
        amiss_words=amiss_words, worked_out_anew=outlook.is_worked_out_anew(session(), now),
    )  # fmt: skip


def _gathered(day: outlook.DayAhead) -> list[tuple[outlook.Amiss, int]]:
    """What is amiss in a day, each thing once, the grave first, and how often."""
    found: dict[tuple[str, str | None], list[outlook.Amiss]] = {}
    for one in day.amiss:
        found.setdefault((one.code, one.slot_id), []).append(one)
    return sorted(((alike[0], len(alike)) for alike in found.values()), key=lambda pair: not pair[0].is_grave)


def _columns(rows: Sequence[Slot], monday: date) -> list[tuple[Column, list[Shown]]]:
    """The grid's days, each with its blocks as they are shown."""
    by_id, fills = {row.id: row for row in rows}, _fills(rows)
    columns = weekgrid.week([queries.slot_value(row) for row in rows], monday, station().settings.tz)
    return [(column, [_shown(block, by_id, fills) for block in column.blocks]) for column in columns]


def _shown(block: Block, rows: Mapping[str, Slot], fills: Mapping[str, str]) -> Shown:
    slot = rows[block.slot_id]
    own = block.fill if isinstance(block.fill, Mapping) and block.fill != slot.fill else None
    said = words.filled_by(own, *_labels([own])) if own else fills[slot.id]
    return Shown(block, slot, said, [rows[other].title for other in block.beaten_by if other in rows])


def _fills(rows: Sequence[Slot]) -> dict[str, str]:
    """What fills each slot, in words."""
    labels = _labels([row.fill for row in rows])
    return {row.id: words.filled_by(row.fill, *labels) for row in rows}


def _labels(fills: Sequence[Mapping[str, object]]) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Titles of shows, labels of terms by `list:code`, titles of the episodes that are named."""
    named = [str(fill["episode_id"]) for fill in fills if "episode_id" in fill]
    titles = session().execute(select(Episode.id, Episode.title).where(Episode.id.in_(named)))
    return (
        {show.id: show.title for show in all_shows(session())},
        {f"{name}:{term.code}": term.label for name, terms in vocabulary().lists.items() for term in terms.terms},
        {row[0]: row[1] for row in titles},
    )


def _midnight(day: date) -> datetime:
    return instant_of(datetime.combine(day, datetime.min.time()), station().settings.tz)


def _today() -> date:
    return station().now().astimezone(station().settings.tz).date()


def _day(typed: str, today: date) -> date:
    if not typed:
        return today
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        abort(404)
    if abs(day - today) > _FARTHEST:
        abort(404)
    return day


@bp.get("/schedule.json")
@access(Access.PUBLIC)
def schedule_json() -> Response:
    """What goes out from now on, programme by programme, for programs; `?days=` 1 to 7. What has no page has no address."""
    days = request.args.get("days", default=1, type=int)
    here = station()
    now_tick = tick_at(here.clock.unix_ms())
    airings = queries.rundown(session(), now_tick - DAY_TICKS, now_tick + max(1, min(days, 7)) * DAY_TICKS)
    coming = [a for a in airings.within(now_tick, airings.to_tick) if a.part is Part.PROGRAMME]
    may_be_told = (Episode.id.in_({a.episode_id for a in coming}), Show.in_feeds, out(here.now()))
    has_page = {
        row[0]: bool(row[1]) for row in session().execute(select(Episode.id, agreed(Scope.SITE)).join(Show).where(*may_be_told))
    }
    slots = {row.id: row.title for row in queries.slots(session())}
    response = jsonify(
        station=here.settings.station_name,
        zone=here.settings.zone,
        programmes=[
            {
                "start_ms": heard.start_ms, "end_ms": tick_start_ms(heard.airing.end_tick), "title": heard.title,
                "show": heard.show_title, "slot": slots.get(heard.airing.slot_id or ""),
                "episode": heard.airing.episode_id if has_page[str(heard.airing.episode_id)] else None,
                "url": here.url(f"/episodes/{heard.airing.episode_id}") if has_page[str(heard.airing.episode_id)] else None,
            }
            for heard in told(session(), coming) if heard.airing.episode_id in has_page
        ],
        slots=[
            {"title": slots.get(place.slot_id or ""), "start_ms": tick_start_ms(place.start_tick), "end_ms": tick_start_ms(place.end_tick)}
            for place in places([queries.slot_value(row) for row in queries.slots(session())], now_tick, airings.to_tick)
            if place.slot_id and place.end_tick > now_tick and place.start_tick < airings.to_tick
        ],
    )  # fmt: skip
    response.headers["Cache-Control"] = f"public, max-age={SOON_GONE_S}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
