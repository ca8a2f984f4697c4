"""The station on other sites, on paper and in search engines: the embedded player, oEmbed, short links, sitemap, robots."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from radio.accounts.links import qr_address
from radio.catalogue.models import Episode
from radio.catalogue.queries import episode_or_404, show_or_404
from radio.db import session
from radio.errors import NotFoundError, WithdrawnError
from radio.pages import queries, sharing
from radio.pages.cards import episode_card
from radio.pages.sharing import Entry
from radio.station import station
from radio.web.access import Access, access
from radio.web.headers import embed_policy
from radio.web.respond import SOON_GONE_S, page_response

bp = Blueprint("elsewhere", __name__)

_OEMBED_KEPT_S = 3600
_EPISODE_PATHS = re.compile(r"/(?:episodes|embed)/([0-9a-z]{16})/?")
_SHORT_PATHS = re.compile(r"/e/([0-9A-Za-z]{8,16})/?")
_MACHINES = (
    "GPTBot",
    "CCBot",
    "ClaudeBot",
    "Google-Extended",
    "Applebot-Extended",
    "Bytespider",
    "meta-externalagent",
    "PerplexityBot",
)
_ARCHIVES = ("ia_archiver", "archive.org_bot")


@bp.get("/embed/<episode_id>")
@access(Access.PUBLIC)
def embed(episode_id: str) -> Response:
    """The player that other sites show in a frame, for episodes whose scopes hold `site` and `relay`.

    No script, no cookie, nothing from elsewhere: a sound element that loads when it is pressed. What is taken back, or may not
    be shown there, says so calmly and names no sound. Source: `sharing.may_be_embedded`.
    """
    found, status = _embeddable(episode_id)
    html = render_template(
        "pages/embed.html",
        episode=found,
        status=status,
        noted=queries.noted_terms(found) if found else [],
        address=station().url(f"/episodes/{episode_id}" if found else "/"),
    )
    response = page_response(html.encode(), "text/html", kept_s=SOON_GONE_S)
    if response.status_code == 200:
        response.status_code = status
    response.headers["Content-Security-Policy"] = embed_policy(station().settings)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["X-Robots-Tag"] = "noindex, noarchive"
    return response


def _embeddable(episode_id: str) -> tuple[Episode | None, int]:
    """The episode and 200; or None and why not: 410 taken back, 404 for all else."""
    try:
        found = episode_or_404(session(), episode_id, now=station().now())
    except WithdrawnError:
        return None, 410
    except NotFoundError:
        return None, 404
    return (found, 200) if sharing.may_be_embedded(found.scopes) and queries.hearable(found) else (None, 404)


@bp.get("/oembed")
@access(Access.PUBLIC)
def oembed() -> Response:
    """How to show an address of ours on another site. Source: oembed.com §2."""
    form = request.args.get("format", "json")
    if form not in {"json", "xml"}:
        abort(501)
    found, status = _embeddable(_episode_id(request.args.get("url", "")))
    if found is None:
        abort(status)
    own = sharing.frame_px(len(found.content_notes or ()))
    width, height = _at_most("maxwidth", own[0]), _at_most("maxheight", own[1])
    card = episode_card(found)
    facts = {
        "type": "rich", "version": "1.0", "title": card.title, "provider_name": station().settings.station_name,
        "provider_url": station().url("/"), "cache_age": _OEMBED_KEPT_S, "width": width, "height": height,
        "html": sharing.iframe(station().url(f"/embed/{found.id}"), card.title, (width, height)),
    }  # fmt: skip
    if _at_most("maxwidth", 1200) == 1200 and _at_most("maxheight", 630) == 630:  # no larger than was asked for either
        facts |= {"thumbnail_url": card.picture, "thumbnail_width": 1200, "thumbnail_height": 630}
    content = jsonify(facts).get_data() if form == "json" else sharing.oembed_xml(facts)
    response = page_response(content, "application/json" if form == "json" else "text/xml", kept_s=SOON_GONE_S)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _episode_id(address: str) -> str:
    """The id in an address of ours; empty: it is none.

    Raises:
        WithdrawnError: a short link to what was taken back.
        NotFoundError: a short link to nothing.
    """
    parts, ours = urlsplit(address), urlsplit(station().settings.public_url)
    if parts.scheme not in {"http", "https"} or parts.netloc.lower() != ours.netloc.lower():
        return ""
    if found := _EPISODE_PATHS.fullmatch(parts.path):
        return found[1]
    short = _SHORT_PATHS.fullmatch(parts.path)
    return queries.episode_of_short(session(), short[1]) if short else ""


def _at_most(name: str, own: int) -> int:
    asked = request.args.get(name, own, type=int)
    return max(1, min(asked, own))


@bp.get("/e/<short>")
@access(Access.PUBLIC)
def short_episode(short: str) -> BaseResponse:
    """A short link that can be printed and typed: the beginning of an episode's id, never its title."""
    found = episode_or_404(session(), queries.episode_of_short(session(), short), now=station().now())
    return _there(f"/episodes/{found.id}")


