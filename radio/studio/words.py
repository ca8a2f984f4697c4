"""The studio's words for codes: where things stand, what is lacking, what was wrong with a field."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext, ngettext

from radio.catalogue.terms import UnknownTermError, vocabulary
from radio.editorial.rules import Lack
from radio.studio.gate_words import gate_fault
from radio.studio.queries import Piece
from radio.studio.rules import Standing
from radio.web.locale import to_the_second
from radio.web.refusals import refusal

__all__ = ["gate_fault"]


def _(words: str, **facts: object) -> str:
    return str(gettext(words, **facts))


def state(piece: Piece) -> tuple[str, str]:
    """Where an episode stands: words, and the shape beside them (empty: open; done, stop or live)."""
    words = {
        Standing.NO_RECORDING: (_("Needs a recording"), ""),
        Standing.UPLOADING: (_("Upload not finished"), ""),
        Standing.WORKING: (_("We are making the sound ready"), "live"),
        Standing.TROUBLED: (_("Waiting to try the sound again"), "live"),
        Standing.BROKEN: (_("The sound could not be made ready"), "stop"),
        Standing.REFUSED: (_("The recording cannot be used"), "stop"),
        Standing.LACKING: (
            ngettext("%(num)s thing to add", "%(num)s things to add", len(piece.lacks)), "",
        ),
        Standing.COMPLETE: (_("Ready to hand in"), "done"),
        Standing.WAITING: (_("Waiting for a steward"), ""),
        Standing.PUBLISHED: (_("Published"), "done"),
        Standing.EXPIRED: (_("Run out"), "stop"),
        Standing.WITHDRAWN: (_("Taken back"), "stop"),
    }  # fmt: skip
    if piece.faults and piece.standing is Standing.PUBLISHED:
        return _("Published, but kept out of podcast apps"), "stop"
    return words[piece.standing]


def refused(piece: Piece) -> str:
    """What is the matter with a recording that cannot be used, in one sentence; empty when it can."""
    code = piece.newest.refusal if piece.standing is Standing.REFUSED and piece.newest else None
    return refusal(code)[0] if code else ""


def step(piece: Piece) -> str:
    """What is being done with the sound now, in a few words."""
    if piece.standing is Standing.TROUBLED:
        failure = piece.job.failure if piece.job and piece.job.failure else ""
        if "StoreUnavailable" in failure or "Storage" in failure:
            return _("The store cannot be reached. Your recording is safe. We try again by ourselves.")
        if "disk-full" in failure or "No space" in failure:
            return _("The station's disk is full. Your recording is safe. We try again by ourselves.")
        return _("Something broke on our side. Your recording is safe. We try again by ourselves.")
    if not piece.works:
        return _(
            "Nobody is working at the moment: no worker of this station is alive. Your recording is safe, and it goes on by itself as soon as one is."
        )
    known = {
        "": _("Waiting for its turn"),
        "fetching": _("Fetching the recording"),
        "encoding": _("Listening to it and making it ready for air"),
        "storing": _("Putting it away"),
    }
    return known.get(piece.job.step if piece.job else "", _("Working on it"))


def lack(code: Lack) -> tuple[str, str]:
    """What is missing, in words, and the id of the field that gives it."""
    known = {
        Lack.RECORDING: (_("Add a recording"), "recording"),
        Lack.RECORDING_REFUSED: (_("Add another recording. The last one cannot be used"), "recording"),
        Lack.RECORDING_WORKING: (_("Wait until the sound is ready. We are working on it"), "recording"),
        Lack.TITLE: (_("Give it a title"), "title"),
        Lack.KIND: (_("Say what kind it is"), "kind"),
        Lack.SUMMARY: (_("Write a short summary"), "summary"),
        Lack.TAGS: (_("Choose fewer tags, or other ones"), "tags"),
        Lack.CONTENT_NOTES: (_("Say what a listener may want to know first, or that there is nothing"), "content_notes"),
    }
    return known[code]


def fault(field: str, code: str) -> str:
    """What is wrong with a field, as a sentence that says what to do."""
    special = {
        ("title", "required"): _("Give it a title."),
        ("title", "too-long"): _("Make the title shorter: at most 150 letters."),
        ("summary", "too-long"): _("Make the summary shorter: at most 4,000 letters."),
        ("notes", "too-long"): _("Make the notes shorter: at most 20,000 letters."),
        ("description", "too-long"): _("Say what it is in at most 4,000 letters."),
        ("author", "too-long"): _("Make the name of who makes it shorter: at most 150 letters."),
        ("funding_words", "too-long"): _("Make what apps write on the button shorter: at most 128 letters."),
        ("kind", "unknown"): _("Choose one of the kinds."),
        ("language", "unknown"): _("Write the language as a code, such as en-GB, cy or pl."),
        ("transcript_language", "unknown"): _("Write the language of the transcript as a code, such as en-GB, cy or pl."),
        ("season_number", "not-a-number"): _("Write the season as a number from 1 to 99,999, or leave it empty."),
        ("episode_number", "not-a-number"): _("Write the number of the episode as a number from 1 to 99,999, or leave it empty."),
        ("tags", "too-many"): _("Choose fewer tags: the lists say how many."),
        ("intensity", "unknown"): _("Choose how strong the feeling in it is."),
        ("detail", "unknown"): _("Choose how much is said of using."),
        ("release", "unknown"): _("Choose what it is in its show: an episode, a trailer or something extra."),
        ("content_notes", "half-a-span"): _("Give each note a start and an end, or neither."),
        ("content_notes", "backward-span"): _("Let each note end after it starts."),
        ("content_notes", "not-a-time"): _("Write times as minutes and seconds, such as 2:10."),
        ("content_notes", "none-chosen"): _("Choose what listeners may want to know, or say that there is nothing."),
        ("scopes", "unknown"): _("Choose from the places in the list."),
        ("voices", "too-long"): _("Name at most twelve voices, one a line, each no longer than 80 letters."),
        ("expires_at", "not-a-date"): _("Write the last day as a date, such as 2027-03-31, or leave it empty."),
        ("expires_at", "over"): _("The last day is over already. Choose a later one, or leave it empty."),
        ("chapters", "not-a-time"): _(
            "Write each chapter on a line of its own: when it begins, then its title, such as 2:10 How it began."
        ),
        ("chapters", "backwards"): _("Let the chapters follow each other in time."),
        ("chapters", "too-long"): _("Make the chapters fewer or shorter: at most 200, each title at most 128 letters."),
        ("soundbites", "not-a-time"): _(
            "Write each part on a line of its own: from, to and title, such as 2:10 - 2:50 The lamp."
        ),
        ("soundbites", "not-a-length"): _("Let each part that may stand alone be 15 seconds to two minutes long."),
        ("soundbites", "too-long"): _("Let at most ten parts stand alone, each title at most 128 letters."),
        ("transcript", "empty"): _("Choose a file with words in it."),
        ("transcript", "too-big"): _("This file is larger than any transcript. Send one of plain words."),
        ("transcript", "not-text"): _("This is not a text that we can read. Save it as WebVTT, SubRip or plain text."),
        ("transcript", "no-words"): _("There are times in this file but no words."),
        ("transcript", "backwards"): _(
            "A time in this file cannot be: it ends before it begins, or has more than 59 minutes or seconds."
        ),
        ("license", "unknown"): _("Write the short name of the licence in small letters, such as cc-by-nc-4.0."),
        ("license_url", "not-an-address"): _(
            "Write where the licence can be read as a whole web address, such as https://example.org/licence."
        ),
        ("funding_url", "not-an-address"): _(
            "Write where people can give money as a whole web address, such as https://example.org/give."
        ),
        ("country", "unknown"): _("Write the country as two letters, such as GB."),
        ("seasons", "unknown"): _("Write each season on a line of its own: its number, then its name of at most 128 letters."),
        ("hosts", "too-long"): _("Name at most twelve people who are usually heard, each name no longer than 80 letters."),
        ("podroll", "unknown"): _(
            "Begin each show that you recommend with its podcast GUID, such as 917393e3-1b1e-5cef-ace4-edaa54e1f810."
        ),
        ("verifications", "unknown"): _("Write each proof on a line of its own: its purpose, then the words of the directory."),
        ("recording", "empty"): _("The file is empty. Make sure that the recording was saved, then send it again."),
        ("recording", "too-big"): _("The file is larger than this station takes. Export it as MP3 or M4A."),
        ("recording", "required"): _("Choose a file first."),
        ("artwork", "required"): _("Choose a picture first."),
        ("artwork", "not-a-picture"): _("This is not a picture that we can read. Send a JPEG or PNG."),
        ("artwork", "too-small"): _("The picture is too small. Podcast apps want at least 1400 by 1400 points."),
        ("artwork", "too-big"): _("The picture is too large to open safely. Send a smaller one."),
        ("show", "required"): _("Choose a show."),
    }
    general = {
        "required": _("Please fill this in."),
        "too-long": _("Make this shorter."),
        "unknown": _("Choose one from the list."),
    }
    return special.get((field, code)) or general.get(code) or _("Please look at this again.")


def changed_meanwhile() -> str:
    """What is said when a form is older than what it describes."""
    return _(
        "Somebody else changed this while you were typing, or you did on another page. What you typed is still here: saving again keeps yours."
    )


def refused_move(code: str) -> str:
    """Why a move was not made."""
    known = {
        "not-now": _("It is not in a state for that any more. Somebody else may have decided in the meantime."),
        "changed-meanwhile": _("It was changed while you looked at it. Please look again, then decide."),
        "missing": _("Something is still missing. The list below says what."),
        "not-a-draft": _("Its recording can only be changed while it is a draft."),
        "upload-over": _("This upload was given up. Please choose the file again."),
    }
    return known.get(code, _("That is not possible now."))


def tag(name: str, code: str) -> str:
    """A tag's label; its code when the vocabulary has lost it."""
    try:
        return vocabulary().term(name, code).label
    except UnknownTermError:
        return code


def content_note(note: Mapping[str, object]) -> str:
    """One content note with its span."""
    label, start, end = tag("note", str(note["code"])), note.get("from_ms"), note.get("to_ms")
    if not isinstance(start, int) or not isinstance(end, int):
        return label
    return _("%(note)s, from %(start)s to %(end)s", note=label, start=to_the_second(start), end=to_the_second(end))
