"""One page of numbers, for those who made what was fetched. No other page has any, and no list is in their order."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request

from radio.counting import queries, rules
from radio.db import session
from radio.station import station
from radio.web.access import Access, access
from radio.web.current import me

bp = Blueprint("counting", __name__, url_prefix="/studio/fetched")


@bp.after_request
def _for_one_person(response: Response) -> Response:
    """What the studio shows is kept by no cache."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@bp.get("")
@access(Access.PRODUCER)
def fetched() -> str:
    """How often each episode was fetched, in whole weeks."""
    n_pages = max(1, -(-queries.n_episodes_of(session(), me()) // queries.EPISODES_PER_PAGE))
    page = request.args.get("page", 1, type=int)
    if not 1 <= page <= n_pages:
        abort(404)
    offset = (page - 1) * queries.EPISODES_PER_PAGE
    episodes = queries.episodes_of(session(), me(), limit=queries.EPISODES_PER_PAGE, offset=offset)
    days = queries.days_of(session(), [episode.id for episode in episodes])
    today = station().now().date()
    told = [(episode, rules.told(days.get(episode.id, {}), today)) for episode in episodes]
    return render_template("counting/fetched.html", told=told, page=page, n_pages=n_pages)
