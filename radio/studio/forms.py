"""What people type in the studio: kept as typed when it cannot be taken, turned into values when it can."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from radio.catalogue.actions import EpisodeFields, ShowFields
from radio.catalogue.models import Episode, Show
from radio.catalogue.terms import TermList, vocabulary
from radio.core.time import instant_of
from radio.studio import lines, words
from radio.web.locale import to_the_second

TAG_LISTS = ("topic", "audience", "capital", "pathway", "substance", "chime", "voice", "form", "support")
STORY_LISTS = ("story-told-by", "story-shape", "story-stage", "story-tone")
_TIME = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2})")
_LINES = ("chapters", "soundbites")
_PLAIN = ("title", "summary", "notes", "language", "kind", "detail")
_EPISODE_OF_THE_PAGE = (
    "title", "summary", "kind", "content_notes", "intensity", "detail", "scopes", "voices", "tags", "notes", "show", "language",
    "season_number", "episode_number", "release", "expires_at", "license", "license_url", "chapters", "soundbites",
)  # fmt: skip


@dataclass
class EpisodeForm:
    """What is typed about an episode. `text` holds fields as typed, `faults` field → code."""

    text: dict[str, str]
    tags: list[tuple[str, str]]
    said: str
    """none, some, or empty: nobody has said yet."""
    notes: dict[str, tuple[str, str]]
    """Code of a content note → from and to as typed."""
    explicit: bool = False
    scopes: list[str] = field(default_factory=list)
    """Where it may be heard."""
    named: bool = False
    """Whether the public may read the names in `text["voices"]`, one a line."""
    faults: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, episode: Episode, zone: ZoneInfo) -> EpisodeForm:
        """The form as the episode stands."""
        last = (episode.expires_at - timedelta(seconds=1)).astimezone(zone).date() if episode.expires_at else None
        text = {name: str(getattr(episode, name)) for name in (*_PLAIN, "intensity")}
        text |= {name: str(getattr(episode, name) or "") for name in ("season_number", "episode_number")}
        text |= {"release": episode.release, "chapters": lines.chapters_typed(episode.chapters),
                 "soundbites": lines.soundbites_typed(episode.soundbites)}  # fmt: skip
        text |= {"expires_at": last.isoformat() if last else "", "show": episode.show.slug}
        own = episode.own_license or {}
        text |= {"license": own.get("name", ""), "license_url": own.get("url", "")}
        stored = episode.content_notes
        notes = {str(note["code"]): (_clock(note.get("from_ms")), _clock(note.get("to_ms"))) for note in stored or ()}
        said = "" if stored is None else "some" if stored else "none"
        tags = [(tag.vocabulary, tag.code) for tag in episode.tags]
        text["voices"] = lines.voices_typed((each.voice.name, each.role) for each in episode.voices)
        named = any(each.named for each in episode.voices)
        return cls(text, tags, said, notes, episode.explicit, list(episode.scopes), named)

    @classmethod
    def typed(cls, form: MultiDict[str, str]) -> EpisodeForm:
        """The form as it was sent."""
        names = (
            *_PLAIN,
            "intensity",
            "season_number",
            "episode_number",
            "expires_at",
            "show",
            "seen",
            "voices",
            *_LINES,
            "release",
            "license",
            "license_url",
        )
        chosen = [tuple(tag.split(":", 1)) for tag in form.getlist("tags") if ":" in tag]
        notes = {code: (form.get(f"note-{code}-from", ""), form.get(f"note-{code}-to", "")) for code in form.getlist("note")}
        return cls(
            {name: form.get(name, "") for name in names}, [(name, code) for name, code in chosen],
            form.get("content_notes", ""), notes, form.get("explicit") == "yes",
            form.getlist("scopes"), form.get("named") == "yes",
        )  # fmt: skip

    def fields(self, zone: ZoneInfo) -> EpisodeFields:
        """The values for `catalogue.actions.describe`; what cannot be read is in `faults` and left out."""
        fields: dict[str, Any] = {name: self.text[name] for name in ("title", "summary", "notes", "language", "kind")}
        fields["explicit"], fields["scopes"] = self.explicit, self.scopes
        for name in ("season_number", "episode_number"):
            fields[name] = self._number(name)
        if self.text["intensity"]:
            fields["intensity"] = self._number("intensity") or 0
        if self.text["detail"]:
            fields["detail"] = self.text["detail"]
        if self.text["release"]:
            fields["release"] = self.text["release"]
        for name in _LINES:
            fields[name] = self._read(name)
        fields["expires_at"] = self._expiry(zone)
        name, url = self.text["license"].strip().lower(), self.text["license_url"].strip()
        fields["own_license"] = {"name": name, "url": url} if name or url else None
        fields["content_notes"] = self._content_notes()
        return {name: value for name, value in fields.items() if name not in self.faults}  # type: ignore[return-value]

    def stamp(self) -> str:
        """Changes when anything typed here does: how two people who describe at once notice each other."""
        typed = {name: value for name, value in self.text.items() if name != "seen"}
        chosen = (sorted(self.tags), sorted(self.scopes), self.explicit, self.named)
        whole = (sorted(typed.items()), self.said, sorted(self.notes.items()), *chosen)
        return hashlib.sha256(repr(whole).encode()).hexdigest()[:32]

    def sentences(self) -> dict[str, str]:
        """Field → sentence, in the order of the page."""
        return _said_in_order(self.faults, _EPISODE_OF_THE_PAGE)

    def _number(self, name: str) -> int | None:
        typed = self.text[name].strip()
        if not typed:
            return None
        if not typed.isascii() or not typed.isdigit() or len(typed) > 6:
            self.faults[name] = "not-a-number"
            return None
        return int(typed)

    def _read(self, name: str) -> object:
        try:
            return getattr(lines, name)(self.text[name])
        except ValueError:
            self.faults[name] = "not-a-time"
            return None

    def _expiry(self, zone: ZoneInfo) -> datetime | None:
        """The instant at which the day after the last day begins by the station's clock."""
        typed = self.text["expires_at"].strip()
        if not typed:
            return None
        try:
            return instant_of(datetime.combine(date.fromisoformat(typed) + timedelta(days=1), time()), zone)
        except (ValueError, OverflowError):
            self.faults["expires_at"] = "not-a-date"
            return None

    def _content_notes(self) -> list[dict[str, object]] | None:
        if self.said == "none":
            return []
        if self.said != "some":
            return None
        if not self.notes:
            self.faults["content_notes"] = "none-chosen"
        found: list[dict[str, object]] = []
        for code, (start, end) in self.notes.items():
            try:
                found.append({"code": code, "from_ms": _ms(start), "to_ms": _ms(end)})
            except ValueError:
                self.faults["content_notes"] = "not-a-time"
        return found


