"""What is taken of a feed from elsewhere, and what is said of the rest. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from dateutil import parser as dates

from radio.catalogue.feed_fields import CHAPTERS_LIMIT, RELEASES
from radio.catalogue.rules import NOTES_LIMIT, SUMMARY_LIMIT, TITLE_LIMIT, looks_like_language, podcast_guid
from radio.core.text import plain, plain_lines
from radio.moving import podcasting, texts
from radio.moving.found import FoundItem, FoundShow
from radio.moving.podcasting import is_yes, whole_number

GUID_LIMIT = 1_000
MOST_ITEMS = 10_000
MOST_PAGES = 100
FEED_BYTES = 64_000_000
ROUNDS = 4
"""How often an item is tried before it counts as missing."""
LONGEST_WAIT = timedelta(days=1)
_CLOCK = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,5}(?:\.\d{1,3})?)")
_FIRST_YEAR = 1990
_NO_SOUND = ("text/", "image/", "application/pdf", "application/xhtml", "application/json", "application/xml", "application/rss")
_TOP = frozenset({
    "Arts", "Business", "Comedy", "Education", "Fiction", "Government", "History", "Health & Fitness", "Kids & Family", "Leisure",
    "Music", "News", "Religion & Spirituality", "Science", "Society & Culture", "Sports", "Technology", "True Crime", "TV & Film",
})  # fmt: skip
"""Source: Apple Podcasts categories."""


class ArrivalState(StrEnum):
    """Where a show stands on its way in."""

    READING = "reading"
    """What is in it is not known yet."""
    BRINGING = "bringing"
    OVER = "over"
    """Every item is here, or missing with its reason."""
    REFUSED = "refused"
    """Nothing of it can be taken; its `problem` says why."""
    STOPPED = "stopped"


class ItemState(StrEnum):
    """Where one item stands."""

    WAITING = "waiting"
    INGESTING = "ingesting"
    WHOLE = "whole"
    MISSING = "missing"
    HERE = "here"
    """It was here before: nothing is changed."""


OPEN = frozenset({ArrivalState.READING, ArrivalState.BRINGING})


@dataclass(frozen=True, slots=True)
class Planned:
    """One item as it will be brought. `problem`: a code, when it will not; `notes`: codes of what is not as it was."""

    guid: str
    title: str
    fields: dict[str, Any]
    source: dict[str, Any]
    published_at: datetime | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Notes:
    codes: list[str] = field(default_factory=list)

    def cut(self, text: str, limit: int, code: str) -> str:
        if len(text) <= limit:
            return text
        self.codes.append(code)
        return text[: limit - 1].rstrip() + "…"


def show_guid(show: FoundShow, address: str) -> UUID:
    """The id under which directories know a show: its own, else the one that its address gives.

    Source: podcast namespace 1.0, `podcast:guid`.
    """
    try:
        return UUID(show.guid.strip())
    except ValueError:
        return podcast_guid(show.self_url.strip() or address or show.link.strip() or plain(show.title)[:TITLE_LIMIT])


def show_fields(show: FoundShow, *, language: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What is said of the show, and codes of what is not as it was. `language`: the station's, when it tells none."""
    notes = _Notes()
    own = plain(show.language)
    if not looks_like_language(own):
        notes.codes.append("language-unknown")
    category = " > ".join(plain(part) for part in show.category.split(" > ")[:2])
    if category.partition(" > ")[0] not in _TOP or len(category) > 80:
        category = "Health & Fitness > Mental Health"
        notes.codes.append("category-unknown")
    description, _ = texts.both(show.description[: texts.MOST_HTML])
    more, told = podcasting.of_show(show)
    notes.codes += told
    return more | {
        "title": notes.cut(plain(show.title[:5000]), TITLE_LIMIT, "title-cut") or "Untitled",
        "description": notes.cut(description, SUMMARY_LIMIT, "summary-cut"),
        "language": own if looks_like_language(own) else language,
        "author": notes.cut(plain(show.author[:5000]), TITLE_LIMIT, "author-cut"),
        "category": category,
        "explicit": is_yes(show.explicit),
        "serial": show.kind.strip().lower() == "serial",
        "complete": is_yes(show.complete),
    }, tuple(notes.codes)  # fmt: skip


def planned(show: FoundShow, *, guid: UUID, language: str, now: datetime) -> tuple[Planned, ...]:
    """Every item of a feed, in its order: what will be brought, and what will not and why. A guid counts once."""
    seen: set[str] = set()
    found = []
    for item in podcasting.as_items(show)[:MOST_ITEMS]:
        one = _planned(item, show, guid, language=language, now=now)
        if not one.problem and one.guid in seen:
            one = replace(one, problem="guid-twice")
        seen.add(one.guid)
        found.append(one)
    return tuple(found)


def _planned(item: FoundItem, show: FoundShow, show_guid: UUID, *, language: str, now: datetime) -> Planned:
    notes = _Notes()
    title = notes.cut(plain(item.title[:5000]), TITLE_LIMIT, "title-cut")
    if not title:
        notes.codes.append("title-missing")
    guid = item.guid.strip()
    if not guid:
        notes.codes.append("guid-missing")
        guid = str(uuid5(show_guid, item.enclosure_url.strip() or item.link.strip() or f"{title} {item.date}"))
    published_at = _date(item.date, now, notes)
    fields = _texts(item, title, notes) | {"language": language, "explicit": is_yes(item.explicit)}
    release = item.episode_type.strip().lower()
    fields["release"] = release if release in RELEASES else "full"
    fields |= {name: whole_number(text) for name, text in (("season_number", item.season), ("episode_number", item.number))}
    more, voices, told = podcasting.of_item(item, show)
    notes.codes += told
    return Planned(
        guid=guid[:GUID_LIMIT], title=fields["title"], fields=fields | more, source=_source(item, show) | {"voices": voices}, published_at=published_at,
        problem=_problem(item, guid), notes=tuple(notes.codes),
    )  # fmt: skip


