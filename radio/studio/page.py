"""The page of one episode in the studio: everything about it, and the next step with it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import render_template

from radio.catalogue.models import Episode
from radio.catalogue.queries import all_shows
from radio.catalogue.rules import Move
from radio.catalogue.terms import vocabulary
from radio.db import session
from radio.editorial import rules
from radio.editorial.queries import has_receipt
from radio.station import station
from radio.studio import queries
from radio.studio.forms import EpisodeForm, tag_lists
from radio.web import markdown
from radio.web.current import me


def page_of(
    found: Episode, form: EpisodeForm | None = None, *, faults: Mapping[str, str] | None = None, transcript_language: str = ""
) -> str:
    """With what was typed in the `form` that describes it; None: as it stands. `faults`: those of its other forms, field → sentence."""
    person, now = me(), station().now()
    shown = form or EpisodeForm.of(found, station().settings.tz)
    if form is None:
        shown.text["seen"] = shown.stamp()
    return render_template(
        "studio/episode.html",
        piece=queries.piece(session(), found, now=now),
        episode=found,
        has_receipt=has_receipt(session(), found),
        form=shown,
        faults={**(faults or {}), **shown.sentences()},
        transcript_language=transcript_language or found.language,
        shows=all_shows(session()),
        kinds=vocabulary().lists["kind"].offered,
        intensities=vocabulary().lists["intensity"].offered,
        details=vocabulary().lists["detail"].offered,
        notes=vocabulary().lists["note"].offered,
        scopes=vocabulary().lists["scope"].offered,
        tag_lists=tag_lists(shown.text["kind"]),
        preview=markdown.html(shown.text["notes"]),
        may_describe=rules.may_describe(person, found.state, found.made_by),
        may_record=rules.may_replace_recording(person, found.state, found.made_by),
        may={str(move): rules.may(person, move, found.made_by) for move in Move},
    )
