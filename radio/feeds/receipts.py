"""Looks whether what was taken back is gone, at the addresses where anybody would look for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from lxml import etree
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from media import keys
from media.errors import ObjectMissingError, StoreUnavailableError
from media.grid import tick_at
from media.profiles import low, standard
from radio.catalogue.models import Episode, EpisodeText, Recording
from radio.core.time import unix_ms
from radio.editorial.models import ReceiptLine
from radio.editorial.rules import Surface, surfaces
from radio.feeds import names, queries, tombstones, xml
from radio.feeds.models import StoredFeed
from radio.feeds.names import FeedName, Form, Of
from radio.feeds.reach import NoVerdictError, Reach
from radio.station import Station

LOOK_AGAIN = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(days=2)
"""Then it is a matter for people: the receipt goes on saying what is missing."""

_GONE = frozenset({404, 410})


class Looker:
    """Knows of one episode that is gone no more than is left of one that is taken back: ids and dates."""

    def __init__(self, session: Session, here: Station, episode_id: str, *, now: datetime) -> None:
        episode = session.get_one(Episode, episode_id)
        takes = session.execute(
            select(Recording.id, Recording.withdrawn_from_tick).where(Recording.episode_id == episode_id)
        ).all()
        self.episode_id = episode.id
        self._guid, self._feed_guid, self._slug = str(episode.guid), episode.feed_guid, episode.show.slug
        self._feed_keys = _feed_keys(session, self._slug)
        self._recordings = {take.id for take in takes}
        self.surfaces = surfaces(episode.state, episode.unshared_at)
        """Where it must be gone from; none: it came back meanwhile."""
        taken_back = episode.withdrawn_at is not None
        self.since = (episode.withdrawn_at if taken_back else episode.unshared_at) or now
        self._why = tombstones.Why.TAKEN_BACK if taken_back else tombstones.Why.NOT_SHARED
        self._reach, self._store = Reach(here.settings), here.store
        self._erased = episode.erased_at is not None
        present = tick_at(unix_ms(now))
        self._off_air = all(take.withdrawn_from_tick is not None and take.withdrawn_from_tick <= present for take in takes)
        self._unsearched = session.scalar(select(EpisodeText.id).where(EpisodeText.episode_id == episode_id)) is None

    def gone(self, surface: Surface) -> bool:
        """Whether it is gone from there; no answer is a no."""
        looks: dict[Surface, Callable[[], bool]] = {
            Surface.PAGE: self._page, Surface.SEARCH: lambda: self._unsearched, Surface.AIR: lambda: self._off_air, Surface.COPY: self._copy,
            Surface.FEEDS: self._feeds, Surface.DOWNLOADS: self._downloads, Surface.STORE: lambda: self._erased,
        }  # fmt: skip
        try:
            return looks[surface]()
        except (NoVerdictError, StoreUnavailableError):
            return False

    def _page(self) -> bool:
        return self._reach.ask(f"/episodes/{self.episode_id}").status in _GONE

    def _downloads(self) -> bool:
        return all(self._is_clip_or_gone(profile.name, profile.extension) for profile in (standard(), low()))

    def _is_clip_or_gone(self, profile: str, extension: str) -> bool:
        answer = self._reach.ask(f"/audio/{self.episode_id}.{extension}")
        clip = tombstones.clip(self._why, profile)
        return answer.status in _GONE or hashlib.sha256(answer.body).hexdigest() == clip.sha256

    def _copy(self) -> bool:
        """The bucket is asked, not whoever writes the copy: what lies there, and what is heard in it."""
        try:
            said = json.loads(self._store.read(keys.COPY_INDEX))
        except ObjectMissingError:
            return next(iter(self._store.list(keys.COPY, page_size=1)), None) is None
        heard: dict[str, list[str]] = said["heard"]
        if not said["is_whole"] or not self._recordings.isdisjoint(one for each in heard.values() for one in each):
            return False
        return all(each.key in heard for each in self._store.list(keys.COPY))

    def _feeds(self) -> bool:
        return all(self._is_out_of(key) for key in self._feed_keys)

    def _is_out_of(self, key: str) -> bool:
        answer = self._reach.ask(names.address(key))
        if answer.status in _GONE:
            return True
        if answer.status != 200:
            return False
        try:
            titles = {title for guid, title in _told(answer.body, names.split(key)[0]) if guid in self._guids_in(key)}
        except (etree.XMLSyntaxError, ValueError):
            return False
        return titles <= {tombstones.title(self._why, self.episode_id)}

    def _guids_in(self, key: str) -> set[str | None]:
        """What it is called there. An earlier host's id is told by its own show alone: another one may have the same."""
        own_show = {FeedName(Of.SHOW, self._slug, low=small).key for small in (False, True)}
        is_own = names.split(key)[1].partition("/")[0] in own_show
        return {self._guid, self._feed_guid} if is_own else {self._guid}


def _feed_keys(session: Session, slug: str) -> list[str]:
    """The feeds of the station and of its show, and every other feed, page and form that anybody ever asked for."""
    main = [FeedName(of, which, low=small).key for of, which in ((Of.STATION, ""), (Of.SHOW, slug)) for small in (False, True)]
    asked = session.scalars(select(StoredFeed.name).where(StoredFeed.name.not_in([names.PUBLISHER, names.OPML, names.EVERY])))
    return list(dict.fromkeys([*main, *sorted(asked)]))


def _told(document: bytes, form: Form) -> Iterator[tuple[str, str]]:
    """The id and the title of everything that a feed tells or points to."""
    if form is Form.JSON:
        yield from ((item["id"], item["title"]) for item in json.loads(document)["items"])
        return
    root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    for item in root.iter("item"):
        yield item.findtext("guid") or "", item.findtext("title") or ""
    for pointer in root.iter(f"{{{xml.PODCAST}}}remoteItem"):
        yield pointer.get("itemGuid", ""), pointer.get("title", "")


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
