"""The slots of the week, what will really go out, and the schedule for programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer

from media.grid import DAY_TICKS, first_tick_from, tick_at, tick_start_ms
from radio.catalogue.models import Episode, Show
from radio.catalogue.queries import airable_episodes, all_shows
from radio.catalogue.terms import vocabulary
from radio.core.people import Role
from radio.core.time import from_unix_ms, instant_of, unix_ms
from radio.db import session
from radio.errors import InvalidError
from radio.schedule import actions, queries, words
from radio.schedule.airings import ON_REQUEST_KINDS, Airing, Part
from radio.schedule.forms import SlotForm
from radio.schedule.models import Slot
from radio.schedule.rules import places
from radio.schedule.wallclock import occurrences
from radio.station import station
from radio.web.access import Access, access
from radio.web.current import me

bp = Blueprint("schedule", __name__)
_: Callable[..., str] = gettext
MOST_DAYS = 14
_MOST_EPISODES = 300


@dataclass(frozen=True, slots=True)
class Heard:
    """An airing with its titles, for a page."""

    airing: Airing
    title: str
    show_title: str

    @property
    def start_ms(self) -> int:
        """When it starts."""
        return tick_start_ms(self.airing.start_tick)

    @property
    def why(self) -> str:
        """Why it airs, in words."""
        return words.why(self.airing)


@bp.get("/studio/schedule")
@access(Access.PRODUCER)
def week() -> str:
    """The slots, and beside them the day that comes of them."""
    now = station().now()
    today = now.astimezone(station().settings.tz).date()
    day = _day(request.args.get("day", ""), today)
    rows = queries.slots(session())
    first, last = _day_ticks(day)
    first = max(first, queries.planned_since(session()))
    return render_template(
        "schedule/week.html",
        slots=[(row, words.happens(row), words.fills(row, *_labels()), _next_starts(row, now)) for row in rows],
        day=day, days=[today + timedelta(days=n) for n in range(-1, 8)],
        heard=_heard(queries.rundown(session(), first, last).airings) if first < last else [],
        planned_until_ms=tick_start_ms(queries.planned_until(session())), now_ms=unix_ms(now),
        fixed_until=now + timedelta(minutes=station().settings.freeze_minutes),
        editor=me().has(Role.EDITOR, Role.STEWARD), parts=Part,
    )  # fmt: skip


@bp.get("/studio/schedule/new")
@access(Access.EDITOR)
def ask_new() -> str:
    """An empty slot."""
    return _page(None, SlotForm.of(None, today=_today()))


@bp.post("/studio/schedule/new")
@access(Access.EDITOR)
def make() -> Answer | tuple[str, int]:
    """A new slot."""
    return _save(None)


@bp.get("/studio/schedule/<slot_id>")
@access(Access.EDITOR)
def edit(slot_id: str) -> str:
    """A slot as it stands."""
    slot = queries.slot_or_404(session(), slot_id)
    return _page(slot, SlotForm.of(slot, today=_today()))


@bp.post("/studio/schedule/<slot_id>")
@access(Access.EDITOR)
def change(slot_id: str) -> Answer | tuple[str, int]:
    """Change a slot."""
    return _save(queries.slot_or_404(session(), slot_id))


@bp.post("/studio/schedule/<slot_id>/retire")
@access(Access.EDITOR)
def retire(slot_id: str) -> Answer:
    """End a slot."""
    actions.retire_slot(session(), queries.slot_or_404(session(), slot_id), now=station().now())
    session().commit()
    flash(_("The slot has ended. What was aired in it stays in the log."), "good")
    return redirect(url_for(".week"), 303)


def _save(slot: Slot | None) -> Answer | tuple[str, int]:
    form, now = SlotForm.typed(request.form), station().now()
    fields = form.fields()
    if form.faults:
        return _page(slot, form), 422
    try:
        slot = actions.set_slot(session(), slot, zone=station().settings.zone, now=now, **fields)
    except InvalidError as error:
        session().rollback()
        form.faults = error.faults
        return _page(slot, form), 422
    session().commit()
    flash(_first_on_air(slot, now), "good")
    return redirect(url_for(".week"), 303)


def _first_on_air(slot: Slot, now: datetime) -> str:
    """When a slot is first heard: what is fixed stays as it is."""
    fixed_until = now + timedelta(minutes=station().settings.freeze_minutes)
    first = next((start for start in _next_starts(slot, now, most=20) if start >= fixed_until), None)
    if first is None:
        return _("Saved. It does not happen in the next two weeks.")
    local = first.astimezone(station().settings.tz)
    said: str = ngettext(
        "Saved. First on air %(day)s at %(time)s: the next minute is fixed already.",
        "Saved. First on air %(day)s at %(time)s: the next %(num)s minutes are fixed already.",
        station().settings.freeze_minutes, day=words.day_names()[("MO", "TU", "WE", "TH", "FR", "SA", "SU")[local.weekday()]], time=local.strftime("%H:%M"),
    )  # fmt: skip
    return said


def _next_starts(slot: Slot, now: datetime, most: int = 3) -> list[datetime]:
    """The next instants at which a slot starts, in two weeks."""
    places = occurrences(queries.slot_value(slot), now, now + timedelta(days=MOST_DAYS))
    starts = sorted(from_unix_ms(tick_start_ms(place.start_tick)) for place in places)
    return [start for start in starts if start >= now][:most]


def _page(slot: Slot | None, form: SlotForm) -> str:
    episodes = [e for e in airable_episodes(session(), now=station().now()) if e.show.in_feeds]
    episodes.sort(key=lambda e: (e.show.title, e.title, e.id))
    kinds = [(t.code, t.label) for t in vocabulary().lists["kind"].offered if t.code not in ON_REQUEST_KINDS]
    return render_template(
        "schedule/slot.html", slot=slot, form=form, kinds=kinds, days=list(words.day_names().items()),
        shows=[(show.id, show.title) for show in all_shows(session()) if show.in_feeds],
        episodes=[(e.id, f"{e.show.title}: {e.title}") for e in episodes[:_MOST_EPISODES]],
        faults={name: words.fault(name, code) for name, code in form.faults.items()},
    )  # fmt: skip


def _labels() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Titles of shows, labels of kinds, titles of the episodes that slots name."""
    named = [str(row.fill["episode_id"]) for row in queries.slots(session()) if "episode_id" in row.fill]
    titles = session().execute(select(Episode.id, Episode.title).where(Episode.id.in_(named)))
    return (
        {show.id: show.title for show in all_shows(session())},
        {term.code: term.label for term in vocabulary().lists["kind"].terms},
        {row[0]: row[1] for row in titles},
    )


