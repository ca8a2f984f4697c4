"""Making and describing shows and episodes. Who may do so is asked at the edge (`editorial.rules`)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypedDict, Unpack
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from media.errors import Refusal
from media.profiles import Profile
from media.types import Ingested
from radio.catalogue import rules, search
from radio.catalogue.faults import episode_faults, show_faults
from radio.catalogue.models import Change, Episode, EpisodeTag, EpisodeVoice, Recording, Rendition, Show, Voice
from radio.catalogue.rules import RecordingState, Scope, State
from radio.catalogue.terms import offered_roles, vocabulary
from radio.core.people import Person
from radio.core.text import folded, plain, plain_lines, slug
from radio.errors import InvalidError
from radio.jobs.actions import enqueue


class ShowFields(TypedDict, total=False):
    """What may be said of a show; what is left out stays as it is."""

    title: str
    description: str
    language: str
    category: str
    author: str
    kind: str
    explicit: bool
    synthetic: bool
    in_feeds: bool
    artwork_sha256: str | None
    serial: bool
    complete: bool
    blocked: bool
    license: str
    license_url: str
    funding_url: str
    funding_words: str
    country: str
    verifications: list[dict[str, str]] | None
    podroll: list[dict[str, str]] | None
    seasons: dict[str, str] | None
    hosts: dict[str, str] | None


class EpisodeFields(TypedDict, total=False):
    """What may be said of an episode; what is left out stays as it is."""

    kind: str
    title: str
    summary: str
    notes: str
    language: str
    season_number: int | None
    episode_number: int | None
    explicit: bool
    synthetic: bool
    intensity: int
    detail: str
    content_notes: list[dict[str, object]] | None
    scopes: list[str]
    release: str
    chapters: list[dict[str, Any]] | None
    soundbites: list[dict[str, Any]] | None
    own_license: dict[str, str] | None
    artwork_sha256: str | None
    expires_at: datetime | None


def touched(session: Session) -> None:
    """Say that something public changed: the change number grows by one in this transaction."""
    insert = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    first = insert(Change).values(name="catalogue", number=1)
    session.execute(first.on_conflict_do_update(index_elements=[Change.name], set_={"number": Change.number + 1}))


def make_show(
    session: Session, *, now: datetime, guid: UUID | None = None, address: str = "", **fields: Unpack[ShowFields]
) -> Show:
    """A new show. `address` is its slug, made from the title when empty, and never changes; `guid` None: by chance.

    Raises:
        InvalidError: a field cannot be taken.
    """
    wanted = _clean(dict(fields))
    _refuse(show_faults({"title": "", **wanted}))
    show = Show(slug=_free_slug(session, address or str(wanted["title"])), guid=guid or uuid4(), made_at=now, changed_at=now)
    _set(show, wanted)
    session.add(show)
    session.flush()
    touched(session)
    return show


def _free_slug(session: Session, wish: str) -> str:
    stem = slug(wish) or "show"
    stem = f"{stem}-show" if stem in _TAKEN_WORDS else stem
    names = itertools.chain([stem], (f"{stem[:55].rstrip('-')}-{n}" for n in itertools.count(2)))
    return next(name for name in names if session.scalar(select(Show.id).where(Show.slug == name)) is None)


def faults_of_show(fields: ShowFields) -> dict[str, str]:
    """What `make_show` and `edit_show` would refuse: field → code."""
    return show_faults(_clean(dict(fields)))


def edit_show(session: Session, show: Show, *, now: datetime, **fields: Unpack[ShowFields]) -> None:
    """Change what is said of a show.

    Raises:
        InvalidError: a field cannot be taken; nothing is changed.
    """
    wanted = _clean(dict(fields))
    _refuse(show_faults(wanted))
    _set(show, wanted)
    show.changed_at = now
    touched(session)
    enqueue(session, "enclosures", "", now=now)


def make_episode(session: Session, show: Show, *, by: Person, now: datetime, **fields: Unpack[EpisodeFields]) -> Episode:
    """A new draft of a show; kind and language are the show's unless given.

    Raises:
        InvalidError: a field cannot be taken.
    """
    wanted = _clean({"kind": show.kind, "language": show.language, **fields})
    wanted.setdefault("scopes", rules.first_scopes(wanted["kind"]))
    _refuse(episode_faults(wanted))
    episode = Episode(show=show, guid=uuid4(), made_by=by.id, made_at=now, changed_at=now, state=State.DRAFT)
    _set(episode, wanted)
    session.add(episode)
    session.flush()
    return episode


def describe(session: Session, episode: Episode, *, now: datetime, **fields: Unpack[EpisodeFields]) -> None:
    """Change what is said of an episode, and where it may be heard. What becomes a story loses what only other kinds may do unless a person says so.

    Raises:
        InvalidError: a field cannot be taken; nothing is changed.
    """
    wanted = _clean(dict(fields))
    _refuse(episode_faults(wanted))
    becomes_story = wanted.get("kind") == "story" != episode.kind
    if becomes_story and wanted.get("scopes", episode.scopes) == episode.scopes:
        wanted["scopes"] = rules.first_scopes("story")
    was_shared = episode.state is State.PUBLISHED and Scope.PODCAST in episode.scopes
    _set(episode, wanted)
    if was_shared and Scope.PODCAST not in episode.scopes:
        episode.unshared_at = now
    changed(session, episode, now)


def set_voices(
    session: Session,
    episode: Episode,
    names: Iterable[str],
    *,
    named: bool,
    now: datetime,
    roles: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Say who is heard, by the names they chose; `named`: the public may read them. `roles`: name → code of what they do.

    Raises:
        InvalidError: a name is too long, there are more than twelve, or nobody knows a role.
    """
    wanted = {folded(name): name for name in (plain(name) for name in names) if name}
    does = {folded(plain(name)): code for name, code in roles.items()}
    if not {""}.union(role.code for role in offered_roles()).issuperset(does.values()):
        raise InvalidError({"voices": "unknown"})
    if len(wanted) > rules.VOICES_LIMIT or any(len(name) > rules.VOICE_LIMIT for name in wanted.values()):
        raise InvalidError({"voices": "too-long"})
    known = {voice.name_key: voice for voice in session.scalars(select(Voice).where(Voice.name_key.in_(wanted)))}
    kept = {each.voice.name_key: each for each in episode.voices}
    voices = []
    for position, (key, name) in enumerate(wanted.items()):
        voice = known.get(key) or Voice(name=name, name_key=key, made_at=now)
        each = kept.get(key) or EpisodeVoice(voice=voice)
        each.named, each.role, each.position = named, does.get(key, ""), position
        voices.append(each)
    episode.voices = voices
    changed(session, episode, now)


