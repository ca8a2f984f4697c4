"""The gate before the feeds: bytes and feed must agree, as a podcast app would find them.

A fault keeps one item out, never a feed. What is not the item's fault (nobody answers) keeps nothing out.

Every hour the store is asked whether an object is another than the one that was proved (`radio.feeds.proofs`); then the download is read to
its end at once and its SHA-256 compared. Loudness was measured when these bytes were encoded: while they are the same, it is the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from media.profiles import TARGET_LUFS
from media.store import ObjectStore
from radio.catalogue.actions import touched
from radio.catalogue.models import Episode, Recording, Show
from radio.catalogue.rules import State
from radio.core.people import THE_STATION
from radio.editorial import audit
from radio.editorial.models import FeedItem, GateWatch
from radio.feeds import channels, lint, probes, proofs, queries, rules, xml
from radio.feeds.enclosures import STANDARD
from radio.feeds.names import STATION as STATION_FEED
from radio.feeds.names import FeedName, Of
from radio.feeds.reach import Reach
from radio.feeds.rules import Channel, Due, Item
from radio.station import Station

LOOK_EVERY = timedelta(hours=1)
FIRST_HEAD_WITHIN = timedelta(minutes=10)
"""A new item waits so long for the head of its download, then it is looked at without one."""
SETTLED_AFTER = timedelta(seconds=75)
"""Caches may give an old download for a minute: what has changed is not looked at before."""
PROVED_FOR = timedelta(days=6)
"""So long a download that was read to its end counts as whole while the store says that its objects are the same: a disk may rot unseen."""
FEWEST_PROVED_AGAIN = 20
"""Of one round, or a twenty-fourth of it: those whose turn is longest over. A whole archive is never read at once, and within a day."""
MOST_TOO_QUIET_LU = 3.0
MOST_TOO_LOUD_LU = 6.0
"""Above the target by more than the limiter's make-up: something is wrong with the figures or the gain."""

_GATE = "gate"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One item as its feed would tell it, and what only its rows know."""

    episode_id: str
    item: Item
    loudness_lufs: float | None
    """As it should sound: measured, with the gain."""
    proved_sha256: str | None
    proved_at: datetime | None = None
    proved_objects_sha256: str | None = None
    keys: tuple[str, ...] = ()
    """Of the objects that its downloads come from."""
    twins: int = 0
    """How many others the feed would tell under the same title and day."""
    broken_rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate found: no fault, or their codes, each with a fact after a colon where there is one."""

    faults: tuple[str, ...]
    of_show: tuple[str, ...] = ()
    """What is wrong with the picture of its show: that keeps a new item waiting, and takes none out that apps have."""
    looked_at_sha256: str | None = None
    """What the feed said of the bytes then; a verdict about others does not count. None: it is not about bytes."""
    proved_sha256: str | None = None
    proved_objects_sha256: str | None = None
    proved_now: bool = False
    """Whether it was read to its end for this."""


@dataclass(slots=True)
class Round:
    """One look at several items; what they share is asked for once."""

    reach: Reach
    store: ObjectStore
    again: frozenset[str] = frozenset()
    """The episodes whose proved bytes are read once more."""
    pictures: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def verdict(self, candidate: Candidate) -> Verdict:
        """Look at one.

        Raises:
            NoVerdictError: nobody answered, or the store did not.
        """
        item, sound = candidate.item, candidate.item.standard
        sounds = [sound] if item.low is None else [sound, item.low]
        pictured = f"/artwork/{candidate.episode_id}-" in item.image_url
        faults = [*_row_faults(candidate), *(self._picture(item.image_url) if pictured else ())]
        faults += dict.fromkeys(fault for each in sounds for fault in probes.address_faults(self.reach, each))
        proved, objects = candidate.proved_sha256, candidate.proved_objects_sha256
        # before it is read: what is exchanged meanwhile is seen at the next look
        now = None if faults else proofs.objects_sha256(self.store, candidate.keys)
        whole = now is not None and self._is_read_whole(candidate, now)
        if whole:
            faults += dict.fromkeys(fault for each in sounds for fault in probes.content_faults(self.reach, each))
            proved, objects = (None, None) if faults else (sound.sha256, now)
        if not faults:
            faults += probes.length_faults(self.reach, item)
        of_show = () if pictured else self._picture(item.image_url)
        return Verdict(tuple(faults), of_show, sound.sha256, proved, objects, proved_now=whole and proved is not None)

    def _is_read_whole(self, candidate: Candidate, objects_sha256: str) -> bool:
        exchanged = candidate.proved_objects_sha256 not in {None, objects_sha256}
        return exchanged or candidate.proved_sha256 != candidate.item.standard.sha256 or candidate.episode_id in self.again

    def _picture(self, url: str) -> tuple[str, ...]:
        if url not in self.pictures:
            self.pictures[url] = tuple(probes.picture_faults(self.reach, url))
        return self.pictures[url]


