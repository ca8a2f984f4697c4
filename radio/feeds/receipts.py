"""Looks whether what was taken back is gone, at the addresses where anybody would look for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from lxml import etree
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from media.grid import tick_at
from media.profiles import low, standard
from radio.catalogue.models import Episode, EpisodeText, Recording
from radio.core.time import unix_ms
from radio.editorial.models import ReceiptLine
from radio.editorial.rules import Surface, surfaces
from radio.feeds import queries, tombstones
from radio.feeds.models import StoredFeed
from radio.feeds.names import FeedName, Of
from radio.feeds.reach import NoVerdictError, Reach

LOOK_AGAIN = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(days=2)
"""Then it is a matter for people: the receipt goes on saying what is missing."""

_GONE = frozenset({404, 410})


class Looker:
    """Knows of one episode that is gone no more than is left of one that is taken back: ids and dates."""

    def __init__(self, session: Session, reach: Reach, episode_id: str, *, now: datetime) -> None:
        episode = session.get_one(Episode, episode_id)
        ticks = session.scalars(select(Recording.withdrawn_from_tick).where(Recording.episode_id == episode_id)).all()
        self.episode_id, self.slug = episode.id, episode.show.slug
        self._guids = {str(episode.guid), episode.feed_guid}
        self.surfaces = surfaces(episode.state, episode.unshared_at)
        """Where it must be gone from; none: it came back meanwhile."""
        taken_back = episode.withdrawn_at is not None
        self.since = (episode.withdrawn_at if taken_back else episode.unshared_at) or now
        self._why = tombstones.Why.TAKEN_BACK if taken_back else tombstones.Why.NOT_SHARED
        self._reach = reach
        self._erased = episode.erased_at is not None
        self._off_air = all(tick is not None and tick <= tick_at(unix_ms(now)) for tick in ticks)
        self._unsearched = session.scalar(select(EpisodeText.id).where(EpisodeText.episode_id == episode_id)) is None

    def gone(self, surface: Surface) -> bool:
        """Whether it is gone from there; no answer is a no."""
        looks: dict[Surface, Callable[[], bool]] = {
            Surface.PAGE: self._page, Surface.SEARCH: lambda: self._unsearched, Surface.AIR: lambda: self._off_air,
            Surface.FEEDS: self._feeds, Surface.DOWNLOADS: self._downloads, Surface.STORE: lambda: self._erased,
        }  # fmt: skip
        try:
            return looks[surface]()
        except NoVerdictError:
            return False

    def _page(self) -> bool:
        return self._reach.ask(f"/episodes/{self.episode_id}").status in _GONE

    def _downloads(self) -> bool:
        return all(self._is_clip_or_gone(profile.name, profile.extension) for profile in (standard(), low()))

    def _is_clip_or_gone(self, profile: str, extension: str) -> bool:
        answer = self._reach.ask(f"/audio/{self.episode_id}.{extension}")
        clip = tombstones.clip(self._why, profile)
        return answer.status in _GONE or hashlib.sha256(answer.body).hexdigest() == clip.sha256

    def _feeds(self) -> bool:
        named = (
            FeedName(of, which, low=small) for of, which in ((Of.STATION, ""), (Of.SHOW, self.slug)) for small in (False, True)
        )
        return all(self._is_out_of(name.path) for name in named)

    def _is_out_of(self, path: str) -> bool:
        answer = self._reach.ask(path)
        if answer.status in _GONE:
            return True
        if answer.status != 200:
            return False
        titles = _titles(answer.body, self._guids)
        return set(titles) <= {tombstones.title(self._why, self.episode_id)}


def _titles(feed: bytes, guids: Collection[str | None]) -> list[str]:
    """What a feed calls the items with one of these ids."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    root = etree.fromstring(feed, parser)
    return [item.findtext("title") or "" for item in root.iter("item") if item.findtext("guid") in guids]


def keep(session: Session, episode_id: str, gone: dict[Surface, bool], *, now: datetime) -> None:
    """Write down what was seen; what was gone once stays so."""
    for surface, is_gone in gone.items():
        line = session.get(ReceiptLine, (episode_id, surface)) or ReceiptLine(episode_id=episode_id, surface=surface)
        line.checked_at = now
        line.gone_at = line.gone_at or (now if is_gone else None)
        session.add(line)


def forget_old_feeds(session: Session) -> None:
    """Erase feeds as they were rendered before the last change: they may hold what was taken back."""
    number, _ = queries.numbers(session.connection())
    old = update(StoredFeed).where(StoredFeed.change_number < number)
    session.execute(old.values(identity=b"", gzip=b"", left_out=[], made_by=""))  # what hubs were told of stays known
