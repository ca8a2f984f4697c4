"""The sound of an episode over HTTP, at the address that podcast apps keep for ever."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, redirect, request

from media.ranges import if_range_matches
from media.types import ByteRange
from radio import db
from radio.counting.answers import counted
from radio.counting.rules import Sound
from radio.feeds import enclosures
from radio.feeds.asked import FROM_WHERE, on_our_page
from radio.station import station
from radio.web.access import Access, access
from radio.web.cors import EVERYBODY, open_to_pages
from radio.web.respond import SOON_GONE_S, is_another, none_match, object_response

bp = Blueprint("enclosures", __name__)
open_to_pages(bp)

SOUND_AGE = f"public, max-age={SOON_GONE_S}"
_SIGNED_SECONDS = 6 * 3600
"""A paused listener goes on at the signed address."""


@bp.get("/audio/<episode_id>.<any(mp3,m4a):extension>")
@access(Access.PUBLIC)
def sound(episode_id: str, extension: str) -> Response:
    """Standard as .mp3, low as .m4a."""
    here = station()
    found = enclosures.served_or_404(db.session(), episode_id, extension, now=here.now(), on_our_page=on_our_page())
    db.db.session.remove()  # the connection is not held while sound flows
    etag = f'"{found.name}"'
    if found.one_key is not None and _may_redirect(found.one_key, etag):
        response: Response = redirect(here.store.sign_get(found.one_key, _SIGNED_SECONDS), 302)  # type: ignore[assignment]
        response.headers["Cache-Control"] = "no-store"
        response.headers["Accept-Ranges"] = "bytes"
    else:

        def read(wanted: ByteRange) -> Iterator[bytes]:
            return found.read(here.store, wanted)

        response = object_response(found.size_bytes, etag, found.media_type, read)
        response.headers["Cache-Control"] = SOUND_AGE if response.status_code != 412 else "no-store"
    response.headers["Vary"] = FROM_WHERE
    response.headers.update(EVERYBODY)
    return counted(response, Sound(episode_id, extension, found.size_bytes, found.sound_bytes, found.tick_bytes))


def _may_redirect(key: str, etag: str) -> bool:
    """Whether the store may answer this itself: not HEAD, not what we know to be unchanged, not a range whose condition it cannot judge.

    Who began at the store has its validator and goes on there; who has ours, or an old one, is answered here.
    """
    if not station().settings.s3_public_endpoint or request.method == "HEAD" or none_match(etag) or is_another(etag):
        return False
    condition = request.headers.get("If-Range")
    return "Range" not in request.headers or condition is None or if_range_matches(condition, station().store.head(key).etag)