def move_to_show(session: Session, episode: Episode, show: Show, *, now: datetime) -> None:
    """Put a draft into another show."""
    episode.show = show
    changed(session, episode, now)


def set_tags(session: Session, episode: Episode, tags: Iterable[tuple[str, str]], *, now: datetime) -> None:
    """Make these (list, code) the tags of an episode, in this order.

    Raises:
        InvalidError: a list or term is unknown, retired or repeated, or there are too many of a list.
    """
    chosen = list(tags)
    if problems := vocabulary().problems(chosen):
        raise InvalidError({"tags": problems[0].why.value})
    kept = {(tag.vocabulary, tag.code): tag for tag in episode.tags}
    episode.tags = [kept.get(tag) or EpisodeTag(vocabulary=tag[0], code=tag[1]) for tag in chosen]
    for position, tag in enumerate(episode.tags):
        tag.position = position
    changed(session, episode, now)


def forget_voices(session: Session) -> None:
    """Forget the names of those who are heard in no episode any more."""
    session.flush()
    session.execute(delete(Voice).where(Voice.id.not_in(select(EpisodeVoice.voice_id))))


def attach_renditions(
    session: Session,
    recording: Recording,
    ingested: Ingested,
    *,
    keys: Mapping[str, str],
    peaks_key: str,
    profiles: Iterable[Profile],
    now: datetime,
) -> None:
    """Take the recording: its renditions are in the store under `keys` (profile → key). It is now the one that is heard."""
    claim_renditions(session, recording, ingested, keys=keys, peaks_key=peaks_key, profiles=profiles)
    take_recording(session, recording, now=now)


def claim_renditions(
    session: Session,
    recording: Recording,
    ingested: Ingested,
    *,
    keys: Mapping[str, str],
    peaks_key: str,
    profiles: Iterable[Profile],
) -> None:
    """Write down what a recording became, before its objects are put: whoever erases it later finds every key here."""
    codes = {profile.name: profile.code for profile in profiles}
    recording.renditions.clear()
    session.flush()
    recording.renditions = [
        Rendition(
            profile=r.profile, code=codes[r.profile], sha256=r.sha256, key=keys[r.profile], media_type=r.media_type,
            size_bytes=r.size_bytes, header_bytes=r.header_bytes, tick_bytes=r.tick_bytes,
        )
        for r in ingested.renditions
    ]  # fmt: skip
    recording.container, recording.codec = ingested.facts.container[:40], ingested.facts.codec[:40]
    recording.n_samples, recording.n_ticks = ingested.n_samples, ingested.n_ticks
    recording.integrated_lufs = float(ingested.loudness.integrated_lufs)
    recording.true_peak_dbtp = float(ingested.loudness.true_peak_dbtp)
    recording.gain_db = float(ingested.loudness.gain_db)
    recording.peaks_key = peaks_key
    session.flush()


def take_recording(session: Session, recording: Recording, *, now: datetime) -> None:
    """The objects are there: from now on this recording is the one that is heard, unless its episode was taken back."""
    episode = session.get_one(Episode, recording.episode_id)
    if episode.state is State.WITHDRAWN:
        return
    recording.refusal, recording.state = None, RecordingState.TAKEN
    episode.recording = recording
    changed(session, episode, now)


def refuse_recording(session: Session, recording: Recording, code: Refusal | str) -> None:
    """Say that a recording cannot be taken and why; the episode keeps the one it had."""
    recording.state, recording.refusal = RecordingState.REFUSED, str(code)
    session.flush()


def changed(session: Session, episode: Episode, now: datetime) -> None:
    """Say that what is known of an episode changed; if it is public, that the public sees something else."""
    episode.changed_at = now
    session.flush()
    if episode.state is State.PUBLISHED:
        search.index(session, episode)
        touched(session)
        enqueue(session, "enclosures", "", now=now)


def _set(row: Show | Episode, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(row, name, value)


_TAKEN_WORDS = frozenset({"new"})
"""Words that stand for something else where a show's slug stands in an address."""
_LINES = {"summary", "notes", "description"}


def _clean(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: (plain_lines(value) if name in _LINES else plain(value)) if isinstance(value, str) else value
        for name, value in fields.items()
    }


def _refuse(faults: Mapping[str, str]) -> None:
    if faults:
        raise InvalidError(faults)
