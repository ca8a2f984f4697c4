"""What stays in podcast apps' reach of an episode that was in a feed and is there no more.

Apps keep what they have; none of them knows a sign for "take this away". What they do know is an item that changed: so it stays
for a while with its id and date, with other words, and its address gives a short clip that says what happened.
Nothing here is taken from the episode but its id, its date and the show it was in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import mutagen
from sqlalchemy import String, and_, cast, or_, select, update
from sqlalchemy.orm import Session

from media.profiles import low, standard
from media.transcript import Cue, Spoken
from radio.catalogue.models import Episode, Show
from radio.catalogue.rules import CHECKED_KINDS, State
from radio.editorial.models import FeedItem
from radio.feeds.belonging import of, told_in
from radio.feeds.names import FeedName, Of
from radio.feeds.rules import Chapter, Due, Item, Sound, Words
from radio.station import Station

IN_FEEDS_FOR = timedelta(days=90)
"""So long the item stays: apps that are opened rarely hear of it too."""
CLIP_FOR = timedelta(days=365)
"""So long the address gives the clip; then it says that it is gone."""
_CLIPS = Path(__file__).parent / "clips"


class Why(StrEnum):
    """Why something stands in the place of an episode; also the name of the clip."""

    TAKEN_BACK = "taken-back"
    BEING_CHECKED = "being-checked"
    NOT_SHARED = "not-shared"


TITLES = {
    Why.TAKEN_BACK: "Taken back by the person who told it", Why.BEING_CHECKED: "This guidance is being checked",
    Why.NOT_SHARED: "Not shared as a podcast any more",
}  # fmt: skip
_TEXTS = {
    Why.TAKEN_BACK: (
        "The person who told this has taken it back, and the station has erased it. "
        "If you saved a copy, please let it go too. Thank you for listening with care."
    ),
    Why.BEING_CHECKED: (
        "The date until which this guidance held is over, and people who know are checking it. "
        "If you saved a copy, please do not rely on it: look on the station's page for what holds now."
    ),
    Why.NOT_SHARED: (
        "This is not shared as a podcast any more, and that is for the person who told it to say. "
        "If you saved a copy, please let it go too. Thank you for listening with care."
    ),
}
SPOKEN = {
    Why.TAKEN_BACK: "This was taken back by the person who told it. We have erased it. If you saved a copy, please let it go too. Thank you.",
    Why.NOT_SHARED: "This is not shared as a podcast any more. If you saved a copy, please let it go too. Thank you.",
    Why.BEING_CHECKED: "This guidance is being checked by people who know. Please do not rely on a copy. What holds now is on our page.",
}
"""What the clips say, as `scripts/make-sample` has them read."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One rendition of the words that stand in an episode's place. Its voice is synthetic, and it says so."""

    content: bytes
    sha256: str
    media_type: str
    length_ms: int
    bitrate_bps: int


@cache
def clip(why: Why, profile: str) -> Clip:
    """The clip in the rendition `standard` or `low`."""
    made = {each.name: each for each in (standard(), low())}[profile]
    content = (_CLIPS / f"{why}.{made.extension}").read_bytes()
    length_ms = round(mutagen.File(BytesIO(content)).info.length * 1000)
    return Clip(content, hashlib.sha256(content).hexdigest(), made.media_type, length_ms, made.bitrate_kbps * 1000)


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether something stands in an episode's place."""

    state: State
    kind: str
    entered_at: datetime | None
    withdrawn_at: datetime | None
    unshared_at: datetime | None
    expires_at: datetime | None

    @classmethod
    def of(cls, row: Any) -> Standing:
        """From a row that begins with the columns `STANDING`."""
        return cls(*row[: len(STANDING)])

    @property
    def since(self) -> tuple[Why, datetime] | None:
        """Why apps do not get the episode that they know, and from when on; None: they get it, or never knew it."""
        if self.entered_at is None:
            return None
        if self.state == State.WITHDRAWN:
            return (Why.TAKEN_BACK, self.withdrawn_at) if self.withdrawn_at else None
        if self.state != State.PUBLISHED:
            return None
        if self.unshared_at is not None:
            return Why.NOT_SHARED, self.unshared_at
        return (Why.BEING_CHECKED, self.expires_at) if self.expires_at and self.kind in CHECKED_KINDS else None

    def clip(self, now: datetime) -> Why | None:
        """What the address gives instead of it at `now`; None: no clip."""
        since = self.since
        return since[0] if since and since[1] <= now < since[1] + CLIP_FOR else None

    def is_over(self, now: datetime) -> bool:
        """Whether that is so long ago that the address says only that it is gone."""
        since = self.since
        return since is not None and since[1] + CLIP_FOR <= now


STANDING = (
    Episode.state, Episode.kind, FeedItem.entered_at, Episode.withdrawn_at, Episode.unshared_at, Episode.expires_at,
)  # fmt: skip
"""The columns of a `Standing`, in its order."""


