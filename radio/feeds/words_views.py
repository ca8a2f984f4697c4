"""What apps fetch beside a feed: transcripts and chapters; and the page for a person who opened a feed."""

from __future__ import annotations

import json
from dataclasses import replace

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as Answer

from media import transcript
from radio.catalogue import transcripts
from radio.catalogue.models import Episode
from radio.catalogue.queries import any_episode_or_404, is_out
from radio.catalogue.rules import Scope, State, looks_like_language
from radio.db import session
from radio.errors import NotFoundError, WithdrawnError
from radio.feeds import channels, shown, tombstones
from radio.feeds.asked import FROM_WHERE, on_our_page
from radio.feeds.items import CHAPTERS_TYPE
from radio.feeds.names import FeedName, Of
from radio.feeds.subscribing import apps
from radio.station import station
from radio.web.access import Access, access
from radio.web.cors import EVERYBODY, open_to_pages
from radio.web.respond import SOON_GONE_S, page_response

bp = Blueprint("feed_words", __name__)
open_to_pages(bp, "words", "chapters")
shown.install(bp)
_TYPES = {"vtt": "text/vtt", "srt": "application/x-subrip", "html": "text/html"}


@bp.get("/episodes/<episode_id>/transcript.<any(vtt,srt,html):form>", defaults={"language": ""})
@bp.get("/episodes/<episode_id>/transcript.<language>.<any(vtt,srt,html):form>")
@access(Access.PUBLIC)
def words(episode_id: str, form: str, language: str) -> Response:
    """What is said in an episode: in its own language, or in the one that is asked for."""
    if stands := _stands(episode_id):
        if language and not looks_like_language(language):  # which ones it had, nobody knows any more: that was erased
            raise WithdrawnError(episode_id)
        return _open(
            page_response(
                _written(tombstones.spoken(stands), form, "en", tombstones.TITLES[stands]), _TYPES[form], kept_s=SOON_GONE_S
            )
        )
    episode = _public(episode_id)
    row = next((one for one in episode.transcripts if one.language == (language or episode.language)), None)
    if row is None or (form != "html" and not row.timed):
        raise NotFoundError(episode_id)
    content = _written(transcripts.spoken(row), form, row.language, episode.title)
    return _open(page_response(content, _TYPES[form], kept_s=SOON_GONE_S))


def _written(spoken: transcript.Spoken, form: str, language: str, title: str) -> bytes:
    if form == "html":
        return transcript.html(spoken, language=language, title=title).encode()
    return (transcript.vtt(spoken) if form == "vtt" else transcript.srt(spoken)).encode()


@bp.get("/episodes/<episode_id>/chapters.json")
@access(Access.PUBLIC)
def chapters(episode_id: str) -> Response:
    """Source: podcast namespace, JSON chapters 1.2."""
    if stands := _stands(episode_id):
        told = {"version": "1.2.0", "chapters": [{"startTime": 0, "title": tombstones.TITLES[stands]}]}
    else:
        episode = _public(episode_id)
        if not episode.chapters:
            raise NotFoundError(episode_id)
        told = {
            "version": "1.2.0", "title": episode.title, "podcastName": episode.show.title,
            "chapters": [{"startTime": one["start_ms"] / 1000, "title": one["title"]} for one in episode.chapters],
        }  # fmt: skip
    return _open(page_response(json.dumps(told, ensure_ascii=False).encode(), CHAPTERS_TYPE, kept_s=SOON_GONE_S))


def _stands(episode_id: str) -> tombstones.Why | None:
    """What stands in the place of an episode for whoever asks now.

    Raises:
        WithdrawnError: it has stood there for its year.
    """
    found, now = tombstones.standing(session(), episode_id), station().now()
    if found is None:
        return None
    if on_our_page():
        found = replace(found, unshared_at=None)  # `_public` says whether it is on our pages at all
    if found.is_over(now):
        raise WithdrawnError(episode_id)
    return found.clip(now)


def _open(response: Response) -> Response:
    """Players on other pages may read it. Source: podcast namespace, transcripts: CORS."""
    response.headers.update(EVERYBODY)
    response.vary.add(FROM_WHERE)
    return response


def _public(episode_id: str) -> Episode:
    """An episode that is on its page or in apps.

    Raises:
        WithdrawnError: it was, and has been taken back.
        NotFoundError: it is not.
    """
    episode = any_episode_or_404(session(), episode_id)
    now = station().now()
    if episode.state is State.WITHDRAWN and episode.published_at is not None:
        raise WithdrawnError(episode_id)
    told = {Scope.SITE, Scope.PODCAST}.intersection(episode.scopes) and episode.show.in_feeds
    if episode.state is not State.PUBLISHED or not told or not is_out(episode, now):
        raise NotFoundError(episode_id)
    return episode


@bp.get("/subscribe", defaults={"low": ""})
@bp.get("/<any(low):low>/subscribe")
@access(Access.PUBLIC)
def subscribe_station(low: str) -> Answer:
    """How to get everything into an app."""
    return _subscribe(FeedName(Of.STATION, low=bool(low)))


@bp.get("/shows/<slug>/subscribe", defaults={"low": ""})
@bp.get("/shows/<slug>/<any(low):low>/subscribe")
@access(Access.PUBLIC)
def subscribe_show(slug: str, low: str) -> Answer:
    """How to get a show into an app."""
    return _subscribe(FeedName(Of.SHOW, slug, low=bool(low)))


@bp.get("/kinds/<kind>/subscribe")
@access(Access.PUBLIC)
def subscribe_kind(kind: str) -> Answer:
    """How to get one kind into an app."""
    return _subscribe(FeedName(Of.KIND, kind))


@bp.get("/tags/<listed>/<code>/subscribe")
@access(Access.PUBLIC)
def subscribe_tag(listed: str, code: str) -> Answer:
    """How to get what has one tag into an app."""
    return _subscribe(FeedName(Of.TAG, f"{listed}:{code}"))


def _subscribe(name: FeedName) -> Answer:
    channel = channels.channel(session(), station(), name, now=station().now())
    whole = FeedName(name.of, name.which, low=not name.low) if name.of in {Of.STATION, Of.SHOW} else None
    page = render_template(
        "feeds/subscribe.html", channel=channel, address=channel.self_url, name=name, other=whole, apps=apps(channel.self_url),
        raw=f"{name.path}?raw=1", query=request.args,
    )  # fmt: skip
    return page_response(page.encode(), "text/html", kept_s=SOON_GONE_S)
