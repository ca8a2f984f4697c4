"""Reading parcels: the same guids, tags, texts and bytes as at the station that made them. Nothing in one is believed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile, mkdtemp
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from media import keys
from media.transcript import MOST_BYTES
from media.types import Ingested
from radio.catalogue import actions as catalogue
from radio.catalogue import elsewhere
from radio.catalogue.models import Episode, Recording, Show
from radio.catalogue.queries import awaiting_erasure
from radio.catalogue.rules import RecordingState
from radio.catalogue.terms import vocabulary
from radio.catalogue.transcripts import set_transcript
from radio.core.ids import looks_like_id
from radio.core.text import plain, slug
from radio.db import session as station_session
from radio.errors import InvalidError
from radio.jobs.carrier import send
from radio.jobs.work import Work
from radio.moving import actions, making, packing, pictures, rules
from radio.moving.models import Arrival, ArrivalItem
from radio.moving.parcel import ParcelError, Reader
from radio.moving.rules import ArrivalState, Planned
from radio.moving.sounds import lawful
from radio.station import station
from radio.web import spool
from radio.web.outside import OutsideError

_TYPES: dict[str, tuple[type, ...]] = {
    "kind": (str,), "title": (str,), "summary": (str,), "notes": (str,), "language": (str,), "season_number": (int, type(None)),
    "episode_number": (int, type(None)), "explicit": (bool,), "synthetic": (bool,), "intensity": (int,), "detail": (str,),
    "content_notes": (list, type(None)), "release": (str,), "chapters": (list, type(None)), "soundbites": (list, type(None)),
    "own_license": (dict, type(None)),
    "serial": (bool,), "complete": (bool,), "blocked": (bool,), "license": (str,), "license_url": (str,), "funding_url": (str,),
    "funding_words": (str,), "country": (str,), "verifications": (list, type(None)), "podroll": (list, type(None)),
    "seasons": (dict, type(None)), "hosts": (dict, type(None)), "description": (str,), "category": (str,), "author": (str,), "in_feeds": (bool,),
}  # fmt: skip


def plan(work: Work, key: str) -> None:
    """Write down what is in a parcel, all shows in one transaction; or that it cannot be read."""
    try:
        _plan(work, key)
    except ParcelError as error:
        _refuse(work, error.code)
    except (InvalidError, ValueError):
        _refuse(work, "damaged-parcel")


def _refuse(work: Work, code: str) -> None:
    with work.writing() as session:
        actions.refuse(session.get_one(Arrival, work.subject), code, "", now=station().now())


def _plan(work: Work, key: str) -> None:
    reader = Reader(station().store, key)
    shows = [_read_show(reader, str(name)) for name in _list(reader.index.get("shows"))[:1000]]
    items = [[_item(reader, name, each) for each in _list(told.get("episodes"))[: rules.MOST_ITEMS]] for name, told in shows]
    now = station().now()
    with work.writing() as session:
        arrival = session.get_one(Arrival, work.subject)
        arrival.is_parcel, arrival.title = True, plain(str(reader.index.get("station", "")))[:150]
        made = [_plan_show(session, arrival, told, planned, now=now) for (_, told), planned in zip(shows, items, strict=True)]
        arrival.state = ArrivalState.BRINGING
    for (name, _), (show_id, pictured) in zip(shows, made, strict=True):
        pictures.bring(work, reader, name, show_id, pictured=pictured)


def _read_show(reader: Reader, name: str) -> tuple[str, dict[str, Any]]:
    if slug(name) != name:
        raise ParcelError("not-a-parcel")
    return name, reader.json(f"shows/{name}/show.json")


def _item(reader: Reader, show: str, episode_id: object) -> Planned:
    """One episode of a parcel; what cannot be read is an item too, with its reason."""
    text = str(episode_id)
    folder = f"shows/{show}/episodes/{text}/"
    nothing = Planned(guid=text[:200], title=text[:150], fields={}, source={"folder": folder}, problem="damaged-parcel")
    if not looks_like_id(text):
        return nothing
    try:
        told = reader.json(folder + "episode.json")
        guid = plain(str(told.get("feed_guid") or UUID(str(told.get("guid")))))
        fields = _fields(told.get("fields"), packing.EPISODE_FIELDS)
    except (ParcelError, ValueError, InvalidError):
        return nothing
    source = {
        "folder": folder, "id": text, "own_guid": str(told.get("guid")), "state": str(told.get("state")),
        "scopes": [str(scope) for scope in _list(told.get("scopes"))],
        "tags": [[str(part) for part in _list(tag)[:2]] for tag in _list(told.get("tags"))[:200]],
        "voices": [each for each in _list(told.get("voices"))[:12] if isinstance(each, dict)],
        "transcripts": [str(code) for code in _list(told.get("transcripts"))[:40]],
        **{name: told[name] for name in ("expires_at", "unshared_at", "entered_at") if isinstance(told.get(name), str)},
        "pictured": bool(told.get("artwork_sha256")),
        "recording": told.get("recording") if isinstance(told.get("recording"), dict) else None,
    }  # fmt: skip
    problem = "guid-too-long" if len(guid) > rules.GUID_LIMIT else ""
    title = str(fields.get("title", ""))[:150]
    published_at = rules.instant(told.get("published_at"))
    notes = ("left-apps-there",) if rules.instant(told.get("unshared_at")) else ()
    return Planned(guid[: rules.GUID_LIMIT], title, fields, source, published_at, problem, notes)


def _plan_show(
    session: Session, arrival: Arrival, told: dict[str, Any], items: list[Planned], *, now: datetime
) -> tuple[str, bool]:
    """The id of the show, and whether it has a picture already."""
    fields = _fields(told.get("fields"), packing.SHOW_FIELDS)
    guid = UUID(str(told.get("guid")))
    own_id = str(told.get("id", ""))
    show = actions.plan_show(
        session, arrival, guid, {"in_feeds": True, **fields}, slug=slug(str(told.get("slug", ""))),
        show_id=own_id if looks_like_id(own_id) else "", now=now,
    )  # fmt: skip
    _bury(session, show, _list(told.get("tombstones")), items, now=now)
    actions.write_items(session, arrival, show, items)
    return show.id, show.artwork_sha256 is not None or show.id not in arrival.shows


def _bury(session: Session, show: Show, tombstones: list[Any], items: list[Planned], *, now: datetime) -> None:
    """What was taken back there can never come in here; when it is here, stewards are told."""
    for each in tombstones[: rules.MOST_ITEMS]:
        if not isinstance(each, dict) or not looks_like_id(str(each.get("id"))):
            continue
        guid, feed_guid = UUID(str(each.get("guid"))), each.get("feed_guid")
        there = session.get(Episode, str(each["id"])) or session.scalar(select(Episode).where(Episode.guid == guid))
        if there is not None:
            if there.withdrawn_at is None:
                items.append(Planned(str(feed_guid or guid), there.title, {}, {}, None, "taken-back-there"))
            continue
        stone = elsewhere.make_tombstone(
            session, show, episode_id=str(each["id"]), guid=guid, feed_guid=plain(str(feed_guid))[:1000] if feed_guid else None,
            published_at=rules.instant(each.get("published_at")), withdrawn_at=rules.instant(each.get("withdrawn_at")) or now, now=now,
        )  # fmt: skip
        if stone.published_at and (entered_at := rules.instant(each.get("entered_at"))):
            actions.known_to_apps(session, stone, entered_at)


def bring(work: Work, item_id: str, tell: Callable[[], None]) -> None:
    """One episode of a parcel. Its sound is taken byte for byte when it is exactly what we would have made; else made anew.

    Raises:
        OutsideError: its part of the archive cannot be used; the code says why.
        InvalidError: a field cannot be taken.
    """
    session = station_session()
    item = session.get_one(ArrivalItem, item_id)
    key, source = session.get_one(Arrival, item.arrival_id).object_key, dict(item.source)
    session.rollback()
    try:
        _bring(work, item_id, _reader(key), source, tell)
    except ParcelError as error:
        raise OutsideError(error.code) from None


def _reader(key: str | None) -> Reader:
    if key is None:
        raise ParcelError("damaged-parcel")
    return Reader(station().store, key)


def _bring(work: Work, item_id: str, reader: Reader, source: dict[str, Any], tell: Callable[[], None]) -> None:
    pictures.bring_own(work, item_id, reader, source)
    if source.get("recording") is None:
        _finish(work, item_id, reader, None, tell=tell)
        return
    with _folder() as folder:
        sounds = lawful(reader, source, folder, tell)
        if sounds is not None:
            _finish(work, item_id, reader, sounds, tell=tell)
        else:
            _make_anew(work, item_id, reader, source)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(mkdtemp(dir=spool.folder(station().settings), prefix="parcel-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _finish(work: Work, item_id: str, reader: Reader, sounds: Ingested | None, *, tell: Callable[[], None]) -> None:
    """Rows that name the objects first, then the objects, then the one commit that makes it whole."""
    names = _names(sounds)
    with work.writing() as session:
        if sounds and awaiting_erasure(session, list(names.values())):
            raise OutsideError("erasing-first", later=True)
        item = session.get_one(ArrivalItem, item_id)
        episode = _episode(session, item, reader, now=station().now())
        if sounds is not None:
            _claim(session, item, episode, sounds, names)
    for rendition in sounds.renditions if sounds else ():
        tell()
        station().store.put_file(names[rendition.profile], rendition.path, rendition.media_type)
    if sounds:
        station().store.put_file(names["peaks"], sounds.peaks, "application/octet-stream")
    with work.writing() as session:
        item = session.get_one(ArrivalItem, item_id)
        if sounds is not None:
            catalogue.take_recording(session, session.get_one(Recording, item.recording_id), now=station().now())
        actions.whole(session, item)


def _names(sounds: Ingested | None) -> dict[str, str]:
    if sounds is None:
        return {}
    extensions = {profile.name: profile.extension for profile in station().profiles}
    names = {each.profile: keys.rendition(each.sha256, extensions[each.profile]) for each in sounds.renditions}
    return names | {"peaks": keys.peaks(keys.sha256_of(sounds.peaks))}


def _claim(session: Session, item: ArrivalItem, episode: Episode, sounds: Ingested, names: dict[str, str]) -> None:
    recording = session.get(Recording, item.recording_id) if item.recording_id else None
    if recording is None:
        size_bytes = sum(each.size_bytes for each in sounds.renditions)
        recording = Recording(
            episode_id=episode.id, size_bytes=size_bytes, received_at=station().now(), state=RecordingState.INGESTING
        )
        session.add(recording)
        session.flush()
        item.recording_id = recording.id
    catalogue.claim_renditions(session, recording, sounds, keys=names, peaks_key=names["peaks"], profiles=station().profiles)


def _episode(session: Session, item: ArrivalItem, reader: Reader, *, now: datetime) -> Episode:
    """The held draft, with everything that was said of it; the one that is there when this was begun before."""
    if item.episode_id:
        return session.get_one(Episode, item.episode_id)
    source = item.source
    own = UUID(source["own_guid"])
    taken = session.get(Episode, source["id"]) is not None
    fields = {**item.fields, "expires_at": rules.instant(source.get("expires_at")), "artwork_sha256": source.get("picture")}
    episode = elsewhere.make_held_episode(
        session, session.get_one(Show, item.show_id), guid=own, feed_guid=None if str(own) == item.guid else item.guid,
        published_at=item.published_at, now=now, episode_id="" if taken else source["id"], **fields,
    )  # fmt: skip
    known = [(str(tag[0]), str(tag[1])) for tag in source.get("tags", ()) if len(tag) == 2]
    if vocabulary().problems(known):
        known = [tag for tag in known if not vocabulary().problems([tag])]
        item.notes = [*item.notes, "tags-unknown"]
    if not vocabulary().problems(known):
        catalogue.set_tags(session, episode, known, now=now)
    making.give_voices(session, episode, source.get("voices", ()), now=now)
    item.episode_id = episode.id
    _put_words(session, item, episode, reader, now=now)
    return episode


def _put_words(session: Session, item: ArrivalItem, episode: Episode, reader: Reader, *, now: datetime) -> None:
    for language in item.source.get("transcripts", ()):
        try:
            content = reader.short(f"{item.source['folder']}words.{language}.txt", MOST_BYTES)
            set_transcript(session, episode, language, content, now=now)
        except (ParcelError, InvalidError):
            item.notes = [*item.notes, "transcript-missing"]


def _make_anew(work: Work, item_id: str, reader: Reader, source: dict[str, Any]) -> None:
    """A station with other bitrates made it: its sound goes through our own ingest."""
    most_bytes = station().settings.max_upload_mb * 1_000_000
    with TemporaryFile(dir=spool.folder(station().settings)) as file:
        for chunk in reader.chunks(source["folder"] + "standard.mp3", most_bytes):
            file.write(chunk)
        making.put_original(work, item_id, file)
    with work.writing() as session:
        item = session.get_one(ArrivalItem, item_id)
        episode = _episode(session, item, reader, now=station().now())
        job_id = making.receive(item, episode, ["made-anew"], now=station().now())
    send([job_id])


def _fields(told: object, names: tuple[str, ...]) -> dict[str, Any]:
    """The fields that have a name and a type of ours.

    Raises:
        InvalidError: one is of another type.
    """
    found = told if isinstance(told, dict) else {}
    kept = {name: found[name] for name in names if name in found}
    wrong = {name: "unknown" for name, value in kept.items() if not isinstance(value, _TYPES[name])}
    if wrong:
        raise InvalidError(wrong)
    return kept


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