def _heard(airings: tuple[Airing, ...]) -> list[Heard]:
    ids = {airing.episode_id for airing in airings if airing.episode_id}
    query = select(Episode.id, Episode.title, Show.title).join(Show, Episode.show_id == Show.id).where(Episode.id.in_(ids))
    titles = {row[0]: (row[1], row[2]) for row in session().execute(query)}
    return [Heard(airing, *titles.get(airing.episode_id or "", ("", ""))) for airing in airings]


def _today() -> date:
    return station().now().astimezone(station().settings.tz).date()


def _day(typed: str, today: date) -> date:
    if not typed:
        return today
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        abort(404)
    if abs(day - today) > timedelta(days=60):
        abort(404)
    return day


def _day_ticks(day: date) -> tuple[int, int]:
    """The ticks of a day of the station's calendar."""
    start = instant_of(datetime.combine(day, datetime.min.time()), station().settings.tz)
    end = instant_of(datetime.combine(day + timedelta(days=1), datetime.min.time()), station().settings.tz)
    return first_tick_from(unix_ms(start)), first_tick_from(unix_ms(end))


@bp.get("/schedule.json")
@access(Access.PUBLIC)
def schedule_json() -> Response:
    """What goes out from now on, programme by programme, for programs; `?days=` 1 to 7."""
    days = request.args.get("days", default=1, type=int)
    here = station()
    now_tick = tick_at(here.clock.unix_ms())
    airings = queries.rundown(session(), now_tick - DAY_TICKS, now_tick + max(1, min(days, 7)) * DAY_TICKS)
    coming = [a for a in airings.within(now_tick, airings.to_tick) if a.part is Part.PROGRAMME]
    public = set(
        session().scalars(select(Episode.id).join(Show).where(Show.in_feeds, Episode.id.in_({a.episode_id for a in coming})))
    )
    slots = {row.id: row.title for row in queries.slots(session())}
    response = jsonify(
        station=here.settings.station_name,
        zone=here.settings.zone,
        programmes=[
            {
                "start_ms": heard.start_ms, "end_ms": tick_start_ms(heard.airing.end_tick), "title": heard.title,
                "show": heard.show_title, "episode": heard.airing.episode_id,
                "url": here.url(f"/episodes/{heard.airing.episode_id}"), "slot": slots.get(heard.airing.slot_id or ""),
            }
            for heard in _heard(tuple(coming)) if heard.airing.episode_id in public
        ],
        slots=[
            {"title": slots.get(place.slot_id or ""), "start_ms": tick_start_ms(place.start_tick), "end_ms": tick_start_ms(place.end_tick)}
            for place in places([queries.slot_value(row) for row in queries.slots(session())], now_tick, airings.to_tick)
            if place.slot_id and place.end_tick > now_tick
        ],
    )  # fmt: skip
    response.headers["Cache-Control"] = "public, max-age=60"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
