"""The dashboard, and an episode on its way from draft to air."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from radio.catalogue import actions as catalogue
from radio.catalogue.models import Episode
from radio.catalogue.queries import all_shows, any_show_or_404
from radio.catalogue.rules import Move, Scope, State
from radio.catalogue.terms import vocabulary
from radio.core.people import Role
from radio.db import session
from radio.editorial import actions as editorial
from radio.editorial import rules
from radio.editorial.queries import bad_pictures, episodes_ready, gate_silent_since, has_receipt
from radio.editorial.queries import receipt as receipt_of
from radio.errors import ForbiddenError, InvalidError, NotFoundError, RefusedError, WithdrawnError
from radio.jobs.carrier import send
from radio.schedule.outlook import days_ahead, is_worked_out_anew
from radio.station import station
from radio.studio import actions, gate_words, lines, queries, words
from radio.studio.forms import EpisodeForm
from radio.studio.page import page_of
from radio.studio.queries import Piece
from radio.studio.rules import Standing
from radio.web import markdown
from radio.web.access import Access, access
from radio.web.current import me
from radio.web.refusals import refusal
from radio.web.respond import object_response

bp = Blueprint("studio", __name__, url_prefix="/studio")
_PEAKS = 600
"""How many pairs of a waveform are drawn."""


@bp.app_context_processor
def _words() -> dict[str, object]:
    kinds = {term.code: term.label for term in vocabulary().lists["kind"].terms}
    return {
        "studio_words": words,
        "gate_words": gate_words,
        "refusal": refusal,
        "kind_labels": kinds,
        "most_mb": station().settings.max_upload_mb,
    }


@bp.after_request
def _for_one_person(response: Response) -> Response:
    """What the studio shows is kept by no cache."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@bp.get("")
@access(Access.PRODUCER)
def board() -> str:
    """The work that waits for me first, then everything I have a hand in."""
    person, now = me(), station().now()
    own = queries.pieces(session(), queries.drafts_of(session(), person), now=now)
    shows, last = all_shows(session()), queries.last_show_of(session(), person)
    return render_template(
        "studio/board.html",
        ready=queries.pieces(session(), episodes_ready(session()), now=now) if person.has(Role.STEWARD, Role.EDITOR) else [],
        drafts=own,
        submitted=queries.pieces(session(), queries.submitted_of(session(), person), now=now),
        others=queries.pieces(session(), queries.drafts_of_others(session(), person), now=now),
        kept_out=queries.pieces(session(), queries.kept_out_of(session(), person), now=now),
        bad_pictures=bad_pictures(session()),
        published=queries.pieces(session(), queries.published_of(session(), person), now=now),
        shows=shows,
        choices_of_show=[
            (show.slug, show.title)
            for show in sorted(shows, key=lambda show: (show.id != last, not show.in_feeds, show.synthetic))
        ],
        steward=person.has(Role.STEWARD),
        editor=person.has(Role.STEWARD, Role.EDITOR),
        silent_since=gate_silent_since(session()),
        red_days=[ahead.day for ahead in days_ahead(session(), station()) if ahead.is_red]
        if person.has(Role.STEWARD, Role.EDITOR)
        else [],
        worked_out_anew=is_worked_out_anew(session(), now),
    )


@bp.get("/progress")
@access(Access.PRODUCER)
def progress() -> Response:
    """What goes on now on the drafts I may see: for a page that is open."""
    episodes = queries.under_way(session(), me())
    return jsonify(work=[_progress(piece) for piece in queries.pieces(session(), episodes, now=station().now())])


def _goes_on(piece: Piece) -> bool:
    return piece.standing in {Standing.WORKING, Standing.TROUBLED}


def _progress(piece: Piece) -> dict[str, object]:
    return {
        "episode": piece.episode.id, "standing": piece.standing, "state": words.state(piece)[0],
        "step": words.step(piece) if _goes_on(piece) else "", "fraction": round(piece.fraction, 3),
    }  # fmt: skip


