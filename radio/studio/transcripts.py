"""The words of an episode: a file is taken, read again, taken away."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from media.transcript import MOST_BYTES, html
from radio.catalogue import transcripts
from radio.catalogue.models import Episode
from radio.db import session
from radio.editorial import rules
from radio.errors import ForbiddenError, InvalidError, NotFoundError
from radio.station import station
from radio.studio import queries, words
from radio.studio.page import page_of
from radio.web.access import Access, access
from radio.web.current import me

bp = Blueprint("studio_transcripts", __name__, url_prefix="/studio")
_FIELD_OF = {"language": "transcript_language"}
"""What the catalogue calls it → the field of the page, which has a language of its own."""


@bp.get("/episodes/<episode_id>/transcripts/<language>")
@access(Access.PRODUCER)
def show(episode_id: str, language: str) -> Response:
    """The words in one language, as they will be read."""
    episode = queries.episode_or_404(session(), me(), episode_id)
    row = next((one for one in episode.transcripts if one.language == language), None)
    if row is None:
        raise NotFoundError(language)
    page = html(transcripts.spoken(row), language=language, title=episode.title)
    return Response(page, mimetype="text/html", headers={"Cache-Control": "no-store"})


@bp.post("/episodes/<episode_id>/transcript")
@access(Access.PRODUCER)
def take(episode_id: str) -> Answer | tuple[str, int]:
    """Take a file as the words in a language."""
    file = request.files.get("transcript")
    content = file.read(MOST_BYTES + 1) if file else b""
    episode = _mine(episode_id)
    language = request.form.get("transcript_language", "").strip() or episode.language
    try:
        transcripts.set_transcript(session(), episode, language, content, now=station().now())
    except InvalidError as error:
        session().rollback()
        named = {_FIELD_OF.get(name, name): code for name, code in error.faults.items()}
        faults = {name: words.fault(name, code) for name, code in named.items()}
        return page_of(_mine(episode_id), faults=faults, transcript_language=language), 422
    session().commit()
    flash(_("The transcript is there."), "good")
    return _back(episode_id)


@bp.post("/episodes/<episode_id>/transcript/forget")
@access(Access.PRODUCER)
def forget(episode_id: str) -> Answer:
    """Take the words in a language away."""
    episode = _mine(episode_id)
    transcripts.forget_transcript(session(), episode, request.form.get("language", ""), now=station().now())
    session().commit()
    flash(_("The transcript is gone."), "good")
    return _back(episode_id)


def _mine(episode_id: str) -> Episode:
    """The episode, which this person may describe.

    Raises:
        ForbiddenError: they may not.
    """
    episode = queries.episode_or_404(session(), me(), episode_id)
    if not rules.may_describe(me(), episode.state, episode.made_by):
        raise ForbiddenError(episode_id)
    return episode


def _back(episode_id: str) -> Answer:
    return redirect(url_for("studio.episode", episode_id=episode_id, _anchor="words"), 303)
