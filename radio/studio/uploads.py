"""Recordings on their way in: in parts that survive a dead line, or as a plain form.

No transaction is open while the store is spoken to. The name of a file is not looked at, not kept and not logged.
"""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import IO

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest, LengthRequired
from werkzeug.wrappers import Response as Answer

from media import keys
from media.errors import ObjectMissingError
from radio.catalogue import actions as catalogue
from radio.catalogue.models import Episode
from radio.catalogue.queries import any_show_or_404
from radio.core.ids import new_id
from radio.db import reading, session
from radio.editorial import rules as editorial
from radio.errors import ForbiddenError, InvalidError, MoveError, RefusedError
from radio.jobs.carrier import send
from radio.station import station
from radio.studio import actions, queries, words
from radio.studio.models import Upload
from radio.studio.rules import MOST_SIGNED, SIGN_SECONDS, Parts, looks_like_fingerprint
from radio.web import spool
from radio.web.access import Access, access
from radio.web.current import me
from radio.web.errors import answer, wants_json

bp = Blueprint("studio_uploads", __name__, url_prefix="/studio")
_CHUNK_BYTES = 64 * 1024


def _asked() -> tuple[str, int]:
    """Fingerprint and size of the file that a browser wants to send.

    Raises:
        InvalidError: unreadable, empty, or larger than the station takes.
    """
    sent = request.get_json(silent=True)
    sent = sent if isinstance(sent, dict) else {}
    fingerprint, size_bytes = sent.get("fingerprint"), sent.get("size_bytes")
    if not looks_like_fingerprint(fingerprint) or not isinstance(size_bytes, int) or isinstance(size_bytes, bool):
        raise BadRequest
    if fault := actions.size_fault(size_bytes, station().settings.max_upload_mb * 1_000_000):
        raise InvalidError({"recording": fault})
    return str(fingerprint), size_bytes


@bp.errorhandler(InvalidError)
def _not_taken(error: InvalidError) -> tuple[Response, int] | Response:
    """In words at once: the browser shows them beside the file."""
    if not wants_json():
        return answer(422, faults=error.faults)
    sentences = [words.fault(field, code) for field, code in error.faults.items()]
    return jsonify(error="not-taken", faults=error.faults, message=" ".join(sentences)), 422


@bp.errorhandler(RefusedError)
def _not_now(error: RefusedError) -> tuple[Response, int] | Response:
    if not wants_json():
        return answer(409, error.code)
    return jsonify(error=error.code, message=words.refused_move(error.code)), 409


@bp.post("/uploads")
@access(Access.PRODUCER)
def begin_draft() -> Response:
    """Begin the upload of a file that becomes a draft of `show`, or go on with it where it stopped."""
    fingerprint, size_bytes = _asked()
    with reading():
        show = any_show_or_404(session(), str((request.get_json() or {}).get("show", "")))
        again = queries.upload_again(session(), me(), fingerprint=fingerprint, size_bytes=size_bytes, show_id=show.id)
        slug = show.slug
    return _resumed(again) if again is not None else _begun(fingerprint, size_bytes, slug=slug)


@bp.post("/episodes/<episode_id>/uploads")
@access(Access.PRODUCER)
def begin(episode_id: str) -> Response:
    """Begin the upload of a recording for this draft, or go on with it where it stopped."""
    fingerprint, size_bytes = _asked()
    with reading():
        _may_record(queries.episode_or_404(session(), me(), episode_id))
        again = queries.upload_again(session(), me(), fingerprint=fingerprint, size_bytes=size_bytes, episode_id=episode_id)
    return _resumed(again) if again is not None else _begun(fingerprint, size_bytes, episode_id=episode_id)


def _may_record(episode: Episode) -> None:
    if not editorial.may_replace_recording(me(), episode.state, episode.made_by):
        raise ForbiddenError(episode.id)


def _begun(fingerprint: str, size_bytes: int, *, episode_id: str = "", slug: str = "") -> Response:
    """Begin an upload for a draft, or for a new draft of the show `slug`.

    The store comes first: while it is away nothing is made, however often a browser tries.
    """
    session().rollback()
    store, key = station().store, keys.original(new_id())
    store_upload_id = store.begin_upload(key, actions.MEDIA_TYPE)
    upload = _written(fingerprint, size_bytes, key, store_upload_id, episode_id=episode_id, slug=slug)
    said, quicker = _told(upload, []), upload.key != key
    session().commit()
    if quicker:
        store.abort_upload(key, store_upload_id)
        return _resumed(upload)
    return said