@bp.get("/episodes/<episode_id>")
@access(Access.PRODUCER)
def episode(episode_id: str) -> str:
    """Everything about one episode, and the next step with it."""
    return page_of(_found(episode_id))


@bp.post("/episodes/<episode_id>")
@access(Access.PRODUCER)
def describe(episode_id: str) -> Answer | str | tuple[str, int]:
    """Keep what was typed; with `then` also hand it in or show how the notes will look."""
    found = _found(episode_id)
    if not rules.may_describe(me(), found.state, found.made_by):
        raise ForbiddenError(episode_id)
    form = EpisodeForm.typed(request.form)
    if request.form.get("then") == "preview":
        return page_of(found, form)
    if form.text["seen"] and form.text["seen"] != EpisodeForm.of(found, station().settings.tz).stamp():
        form.text["seen"] = EpisodeForm.of(found, station().settings.tz).stamp()
        flash(words.changed_meanwhile(), "fault")
        return page_of(found, form), 409
    if not _keep(found, form):
        return page_of(found, form), 422
    session().commit()
    if request.form.get("then") == "submit":
        return submit(episode_id)
    flash(_("Saved."), "good")
    return _back(episode_id)


def _keep(found: Episode, form: EpisodeForm) -> bool:
    """Take all that was typed, or nothing; what is wrong is then in `form.faults`."""
    now, before = station().now(), set(found.scopes) if found.state is State.PUBLISHED else set()
    fields = form.fields(station().settings.tz)
    last = fields.get("expires_at")
    if found.state is not State.PUBLISHED and last is not None and last <= now:
        form.faults["expires_at"] = "over"
    try:
        catalogue.describe(session(), found, now=now, **fields)
    except InvalidError as error:
        form.faults |= error.faults
    try:
        catalogue.set_tags(session(), found, form.tags, now=now)
    except InvalidError as error:
        form.faults |= error.faults
    try:
        voices = lines.voices(form.text["voices"])
        catalogue.set_voices(session(), found, voices, named=form.named, now=now, roles=voices)
    except InvalidError as error:
        form.faults |= error.faults
    if form.faults:
        session().rollback()
        return False
    lost = before.difference(found.scopes)
    if Scope.LIVE in lost:
        editorial.off_air(session(), station(), now=now)
    if Scope.PODCAST in lost:
        editorial.out_of_apps(session(), station(), found, now=now)
    if found.state is State.DRAFT and form.text["show"] and form.text["show"] != found.show.slug:
        catalogue.move_to_show(session(), found, any_show_or_404(session(), form.text["show"]), now=now)
    return True


@bp.post("/preview")
@access(Access.PRODUCER)
def preview() -> Response:
    """How notes will look, for the page that is being typed on."""
    return Response(markdown.html(request.form.get("notes", "")[:20_000]), mimetype="text/html; charset=utf-8")


@bp.post("/episodes/<episode_id>/submit")
@access(Access.PRODUCER)
def submit(episode_id: str) -> Answer:
    """Hand it in."""
    return _decide(episode_id, "submit", _("Handed in. A steward looks at it next."))


@bp.post("/episodes/<episode_id>/send-back")
@access(Access.PRODUCER)
def send_back(episode_id: str) -> Answer:
    """Make it a draft again."""
    return _decide(episode_id, "send_back", _("It is a draft again."))


@bp.post("/episodes/<episode_id>/publish")
@access(Access.STEWARD)
def publish(episode_id: str) -> Answer:
    """Put it out, as it was seen."""
    try:
        seen = datetime.fromisoformat(request.form.get("seen", ""))
    except ValueError:
        seen = datetime.min.replace(tzinfo=station().now().tzinfo)
    return _decide(
        episode_id,
        "publish",
        _("Published. It is on the site and may go on air. Before podcast apps get it, its public address is checked."),
        seen=seen,
    )


def _decide(episode_id: str, action: str, done: str, **facts: datetime) -> Answer:
    found = _found(episode_id)
    try:
        getattr(editorial, action)(session(), found, by=me(), now=station().now(), **facts)
        session().commit()
        flash(done, "good")
    except RefusedError as error:
        session().rollback()
        flash(words.refused_move(error.code), "fault")
    return _back(episode_id)