def due(session: Session, station: Station, *, now: datetime) -> tuple[list[Candidate], dict[str, Verdict]]:
    """The items that nobody has looked at, that have changed since, or whose hour is over; and of some a verdict already."""
    facts = {row.id: row for row in session.execute(_facts())}
    every = [one for one in queries.due(session, STATION_FEED, passed=False) if one.episode_id in facts]
    titled = {title.episode_id: title for found in _by_show(every, facts) for title in rules.due(found, now)}
    days = Counter((facts[key].show_id, *_day(one)) for key, one in titled.items())
    waiting = [one for key, one in titled.items() if _is_due(facts[key], now)]
    items, broken = queries.items(session, station, waiting, STATION_FEED)
    slugs = {facts[item.episode_id].slug for item in items}
    shows = {slug: channels.channel(session, station, FeedName(Of.SHOW, slug), now=now) for slug in slugs}
    stored = proofs.keys(session) if items else {}
    found = [_candidate(item, facts[item.episode_id], stored.get(item.episode_id, ()), days, shows) for item in items]
    return found, {episode_id: Verdict((f"left-out:{why}",)) for episode_id, why in broken}


def turn(found: Iterable[Candidate], *, now: datetime) -> frozenset[str]:
    """The episodes whose download is read whole again in this round: those that were read longest ago.

    Who has proved it without asking what the store says of its objects (before an update) has proved it too long ago.
    """
    found = list(found)
    over = [one for one in found if one.proved_at is None or not one.proved_objects_sha256 or one.proved_at + PROVED_FOR <= now]
    over.sort(key=lambda one: (one.proved_at is not None, one.proved_at, one.episode_id))
    return frozenset(one.episode_id for one in over[: max(FEWEST_PROVED_AGAIN, -(-len(found) // 24))])


def _facts() -> Any:
    return (
        select(
            Episode.id, Episode.show_id, Show.slug, Episode.changed_at, Episode.published_at, Recording.integrated_lufs, Recording.gain_db,
            FeedItem.checked_at, FeedItem.proved_sha256, FeedItem.proved_at, FeedItem.proved_objects_sha256, FeedItem.held_at, STANDARD.since,
        )
        .join(Show, Show.id == Episode.show_id)
        .join(Recording, Recording.id == Episode.recording_id)
        .outerjoin(FeedItem, FeedItem.episode_id == Episode.id)
        .outerjoin(STANDARD, (STANDARD.episode_id == Episode.id) & (STANDARD.profile == "standard"))
        .where(Episode.state == State.PUBLISHED)
    )  # fmt: skip


def _is_due(row: Any, now: datetime) -> bool:
    if row.checked_at is None:
        return row.since is not None or now >= row.published_at + FIRST_HEAD_WITHIN
    if row.since is not None and row.checked_at < row.since:
        return bool(now >= row.since + SETTLED_AFTER)
    return bool(row.held_at is not None or row.changed_at > row.checked_at or now >= row.checked_at + LOOK_EVERY)


def _by_show(every: Sequence[Due], facts: Mapping[str, Any]) -> Iterable[list[Due]]:
    shows: dict[str, list[Due]] = {}
    for one in every:
        shows.setdefault(facts[one.episode_id].show_id, []).append(one)
    return shows.values()


def _day(one: Due | Item) -> tuple[str, object]:
    return one.title.casefold(), one.published_at.date()


def _candidate(item: Item, row: Any, stored: tuple[str, ...], days: Mapping[Any, int], shows: Mapping[str, Channel]) -> Candidate:
    lufs = None if row.integrated_lufs is None or row.gain_db is None else row.integrated_lufs + row.gain_db
    twins = days[(row.show_id, *_day(item))] - 1
    return Candidate(
        item.episode_id, item, lufs, row.proved_sha256, row.proved_at, row.proved_objects_sha256, stored, twins,
        _broken_rules(item, shows[row.slug]),
    )  # fmt: skip


def _broken_rules(item: Item, channel: Channel) -> tuple[str, ...]:
    """What the rule engine says of the item in a feed of its own: rules whose breach apps or directories punish."""
    written = xml.write(replace(channel, live=()), [item])
    if written.left_out:
        return tuple(f"left-out:{why}" for _, why in written.left_out)
    found = lint.of_item(lint.findings(written.content), str(item.guid))
    return tuple(dict.fromkeys(f"rule:{one.rule}" for one in found if one.grave))


def _row_faults(candidate: Candidate) -> Iterator[str]:
    lufs, told = candidate.loudness_lufs, candidate.item
    if lufs is None:
        yield "loudness"
    elif not TARGET_LUFS - MOST_TOO_QUIET_LU <= lufs <= TARGET_LUFS + MOST_TOO_LOUD_LU:
        yield f"loudness:{lufs:.1f}"
    if candidate.twins:
        yield "title-twice"
    if len(told.title) > 255:
        yield "title-long"
    yield from candidate.broken_rules
    for name, text in (("summary", told.summary), ("notes", told.notes_html)):
        if len(text.encode()) > rules.TEXT_LIMIT_BYTES:
            yield f"text-long:{name}"


def keep(session: Session, verdicts: Mapping[str, Verdict], *, now: datetime) -> bool:
    """Let in what passed, hold what did not; whether a feed changes by it."""
    changed = False
    for episode_id, verdict in verdicts.items():
        if not _still_holds(session, episode_id, verdict):
            continue
        row = session.get(FeedItem, episode_id)
        if row is None:
            row = FeedItem(episode_id=episode_id, faults=[])
            session.add(row)
        changed |= _decide(session, row, verdict, now)
    if changed:
        touched(session)
    return changed


def doubt(session: Session, episode_ids: Collection[str]) -> None:
    """Have what these give read to its end the next time, whatever was proved of it before."""
    session.execute(update(FeedItem).where(FeedItem.episode_id.in_(episode_ids)).values(proved_sha256=None))


def _still_holds(session: Session, episode_id: str, verdict: Verdict) -> bool:
    """Whether it is still out, with the bytes that were looked at."""
    if session.scalar(select(Episode.state).where(Episode.id == episode_id).with_for_update()) != State.PUBLISHED:
        return False
    offered = session.scalar(select(STANDARD.sha256).where(STANDARD.episode_id == episode_id, STANDARD.profile == "standard"))
    return verdict.looked_at_sha256 is None or offered in {None, verdict.looked_at_sha256}


def _decide(session: Session, row: FeedItem, verdict: Verdict, now: datetime) -> bool:
    was_in = row.entered_at is not None and row.held_at is None
    row.checked_at, row.faults, row.proved_sha256 = now, [*verdict.faults, *verdict.of_show], verdict.proved_sha256
    row.proved_at = now if verdict.proved_now else row.proved_at
    row.proved_objects_sha256 = verdict.proved_objects_sha256
    if verdict.faults or (verdict.of_show and row.entered_at is None):
        if row.held_at is None:
            row.held_at = now
            audit.record(session, "held", "episode", row.episode_id, by=THE_STATION, now=now, faults=" ".join(row.faults)[:300])
        return was_in
    if row.held_at is not None:
        row.held_at = None
        audit.record(session, "let-in", "episode", row.episode_id, by=THE_STATION, now=now)
    row.entered_at = row.entered_at or now
    return not was_in


def watch(session: Session, *, answered: bool, now: datetime) -> datetime | None:
    """Write down whether our own address answers; gives since when it does not."""
    row = session.get(GateWatch, _GATE) or GateWatch(name=_GATE)
    row.asked_at = now
    row.silent_since = None if answered else row.silent_since or now
    session.add(row)
    return row.silent_since
