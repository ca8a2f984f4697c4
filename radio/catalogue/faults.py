"""What cannot be said of a show or an episode: fields, checked against the vocabulary and the limits. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from radio.catalogue import feed_fields, rules
from radio.catalogue.terms import offered_roles, vocabulary


def show_faults(fields: Mapping[str, Any]) -> dict[str, str]:
    """Field → code, of what cannot be said of a show."""
    faults = _common_faults(fields) | feed_fields.show_faults(fields)
    if "title" in fields and not fields["title"]:
        faults["title"] = "required"
    for name, limit in (("description", rules.SUMMARY_LIMIT), ("author", 150), ("category", 80)):
        if len(fields.get(name, "")) > limit:
            faults[name] = "too-long"
    hosts = fields.get("hosts") or {}
    if len(hosts) > rules.VOICES_LIMIT or not all(0 < len(name) <= rules.VOICE_LIMIT for name in hosts):
        faults["hosts"] = "too-long"
    elif not {"", *(term.code for term in offered_roles())}.issuperset(hosts.values()):
        faults["hosts"] = "unknown"
    return faults


def episode_faults(fields: Mapping[str, Any]) -> dict[str, str]:
    """Field → code, of what cannot be said of an episode."""
    faults = _common_faults(fields) | feed_fields.episode_faults(fields)
    for name, limit in (("summary", rules.SUMMARY_LIMIT), ("notes", rules.NOTES_LIMIT)):
        if len(fields.get(name, "")) > limit:
            faults[name] = "too-long"
    for name in ("season_number", "episode_number"):
        number = fields.get(name)
        if number is not None and not 1 <= number <= 99_999:
            faults[name] = "not-a-number"
    if fields.get("intensity", 0) not in rules.INTENSITIES:
        faults["intensity"] = "unknown"
    if fields.get("detail", "none") not in rules.DETAILS:
        faults["detail"] = "unknown"
    if not _codes("scope").issuperset(fields.get("scopes", ())):
        faults["scopes"] = "unknown"
    if fault := feed_fields.content_notes_fault(fields.get("content_notes"), _codes("note")):
        faults["content_notes"] = fault
    return faults


def _common_faults(fields: Mapping[str, Any]) -> dict[str, str]:
    faults = {}
    if len(fields.get("title", "")) > rules.TITLE_LIMIT:
        faults["title"] = "too-long"
    if "kind" in fields and fields["kind"] not in _codes("kind"):
        faults["kind"] = "unknown"
    if "language" in fields and not rules.looks_like_language(fields["language"]):
        faults["language"] = "unknown"
    return faults


def _codes(name: str) -> frozenset[str]:
    return frozenset(term.code for term in vocabulary().lists[name].terms)