@bp.get("/episodes/<episode_id>/withdraw")
@access(Access.PRODUCER)
def ask_withdraw(episode_id: str) -> str:
    """One question before it is taken back for ever."""
    found = _found(episode_id)
    _may_withdraw(found)
    return render_template("studio/withdraw.html", episode=found)


@bp.post("/episodes/<episode_id>/withdraw")
@access(Access.PRODUCER)
def withdraw(episode_id: str) -> Answer:
    """Take it back: one person, no reason asked."""
    found = _found(episode_id)
    _may_withdraw(found)
    try:
        job = editorial.withdraw(session(), station(), found, by=me(), now=station().now())
        session().commit()
        send([job.id])
    except RefusedError:  # somebody else took it back first: that is what was wanted
        session().rollback()
    flash(_("Taken back. It is gone from the site and the feed now, and off the air within a minute."), "good")
    was_out = found.published_at is not None
    return redirect(url_for(".receipt", episode_id=episode_id) if was_out else url_for(".board"), 303)


@bp.get("/episodes/<episode_id>/receipt")
@access(Access.PRODUCER)
def receipt(episode_id: str) -> str:
    """Where something that was taken back, or left podcast apps, is gone, and where copies may remain."""
    found = _found(episode_id)
    _may_withdraw(found)
    if not has_receipt(session(), found):
        raise NotFoundError(episode_id)
    out_of_apps = found.state is not State.WITHDRAWN
    return render_template("studio/receipt.html", episode=found, receipt=receipt_of(session(), found), out_of_apps=out_of_apps)


def _may_withdraw(found: Episode) -> None:
    if not rules.may(me(), Move.WITHDRAW, found.made_by):
        raise ForbiddenError(found.id)


@bp.post("/episodes/<episode_id>/retry")
@access(Access.PRODUCER)
def retry(episode_id: str) -> Answer:
    """Work on its recording again after the station had given up."""
    found = _found(episode_id)
    shown = queries.piece(session(), found, now=station().now())
    if shown.standing is Standing.BROKEN and shown.newest is not None:
        job = actions.try_again(session(), shown.newest, now=station().now())
        session().commit()
        send([job.id])
    return _back(episode_id)


@bp.get("/episodes/<episode_id>/audio/<any(standard, low):profile>")
@access(Access.PRODUCER)
def audio(episode_id: str, profile: str) -> Response:
    """The sound as it would go out, for those who work on it; with ranges."""
    found = _found(episode_id)
    if found.state is State.WITHDRAWN:
        raise WithdrawnError(episode_id)
    rendition = found.recording.rendition(profile) if found.recording else None
    if rendition is None:
        raise NotFoundError(episode_id)
    store, key = station().store, rendition.key
    return object_response(
        rendition.size_bytes, f'"{rendition.sha256}"', rendition.media_type, lambda span: store.stream(key, span)
    )


@bp.get("/episodes/<episode_id>/peaks")
@access(Access.PRODUCER)
def peaks(episode_id: str) -> Response:
    """The waveform, as JSON: at most 600 pairs of lowest and highest, from -128 to 127."""
    found = _found(episode_id)
    if found.state is State.WITHDRAWN:
        raise WithdrawnError(episode_id)
    if found.recording is None or found.recording.peaks_key is None:
        raise NotFoundError(episode_id)
    samples = memoryview(station().store.read(found.recording.peaks_key)).cast("b")
    stride = max(1, -(-len(samples) // 2 // _PEAKS)) * 2
    pairs = [samples[start : start + stride] for start in range(0, len(samples), stride)]
    return jsonify(length_ms=found.recording.length_ms, peaks=[[min(pair[::2]), max(pair[1::2])] for pair in pairs])


def _found(episode_id: str) -> Episode:
    return queries.episode_or_404(session(), me(), episode_id)


def _back(episode_id: str) -> Answer:
    return redirect(url_for("studio.episode", episode_id=episode_id), 303)
