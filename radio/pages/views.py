"""The public site. Nobody is recognised here: no session, no cookie, the same bytes for everybody who asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, redirect, render_template, request, send_from_directory
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from media import transcript
from radio.catalogue import queries as catalogue
from radio.catalogue import search, transcripts
from radio.core.text import plain
from radio.core.time import from_unix_ms, unix_ms
from radio.db import session
from radio.pages import cards, linked, queries, rules, sharing, words
from radio.schedule.overriding import the_stop
from radio.station import station
from radio.web.access import Access, access
from radio.web.assets import STATIC
from radio.web.respond import SOON_GONE_S, page_response

bp = Blueprint("pages", __name__)
words.install(bp)

MOST_FOUND = 50
LONGEST_SEARCH = 100


@bp.get("/")
@access(Access.PUBLIC)
def home() -> Response:
    """What is on air, one large button, what comes next, then the shows."""
    now = station().now()
    moments = queries.moments_from(session(), now=now)
    local = now.astimezone(station().settings.tz)
    return _page(
        "pages/home.html",
        kept_s=_until_change_s(moments, now),
        on_air=moments[0] if moments else None,
        coming=moments[1:5],
        today=queries.day_blocks(session(), local, station().settings.tz, now=now),
        shows=catalogue.shows(session()),
        linked=_linked(moments[:5]),
        is_stopped=the_stop(session()) is not None,
    )


@bp.get("/schedule")
@access(Access.PUBLIC)
def schedule() -> Response:
    """One day as a band of time; `?day=` another one."""
    now = station().now()
    zone = station().settings.tz
    today = now.astimezone(zone).date()
    day = rules.chosen_day(request.args.get("day", ""), today)
    if day is None:
        abort(404)
    noon = datetime.combine(day, datetime.min.time(), tzinfo=zone) + timedelta(hours=12)
    blocks = queries.day_blocks(session(), noon, zone, now=now)
    days = [today + timedelta(days=n) for n in range(rules.DAYS_AHEAD)]
    return _page(
        "pages/schedule.html", kept_s=SOON_GONE_S, day=day, today=today, days=days, blocks=blocks, noon=noon,
        past_days=[today - timedelta(days=n) for n in range(1, rules.DAYS_BACK + 1)],
        linked=_linked([heard for block in blocks for heard in block.coming(unix_ms(now))]), is_stopped=the_stop(session()) is not None,
    )  # fmt: skip


@bp.get("/shows")
@access(Access.PUBLIC)
def shows() -> Response:
    """Every show with a feed."""
    return _page("pages/shows.html", kept_s=SOON_GONE_S, shows=catalogue.shows(session()))


@bp.get("/shows/<slug>")
@access(Access.PUBLIC)
def show(slug: str) -> Response:
    """One show: what it is, how to subscribe, its episodes."""
    now = station().now()
    found = catalogue.show_or_404(session(), slug)
    n_episodes = queries.n_published(session(), found.id, now=now)
    n_pages = rules.n_pages(n_episodes)
    page = request.args.get("page", 1, type=int)
    if not 1 <= page <= n_pages:
        abort(404)
    episodes = catalogue.published_episodes(
        session(), now=now, show_id=found.id, limit=rules.EPISODES_PER_PAGE, offset=(page - 1) * rules.EPISODES_PER_PAGE
    )
    linked = sharing.linked_show(cards.show_facts(found))
    return _page(
        "pages/show.html", kept_s=SOON_GONE_S, show=found, episodes=episodes, page=page, n_pages=n_pages,
        card=cards.show_card(found), linked=linked,
    )  # fmt: skip


@bp.get("/episodes/<episode_id>")
@access(Access.PUBLIC)
def episode(episode_id: str) -> Response:
    """One episode: what to know before, the sound and its price, what it says."""
    found = catalogue.episode_or_404(session(), episode_id, now=station().now())
    response = _page(
        "pages/episode.html",
        kept_s=SOON_GONE_S,
        episode=found,
        hearable=queries.hearable(found),
        notes=Markup(found.notes_html),  # noqa: S704 - made by web.markdown
        spoken=[(row, Markup(transcript.paragraphs(transcripts.spoken(row)))) for row in found.transcripts],  # noqa: S704 - escaped there
        terms=queries.shown_terms(found),
        noted=queries.noted_terms(found),
        card=cards.episode_card(found),
        linked=cards.linked(found),
    )
    if said := sharing.robots(found.kind, found.scopes):
        response.headers["X-Robots-Tag"] = said
    return response


@bp.get("/search")
@access(Access.PUBLIC)
def find() -> Response:
    """Episodes that hold the words."""
    wanted = plain(request.args.get("q", ""))[:LONGEST_SEARCH]
    found = search.find(session(), wanted, now=station().now(), limit=MOST_FOUND + 1) if wanted else []
    return _page("pages/search.html", kept_s=SOON_GONE_S, words=wanted, episodes=found[:MOST_FOUND], more=len(found) > MOST_FOUND)


@bp.get("/about")
@access(Access.PUBLIC)
def about() -> Response:
    """How this works, in short."""
    return _page("pages/about.html", kept_s=SOON_GONE_S)


@bp.get("/help")
@access(Access.PUBLIC)
def help_now() -> Response:
    """Where help is."""
    return _page("pages/help.html", kept_s=SOON_GONE_S)


@bp.get("/site.webmanifest")
@access(Access.PUBLIC)
def manifest() -> Response:
    """What a phone shows when the page is put on its home screen: a name that tells nothing."""
    return page_response(render_template("pages/site.webmanifest").encode(), "application/manifest+json", kept_s=3600)


@bp.get("/favicon.ico")
@access(Access.PUBLIC)
def favicon() -> BaseResponse:
    """For browsers that ask without reading the page."""
    response = send_from_directory(STATIC, "lamp.svg", max_age=86_400)
    response.headers.pop("Last-Modified", None)
    return response


@bp.get("/shows/<slug>/")
@bp.get("/schedule/")
@bp.get("/shows/")
@access(Access.PUBLIC)
def without_slash(slug: str = "") -> BaseResponse:  # noqa: ARG001 - part of the address
    """An address that was typed with a slash too many."""
    return redirect(request.path.rstrip("/"), code=308)


def _page(template: str, *, kept_s: int, **values: object) -> Response:
    now = station().now()
    html = render_template(template, now_ms=unix_ms(now), price=_price(), **values)
    response = page_response(html.encode(), "text/html", kept_s=kept_s)
    response.headers["Content-Language"] = station().settings.language
    return response


def _linked(heard: Iterable[rules.Heard | rules.Moment]) -> dict[str, object]:
    settings = station().settings
    return linked.events(heard, station_name=settings.station_name, url=settings.public_url)


def _price() -> dict[str, str]:
    standard, low = station().profiles
    return {"standard": rules.hour_megabytes(standard.bitrate_kbps), "low": rules.hour_megabytes(low.bitrate_kbps)}


def _until_change_s(moments: tuple[rules.Moment, ...], now: datetime) -> int:
    """As long as the page is true, but never long."""
    if not moments:
        return SOON_GONE_S
    left_s = (from_unix_ms(moments[0].end_ms) - now).total_seconds()
    return max(1, min(SOON_GONE_S, int(left_s)))
