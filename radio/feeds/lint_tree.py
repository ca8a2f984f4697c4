"""Reading a feed's tree for the rules: names with prefixes, texts, dates. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

Fault = tuple[str, str]
"""(rule, place)."""
NAMESPACES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd", "podcast": "https://podcastindex.org/namespace/1.0",
    "atom": "http://www.w3.org/2005/Atom", "content": "http://purl.org/rss/1.0/modules/content/",
    "psc": "http://podlove.org/simple-chapters",
}  # fmt: skip
_DATE = re.compile(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:[+-]\d{4}|GMT)")
BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def tag_of(name: str) -> str:
    """`itunes:title` as lxml says it."""
    prefix, _, local = name.rpartition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}" if prefix else local


def children(parent: Any, name: str) -> list[Any]:
    """The children of this name."""
    found: list[Any] = parent.findall(tag_of(name))
    return found


def text_of(parent: Any, name: str) -> str:
    """The trimmed text of the first child of this name; empty: there is none."""
    return (parent.findtext(tag_of(name)) or "").strip()


def date_of(text: str) -> datetime | None:
    """The instant of an RFC 2822 date; None: it is none."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def is_guid(text: str) -> bool:
    """Whether a text is a UUID in its usual form."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def is_number(text: str) -> bool:
    """Whether a text is a whole number from 1."""
    return text.isascii() and text.isdigit() and int(text) > 0


def too_long(parent: Any, names: tuple[str, ...], limit: int, rule: str, place: str) -> Iterator[Fault]:
    """Children whose text is longer than `limit` letters."""
    for name in names:
        yield from ((rule, f"{place}{name}") for one in children(parent, name) if len((one.text or "").strip()) > limit)