def _ms(typed: str) -> int | None:
    """Milliseconds of "2:10" or "1:02:10"; None of nothing."""
    if not typed.strip():
        return None
    match = _TIME.fullmatch(typed.strip())
    if match is None or int(match[3]) > 59:
        raise ValueError(typed)
    return ((int(match[1] or 0) * 60 + int(match[2])) * 60 + int(match[3])) * 1000


def _clock(ms: object) -> str:
    return to_the_second(ms) if isinstance(ms, int) else ""


def _said_in_order(faults: Mapping[str, str], page: Sequence[str]) -> dict[str, str]:
    ranked = sorted(faults.items(), key=lambda fault: page.index(fault[0]) if fault[0] in page else len(page))
    return {name: words.fault(name, code) for name, code in ranked}


def tag_lists(kind: str) -> list[TermList]:
    """The lists a producer chooses tags from, in the order of the page; those about stories only for a story."""
    names = (*TAG_LISTS, *STORY_LISTS) if kind == "story" else TAG_LISTS
    return [vocabulary().lists[name] for name in names]


_SHOW_WORDS = ("title", "description", "language", "kind", "author", "category", "license", "license_url", "funding_url",
               "funding_words", "country")  # fmt: skip
_SHOW_OF_THE_PAGE = ("title", "description", "kind", "category", "language", "author")
_SHOW_FEED_OF_THE_PAGE = (
    "hosts",
    "license",
    "license_url",
    "funding_url",
    "funding_words",
    "country",
    "seasons",
    "podroll",
    "verifications",
)
_SHOW_LINES = ("verifications", "podroll", "seasons", "hosts")
_SHOW_MARKS = ("explicit", "in_feeds", "synthetic", "serial", "complete", "blocked")


@dataclass
class ShowForm:
    """What is typed about a show. `marks`: what is ticked."""

    text: dict[str, str]
    marks: dict[str, bool]
    faults: dict[str, str] = field(default_factory=dict)
    seen: str = ""
    """The stamp of what stood there when the page was made; empty: a program sent it."""

    @classmethod
    def of(cls, show: Show | None, *, language: str = "en-GB") -> ShowForm:
        """The form as the show stands; None: an empty one."""
        if show is None:
            first = {"language": language, "kind": "programme", "category": "Health & Fitness > Mental Health"}
            marks = dict.fromkeys(_SHOW_MARKS, False) | {"in_feeds": True}
            return cls({name: first.get(name, "") for name in (*_SHOW_WORDS, *_SHOW_LINES)}, marks)
        text = {name: str(getattr(show, name)) for name in _SHOW_WORDS}
        text |= {name: getattr(lines, f"{name}_typed")(getattr(show, name)) for name in _SHOW_LINES}
        form = cls(text, {name: getattr(show, name) for name in _SHOW_MARKS})
        form.seen = form.stamp()
        return form

    @classmethod
    def typed(cls, form: Mapping[str, str]) -> ShowForm:
        """The form as it was sent."""
        text = {name: form.get(name, "") for name in (*_SHOW_WORDS, *_SHOW_LINES)}
        return cls(text, {name: form.get(name) == "yes" for name in _SHOW_MARKS}, seen=form.get("seen", ""))

    def stamp(self) -> str:
        """Changes when anything typed here does."""
        return hashlib.sha256(repr((sorted(self.text.items()), sorted(self.marks.items()))).encode()).hexdigest()[:32]

    def fields(self) -> ShowFields:
        """The values for `catalogue.actions.make_show` and `edit_show`; what cannot be read is in `faults`."""
        found: dict[str, Any] = {name: self.text[name].strip() for name in _SHOW_WORDS} | self.marks
        found["license"], found["country"] = found["license"].lower(), found["country"].upper()
        for name in _SHOW_LINES:
            try:
                found[name] = getattr(lines, name)(self.text[name])
            except ValueError:
                self.faults[name] = "unknown"
        return found  # type: ignore[return-value]

    def sentences(self) -> dict[str, str]:
        """Field → sentence, in the order of the page."""
        return _said_in_order(self.faults, (*_SHOW_OF_THE_PAGE, *_SHOW_FEED_OF_THE_PAGE))


CATEGORIES = (
    "Health & Fitness > Mental Health", "Health & Fitness", "Health & Fitness > Alternative Health", "Society & Culture",
    "Society & Culture > Personal Journals", "Society & Culture > Relationships", "Education > Self-Improvement", "Music",
    "Arts", "News > Daily News", "Kids & Family > Parenting", "Religion & Spirituality", "Comedy",
)  # fmt: skip
"""Those of Apple's categories that a station like this needs."""