def _written(fingerprint: str, size_bytes: int, key: str, store_upload_id: str, *, episode_id: str, slug: str) -> Upload:
    """The upload's row; that of whoever was quicker with the same file, when somebody was."""
    now = station().now()
    if episode_id:
        episode = queries.episode_or_404(session(), me(), episode_id)
    else:
        show = any_show_or_404(session(), slug)
        again = queries.upload_again(session(), me(), fingerprint=fingerprint, size_bytes=size_bytes, show_id=show.id)
        if again is not None:
            return again
        episode = catalogue.make_episode(session(), show, by=me(), now=now)
    return actions.begin(
        session(),
        episode,
        by=me(),
        fingerprint=fingerprint,
        size_bytes=size_bytes,
        key=key,
        store_upload_id=store_upload_id,
        now=now,
    )


def _resumed(upload: Upload) -> Response:
    """Where an upload stands by the store's own word; one that the store has lost begins again."""
    upload_id, episode_id, fingerprint, size_bytes = upload.id, upload.episode_id, upload.fingerprint, upload.size_bytes
    key, store_upload_id, parts = upload.key, upload.store_upload_id, Parts(size_bytes, upload.part_bytes)
    said, complete_already = _told(upload, []), upload.state == "complete"
    session().rollback()
    if complete_already:
        return said
    try:
        arrived = station().store.parts(key, store_upload_id)
    except ObjectMissingError:
        if station().store.exists(key):  # made whole, but the answer was lost: `complete` goes on
            return said
        actions.abandon(session(), session().get_one(Upload, upload_id), now=station().now())
        session().commit()
        return _begun(fingerprint, size_bytes, episode_id=episode_id)
    have = parts.whole({part.number: part.size_bytes for part in arrived})
    upload = session().get_one(Upload, upload_id)
    upload.touched_at = station().now()  # somebody works on it: it is not swept away
    said = _told(upload, list(have))
    session().commit()
    return said


def _told(upload: Upload, have: list[int]) -> Response:
    return jsonify(
        id=upload.id, episode=upload.episode_id, address=url_for("studio.episode", episode_id=upload.episode_id),
        part_bytes=upload.part_bytes, have=have, complete=upload.state == "complete",
    )  # fmt: skip


@bp.get("/uploads/<upload_id>")
@access(Access.PRODUCER)
def have(upload_id: str) -> Response:
    """Which parts have arrived."""
    return _resumed(queries.upload_or_404(session(), me(), upload_id))


@bp.post("/uploads/<upload_id>/sign")
@access(Access.PRODUCER)
def sign(upload_id: str) -> Response:
    """Where to PUT each of these parts: straight to the store when browsers can reach it, else to us; with `relay` always to us."""
    with reading():
        upload = queries.upload_or_404(session(), me(), upload_id)
        key, store_upload_id, parts = upload.key, upload.store_upload_id, Parts(upload.size_bytes, upload.part_bytes)
    sent = request.get_json(silent=True)
    sent = sent if isinstance(sent, dict) else {}
    numbers = sent.get("parts")
    if not isinstance(numbers, list) or not all(isinstance(n, int) and 1 <= n <= parts.count for n in numbers):
        raise BadRequest
    store = station().store
    if sent.get("relay") or not store.has_public_door:
        urls = {n: url_for(".part", upload_id=upload_id, number=n) for n in numbers[:MOST_SIGNED]}
    else:
        urls = {n: store.sign_part(key, store_upload_id, n, parts.size_of(n), SIGN_SECONDS) for n in numbers[:MOST_SIGNED]}
    return jsonify(urls=urls)


@bp.put("/uploads/<upload_id>/parts/<int:number>")
@access(Access.PRODUCER)
def part(upload_id: str, number: int) -> Response:
    """Take one part and pass it on; it passes through a file without a name, never through memory as a whole."""
    with reading():
        upload = queries.upload_or_404(session(), me(), upload_id)
        key, store_upload_id, state = upload.key, upload.store_upload_id, upload.state
        parts = Parts(upload.size_bytes, upload.part_bytes)
    session().rollback()
    if state != "open":
        raise MoveError("upload-over")
    _check_length(parts, number)
    with TemporaryFile(dir=spool.folder(station().settings)) as file:
        _receive_into(file, parts.size_of(number))
        file.seek(0)
        station().store.put_part(key, store_upload_id, number, file, parts.size_of(number))
    return Response(status=204, mimetype="text/plain")


def _check_length(parts: Parts, number: int) -> None:
    if request.content_length is None:
        raise LengthRequired
    if not 1 <= number <= parts.count or request.content_length != parts.size_of(number):
        raise BadRequest


