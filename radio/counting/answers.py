"""The edge of the counting: what goes out of an answer is looked at while it goes out, and sums are written down each minute."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from threading import Timer
from typing import cast

from flask import Flask, Response, current_app, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from radio.counting import actions
from radio.counting.held import Tally
from radio.counting.rules import Fetch, Piece, Sound
from radio.db import db, writing
from radio.station import station

log = logging.getLogger(__name__)

WRITTEN_EVERY_S = 60


def counted(response: Response, sound: Sound) -> Response:
    """The same answer of an enclosure's address; when it has ended, what went out of it is counted.

    Where the store itself answers (302) nobody sees how much it sends: then what was asked for counts as if it had been sent.
    """
    if request.method != "GET" or response.status_code not in {200, 206, 302}:
        return response
    ended = _ending(response, sound)
    start, end = _asked(response, sound)
    if response.status_code == 302:
        ended((start, end))
    else:
        response.response = _watched(cast("Iterable[bytes]", response.response), lambda sent: ended((start, start + sent)))
    return response


def tally(app: Flask) -> Tally:
    """The one of this process."""
    found: Tally = app.extensions.setdefault("counting", Tally())
    return found


def _ending(response: Response, sound: Sound) -> Callable[[Piece], None]:
    """What is to be done when the answer has ended, long after the request. Who asked is known to nobody but this closure."""
    held, clock, status = tally(current_app), station().clock, response.status_code
    address, agent = request.remote_addr or "", request.headers.get("User-Agent", "")
    ahead = (
        "prefetch"
        in f"{request.headers.get('Sec-Purpose', '')} {request.headers.get('Purpose', '')} {request.headers.get('X-Moz', '')}"
    )

    def ended(piece: Piece) -> None:
        held.take(Fetch(sound, "GET", status, piece, ahead), address=address, agent=agent, now=clock.now())

    return ended


def _asked(response: Response, sound: Sound) -> Piece:
    content_range = response.content_range
    if response.status_code == 206 and content_range.start is not None and content_range.stop is not None:
        return content_range.start, content_range.stop
    if response.status_code == 302 and request.range is not None:
        found = request.range.range_for_length(sound.size_bytes)
        return found or (0, 0)
    return 0, sound.size_bytes


def _watched(body: Iterable[bytes], ended: Callable[[int], None]) -> Iterator[bytes]:
    """The same bytes. What the listener's line took is told when there are no more, or when they left."""
    sent = 0
    try:
        for chunk in body:
            yield chunk
            sent += len(chunk)  # whoever asks for the next has got rid of this one
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
        ended(sent)


def write_down(app: Flask) -> None:
    """Add this process's sums to the table. What cannot be written now is kept; what a crash takes is lost."""
    sums = tally(app).drain()
    if not sums:
        return
    try:
        with app.app_context(), writing(), Session(db.engine) as rows, rows.begin():
            actions.add(rows, sums)
    except DBAPIError as error:
        tally(app).put_back(sums)
        log.warning("counting: the sums of a minute wait: %s", type(error.orig).__name__)


def keep_writing_down(app: Flask) -> None:
    """Write the sums down every minute for as long as the process lives."""
    try:
        write_down(app)
    finally:
        timer = Timer(WRITTEN_EVERY_S, keep_writing_down, (app,))
        timer.daemon = True
        timer.start()
