"""Which feeds there are, what they are called in the store, and where they are. Pure.

A name is `station`, `show:<slug>`, `kind:<code>` or `tag:<list>:<code>`; `low:` before it is its form for small data,
`/2` behind it the second page. Others: `today`, `publisher`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

PER_PAGE = 300
"""Source: podcast namespace, other recommendations: paging rather than cutting; Apple and Spotify read this many."""


class Of(StrEnum):
    """What a feed is of."""

    STATION = "station"
    SHOW = "show"
    KIND = "kind"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class FeedName:
    """One feed of items, or a page of it."""

    of: Of
    which: str = ""
    """A show's slug, a kind, or `list:code`."""
    low: bool = False
    page: int = 1

    @property
    def key(self) -> str:
        """Its name in the store, at most 80 characters."""
        base = f"{self.of}:{self.which}" if self.which else str(self.of)
        return f"{'low:' if self.low else ''}{base}{f'/{self.page}' if self.page > 1 else ''}"

    @property
    def folder(self) -> str:
        """Where it lies, with a slash at the end."""
        base = {
            Of.STATION: "/", Of.SHOW: f"/shows/{self.which}/", Of.KIND: f"/kinds/{self.which}/",
            Of.TAG: f"/tags/{self.which.replace(':', '/')}/",
        }[self.of]  # fmt: skip
        return f"{base}low/" if self.low else base

    @property
    def path(self) -> str:
        """The address of its first page."""
        return f"{self.folder}feed.xml"

    @property
    def subscribe_path(self) -> str:
        """The page for a person."""
        return f"{self.folder}subscribe"

    @property
    def term(self) -> str:
        """The kind or tag that it is of, as `list:code`."""
        return f"kind:{self.which}" if self.of is Of.KIND else self.which

    @property
    def listed(self) -> bool:
        """Whether directories may list it: not what repeats others."""
        return not self.low and self.of is not Of.TAG

    def at_page(self, page: int) -> FeedName:
        """Another page of it."""
        return replace(self, page=page)


def named(key: str) -> FeedName:
    """The feed of a name in the store.

    Raises:
        ValueError: it is the name of none.
    """
    base, _, page = key.partition("/")
    low = base.startswith("low:")
    of, _, which = base.removeprefix("low:").partition(":")
    return FeedName(Of(of), which, low, int(page or 1))


def of_term(term: str) -> FeedName:
    """The feed of a kind or tag, `list:code`."""
    return FeedName(Of.KIND, term.removeprefix("kind:")) if term.startswith("kind:") else FeedName(Of.TAG, term)


STATION = FeedName(Of.STATION)
TODAY = "today"
TODAY_PATH = "/today.xml"
PUBLISHER = "publisher"
PUBLISHER_PATH = "/publisher.xml"
OPML = "opml"
OPML_PATH = "/feeds.opml"
EVERY = "every"
EVERY_PATH = "/every-feed.opml"
"""Those of kinds, tags and small data too: to choose from, not to be imported whole."""


_LISTS = {TODAY: TODAY_PATH, PUBLISHER: PUBLISHER_PATH, OPML: OPML_PATH, EVERY: EVERY_PATH}


class Form(StrEnum):
    """How a document is written."""

    RSS = "rss"
    JSON = "json"
    OPML = "opml"


MEDIA_TYPES = {
    Form.RSS: "application/rss+xml; charset=UTF-8", Form.JSON: "application/feed+json; charset=UTF-8",
    Form.OPML: "text/x-opml; charset=UTF-8",
}  # fmt: skip


def address(key: str) -> str:
    """Where a stored document is, with its page.

    Raises:
        ValueError: it is the name of none.
    """
    form, base = split(key)
    if base in _LISTS:
        return _LISTS[base]
    name = named(base)
    return f"{name.folder}feed.{'json' if form is Form.JSON else 'xml'}" + (f"?page={name.page}" if name.page > 1 else "")


def split(key: str) -> tuple[Form, str]:
    """The form and the rest of a name in the store; `json:` before it says JSON Feed."""
    if key in {OPML, EVERY}:
        return Form.OPML, key
    return (Form.JSON, key.removeprefix("json:")) if key.startswith("json:") else (Form.RSS, key)


def follows_rundown(key: str) -> bool:
    """Whether it tells what is on air, so that a new rundown makes it old."""
    form, base = split(key)
    if form is not Form.RSS or "/" in base:
        return False
    return base in {TODAY, STATION.key} or base.startswith("show:")
