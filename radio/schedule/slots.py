"""Making and changing slots: plain forms that work on a phone; what is dragged on the grid fills the same ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response as Answer

from media.grid import tick_start_ms
from radio.catalogue.queries import all_shows, change_number
from radio.catalogue.terms import vocabulary
from radio.core.time import PRESSED_TWICE, from_unix_ms, instant_of
from radio.db import session
from radio.errors import InvalidError
from radio.schedule import actions, deciding, forms, queries, words
from radio.schedule.airings import ON_REQUEST_KINDS, Airable, canonical
from radio.schedule.asked import asked_for, choices
from radio.schedule.dayplan import look_around
from radio.schedule.drafts import Finding, findings, names_what_fills
from radio.schedule.forms import DayForm, SlotForm
from radio.schedule.models import Slot
from radio.schedule.repeats import Repeat, repeat_of
from radio.schedule.rules import Slot as SlotValue
from radio.schedule.wallclock import occurrences
from radio.station import station
from radio.web.access import Access, access
from radio.web.locale import said_length

bp = Blueprint("slots", __name__, url_prefix="/studio/schedule")
_: Callable[..., str] = gettext
_MOST_EPISODES = 300
_COMING = timedelta(days=70)
_MOST_COMING = 10
_FIELD_OF = {"first_start": "date", "rrule": "repeat", "fill": "rung"}
"""What is made of several fields → the one of the form that says it."""
_TAGS_OFFERED = ("topic", "capital", "audience")


@bp.get("/new")
@access(Access.EDITOR)
def ask_new() -> str:
    """An empty slot, at the day and time that were asked for."""
    today = station().now().astimezone(station().settings.tz).date()
    return _page(None, SlotForm.of(None, today=today, asked=request.args))


@bp.post("/new")
@access(Access.EDITOR)
def make() -> Answer | tuple[str, int] | str:
    """A new slot."""
    return _save(None)


@bp.get("/<slot_id>")
@access(Access.EDITOR)
def edit(slot_id: str) -> str:
    """A slot as it stands."""
    slot = queries.slot_or_404(session(), slot_id)
    form = SlotForm.of(slot, today=station().now().astimezone(station().settings.tz).date())
    return _page(slot, form, found=_findings(queries.slot_value(slot)))


@bp.post("/<slot_id>")
@access(Access.EDITOR)
def change(slot_id: str) -> Answer | tuple[str, int] | str:
    """Change a slot."""
    return _save(queries.slot_or_404(session(), slot_id))


@bp.post("/<slot_id>/retire")
@access(Access.EDITOR)
def retire(slot_id: str) -> Answer:
    """End a slot."""
    actions.retire_slot(session(), queries.slot_or_404(session(), slot_id), now=station().now())
    session().commit()
    flash(_("The slot has ended. What was aired in it stays in the log."), "good")
    return redirect(url_for("schedule.week"), 303)


@bp.get("/<slot_id>/days/<at>")
@access(Access.EDITOR)
def day(slot_id: str, at: str) -> str:
    """One day of a slot, with the time and length that were asked for: a move, before it is made."""
    slot, start = queries.slot_or_404(session(), slot_id), _local(at)
    form = DayForm.of(slot, start, request.args)
    return _day_page(slot, start, form, found=_day_findings(slot, start, form))


@bp.post("/<slot_id>/days/<at>")
@access(Access.EDITOR)
def change_day(slot_id: str, at: str) -> Answer | tuple[str, int] | str:
    """Change one day of a slot, or all like it (`which`: once, all, skip, rule; check changes nothing)."""
    slot, start = queries.slot_or_404(session(), slot_id), _local(at)
    form, which = DayForm.typed(request.form), request.form.get("which", "")
    if which in {"once", "all", "skip"} and not _happens(slot, start):
        flash(
            _(
                "This slot does not happen on %(day)s at %(time)s. Nothing was changed.",
                day=words.day(start),
                time=f"{start:%H:%M}",
            ),
            "fault",
        )
        return redirect(url_for(".edit", slot_id=slot.id), 303)
    if which in {"skip", "rule"}:
        fields = forms.without(slot, start) if which == "skip" else forms.as_the_rule_says(slot, start)
    else:
        form.changed(slot, start)
        if form.faults:
            return _day_page(slot, start, form), 422
        if which not in {"once", "all"}:
            return _day_page(slot, start, form, found=_day_findings(slot, start, form))
        if _is_stale(slot):
            return _day_page(slot, start, form, found=_day_findings(slot, start, form)), 409
        fields = form.every_day(slot, start) if which == "all" else form.one_day(slot, start)
    try:
        actions.set_slot(session(), slot, zone=slot.zone, now=station().now(), **fields)
    except InvalidError as error:
        session().rollback()
        form.faults = {"date": "too-far"} if "overrides" in error.faults else error.faults
        return _day_page(queries.slot_or_404(session(), slot_id), start, form), 422
    session().commit()
    flash(_said(slot, start, which), "good")
    return redirect(url_for("schedule.week", day=_lands(slot, start, form, which).date().isoformat()), 303)


def _happens(slot: Slot, at: datetime) -> bool:
    """Whether the rule has this start; days that are left out count, and somebody may have moved it since the page was opened."""
    value = replace(queries.slot_value(slot), exceptions=frozenset(), overrides={})
    instant = instant_of(at, station().settings.tz)
    found = occurrences(value, instant - timedelta(days=1), instant + timedelta(days=2))
    return any(place.occurrence == at.isoformat() for place in found)


def _is_stale(slot: Slot) -> bool:
    """Whether the page that was filled in showed an older state of the slot; says so."""
    seen = request.form.get("seen", "")
    if not seen or seen == slot.changed_at.isoformat():
        return False
    flash(
        _(
            "This slot was changed while you were at it, by somebody else or on another page. What you typed is still here: saving again keeps yours."
        ),
        "fault",
    )
    return True


def _said(slot: Slot, at: datetime, which: str) -> str:
    if which == "skip":
        return _("“%(title)s” does not happen on %(day)s.", title=slot.title, day=words.day(at))
    if which == "rule":
        return _("“%(title)s” happens on %(day)s as it always does.", title=slot.title, day=words.day(at))
    return _first_on_air(slot, station().now()) if which == "all" else _("Saved, for this one day.")


def _lands(slot: Slot, at: datetime, form: DayForm, which: str) -> datetime:
    """Which day to show afterwards."""
    changed = form.changed(slot, at) if which in {"once", "all"} else {}
    return datetime.fromisoformat(str(changed.get("start", at.isoformat())))


def _save(slot: Slot | None) -> Answer | tuple[str, int] | str:
    form, now = SlotForm.typed(request.form), station().now()
    fields = form.fields(slot)
    if request.form.get("check") and not form.faults:
        draft = _draft(fields, slot)
        found = _findings(draft) if draft else []
        return _page(slot, form, found=found if found or (draft and names_what_fills(draft.fill)) else None)
    refused = deciding.faults_of_slot(session(), fields, whole=slot is None)
    if form.faults:
        refused.pop("first_start", None)  # it is made of what is at fault
    form.faults = refused | form.faults
    if form.faults:
        return _page(slot, form), 422
    if slot is not None and _is_stale(slot):
        return _page(slot, form), 409
    again = queries.slot_made_since(session(), now - PRESSED_TWICE, fields) if slot is None else None
    slot = again or actions.set_slot(session(), slot, zone=station().settings.zone, now=now, **fields)
    session().commit()
    flash(_first_on_air(slot, now), "good")
    return redirect(url_for("schedule.week", day=_shown_day(slot, now)), 303)


def _shown_day(slot: Slot, now: datetime) -> str | None:
    """The day of its next start, so that whoever saved it sees it; None: today."""
    first = next(iter(_next_starts(slot, now, most=1)), None)
    return first.astimezone(station().settings.tz).date().isoformat() if first else None


def _first_on_air(slot: Slot, now: datetime) -> str:
    """When a slot is first heard: what is fixed stays as it is."""
    fixed_until = now + timedelta(minutes=station().settings.freeze_minutes)
    first = next((start for start in _next_starts(slot, now, most=20) if start >= fixed_until), None)
    if first is None:
        return _("Saved. It does not happen in the next ten weeks.")
    local = first.astimezone(station().settings.tz)
    near = first - now < timedelta(days=7)
    said: str = ngettext(
        "Saved. First on air %(day)s at %(time)s: the next minute is fixed already.",
        "Saved. First on air %(day)s at %(time)s: the next %(num)s minutes are fixed already.",
        station().settings.freeze_minutes, day=words.weekday(local) if near else words.day(local), time=local.strftime("%H:%M"),
    )  # fmt: skip
    return said


def _next_starts(slot: Slot, now: datetime, most: int = 3) -> list[datetime]:
    """The next instants at which a slot starts, in ten weeks."""
    places = occurrences(queries.slot_value(slot), now, now + _COMING)
    starts = sorted(from_unix_ms(tick_start_ms(place.start_tick)) for place in places)
    return [start for start in starts if start >= now][:most]


def _draft(fields: actions.SlotFields, slot: Slot | None) -> SlotValue | None:
    """What is typed, as a slot that is not kept; None: it cannot be one."""
    if "first_start" not in fields:
        return None
    soft = fields.get("start_rule") == "soft"
    return SlotValue(
        slot_id=slot.id if slot else "",
        zone=station().settings.zone,
        first_start=fields["first_start"],
        length=timedelta(minutes=fields["length_minutes"]),
        rrule=fields.get("rrule", ""),
        fill=fields["fill"],
        exceptions=frozenset(fields.get("exceptions", ())),
        overrides=fields.get("overrides", {}),
        priority=fields.get("priority", 0),
        tolerance=timedelta(minutes=fields.get("tolerance_minutes", 0) if soft else 0),
        under_run=fields.get("under_run", "open"),
        over_run=fields.get("over_run", "refuse"),
    )


def _findings(draft: SlotValue) -> list[tuple[Finding, str]]:
    """What a draft would meet, in words."""
    titles = {row.id: row.title for row in queries.slots(session())}
    around = look_around(session(), station(), draft, _asked_for(draft))
    return [(found, words.finding(found, titles)) for found in findings(draft, around)]


def _asked_for(draft: SlotValue) -> Sequence[Airable]:
    """What there is of what a draft asks for; kept until the catalogue changes, because who checks once checks again."""
    made_for = change_number(session()), canonical(draft.fill)
    kept = current_app.extensions.get("asked")
    if kept is None or kept[0] != made_for:
        kept = current_app.extensions["asked"] = (made_for, asked_for(session(), draft.fill, now=station().now()))
    found: Sequence[Airable] = kept[1]
    return found


def _day_findings(slot: Slot, at: datetime, form: DayForm) -> list[tuple[Finding, str]] | None:
    """What that one day would meet as it is typed; None: it cannot be read."""
    changed = form.changed(slot, at)
    if form.faults:
        return None
    start = datetime.fromisoformat(str(changed.get("start", at.isoformat())))
    minutes = int(str(changed.get("length_minutes", slot.length_minutes)))
    fill = changed.get("fill")
    if instant_of(start + timedelta(minutes=minutes), station().settings.tz) <= station().now():
        return [(found := Finding("past"), words.finding(found, {}))]
    own = replace(
        queries.slot_value(slot), first_start=start, rrule="", length=timedelta(minutes=minutes), exceptions=frozenset(), overrides={},
        fill=fill if isinstance(fill, dict) else slot.fill,
    )  # fmt: skip
    return _findings(own)


def _page(slot: Slot | None, form: SlotForm, found: Sequence[tuple[Finding, str]] | None = None) -> str:
    kinds = [(t.code, t.label) for t in vocabulary().lists["kind"].offered if t.code not in ON_REQUEST_KINDS]
    lists = [vocabulary().lists[name] for name in _TAGS_OFFERED]
    return render_template(
        "schedule/slot.html", slot=slot, form=form, kinds=kinds, days=list(words.day_names().items()), found=found,
        tag_lists=[(one.label, [(f"{one.name}:{t.code}", t.label) for t in one.offered]) for one in lists],
        asked_at=request.args.get("at", ""), faults=_faults(form), coming=_coming(slot) if slot else [], other=slot is not None and repeat_of(slot.rrule) is Repeat.OTHER,
        **_offered(form.text["episode_id"]),
    )  # fmt: skip


def _day_page(slot: Slot, at: datetime, form: DayForm, found: Sequence[tuple[Finding, str]] | None = None) -> str:
    every = Slot(first_start=slot.first_start, rrule=slot.rrule)
    if slot.rrule and not form.faults and form.changed(slot, at):
        fields = form.every_day(slot, at)
        every = Slot(first_start=fields["first_start"].isoformat(), rrule=fields["rrule"])
    return render_template(
        "schedule/day.html", slot=slot, at=at, form=form, found=found, faults=_faults(form), happens=words.happens(slot),
        is_out=at.isoformat() in slot.exceptions, is_changed=at.isoformat() in slot.overrides, every=words.happens(every), once=not slot.rrule,
        **_offered(form.text["episode_id"]),
    )  # fmt: skip


def _faults(form: SlotForm | DayForm) -> dict[str, str]:
    """Field → sentence, in the order of the page."""
    codes = {_FIELD_OF.get(name, name): code for name, code in form.faults.items()}
    return {name: words.fault(name, codes[name]) for name in sorted(codes, key=forms.place_of)}


def _offered(chosen: str | None) -> dict[str, object]:
    """What may fill a slot, for its choices; the episode that is `chosen` among them."""
    offered = choices(session(), now=station().now(), most=_MOST_EPISODES, chosen=chosen)
    return {
        "shows": [(show.id, show.title) for show in all_shows(session()) if show.in_feeds],
        "episodes": [(episode_id, _with_length(show, title, length_ms)) for episode_id, show, title, length_ms in offered],
    }


def _with_length(show: str, title: str, length_ms: int) -> str:
    return _("%(show)s: %(title)s (%(length)s)", show=show, title=title, length=said_length(length_ms))


def _coming(slot: Slot) -> list[dict[str, object]]:
    """The next days of a slot, those that are left out or changed among them."""
    now = station().now()
    value = replace(queries.slot_value(slot), exceptions=frozenset())
    places = occurrences(value, now, now + _COMING)
    ordered = sorted(places, key=lambda place: place.start_tick)
    return [
        {
            "at": place.occurrence, "start_ms": tick_start_ms(place.start_tick), "is_out": place.occurrence in slot.exceptions,
            "is_changed": place.occurrence in slot.overrides and place.occurrence not in slot.exceptions,
        }
        for place in ordered if from_unix_ms(tick_start_ms(place.end_tick)) > now
    ][:_MOST_COMING]  # fmt: skip


def _local(at: str) -> datetime:
    """The name of an occurrence: its wall-clock start."""
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        abort(404)
    if found.tzinfo is not None:
        abort(404)
    return found
