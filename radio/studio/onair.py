"""The desk on air: what is on, what comes, and the few grave things one person may do about it. Each asks once, also without scripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from media.grid import DAY_TICKS, HOUR_TICKS, tick_at, tick_start_ms
from radio.catalogue.models import Episode
from radio.catalogue.queries import airable_episodes
from radio.db import session
from radio.editorial import air
from radio.editorial.rules import Power, has_power
from radio.errors import ForbiddenError, InvalidError, RefusedError
from radio.jobs.carrier import send
from radio.jobs.queries import clock_faults
from radio.schedule import overrides, overriding, queries, swapping, words
from radio.schedule.airings import Airing, Part, on_air
from radio.schedule.asrun import About, abouts, as_run
from radio.schedule.asrun_sheets import BYTE_ORDER_MARK, FORMATS, sheet
from radio.schedule.promised import promised, pushed_out
from radio.station import station
from radio.studio.air_forms import AlertForm, day_of, day_ticks
from radio.studio.air_words import because, done, fault, grade, outcome, refused
from radio.web.access import Access, access
from radio.web.current import me
from radio.web.locale import said_length

bp = Blueprint("studio_air", __name__, url_prefix="/studio/air")
MOST_CHOICES = 200
GUARD_S = 24


@dataclass(frozen=True, slots=True)
class Shown:
    """An airing for the desk."""

    airing: Airing
    about: About

    @property
    def start_ms(self) -> int:
        """When it starts."""
        return tick_start_ms(self.airing.start_tick)

    @property
    def end_ms(self) -> int:
        """When it ends."""
        return tick_start_ms(self.airing.end_tick)

    @property
    def why(self) -> str:
        """Why it airs, in words."""
        return words.why(self.airing)


@bp.get("")
@access(Access.DESK)
def desk() -> str:
    """What is on now, and the next hour."""
    now_tick = _now_tick()
    around = queries.rundown(session(), now_tick - DAY_TICKS, now_tick + HOUR_TICKS + DAY_TICKS)
    shown = _shown(around.within(now_tick, now_tick + HOUR_TICKS))
    alerts = overriding.alerts(session(), now_tick)
    titles = abouts(session(), {row.episode_id for row in alerts if row.episode_id})
    return render_template(
        "studio/air.html", now=shown[0], coming=shown[1:], now_ms=station().clock.unix_ms(), parts=Part,
        stop=overriding.the_stop(session()), alerts=[(row, titles.get(row.episode_id or "", About()).title) for row in alerts],
        swappable=overrides.soonest(station()), may={power.value: has_power(me(), power) for power in Power},
        clocks=clock_faults(session()), grade=grade, start_ms=tick_start_ms,
    )  # fmt: skip


@bp.get("/stop")
@access(Access.STOP)
def ask_stop() -> str:
    """One question before the station is stopped."""
    return render_template("studio/air-stop.html", what="stop", guard_s=GUARD_S)


@bp.post("/stop")
@access(Access.STOP)
def stop() -> Answer:
    """Straight to the emergency loop: one person."""
    return _decided(lambda: air.stop(session(), station(), by=me(), now=station().now()), "stop")


@bp.get("/resume")
@access(Access.EDITOR)
def ask_resume() -> str:
    """One question before the programme comes back."""
    _allow(Power.RESUME)
    return render_template("studio/air-stop.html", what="resume", guard_s=GUARD_S)


@bp.post("/resume")
@access(Access.EDITOR)
def resume() -> Answer:
    """The programme comes back."""
    return _decided(lambda: air.resume(session(), station(), by=me(), now=station().now()), "resume")


@bp.get("/swap/<int:start_tick>")
@access(Access.EDITOR)
def ask_swap(start_tick: int) -> str:
    """What is to be heard instead of what is on or comes."""
    _allow(Power.SWAP)
    return _swap_page(_at(start_tick), {})


@bp.post("/swap/<int:start_tick>")
@access(Access.EDITOR)
def swap(start_tick: int) -> Answer | tuple[str, int]:
    """Put something else there."""
    airing = _at(start_tick)
    if request.form.get("instead_of") != airing.episode_id:
        flash(refused("changed-meanwhile"), "fault")
        return redirect(url_for(".desk"), 303)
    chosen = request.form.get("episode_id") or None
    try:
        return _decided(lambda: air.swap(session(), station(), airing, episode_id=chosen, by=me(), now=station().now()), "swap")
    except InvalidError as error:
        session().rollback()
        return _swap_page(airing, error.faults), 422


@bp.get("/alert")
@access(Access.STEWARD)
def ask_alert() -> str:
    """Who warns of what, for whom and until when."""
    return _alert_page(AlertForm.empty(station().now().astimezone(station().settings.tz).date()))


@bp.post("/alert")
@access(Access.STEWARD)
def alert() -> Answer | tuple[str, int]:
    """Put the warning on the air."""
    form, now = AlertForm.typed(request.form), station().now()
    episode = session().get(Episode, form.text["episode_id"])
    notice = form.notice(station().settings.tz)
    form.faults = air.alert_faults(episode, notice, now=now) | form.faults
    if form.faults or episode is None:
        return _alert_page(form), 422
    before = promised(session(), overrides.soonest(station()))
    try:
        air.alert(session(), station(), episode, notice, by=me(), now=now)
    except InvalidError as error:
        session().rollback()
        form.faults = error.faults
        return _alert_page(form), 422
    except RefusedError as error:
        session().rollback()
        flash(refused(error.code), "fault")
        return redirect(url_for(".desk"), 303)
    lost = pushed_out(session(), before)
    seen = " ".join(one.airing.episode_id or "" for one in lost)
    if seen != request.form.get("seen", ""):
        shown = [(first, one.again_tick) for first, one in zip(_shown([one.airing for one in lost]), lost, strict=True)]
        session().rollback()
        return _alert_page(form, lost=shown, seen=seen), 409
    session().commit()
    send(["alert"])
    flash(done("alert"), "good")
    return redirect(url_for(".desk"), 303)


@bp.get("/alert/<override_id>/cancel")
@access(Access.STEWARD)
def ask_cancel(override_id: str) -> str:
    """One question before a warning ends."""
    return render_template(
        "studio/air-stop.html", what="cancel", alert=overriding.alert_or_404(session(), override_id), guard_s=GUARD_S
    )


@bp.post("/alert/<override_id>/cancel")
@access(Access.STEWARD)
def cancel(override_id: str) -> Answer:
    """End a warning before its time."""
    return _decided(lambda: air.cancel_alert(session(), station(), override_id, by=me(), now=station().now()), "cancel")


@bp.get("/log")
@access(Access.DESK)
def log() -> str:
    """What was really aired on a day."""
    today = station().now().astimezone(station().settings.tz).date()
    day = day_of(request.args.get("day", ""), today)
    rows = as_run(session(), *day_ticks(day, station().settings.tz), now_tick=_now_tick())
    return render_template(
        "studio/air-log.html", rows=rows, day=day, today=today, parts=Part, outcome=outcome, because=because, forms=FORMATS,
        start_ms=tick_start_ms,
    )  # fmt: skip


@bp.get("/log.<any(csv, json, cue):form>")
@access(Access.DESK)
def log_sheet(form: str) -> Response:
    """The same for a spreadsheet or a program, or the music alone (`cue`)."""
    day = day_of(request.args.get("day", ""), station().now().astimezone(station().settings.tz).date())
    rows = as_run(session(), *day_ticks(day, station().settings.tz), now_tick=_now_tick())
    ending = "csv" if form == "cue" else form
    headers = {
        "Content-Disposition": f'attachment; filename="{"cue" if form == "cue" else "as-run"}-{day}.{ending}"',
        "Cache-Control": "no-store",
    }
    mark = "" if form == "json" else BYTE_ORDER_MARK
    return Response(mark + sheet(rows, form), content_type=FORMATS[form], headers=headers)


def _decided(decide: Callable[[], object], what: str) -> Answer:
    try:
        decide()
        session().commit()
        send([what])
        flash(done(what), "good")
    except RefusedError as error:
        session().rollback()
        flash(refused(error.code), "fault")
    return redirect(url_for(".desk"), 303)


def _swap_page(airing: Airing, faults: dict[str, str]) -> str:
    tick = max(airing.start_tick, overrides.soonest(station()))
    place = swapping.place(session(), station(), tick)
    offers = [one for one in place.offers if one.airable.episode_id != airing.episode_id]
    offers.sort(key=lambda one: (one.fault != "", abs(one.with_messages_ticks - (airing.end_tick - tick))))
    said = abouts(session(), {one.airable.episode_id for one in offers[:MOST_CHOICES]})
    options = [(one, said[one.airable.episode_id]) for one in offers[:MOST_CHOICES]]
    return render_template(
        "studio/air-swap.html", shown=_shown([airing])[0], options=options, until_ms=tick_start_ms(place.until_tick),
        on_now=airing.start_tick <= _now_tick(), length=lambda n_ticks: said_length(tick_start_ms(n_ticks)),
        chosen=request.form.get("episode_id", ""), faults={name: fault(name, code) for name, code in faults.items()},
    )  # fmt: skip


def _alert_page(form: AlertForm, *, lost: Sequence[tuple[Shown, int | None]] = (), seen: str = "") -> str:
    """`lost`: what it pushes out of its slot, and when that is heard instead; `seen` names what a steward is shown of it."""
    alerts = [one for one in airable_episodes(session(), now=station().now()) if one.kind == "alert"]
    return render_template(
        "studio/air-alert.html", form=form, grades=[(code, grade(code)) for code in overrides.GRADES], episodes=[(one.id, f"{one.show.title}: {one.title}") for one in alerts],
        faults={name: fault(name, code) for name, code in form.faults.items()}, lost=lost, seen=seen, start_ms=tick_start_ms,
    )  # fmt: skip


def _at(start_tick: int) -> Airing:
    """The airing that begins at a tick, whole."""
    if abs(start_tick - _now_tick()) > 2 * DAY_TICKS:
        abort(404)
    airing = on_air(queries.rundown(session(), start_tick - DAY_TICKS, start_tick + DAY_TICKS), start_tick)
    if airing is None or airing.start_tick != start_tick or airing.recording_id is None:
        abort(404)
    return airing


def _shown(airings: Sequence[Airing]) -> list[Shown]:
    said = abouts(session(), {airing.episode_id for airing in airings if airing.episode_id})
    return [Shown(airing, said.get(airing.episode_id or "", About())) for airing in airings]


def _now_tick() -> int:
    return tick_at(station().clock.unix_ms())


def _allow(power: Power) -> None:
    if not has_power(me(), power):
        raise ForbiddenError(power)
