"""Moving, for stewards: bring a show, see what came and what is missing, release it; make an archive; say that a show has left."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from media import keys
from media.types import ByteRange
from radio.catalogue.models import Show
from radio.catalogue.queries import all_shows, any_show_or_404
from radio.catalogue.terms import vocabulary
from radio.core.ids import new_id
from radio.db import db, session
from radio.errors import InvalidError, NotFoundError, RefusedError
from radio.jobs.carrier import send
from radio.jobs.queries import anybody_works, latest_job
from radio.jobs.rules import JobState
from radio.moving import actions, leaving, queries, words
from radio.moving.models import Arrival, Parcel
from radio.moving.rules import OPEN, ItemState
from radio.station import station
from radio.studio.actions import put_large
from radio.web.access import Access, access
from radio.web.current import me
from radio.web.outside import OutsideError, place
from radio.web.respond import object_response

bp = Blueprint("moving", __name__, url_prefix="/studio/moving")
_CHUNK_BYTES = 256 * 1024
_SHOWN = 200


@bp.get("")
@access(Access.STEWARD)
def index() -> str:
    """What is on its way in and out, and the forms to begin."""
    return _index()


def _index(faults: dict[str, str] | None = None) -> str:
    arrivals = [(each, queries.standing(session(), each.id), _outlook(each)) for each in queries.arrivals(session())]
    parcels = [(each, show, _parcel_job(each)) for each, show in queries.parcels(session())]
    going = any(each.state in OPEN for each, _stands, _waits in arrivals) or any(
        _is_written(each, job) for each, _show, job in parcels
    )
    return render_template(
        "moving/index.html", arrivals=arrivals, parcels=parcels, shows=all_shows(session()), faults=faults or {}, going=going,
        typed=request.form, moving_words=words, works=anybody_works(session(), station().now()),
    )  # fmt: skip


def _outlook(arrival: Arrival) -> str:
    """When an arrival that waits goes on, in words."""
    if arrival.state not in OPEN:
        return ""
    job, now = latest_job(session(), "bring", arrival.id), station().now()
    return words.outlook(arrival, job, now=now, zone=station().settings.tz, works=anybody_works(session(), now))


def _parcel_job(parcel: Parcel) -> JobState | None:
    job = latest_job(session(), "pack", parcel.id) if parcel.ended_at is None else None
    return job.state if job else None


def _is_written(parcel: Parcel, job: JobState | None) -> bool:
    return parcel.ended_at is None and not parcel.gone and job is not JobState.FAILED


@bp.post("/arrivals")
@access(Access.STEWARD)
def begin() -> Answer | tuple[str, int]:
    """Bring a show from an address or a file."""
    try:
        address, key = _source()
    except (InvalidError, OutsideError) as error:
        faults = error.faults if isinstance(error, InvalidError) else {"address": error.code}
        return _index({name: words.fault(code) for name, code in faults.items()}), 422
    arrival, job = actions.begin(
        session(), address=address, object_key=key, ours=request.form.get("ours") == "yes", by=me(), now=station().now()
    )
    arrival_id, job_id = arrival.id, job.id
    session().commit()
    send([job_id])
    return redirect(url_for(".arrival", arrival_id=arrival_id), 303)


def _source() -> tuple[str, str | None]:
    """The address that was typed, or the key under which the file that was sent is put away.

    Raises:
        InvalidError: neither.
        OutsideError: it is no address.
    """
    address, file = request.form.get("address", "").strip(), request.files.get("file")
    if file is None or not file.filename:
        if not address:
            raise InvalidError({"address": "nothing"})
        place(address)
        return address, None
    key = keys.arrival(new_id())
    session().rollback()
    if not put_large(station().store, key, file.stream):
        raise InvalidError({"file": "empty"})
    return "", key


@bp.get("/arrivals/<arrival_id>")
@access(Access.STEWARD)
def arrival(arrival_id: str) -> str:
    """How far it is, and every item that is missing with its reason."""
    return _arrival(queries.arrival_or_404(session(), arrival_id))


def _arrival(found: Arrival, faults: dict[str, str] | None = None) -> str:
    missing = queries.items(session(), found.id, [ItemState.MISSING])
    arrived = queries.items(
        session(), found.id, [ItemState.WHOLE, ItemState.HERE, ItemState.INGESTING, ItemState.WAITING], limit=_SHOWN
    )
    release = latest_job(session(), "release", found.id)
    return render_template(
        "moving/arrival.html", arrival=found, outlook=_outlook(found), stands=queries.standing(session(), found.id), missing=missing, arrived=arrived,
        releasing=release is not None and release.state in {JobState.QUEUED, JobState.RUNNING}, open=found.state in OPEN,
        again=any(item.problem not in actions.FOR_GOOD for item, _episode in missing), faults=faults or {}, typed=request.form,
        scopes=vocabulary().lists["scope"].offered, shows=[session().get(Show, show_id) for show_id in found.shows],
        names=queries.held_voices(session(), found.id), pictured=queries.held_pictures(session(), found.id),
        moving_words=words,
    )  # fmt: skip


@bp.post("/arrivals/<arrival_id>/again")
@access(Access.STEWARD)
def again(arrival_id: str) -> Answer:
    """Ask once more for what is missing."""
    job = actions.try_again(session(), queries.arrival_or_404(session(), arrival_id), now=station().now())
    job_id = job.id
    session().commit()
    send([job_id])
    return redirect(url_for(".arrival", arrival_id=arrival_id), 303)


@bp.post("/arrivals/<arrival_id>/stop")
@access(Access.STEWARD)
def stop(arrival_id: str) -> Answer:
    """Bring no more of it."""
    actions.stop(queries.arrival_or_404(session(), arrival_id), now=station().now())
    session().commit()
    flash(_("Stopped. What is here stays held; the rest can be asked for again."), "good")
    return redirect(url_for(".arrival", arrival_id=arrival_id), 303)


@bp.post("/arrivals/<arrival_id>/release")
@access(Access.STEWARD)
def release(arrival_id: str) -> Answer | tuple[str, int]:
    """Publish all that is held, with one declaration for all."""
    found = queries.arrival_or_404(session(), arrival_id)
    offered = [term.code for term in vocabulary().lists["scope"].offered]
    chosen = set(request.form.getlist("scopes"))
    try:
        job = actions.declare(
            session(), found, scopes=[code for code in offered if code in chosen], agreed=request.form.get("agreed") == "yes",
            nothing_to_know=request.form.get("nothing_to_know") == "yes", names=request.form.getlist("names"),
            pictures=request.form.get("pictures") == "yes", by=me(),
            now=station().now(),
        )  # fmt: skip
    except InvalidError as error:
        return _arrival(found, {name: words.fault(name) for name in error.faults}), 422
    except RefusedError:
        return redirect(url_for(".arrival", arrival_id=arrival_id), 303)
    job_id = job.id
    session().commit()
    send([job_id])
    flash(_("They are being published, each under its first date."), "good")
    return redirect(url_for(".arrival", arrival_id=arrival_id), 303)


@bp.post("/parcels")
@access(Access.STEWARD)
def pack() -> Answer:
    """Make an archive of a show, or of all."""
    slug = request.form.get("show", "")
    show = any_show_or_404(session(), slug) if slug else None
    _parcel, job = actions.ask_parcel(session(), show, by=me(), now=station().now())
    job_id = job.id
    session().commit()
    send([job_id])
    return redirect(url_for(".index") + "#out", 303)


@bp.get("/parcels/<parcel_id>.zip")
@access(Access.STEWARD)
def parcel(parcel_id: str) -> Response:
    """The archive, unless something in it was taken back."""
    found = queries.parcel_or_404(session(), parcel_id)
    if found.ended_at is None:
        raise NotFoundError(parcel_id)
    key, size_bytes, here = found.object_key or "", found.size_bytes, station()
    name = f"{found.begun_at:%Y-%m-%d}-{parcel_id}.zip"
    db.session.remove()

    def read(wanted: ByteRange):  # type: ignore[no-untyped-def]
        return here.store.stream(key, wanted, _CHUNK_BYTES)

    response = object_response(size_bytes, f'"{parcel_id}"', "application/zip", read)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.get("/shows/<slug>")
@access(Access.STEWARD)
def show(slug: str) -> str:
    """Where a show lives, and the form to say that it has left."""
    return _show(any_show_or_404(session(), slug))


def _show(found: Show, faults: dict[str, str] | None = None) -> str:
    return render_template(
        "moving/show.html", show=found, faults=faults or {}, typed=request.form, now=station().now(), moving_words=words,
        feed=station().url(f"/shows/{found.slug}/feed.xml"),
    )  # fmt: skip


@bp.post("/shows/<slug>")
@access(Access.STEWARD)
def leave(slug: str) -> Answer | tuple[str, int]:
    """Say that a show has left: its feed tells the new address, and leads there later."""
    found = any_show_or_404(session(), slug)
    address = request.form.get("address", "").strip()
    guid, guids = found.guid, set(queries.episodes_by_guid(session(), found.id))
    session().rollback()
    fault = "" if request.form.get("sure") == "yes" else leaving.fault(station(), slug, address, guid, guids)
    found = any_show_or_404(session(), slug)
    if fault or leaving.address_fault(station(), slug, address):
        return _show(found, {"address": words.fault(fault or "not-an-address")}), 422
    actions.leave(session(), found, address, at_once=request.form.get("when") == "now", by=me(), now=station().now())
    session().commit()
    flash(_("Podcast apps are told where it lives now."), "good")
    return redirect(url_for(".show", slug=slug), 303)


@bp.post("/shows/<slug>/stay")
@access(Access.STEWARD)
def stay(slug: str) -> Answer:
    """Take back that a show has left."""
    actions.stay(session(), any_show_or_404(session(), slug), by=me(), now=station().now())
    session().commit()
    flash(_("Its feed is here again. Apps that were led away may stay away."), "good")
    return redirect(url_for(".show", slug=slug), 303)
