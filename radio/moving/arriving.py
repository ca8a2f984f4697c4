"""Bringing shows in, step by step. Every step may be repeated: what is killed goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO

from media import keys
from media.artwork import RefusedPictureError
from media.types import ByteRange
from radio.catalogue import actions as catalogue
from radio.catalogue.models import Show
from radio.db import session as station_session
from radio.errors import InvalidError
from radio.jobs.actions import enqueue
from radio.jobs.carrier import send
from radio.jobs.work import Work
from radio.moving import actions, companions, feed, making, queries, rules, unpacking
from radio.moving.found import FoundShow
from radio.moving.models import Arrival, ArrivalItem
from radio.moving.rules import ArrivalState
from radio.station import station
from radio.studio import actions as studio
from radio.web import spool
from radio.web.outside import Outside, OutsideError, unpacked

LOOK_AGAIN = timedelta(seconds=3)
"""How long after everything was fetched it is looked at whether the sound is ready."""
MOST_AT_WORK = 40
"""So many recordings may wait to be made ready before more are fetched: their originals lie in the store until then."""
_PICTURE_BYTES = 20_000_000
_ZIP = b"PK\x03\x04"


def read(work: Work) -> datetime | None:
    """Find out what is in it. Afterwards it is being brought, refused, or tried again at the instant that this gives."""
    arrival = station_session().get_one(Arrival, work.subject)
    address, object_key, ours = arrival.address, arrival.object_key, arrival.ours
    station_session().rollback()
    try:
        if object_key is not None and _is_zip(object_key):
            unpacking.plan(work, object_key)
            return None
        with TemporaryFile(dir=spool.folder(station().settings)) as file:
            _fetch_into(work, file, address, object_key)
            if _beginning(file) == _ZIP:
                unpacking.plan(work, _keep_parcel(work, file))
            else:
                _read_feed(work, file, address, ours=ours)
    except OutsideError as error:
        with work.writing() as session:
            return actions.read_later(session.get_one(Arrival, work.subject), error, now=station().now())
    except feed.FeedError as error:
        _refuse(work, error.code, tries=1)
    return None


def _fetch_into(work: Work, file: IO[bytes], address: str, object_key: str | None) -> None:
    if object_key is not None:
        for chunk in station().store.stream(object_key):
            work.progress(0.0, "reading")
            file.write(chunk)
        return

    def tell(have_bytes: int) -> None:
        work.progress(0.0, "reading")
        if have_bytes > rules.FEED_BYTES and _beginning(file) != _ZIP:
            raise OutsideError("too-big")

    Outside.of(station().settings).fetch(
        address, file, most_bytes=station().settings.import_max_mb * 1_000_000, on_bytes=tell, may_be_packed=True
    )


def _beginning(file: IO[bytes]) -> bytes:
    position = file.tell()
    file.seek(0)
    found = file.read(4)
    file.seek(position)
    return found


def _read_feed(work: Work, file: IO[bytes], address: str, *, ours: bool) -> None:
    file.seek(0)
    content = file.read(rules.FEED_BYTES + 1)
    if len(content) > rules.FEED_BYTES:
        raise OutsideError("too-big")
    tries = station_session().get_one(Arrival, work.subject).tries
    station_session().rollback()
    content = content if content[:2] != b"\x1f\x8b" else unpacked(content, rules.FEED_BYTES)
    found = _read_twice_if_broken(content, first=bool(address) and tries == 0)
    if found.locked.strip().lower() == "yes" and not ours:
        _refuse(work, "locked")
        return
    found = _with_pages(work, found, address, patient=tries < rules.ROUNDS - 1)
    now = station().now()
    with work.writing() as session:
        arrival = session.get_one(Arrival, work.subject)
        show, is_new = actions.plan_feed(session, arrival, found, language=station().settings.language, now=now)
        show_id = show.id
    if is_new and found.image_url:
        _bring_picture(work, show_id, found.image_url)


def _read_twice_if_broken(content: bytes, *, first: bool) -> FoundShow:
    """The feed. One that is broken or is none may be a server's bad minute: it is asked once more before it is mended or refused.

    Raises:
        OutsideError: broken-feed, to be asked again.
        FeedError: it is none, and was none before.
    """
    try:
        found = feed.read(content)
    except feed.FeedError as error:
        if first and error.code == "not-a-feed":
            raise OutsideError("broken-feed", later=True) from None
        raise
    if first and "feed-mended" in found.faults:
        raise OutsideError("broken-feed", later=True)
    return found


def _with_pages(work: Work, first: FoundShow, address: str, *, patient: bool) -> FoundShow:
    """All pages of a feed as one. Source: RFC 5005 §3. A page that cannot be had is said, and ends it.

    Raises:
        OutsideError: it cannot be had for now, and we are `patient`: all is read again later.
    """
    items, faults, seen, url = list(first.items), list(first.faults), {address}, first.next_url
    while url and url not in seen and len(seen) < rules.MOST_PAGES and len(items) < rules.MOST_ITEMS:
        seen.add(url)
        work.progress(0.0, "reading")
        try:
            content, _ = Outside.of(station().settings).read(url, most_bytes=rules.FEED_BYTES)
            page = feed.read(content)
        except (OutsideError, feed.FeedError) as error:
            if patient and isinstance(error, OutsideError) and error.later:
                raise
            faults.append("page-missing")
            break
        items += page.items
        url = page.next_url
    return replace(first, items=tuple(items[: rules.MOST_ITEMS]), faults=tuple(faults))


def _bring_picture(work: Work, show_id: str, url: str) -> None:
    try:
        content, _ = Outside.of(station().settings).read(
            url, most_bytes=_PICTURE_BYTES, on_bytes=lambda _: work.progress(0.0, "reading")
        )
        sha256 = studio.put_picture_away(station().store, content)
    except (OutsideError, RefusedPictureError) as error:
        with work.writing() as session:
            arrival = session.get_one(Arrival, work.subject)
            code = "too-small" if getattr(error, "code", "") == "too-small" else "missing"
            arrival.notes = [*arrival.notes, f"picture-{code}"]
        return
    with work.writing() as session:
        catalogue.edit_show(session, session.get_one(Show, show_id), now=station().now(), artwork_sha256=sha256)


def _keep_parcel(work: Work, file: IO[bytes]) -> str:
    """An archive of another station: it lies in the store from here on, so that no step fetches it again."""
    key = keys.arrival(work.subject)
    with work.writing() as session:
        session.get_one(Arrival, work.subject).object_key = key
    studio.put_large(station().store, key, file)
    return key


def _is_zip(key: str) -> bool:
    return next(iter(station().store.stream(key, ByteRange(0, 4))), b"") == _ZIP


def _refuse(work: Work, code: str, *, tries: int = 0) -> None:
    with work.writing() as session:
        arrival = session.get_one(Arrival, work.subject)
        arrival.tries += tries
        actions.refuse(arrival, code, "", now=station().now())


def bring_all(work: Work) -> None:
    """Bring what can be brought now."""
    while True:
        session = station_session()
        state = session.get_one(Arrival, work.subject).state
        stands = queries.standing(session, work.subject)
        item = queries.next_item(session, work.subject, now=station().now())
        at_work = stands.counts.get(rules.ItemState.INGESTING, 0)
        session.rollback()
        if item is None or state is not ArrivalState.BRINGING or at_work >= MOST_AT_WORK:
            return
        work.progress(stands.fraction, "bringing")
        bring(work, item.id, stands.fraction)


def bring(work: Work, item_id: str, fraction: float) -> None:
    """One item: its sound into the store, then its rows in one transaction. It fails alone."""
    with work.writing() as session:
        if actions.is_here(session, session.get_one(ArrivalItem, item_id)):
            return
    item = station_session().get_one(ArrivalItem, item_id)
    source, patient = (
        {"language": item.fields.get("language", ""), "guid": item.guid, **item.source},
        item.tries < rules.ROUNDS - 1,
    )
    station_session().rollback()
    try:
        if "folder" in source:
            unpacking.bring(work, item_id, lambda: work.progress(fraction, "bringing"))
        else:
            _bring_sound(work, item_id, source, lambda _: work.progress(fraction, "bringing"), patient=patient)
    except OutsideError as error:
        with work.writing() as session:
            row, now = session.get_one(ArrivalItem, item_id), station().now()
            if error.later:
                actions.later(row, error.code, error.detail, now=now, after_s=error.after_s)
            else:
                actions.missing(row, error.code, error.detail)
    except InvalidError as error:
        with work.writing() as session:
            code = error.faults.get("recording") or "invalid"
            actions.missing(session.get_one(ArrivalItem, item_id), code, "" if code in error.faults.values() else str(error))


def _bring_sound(work: Work, item_id: str, source: dict[str, object], tell: Callable[[int], None], *, patient: bool) -> None:
    here = station()
    with TemporaryFile(dir=spool.folder(here.settings)) as file:
        fetched = Outside.of(here.settings).fetch(
            str(source["enclosure"]), file, most_bytes=here.settings.max_upload_mb * 1_000_000,
            promised_bytes=int(str(source.get("bytes") or 0)), on_bytes=tell, check=_is_sound,
        )  # fmt: skip
        found = companions.fetch(Outside.of(here.settings), source, str(source["language"]), patient=patient, tell=tell)
        making.put_original(work, item_id, file)
    artwork_sha256 = making.put_picture(work, item_id, found.picture) if found.picture else None
    notes = ["length-differs"] if fetched.short else []
    with work.writing() as session:
        item = session.get_one(ArrivalItem, item_id)
        if actions.is_here(session, item):
            return
        episode = making.make_episode(item, chapters=found.chapters, artwork_sha256=artwork_sha256, now=here.now())
        found.put(session, episode, now=here.now())
        job_id = making.receive(item, episode, [*notes, *found.notes], now=here.now())
    send([job_id])


def _is_sound(media_type: str) -> None:
    if rules.is_no_sound(media_type):
        raise OutsideError("no-sound", media_type[:60])


def settle(work: Work) -> None:
    """Decide those whose sound is ready, or will never be."""
    session = station_session()
    found = [(item_id, recording, job) for item_id, recording, job in queries.ingesting(session, work.subject)]
    settled = [
        item_id
        for item_id, recording, job in found
        if recording is None or recording.state not in {"received", "ingesting"} or job is None or job.state == "failed"
    ]
    session.rollback()
    for start in range(0, len(settled), 50):
        doomed: set[str] = set()
        with work.writing() as session:
            now_at = {item_id: (recording, job) for item_id, recording, job in queries.ingesting(session, work.subject)}
            for item_id in settled[start : start + 50]:
                if item_id in now_at:
                    doomed |= actions.settle(session, session.get_one(ArrivalItem, item_id), *now_at[item_id]) or set()
        for key in sorted(doomed):
            station().store.delete(key)


def go_on_or_end(work: Work, read_at: datetime | None = None) -> None:
    """Come again when something waits; else it is over. `read_at`: when one that could not be read is asked again."""
    now = station().now()
    with work.publishing() as session:
        arrival = session.get_one(Arrival, work.subject)
        counts = queries.standing(session, arrival.id).counts
        if arrival.state is ArrivalState.READING:
            enqueue(session, "bring", arrival.id, now=now, due_at=read_at or rules.next_try(max(arrival.tries, 1), now))
        elif counts.get(rules.ItemState.INGESTING):
            enqueue(session, "bring", arrival.id, now=now, due_at=now + LOOK_AGAIN)
        elif arrival.state is ArrivalState.BRINGING and counts.get(rules.ItemState.WAITING):
            enqueue(session, "bring", arrival.id, now=now, due_at=queries.next_due(session, arrival.id) or now)
        elif arrival.state is ArrivalState.BRINGING:
            arrival.state, arrival.ended_at = ArrivalState.OVER, now
