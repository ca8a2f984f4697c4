"""How pages say what a value means: filters and globals of the public templates."""

from __future__ import annotations

from datetime import date

from flask import Blueprint
from flask_babel import format_date

from radio.catalogue.models import Episode, Rendition, Show
from radio.catalogue.terms import UnknownTermError, vocabulary
from radio.pages import rules
from radio.web.locale import said_length


def kind_label(episode: Episode) -> str:
    """The kind in the words of the vocabulary."""
    try:
        return vocabulary().term("kind", episode.kind).label
    except UnknownTermError:
        return episode.kind


def renditions(episode: Episode) -> tuple[Rendition | None, Rendition | None]:
    """The standard and the low form, None where there is none."""
    recording = episode.recording
    if recording is None:
        return None, None
    return recording.rendition("standard"), recording.rendition("low")


def price_tag(episode: Episode) -> tuple[str, str]:
    """What it costs to listen: the length in words and megabytes of the standard form; empty before there is sound."""
    standard, _low = renditions(episode)
    if standard is None or episode.recording is None:
        return "", ""
    return said_length(episode.recording.length_ms), rules.megabytes(standard.size_bytes)


def artwork_address(show: Show) -> str:
    """Where its picture is, for our pages; empty: it has none, and the page draws the pattern itself."""
    return f"/artwork/{show.id}-{show.artwork_sha256[:12]}-600.jpg" if show.artwork_sha256 else ""


def weekday(day: date) -> str:
    """The day's name, short."""
    return str(format_date(day, "EEE"))


def capitalised(words: str) -> str:
    """With a capital at the start, the rest as it is."""
    return words[:1].upper() + words[1:]


def install(blueprint: Blueprint) -> None:
    """Give them to the templates."""
    for word in (kind_label, renditions, price_tag, artwork_address, weekday, capitalised):
        blueprint.add_app_template_filter(word)
    blueprint.add_app_template_filter(rules.megabytes, "megabytes")
    blueprint.add_app_template_global(rules.pattern, "pattern")