def title(reason: Why, episode_id: str) -> str:
    """Neutral, and of this item alone: apps take two items of one day and title for one."""
    return f"{TITLES[reason]} ({episode_id[-5:]})"


def due(session: Session, name: FeedName, *, now: datetime) -> list[Due]:
    """The places in a feed of what was in it, whatever kind of feed; each ends by itself."""
    withdrawn = Episode.state == State.WITHDRAWN
    rows = session.connection().execute(_standing(now).where(or_(and_(withdrawn, told_in(name)), and_(~withdrawn, of(name)))))
    return [
        Due(row.id, row.guid, title(reason, row.id), row.published_at, since + IN_FEEDS_FOR)
        for row, reason, since in map(_told, rows)
    ]


def _standing(now: datetime) -> Any:
    """The rows of what stands in feeds at `now`. The conditions are those of `Standing.since`."""
    out = Episode.state == State.PUBLISHED
    taken_back = and_(Episode.state == State.WITHDRAWN, Episode.withdrawn_at > now - IN_FEEDS_FOR)
    not_shared = and_(out, Episode.unshared_at.is_not(None), Episode.unshared_at > now - IN_FEEDS_FOR)
    out_of_date = and_(
        out, Episode.unshared_at.is_(None), Episode.kind.in_(CHECKED_KINDS), Episode.expires_at <= now,
        Episode.expires_at > now - IN_FEEDS_FOR,
    )  # fmt: skip
    return (
        select(
            *STANDING, Episode.id, Episode.guid, Episode.feed_guid, Episode.published_at, Show.title.label("show_title"), Show.author.label("show_author"),
        )
        .join(FeedItem, FeedItem.episode_id == Episode.id)
        .join(Show, Show.id == Episode.show_id)
        .where(FeedItem.entered_at.is_not(None), Show.in_feeds, or_(taken_back, not_shared, out_of_date))
    )  # fmt: skip


def _told(row: Any) -> tuple[Any, Why, datetime]:
    """The row, why something stands there, and since when."""
    found = Standing.of(row).since
    assert found is not None, "_standing chose it"  # noqa: S101
    return row, *found


def among(
    session: Session, station: Station, items: Sequence[Item], wanted: Sequence[Due], name: FeedName, *, now: datetime
) -> tuple[Item, ...]:
    """The items, with what stands in the place of others between them, in the order of `wanted`."""
    ids = {one.episode_id for one in wanted} - {item.episode_id for item in items}
    found = {item.episode_id: item for item in items}
    if ids:
        origin, several = station.url(""), name.of is not Of.SHOW
        for row in session.connection().execute(_standing(now).where(Episode.id.in_(ids))):
            item = _item(row, origin, several=several)
            found[row.id] = replace(item, standard=item.low or item.standard, low=None) if name.low else item
    return tuple(found[one.episode_id] for one in wanted if one.episode_id in found)


def _item(row: Any, origin: str, *, several: bool) -> Item:
    _, reason, since = _told(row)
    text = _TEXTS[reason]
    return Item(
        guid=str(row.guid) if several else row.feed_guid or str(row.guid), title=title(reason, row.id), summary=text, notes_html=f"<p>{text}</p>", link=f"{origin}/episodes/{row.id}",
        published_at=row.published_at, changed_at=since, length_ms=clip(reason, "standard").length_ms, explicit=False,
        image_url=f"{origin}/artwork/station-pattern-1400.jpg", standard=_sound(reason, "standard", f"{origin}/audio/{row.id}.mp3"),
        low=_sound(reason, "low", f"{origin}/audio/{row.id}.m4a"), episode_id=row.id, synthetic=True, blocked=True, gone=reason,
        author=(row.show_author or row.show_title) if several else "", words=(Words("en", timed=True),),
        chapters=(Chapter(0, TITLES[reason]),),
    )  # fmt: skip


def spoken(reason: Why) -> Spoken:
    """What the clip says, as a transcript: it replaces that of the episode."""
    return Spoken((Cue(0, clip(reason, "standard").length_ms, "Synthetic voice", SPOKEN[reason]),), timed=True)


def standing(session: Session, episode_id: str) -> Standing | None:
    """What decides about an episode; None: there is no such episode."""
    found = session.execute(
        select(*STANDING).outerjoin(FeedItem, FeedItem.episode_id == Episode.id).where(Episode.id == episode_id)
    )
    row = found.one_or_none()
    return Standing.of(row) if row else None


def forget(session: Session, *, now: datetime) -> None:
    """Erase of what was taken back under which kind and tags it was told, once it has left their feeds."""
    left = select(Episode.id).where(Episode.state == State.WITHDRAWN, Episode.withdrawn_at <= now - IN_FEEDS_FOR)
    over = FeedItem.episode_id.in_(left)
    session.execute(update(FeedItem).where(over, cast(FeedItem.told_in, String) != "[]").values(told_in=[]))


def _sound(reason: Why, profile: str, url: str) -> Sound:
    found = clip(reason, profile)
    return Sound(url, found.media_type, len(found.content), found.sha256, found.bitrate_bps)