def _problem(item: FoundItem, guid: str) -> str:
    if item.gone.strip():
        return "gone-there"
    if len(guid) > GUID_LIMIT:
        return "guid-too-long"
    url = item.enclosure_url.strip()
    if not url:
        return "no-enclosure"
    if len(url) > 4000 or urlsplit_or_none(url) is None:
        return "not-an-address"
    return ""


def urlsplit_or_none(url: str) -> object | None:
    """The address taken apart; None when it is none that a podcast app could ask."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme in {"http", "https"} and parts.netloc else None


def _texts(item: FoundItem, title: str, notes: _Notes) -> dict[str, Any]:
    rich = item.content or item.summary
    words, markdown = texts.both(rich[: texts.MOST_HTML])
    summary = texts.both(item.summary[: texts.MOST_HTML])[0] if item.content and item.summary else words
    if len(rich) > texts.MOST_HTML:
        notes.codes.append("notes-cut")
    summary = notes.cut(plain_lines(summary), SUMMARY_LIMIT, "summary-cut")
    if not summary:
        notes.codes.append("summary-missing")
    kept = notes.cut(plain_lines(markdown), NOTES_LIMIT, "notes-cut") if markdown.strip() != summary else ""
    return {"title": title or "Untitled", "summary": summary or title or "Untitled", "notes": kept}


def _source(item: FoundItem, show: FoundShow) -> dict[str, Any]:
    """Where its parts are, short enough to keep."""
    size = item.enclosure_bytes.strip()
    return {
        "enclosure": item.enclosure_url.strip()[:4000],
        "type": plain(item.enclosure_type)[:80],
        "bytes": int(size) if size.isascii() and size.isdigit() and len(size) < 14 else 0,
        "image": item.image_url.strip()[:4000] if item.image_url.strip() != show.image_url.strip() else "",
        "chapters": item.chapters_url.strip()[:4000],
        "chapter_list": _chapters(item),
        "transcripts": [[part.strip()[:4000] for part in each] for each in item.transcripts[:10]],
    }


def _chapters(item: FoundItem) -> list[dict[str, Any]]:
    """Those in the feed itself; empty when it has none, or none that can be read."""
    told = ((_CLOCK.fullmatch(start.strip()), title) for start, title in item.chapters)
    return in_order(
        ((int(match[1] or 0) * 60 + int(match[2] or 0)) * 60 + float(match[3]), title) for match, title in told if match
    )


def in_order(told: Iterable[tuple[float, str]]) -> list[dict[str, Any]]:
    """Chapters, seconds and titles, as we keep them: ascending, each with a title, not too many."""
    kept: dict[int, str] = {}
    for start_s, title in told:
        if 0 <= start_s < 86_400 and plain(title):
            kept.setdefault(round(start_s * 1000), plain(title)[:128])
    return [{"start_ms": start_ms, "title": kept[start_ms]} for start_ms in sorted(kept)][:CHAPTERS_LIMIT]


def _date(text: str, now: datetime, notes: _Notes) -> datetime | None:
    """When it was published; None: the feed does not say, or says nonsense."""
    found = date_of(text)
    if found is None:
        notes.codes.append("date-nonsense" if text.strip() else "date-missing")
        return None
    if found > now + timedelta(days=1):
        notes.codes.append("date-ahead")
        return None
    return min(found, now)


def date_of(text: str) -> datetime | None:
    """The instant that a feed's date means; None when it means none. Source: RFC 5322 §3.3; others are met too."""
    text = text.strip()
    if not 8 <= len(text) <= 64:
        return None
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        try:
            found = dates.parse(text)
        except (ValueError, TypeError, OverflowError, AttributeError, IndexError):
            return None
    try:
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found.replace(microsecond=0) if found.year >= _FIRST_YEAR else None


def is_no_sound(media_type: str) -> bool:
    """Whether a server says itself that this is something else than sound."""
    return media_type.lower().startswith(_NO_SOUND)


def own_uuid(guid: str) -> UUID | None:
    """The guid as one of ours, when it is written exactly so; None: its string must be kept."""
    try:
        found = UUID(guid)
    except ValueError:
        return None
    return found if str(found) == guid else None


def next_try(tries: int, now: datetime, *, after_s: int = 0) -> datetime | None:
    """When a server that failed `tries` times is asked again; None: it was asked often enough.

    `after_s`: how long it asks us to wait itself, which is heeded up to a day.
    """
    if tries >= ROUNDS:
        return None
    return now + max(timedelta(seconds=15 * 4 ** (tries - 1)), min(timedelta(seconds=after_s), LONGEST_WAIT))


def instant(value: object) -> datetime | None:
    """The instant that an archive tells; None: it tells none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.astimezone(UTC) if found and found.tzinfo else None


def narrowed(agreed: Iterable[str], declared: Sequence[str]) -> list[str]:
    """Where it may be heard here: what was agreed elsewhere, and is declared here."""
    allowed = set(agreed)
    return [scope for scope in declared if scope in allowed]