def _receive_into(file: IO[bytes], size_bytes: int) -> None:
    received = 0
    while chunk := request.stream.read(_CHUNK_BYTES):
        received += file.write(chunk)
    if received != size_bytes:  # the line died: this part is asked for again
        raise BadRequest


@bp.post("/uploads/<upload_id>/complete")
@access(Access.PRODUCER)
def complete(upload_id: str) -> Response | tuple[Response, int]:
    """Make the recording of all parts. Answers 409 with the numbers of missing ones; a second call answers like the first."""
    with reading():
        upload = queries.upload_or_404(session(), me(), upload_id)
        key, store_upload_id, state = upload.key, upload.store_upload_id, upload.state
        parts = Parts(upload.size_bytes, upload.part_bytes)
        whole = jsonify(episode=upload.episode_id, address=url_for("studio.episode", episode_id=upload.episode_id))
    session().rollback()
    if state == "complete":
        return whole
    try:
        missing = actions.assemble(station().store, key, store_upload_id, parts)
    except ObjectMissingError:
        return jsonify(error="upload-lost", missing=list(range(1, parts.count + 1))), 409
    if missing:
        return jsonify(error="parts-missing", missing=list(missing)), 409
    return _received(upload_id) or whole


def _received(upload_id: str) -> tuple[Response, int] | None:
    """The recording and its job; None when all is well."""
    upload = queries.upload_or_404(session(), me(), upload_id)
    try:
        _recording, job = actions.receive(session(), upload, now=station().now())
        session().commit()
    except MoveError as error:
        key = upload.key
        actions.abandon(session(), upload, now=station().now())
        session().commit()
        station().store.delete(key)
        return jsonify(error=error.code, message=words.refused_move(error.code)), 409
    if job is not None:
        send([job.id])
    return None


@bp.post("/uploads/<upload_id>/abort")
@access(Access.PRODUCER)
def abort(upload_id: str) -> Response | Answer:
    """Give an upload up and throw its parts away, with the draft that was made for it if nothing was done with that."""
    upload = queries.upload_or_404(session(), me(), upload_id)
    key, store_upload_id, episode_id, state = upload.key, upload.store_upload_id, upload.episode_id, upload.state
    actions.abandon(session(), upload, now=station().now())
    gone = state == "open" and actions.drop_untouched(session(), upload)
    session().commit()
    if state == "open":
        station().store.abort_upload(key, store_upload_id)
    return redirect(url_for("studio.board") if gone else url_for("studio.episode", episode_id=episode_id), 303)


@bp.post("/episodes/<episode_id>/recording")
@access(Access.PRODUCER)
def plain(episode_id: str) -> Answer | tuple[str, int]:
    """The same as a plain form, for browsers without JavaScript."""
    with reading():
        _may_record(queries.episode_or_404(session(), me(), episode_id))
    session().rollback()
    file = request.files.get("recording")
    fault = "required" if file is None or not file.filename else _take(file.stream, episode_id=episode_id)
    if fault:
        return render_template("studio/upload-fault.html", episode_id=episode_id, sentence=words.fault("recording", fault)), 422
    flash(_("Your recording is here. We are making it ready."), "good")
    return redirect(url_for("studio.episode", episode_id=episode_id), 303)


@bp.post("/recordings")
@access(Access.PRODUCER)
def plain_drafts() -> Answer | tuple[str, int]:
    """Several files as a plain form: each becomes a draft of the chosen show."""
    files = [file for file in request.files.getlist("recording") if file.filename]
    fault = "" if files else "required"
    with reading():
        slug = any_show_or_404(session(), request.form.get("show", "")).slug
    session().rollback()
    for file in files:
        fault = fault or _take(file.stream, slug=slug)
    if fault:
        return render_template("studio/upload-fault.html", episode_id=None, sentence=words.fault("recording", fault)), 422
    flash(_("Your recordings are here. We are making them ready."), "good")
    return redirect(url_for("studio.board"), 303)


def _take(file: IO[bytes], *, episode_id: str = "", slug: str = "") -> str:
    """Put one file away, then make its recording, and its draft of the show `slug`; gives the code of what is wrong, or nothing."""
    try:
        key, size_bytes = actions.put_away(station(), file)
    except InvalidError as error:
        return error.faults["recording"]
    now = station().now()
    if slug:
        episode_id = catalogue.make_episode(session(), any_show_or_404(session(), slug), by=me(), now=now).id
    _recording, job = actions.receive_object(session(), station(), episode_id, key=key, size_bytes=size_bytes, by=me(), now=now)
    session().commit()
    send([job.id])
    return ""
