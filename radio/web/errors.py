"""Errors become pages or JSON here, once. The words for people live here and nowhere else."""

from __future__ import annotations

import errno
import logging
import shutil
from contextlib import suppress

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from media.errors import ObjectMissingError, RefusedAudioError, StoreUnavailableError
from radio.errors import BeingCheckedError, InvalidError, RadioError, RefusedError
from radio.station import station

log = logging.getLogger(__name__)

_NO_ROOM_BYTES = 64_000_000
"""With less the embedded store cannot be trusted to take a part."""
_LONGEST_PART_BYTES = 16_000_000
_CHUNK_BYTES = 64_000
_BEING_CHECKED = "being-checked"


def wants_json() -> bool:
    """Whether whoever asks is a program: they posted or prefer JSON."""
    return request.is_json or request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def sentence(status: int, code: str = "") -> tuple[str, str]:
    """Title and text for a status, in words for a person; for what has a `code` of its own, those of the code."""
    if code == _BEING_CHECKED:
        return _("This guidance is being checked"), _(
            "The date until which it held is over, and people who know are checking it. If you saved a copy, please do not rely on it. What holds now is in the schedule and in the search."
        )
    known = {
        400: (_("That did not arrive whole"), _("Something in the request was not right. Nothing is lost. Go back and try again.")),
        401: (_("Please sign in"), _("You were signed out. Nothing is lost: sign in on another page, come back to this one, and send it again.")),
        403: (_("Not yours to do"), _("You are signed in, but this needs somebody with another role.")),
        404: (_("Nothing here"), _("This page does not exist. The address may be mistyped.")),
        405: (_("That cannot be done here"), _("This address does not take that kind of request.")),
        409: (_("Not possible now"), _("Something changed in the meantime. Look again, then decide.")),
        410: (_("Taken back"), _("This was here and has been taken back. It will not return.")),
        413: (_("Too big"), _("That is larger than this station takes.")),
        422: (_("Something is missing"), _("Look at the marked fields. Nothing you typed is lost.")),
        429: (_("A moment, please"), _("There were many tries in a short time. Wait a few minutes, then try again.")),
        507: (_("No room"), _("The station’s disk is full, so this was not taken. Nothing that was here is lost. Whoever looks after the station must make room; then send it again.")),
        503: (_("Back in a moment"), _("A part of the station cannot be reached. Nothing is lost. Try again soon.")),
    }  # fmt: skip
    return known.get(
        status,
        (_("Our fault"), _("Something broke on our side. Nothing you sent is lost. Please try again.")),
    )


def answer(status: int, code: str = "", faults: dict[str, str] | None = None, *, later_s: int = 10) -> Response:
    """The error as a page, or as JSON for a program. `later_s`: when to ask again, where that helps."""
    title, text = sentence(status, code)
    if wants_json():
        response = jsonify(error=code or str(status), message=text, faults=faults or {})
    else:
        response = make_response(
            render_template("error.html", title=title, text=text, status=status, code=code, faults=faults or {})
        )
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    if status in {429, 503, 507}:
        response.headers["Retry-After"] = str(later_s)
    return response


def install(app: Flask) -> None:
    """Answer every error of ours and of the web with the same manners."""

    @app.errorhandler(RadioError)
    def _radio(error: RadioError) -> Response:
        faults = error.faults if isinstance(error, InvalidError) else None
        code = error.code if isinstance(error, RefusedError) else _BEING_CHECKED if isinstance(error, BeingCheckedError) else ""
        return answer(error.status, code, faults)

    @app.errorhandler(ObjectMissingError)
    def _missing(_error: ObjectMissingError) -> Response:
        return answer(404)

    @app.errorhandler(RefusedAudioError)
    def _refused(error: RefusedAudioError) -> Response:
        return answer(422, error.code)

    @app.errorhandler(StoreUnavailableError)
    def _store(error: StoreUnavailableError) -> Response:
        here = station().settings
        if here.embedded_s3 and shutil.disk_usage(here.data).free < _NO_ROOM_BYTES:
            return _full("the store")  # it says no more than that something broke inside
        log.warning("store: %s", error)
        return answer(503, "store")

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        if error.response is not None:
            return make_response(error.response)
        if error.code is not None and 300 <= error.code < 400:
            return make_response(error.get_response())
        return answer(error.code or 500)

    _install_surroundings(app)

    @app.errorhandler(Exception)
    def _any(error: Exception) -> Response:
        return _bug(error)


def _install_surroundings(app: Flask) -> None:
    """What is not in our hands: no database, no room on the disk."""

    @app.errorhandler(DBAPIError)
    def _database(error: DBAPIError) -> Response:
        if "database or disk is full" in str(error.orig):
            return _full("the database")
        if not isinstance(error, OperationalError | InterfaceError) and not error.connection_invalidated:
            return _bug(error)
        log.error("the database does not answer: %s on %s", type(error.orig).__name__, request.endpoint)
        return answer(503, "database")

    @app.errorhandler(PoolTimeoutError)
    def _busy(_error: PoolTimeoutError) -> Response:
        """No connection became free in time: later, and not a bug that podcast apps are told of with 500."""
        log.error("the database: every connection is taken, for %s too", request.endpoint)
        return answer(503, "database")

    @app.errorhandler(OSError)
    def _disk(error: OSError) -> Response:
        return _full("the data folder") if error.errno in {errno.ENOSPC, errno.EDQUOT} else _bug(error)


def _full(what: str) -> Response:
    log.error("no room is left for %s (%s)", what, request.endpoint)
    _hear_out()
    return answer(507, "disk-full")


def _hear_out() -> None:
    """Read the part that is still being sent: whoever is cut off while they speak does not hear the answer."""
    with suppress(HTTPException, OSError):
        for _ in range(_LONGEST_PART_BYTES // _CHUNK_BYTES):
            if not request.stream.read(_CHUNK_BYTES):
                return


def _bug(error: Exception) -> Response:
    log.exception("unanswered %s on %s", type(error).__name__, request.endpoint)  # noqa: LOG004 - Flask calls this inside one
    return answer(500)
