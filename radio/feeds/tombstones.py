"""What stays in podcast apps' reach of an episode that was in a feed and is there no more.

Apps keep what they have; none of them knows a sign for "take this away". What they do know is an item that changed: so it stays
for a while with its id and date, with other words, and its address gives a short clip that says what happened.
Nothing here is taken from the episode but its id, its date and the show it was in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import mutagen
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from media.profiles import low, standard
from radio.catalogue.models import Episode, Show
from radio.catalogue.rules import State
from radio.editorial.models import FeedItem
from radio.feeds.rules import Item, Sound
from radio.station import Station

IN_FEEDS_FOR = timedelta(days=90)
"""So long the item stays: apps that are opened rarely hear of it too."""
CLIP_FOR = timedelta(days=365)
"""So long the address gives the clip; then it says that it is gone."""
CHECKED_KINDS = frozenset({"guidance"})
"""What runs out because it must be checked again; other things just end."""

_CLIPS = Path(__file__).parent / "clips"


class Why(StrEnum):
    """Why something stands in the place of an episode; also the name of the clip."""

    TAKEN_BACK = "taken-back"
    BEING_CHECKED = "being-checked"


_TITLES = {Why.TAKEN_BACK: "Taken back by the person who told it", Why.BEING_CHECKED: "This guidance is being checked"}
_TEXTS = {
    Why.TAKEN_BACK: (
        "The person who told this has taken it back, and the station has erased it. "
        "If you saved a copy, please let it go too. Thank you for listening with care."
    ),
    Why.BEING_CHECKED: (
        "The date until which this guidance held is over, and people who know are checking it. "
        "If you saved a copy, please do not rely on it: look on the station's page for what holds now."
    ),
}


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


def why(
    state: State,
    kind: str,
    entered_at: datetime | None,
    withdrawn_at: datetime | None,
    expires_at: datetime | None,
    *,
    now: datetime,
) -> Why | None:
    """What the address of an episode gives instead of it at `now`; None: no clip."""
    if entered_at is None:
        return None
    if state == State.WITHDRAWN:
        return Why.TAKEN_BACK if withdrawn_at is not None and now < withdrawn_at + CLIP_FOR else None
    if (
        state == State.PUBLISHED
        and kind in CHECKED_KINDS
        and expires_at is not None
        and expires_at <= now < expires_at + CLIP_FOR
    ):
        return Why.BEING_CHECKED
    return None


def ran_out(kind: str, entered_at: datetime | None, expires_at: datetime | None, *, now: datetime) -> bool:
    """Whether this guidance has been out of date for so long that its address says only that it is gone."""
    return entered_at is not None and kind in CHECKED_KINDS and expires_at is not None and expires_at + CLIP_FOR <= now


def items(session: Session, station: Station, show: Show | None, *, now: datetime) -> Iterator[Item]:
    """What stands in the feed of a show, or of all shows, in the place of what was in it. Each ends by itself."""
    taken_back = and_(Episode.state == State.WITHDRAWN, Episode.withdrawn_at > now - IN_FEEDS_FOR)
    out_of_date = and_(
        Episode.state == State.PUBLISHED, Episode.kind.in_(CHECKED_KINDS), Episode.expires_at <= now,
        Episode.expires_at > now - IN_FEEDS_FOR,
    )  # fmt: skip
    statement = (
        select(Episode.id, Episode.guid, Episode.state, Episode.published_at, Episode.withdrawn_at, Episode.expires_at)
        .join(FeedItem, FeedItem.episode_id == Episode.id)
        .join(Show, Show.id == Episode.show_id)
        .where(FeedItem.entered_at.is_not(None), Show.in_feeds, or_(taken_back, out_of_date))
    )
    if show is not None:
        statement = statement.where(Episode.show_id == show.id)
    return (_item(row, station.url("")) for row in session.connection().execute(statement))


def _item(row: Any, origin: str) -> Item:
    reason = Why.TAKEN_BACK if row.state == State.WITHDRAWN else Why.BEING_CHECKED
    since = row.withdrawn_at if reason is Why.TAKEN_BACK else row.expires_at
    text = _TEXTS[reason]
    return Item(
        guid=row.guid, title=title(reason, row.id), summary=text, notes_html=f"<p>{text}</p>", link=f"{origin}/episodes/{row.id}",
        published_at=row.published_at, changed_at=since, length_ms=clip(reason, "standard").length_ms, explicit=False,
        image_url=f"{origin}/artwork/station-pattern-1400.jpg", standard=_sound(reason, "standard", f"{origin}/audio/{row.id}.mp3"),
        low=_sound(reason, "low", f"{origin}/audio/{row.id}.m4a"), expires_at=since + IN_FEEDS_FOR, blocked=True,
    )  # fmt: skip


def title(reason: Why, episode_id: str) -> str:
    """Neutral, and of this item alone: apps take two items of one day and title for one."""
    return f"{_TITLES[reason]} ({episode_id[-5:]})"


def _sound(reason: Why, profile: str, url: str) -> Sound:
    found = clip(reason, profile)
    return Sound(url, found.media_type, len(found.content), found.sha256, found.bitrate_bps)
