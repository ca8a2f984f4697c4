"""The own picture of an episode: looked at by those who answer for it, and taken away. The show's stands in its place then."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from media import keys
from media.artwork import SIZES_PX
from radio.catalogue import actions as catalogue
from radio.db import session
from radio.editorial import rules
from radio.errors import ForbiddenError, NotFoundError
from radio.jobs.actions import enqueue
from radio.jobs.carrier import send
from radio.station import station
from radio.studio import queries
from radio.web.access import Access, access
from radio.web.current import me

bp = Blueprint("studio_picture", __name__, url_prefix="/studio")


@bp.get("/episodes/<episode_id>/picture.jpg")
@access(Access.PRODUCER)
def show(episode_id: str) -> Response:
    """The picture, also of what nobody else sees yet."""
    sha256 = queries.episode_or_404(session(), me(), episode_id).artwork_sha256
    if sha256 is None:
        raise NotFoundError(episode_id)
    session().rollback()
    content = b"".join(station().store.stream(keys.artwork(sha256, min(SIZES_PX), "jpg")))
    return Response(content, mimetype="image/jpeg", headers={"Cache-Control": "no-store"})


@bp.post("/episodes/<episode_id>/picture/forget")
@access(Access.PRODUCER)
def forget(episode_id: str) -> Answer:
    """Take it away; its objects are erased by a job, so that none is left when we are killed just now."""
    episode, now = queries.episode_or_404(session(), me(), episode_id), station().now()
    if not rules.may_describe(me(), episode.state, episode.made_by):
        raise ForbiddenError(episode_id)
    if episode.artwork_sha256 is not None:
        job_id = enqueue(session(), "erase-picture", episode.artwork_sha256, now=now).id
        catalogue.describe(session(), episode, now=now, artwork_sha256=None)
        session().commit()
        send([job_id])
        flash(_("The picture is gone."), "good")
    return redirect(url_for("studio.episode", episode_id=episode_id), 303)