@bp.get("/s/<slug>")
@access(Access.PUBLIC)
def short_show(slug: str) -> BaseResponse:
    """A short link to a show."""
    return _there(f"/shows/{show_or_404(session(), slug.lower()).slug}")


def _there(path: str) -> BaseResponse:
    response = redirect(path, 302)
    response.headers["Cache-Control"] = f"public, max-age={SOON_GONE_S}"
    return response


@bp.get("/episodes/<episode_id>/paper")
@access(Access.PUBLIC)
def episode_paper(episode_id: str) -> Response:
    """A sheet to print and pin up: a short link and its square for the camera of a phone."""
    found = episode_or_404(session(), episode_id, now=station().now())
    card = episode_card(found)
    return _paper(card.title, card.text, f"/e/{queries.short_of(session(), found.id)}", f"/episodes/{found.id}")


@bp.get("/shows/<slug>/paper")
@access(Access.PUBLIC)
def show_paper(slug: str) -> Response:
    """The same for a show."""
    found = show_or_404(session(), slug)
    return _paper(found.title, found.description.partition("\n\n")[0], f"/s/{found.slug}", f"/shows/{found.slug}")


def _paper(title: str, text: str, short: str, path: str) -> Response:
    address = station().url(short)
    host, _slash, path_said = address.partition("://")[2].partition("/")
    html = render_template(
        "pages/paper.html",
        title=title,
        text=text,
        address=address,
        host=host,
        path_said=path_said,
        qr=qr_address(address),
        path=path,
    )
    response = page_response(html.encode(), "text/html", kept_s=SOON_GONE_S)
    response.headers["X-Robots-Tag"] = "noindex, noarchive"
    return response


@bp.get("/sitemap.xml")
@access(Access.PUBLIC)
def sitemap() -> Response:
    """Where the lists of pages are."""
    here, now = station(), station().now()
    entries = [Entry(here.url("/sitemap/pages.xml"))]
    n_pages = -(-queries.n_listed(session(), now=now) // sharing.EPISODES_PER_SITEMAP)
    entries += [Entry(here.url(f"/sitemap/episodes-{number}.xml")) for number in range(1, n_pages + 1)]
    return page_response(sharing.sitemap_index(entries), "application/xml", kept_s=3600)


@bp.get("/sitemap/pages.xml")
@access(Access.PUBLIC)
def sitemap_pages() -> Response:
    """The pages that are always there, and the shows."""
    here = station()
    entries = [Entry(here.url(path)) for path in ("/", "/schedule", "/shows", "/about", "/help")]
    entries += [Entry(here.url(f"/shows/{slug}"), changed_at) for slug, changed_at in queries.listed_shows(session())]
    return page_response(sharing.sitemap(entries), "application/xml", kept_s=3600)


@bp.get("/sitemap/episodes-<int:number>.xml")
@access(Access.PUBLIC)
def sitemap_episodes(number: int) -> Response:
    """Episodes whose tellers let them be found from elsewhere, the oldest first, so that full pages stay as they are."""
    per_page = sharing.EPISODES_PER_SITEMAP
    offset = (number - 1) * per_page
    rows = queries.listed(session(), now=station().now(), limit=per_page, offset=offset) if number > 0 else []
    if not rows:
        abort(404)
    entries = [Entry(station().url(f"/episodes/{episode_id}"), changed_at) for episode_id, changed_at in rows]
    return page_response(sharing.sitemap(entries), "application/xml", kept_s=SOON_GONE_S)


@bp.get("/robots.txt")
@access(Access.PUBLIC)
def robots() -> Response:
    """What crawlers may look at: the shows, not the studio and not the sound. Archives and machines that learn: no stories."""
    lines = ["User-agent: *"]
    lines += [f"Disallow: {path}" for path in ("/studio", "/live", "/audio/", "/search", "/embed/")]
    lines += ["", *(f"User-agent: {name}" for name in (*_MACHINES, *_ARCHIVES)), "Disallow: /", ""]
    lines += [f"Sitemap: {station().url('/sitemap.xml')}", ""]
    return page_response("\n".join(lines).encode(), "text/plain", kept_s=3600)


@bp.app_template_global("public_address")
def public_address(path: str) -> str:
    """A path of ours as other sites reach it."""
    return station().url(path)


@bp.app_template_global("embed_code")
def embed_code(episode: Episode) -> str:
    """What somebody copies into their own page; empty: it may not be shown there."""
    if not (sharing.may_be_embedded(episode.scopes) and queries.hearable(episode)):
        return ""
    size = sharing.frame_px(len(episode.content_notes or ()))
    return sharing.iframe(station().url(f"/embed/{episode.id}"), episode_card(episode).title, size)
