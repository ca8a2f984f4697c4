"""What podcast apps are told of shows and episodes beyond their words: what may be said, checked. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

RELEASES = ("full", "trailer", "bonus")
"""Source: Apple, “A Podcaster's Guide to RSS”, episodeType."""
CHAPTERS_LIMIT = 200
SOUNDBITES_LIMIT = 10
SOUNDBITE_MS = (15_000, 120_000)
"""From, to. Source: podcast namespace, `soundbite`."""
_LICENSE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}")
_COUNTRY = re.compile(r"[A-Z]{2}")


def show_faults(fields: Mapping[str, Any]) -> dict[str, str]:
    """Field → code, of what cannot be taken of a show."""
    faults = {}
    for name in ("license_url", "funding_url"):
        if fields.get(name) and not is_address(fields[name]):
            faults[name] = "not-an-address"
    if fields.get("license") and not is_license(fields["license"]):
        faults["license"] = "unknown"
    if len(fields.get("funding_words", "")) > 128:
        faults["funding_words"] = "too-long"
    if fields.get("country") and not _COUNTRY.fullmatch(fields["country"]):
        faults["country"] = "unknown"
    if any(not _is_verification(one) for one in fields.get("verifications") or ()):
        faults["verifications"] = "unknown"
    if any(not _is_guid(one.get("guid", "")) for one in fields.get("podroll") or ()):
        faults["podroll"] = "unknown"
    seasons = fields.get("seasons") or {}
    if any(not number.isdecimal() or len(name) > 128 for number, name in seasons.items()):
        faults["seasons"] = "unknown"
    return faults


def episode_faults(fields: Mapping[str, Any]) -> dict[str, str]:
    """Field → code, of what cannot be taken of an episode."""
    faults = {}
    if fields.get("release", "full") not in RELEASES:
        faults["release"] = "unknown"
    if fault := _chapters_fault(fields.get("chapters") or ()):
        faults["chapters"] = fault
    if fault := _soundbites_fault(fields.get("soundbites") or ()):
        faults["soundbites"] = fault
    if own := fields.get("own_license"):
        faults |= _own_license_faults(own)
    return faults


def _own_license_faults(own: Mapping[str, Any]) -> dict[str, str]:
    """A name with or without an address, as a show's."""
    name, url = (str(own.get(part) or "") for part in ("name", "url"))
    return ({} if dict(own) in ({"name": name}, {"name": name, "url": url}) else {"license": "unknown"}) | show_faults(
        {"license": name or "?", "license_url": url}
    )


def content_notes_fault(notes: list[dict[str, Any]] | None, codes: Collection[str]) -> str | None:
    """What is wrong with content notes; None: nothing."""
    for note in notes or ():
        if note.get("code") not in codes:
            return "unknown"
        start, end = note.get("from_ms"), note.get("to_ms")
        if (start is None) != (end is None):
            return "half-a-span"
        if start is not None and end is not None and not 0 <= int(start) < int(end):
            return "backward-span"
    return None


def is_license(text: str) -> bool:
    """Whether a text is the short name of a licence, such as cc-by-4.0. Source: podcast namespace, `license`."""
    return _LICENSE.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Whether a text is a web address of printable ASCII, at most 500 long."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and text.isascii() and text.isprintable() and len(text) <= 500


def _chapters_fault(chapters: Sequence[Mapping[str, Any]]) -> str | None:
    starts = [one["start_ms"] for one in chapters]
    if len(chapters) > CHAPTERS_LIMIT or any(len(one["title"]) > 128 for one in chapters):
        return "too-long"
    if any(not one["title"] for one in chapters):
        return "required"
    return None if all(a < b for a, b in pairwise(starts)) else "backwards"


def _soundbites_fault(bites: Sequence[Mapping[str, Any]]) -> str | None:
    if len(bites) > SOUNDBITES_LIMIT or any(len(one["title"]) > 128 for one in bites):
        return "too-long"
    lengths = [one["to_ms"] - one["from_ms"] for one in bites]
    return None if all(SOUNDBITE_MS[0] <= length <= SOUNDBITE_MS[1] for length in lengths) else "not-a-length"


def _is_verification(one: Mapping[str, str]) -> bool:
    return 0 < len(one.get("purpose", "")) <= 128 and 0 < len(one.get("text", "")) <= 4000


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
