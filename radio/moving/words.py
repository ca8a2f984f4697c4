"""What happened on the way, in words: what it is, and what a person can do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext, ngettext

from radio.catalogue.terms import vocabulary
from radio.jobs.models import Job
from radio.jobs.rules import JobState
from radio.moving.models import Arrival, ArrivalItem, Parcel
from radio.moving.queries import Standing
from radio.moving.rules import OPEN, ROUNDS, ArrivalState, ItemState
from radio.web.locale import spoken_when
from radio.web.refusals import refusal

_SOON = timedelta(seconds=5)


def _(words: str, **facts: object) -> str:
    return str(gettext(words, **facts))


def problem(code: str, detail: str = "") -> str:
    """Why something does not come, as a sentence or two."""
    if not code:
        return ""
    known = _of_servers(detail) | _of_feeds() | _of_parcels() | _of_ours(detail)
    return known.get(code) or " ".join(refusal(code))


def _of_servers(detail: str) -> dict[str, str]:
    return {
        "not-an-address": _(
            "This is not an address that can be fetched: it must begin with https:// or http://, name a server, and no port that is kept for something else."
        ),
        "private-address": _("The address leads into a private network. The station only asks public servers."),
        "unknown-host": _("No server of this name can be found. Look whether it is typed as it should be."),
        "no-answer": _("The server does not answer."),
        "refuses-us": _("At this address nothing answers: the server refuses the connection."),
        "broken-feed": _("What came is no whole feed. It may be the server’s bad minute, so it is asked once more."),
        "not-secure": _certificate(detail),
        "too-many-redirects": _("The address leads on and on, and never to a file."),
        "stalled": _("The server began and then said nothing any more."),
        "dropped": _("The line broke again and again before all of it was here."),
        "too-slow": _("It came so slowly that it would have taken hours."),
        "too-big": _("The file is larger than this station takes."),
        "packed": _("The server sends the file packed in a way that cannot be read."),
        "status": _status(detail),
        "no-sound": _("The server sends something else than sound (%(kind)s).", kind=detail or "?"),
    }


def _certificate(detail: str) -> str:
    if detail == "handshake":
        return _("The server does not speak https as it should, so nothing was taken from it.")
    why = {
        "expired": _("The server’s certificate has run out"),
        "not-yet": _("The server’s certificate does not hold yet; or a clock is wrong"),
        "self-signed": _("The server has signed its certificate itself, so nobody else answers for it"),
        "other-name": _("The server’s certificate is for another name"),
        "unknown": _("Nobody we know answers for the server’s certificate"),
    }.get(detail, _("The server’s certificate is not in order"))
    return _("%(why)s. Nothing was taken from it: somebody else could be answering in its place.", why=why)


def _status(detail: str) -> str:
    if detail in {"404", "410"}:
        return _("The file is not there any more (the server answers %(status)s).", status=detail)
    if detail in {"401", "403"}:
        return _("The server does not let us have it (it answers %(status)s).", status=detail)
    if detail == "429":
        return _("The server says that it is asked too often (429).")
    return _("The server answers with a fault (%(status)s).", status=detail)


def _of_feeds() -> dict[str, str]:
    return {
        "not-a-feed": _("This is no podcast feed. Look for an address that ends in .xml or .rss, or for the word RSS."),
        "declares-entities": _(
            "The file declares entities of its own. Such files can be made to fill a machine, so it was not read."
        ),
        "locked": _(
            "The feed is locked: it says that it may not be moved. Unlock it at its host. If it is yours and that is not possible, "
            "begin again and say so."
        ),
        "no-enclosure": _("The feed names no sound for it."),
        "guid-twice": _("Another item of the feed has the same id, and apps would take them for one. The first one is brought."),
        "gone-there": _("It is not at the other station any more: a note stands in its place there, and a note is not brought."),
        "guid-elsewhere": _("Another show of this station has an episode with the same id."),
        "guid-too-long": _("Its id is longer than any app would keep."),
    }


def _of_parcels() -> dict[str, str]:
    return {
        "not-a-parcel": _("This is not an archive that a station like this one made."),
        "newer-parcel": _("A newer version of the software made this archive. Update this station first."),
        "damaged-parcel": _("This part of the archive is damaged or was changed."),
        "taken-back-there": _("It was taken back at the other station. It is still here: please decide."),
        "erasing-first": _("The same sound is just being erased here. It is tried again."),
    }


def _of_ours(detail: str) -> dict[str, str]:
    return {
        "taken-back": _("It was taken back here. It does not come again."),
        "broke": _(
            "The station itself failed at it again and again (%(what)s). Whoever runs it finds more in the worker’s log.",
            what=detail or "?",
        ),
        "not-made-ready": _("Its sound could not be made ready, through no fault of its own. Try again."),
        "not-whole": _("It did not come whole."),
        "invalid": _("Something that is said of it cannot be taken (%(what)s).", what=detail),
        "not-released": _("It could not be published: %(what)s. Look at it in the studio.", what=detail),
    }


def note(code: str) -> str:
    """What is not as it was there, in a few words."""
    code, _space, detail = code.partition(" ")
    number, _space, more = detail.partition(" ")
    n = int(number) if number.isascii() and number.isdigit() else 0
    return (_short_notes() | _notes_of_shows(detail) | _notes_of_all(n, more)).get(code, code)


def _notes_of_shows(detail: str) -> dict[str, str]:
    """What a feed says of its show and has no place here."""
    return {
        "author-came": _("It names “%(name)s” as its author, and that becomes public. If that is a person, ask first, or change it in the show’s form.", name=detail),
        "owner-left": _("The owner’s name and e-mail stay behind: no feed of this station carries any."),
        "proofs-left": _("Proofs for directories (%(what)s) were not copied: they prove whose the other host is. The show’s form takes new ones.", what=detail),
        "platforms-left": _("It was kept from some platforms (%(what)s). Here a show is hidden from all directories or from none.", what=detail),
        "moved-on": _("The feed itself says that it lives at %(address)s now. Look whether you want that one.", address=detail),
        "medium-left": _("It calls itself “%(what)s”. Here every show is a podcast.", what=detail),
        "license-left": _("Its licence could not be kept as it stands: %(what)s.", what=detail),
        "funding-left": _("A show here has one address for support; these were left: %(what)s.", what=detail),
        "podroll-left": _("Some shows that it recommends have no id, and were left: %(what)s.", what=detail),
        "places-left": _("Of a place only the country is kept: a town may tell who somebody is."),
        "others-left-of-show": _("These parts of the feed have no place here and stay behind: %(what)s.", what=detail),
        "role-unknown": _("What somebody does in it (“%(what)s”) is none of the known roles.", what=detail),
        "number-changed": _("Its number “%(what)s” is not a whole one above nought and was changed.", what=detail),
    }  # fmt: skip


def _notes_of_all(n: int, more: str) -> dict[str, str]:
    """What is told once of `n` episodes."""
    return {
        "persons-held": ngettext("%(num)s episode names people. No name is public before you say below that this person agrees to it.",
                                 "%(num)s episodes name people. No name is public before you say below that this person agrees to it.", n),
        "persons-linked": ngettext("In %(num)s episode people have pictures or links. They were not taken: nobody was asked for them.",
                                   "In %(num)s episodes people have pictures or links. They were not taken: nobody was asked for them.", n),
        "persons-left": ngettext("In %(num)s episode there are more than twelve people, or a name is too long; the rest was left.",
                                 "In %(num)s episodes there are more than twelve people, or a name is too long; the rest was left.", n),
        "alternates-left": ngettext("%(num)s episode came in several forms of sound. The first was taken; the station makes its own others.",
                                    "%(num)s episodes came in several forms of sound. The first was taken; the station makes its own others.", n),
        "block-left": ngettext("%(num)s episode was hidden from directories. Here that is said of a whole show: decide before you release it.",
                               "%(num)s episodes were hidden from directories. Here that is said of a whole show: decide before you release them.", n),
        "license-own": ngettext("%(num)s episode has a licence of its own that could not be kept as it stands: %(what)s. Look at it before you release it.",
                                "%(num)s episodes have licences of their own that could not be kept as they stand: %(what)s. Look at them before you release them.", n, what=more),
        "display-left": ngettext("%(num)s episode showed its number in words of its own (%(what)s). Here the number itself is shown.",
                                 "%(num)s episodes showed their number in words of their own (%(what)s). Here the numbers themselves are shown.", n, what=more),
        "soundbites-left": ngettext("In %(num)s episode a part that may stand alone is shorter than 15 seconds or longer than two minutes, and was left.",
                                    "In %(num)s episodes a part that may stand alone is shorter than 15 seconds or longer than two minutes, and was left.", n),
        "others-left": ngettext("In %(num)s episode these parts of the feed have no place here and stay behind: %(what)s.",
                                "In %(num)s episodes these parts of the feed have no place here and stay behind: %(what)s.", n, what=more),
    }  # fmt: skip


def _short_notes() -> dict[str, str]:
    return {
        "title-cut": _("The title was cut to 150 letters."),
        "title-missing": _("It had no title."),
        "summary-cut": _("The summary was cut."),
        "summary-missing": _("It had no description; its title stands there."),
        "notes-cut": _("The notes were cut."),
        "author-cut": _("The author’s name was cut."),
        "guid-missing": _("It had no id; it has one now."),
        "date-missing": _("It had no date; it gets that of the release."),
        "date-nonsense": _("Its date could not be read; it gets that of the release."),
        "date-ahead": _("Its date is still to come; it gets that of the release."),
        "length-differs": _("The feed named another length than the file has."),
        "language-unknown": _("The feed names no language; the station’s was taken."),
        "category-unknown": _("Its category is none of Apple’s; please choose one."),
        "feed-mended": _("The feed was broken XML and was mended as well as possible."),
        "too-many-items": _("The feed has more items than can be brought at once."),
        "page-missing": _("A further page of the feed could not be had, so older items may be missing."),
        "transcript-missing": _("A transcript could not be had, or not be read."),
        "chapters-missing": _("Its chapters could not be had, or not be read."),
        "picture-missing": _("Its picture could not be had."),
        "picture-too-small": _("Its picture is smaller than 1400 points. Please give it another."),
        "show-here": _("The show was here already: what is said of it was not changed."),
        "made-anew": _("The other station uses other bitrates, so the sound was encoded anew."),
        "left-apps-there": _(
            "At the other station it had left podcast apps. What comes now stays out of them; if it was here before, please decide."
        ),
        "tags-unknown": _("Some tags are not in our lists."),
        "chapters-linked": _("Its chapters have pictures or links of their own, which have no place here."),
        "transcript-form": _("A transcript has a form that cannot be read here."),
        "words-name": _("Its transcript says by name who speaks. Look at it before you release it."),
    }


def state(arrival: Arrival, stands: Standing, outlook: str = "") -> tuple[str, str]:
    """Where an arrival stands: words, and the shape beside them. `outlook`: it does not go on just now."""
    missing = stands.counts.get(ItemState.MISSING, 0)
    if arrival.state is ArrivalState.OVER:
        if stands.held:
            return ngettext("%(num)s waits for your release", "%(num)s wait for your release", stands.held), ""
        return (_("Done; something is missing"), "stop") if missing else (_("Done"), "done")
    if outlook and arrival.state in OPEN:
        return _("Waiting"), ""
    return {
        ArrivalState.READING: (_("Reading"), "live"),
        ArrivalState.BRINGING: (_("On its way"), "live"),
        ArrivalState.REFUSED: (_("Cannot be taken"), "stop"),
        ArrivalState.STOPPED: (_("Stopped"), "stop"),
    }[arrival.state]


def nobody_works() -> str:
    """Why nothing moves."""
    return _(
        "Nobody is working at the moment: no worker of this station is alive. It goes on by itself as soon as one is. "
        "Whoever runs the station starts “radio up” or “radio worker”."
    )


def outlook(arrival: Arrival, job: Job | None, *, now: datetime, zone: ZoneInfo, works: bool) -> str:
    """When it goes on, for one that waits or was given up; empty: it is being worked on, or over. `works`: a worker lives."""
    if arrival.state not in OPEN or job is None:
        return ""
    if job.state is JobState.FAILED:
        return _("Something broke on our side, again and again. Press “Stop”, then ask for it once more.")
    if not works:
        return nobody_works()
    if job.state is not JobState.QUEUED or job.due_at - now < _SOON:
        return ""
    return _later(
        arrival, job, _("It is tried again by itself at %(time)s.", time=spoken_when(job.due_at.astimezone(zone), "second"))
    )


def _later(arrival: Arrival, job: Job, when: str) -> str:
    if job.failure and not arrival.problem:
        return _("Something broke on our side.") + " " + when
    if arrival.state is ArrivalState.READING and arrival.tries:
        tried = ngettext("Tried once so far", "Tried %(num)s times so far", arrival.tries)
        return _("%(when)s %(tried)s; after %(most)s tries it is given up.", when=when, tried=tried, most=ROUNDS)
    return when


def role(codes: Iterable[str]) -> str:
    """What somebody does."""
    return ", ".join(vocabulary().term("role", code).label for code in codes)


def counts(stands: Standing) -> list[str]:
    """How many of what, in words; what there is none of is left out."""
    found = {state: stands.counts.get(state, 0) for state in ItemState}
    told = (
        (found[ItemState.WHOLE], ngettext("%(num)s here, whole", "%(num)s here, whole", found[ItemState.WHOLE])),
        (found[ItemState.HERE], ngettext("%(num)s was here before", "%(num)s were here before", found[ItemState.HERE])),
        (
            found[ItemState.INGESTING],
            ngettext("%(num)s being made ready", "%(num)s being made ready", found[ItemState.INGESTING]),
        ),
        (found[ItemState.WAITING], ngettext("%(num)s to come", "%(num)s to come", found[ItemState.WAITING])),
        (found[ItemState.MISSING], ngettext("%(num)s missing", "%(num)s missing", found[ItemState.MISSING])),
    )
    return [words for number, words in told if number]


def title(item: ArrivalItem, episode_title: str) -> str:
    """What an item is called."""
    return episode_title or item.title or item.guid or _("Without a title")


def parcel(found: Parcel, *, failed: bool, works: bool) -> tuple[str, str]:
    """Where a parcel stands. `works`: a worker lives."""
    if found.gone == "taken-back":
        return _("Thrown away: something in it was taken back. Make a new one."), "stop"
    if found.gone:
        return _("Thrown away after a week"), "stop"
    if found.ended_at is not None:
        return _("Ready"), "done"
    if failed:
        return _("Could not be made"), "stop"
    return (_("Being written"), "live") if works else (_("Waiting"), "")


def fault(code: str) -> str:
    """What is wrong with a field: a code, with a fact after a colon where there is one."""
    code, _colon, detail = code.partition(":")
    known = {
        "required": _("Please fill this in."),
        "agreed": _("Only release what those who are heard agree to."),
        "scopes": _("Choose where they may be heard."),
        "nothing_to_know": _("Somebody must have listened for what listeners may want to know first."),
        "no-feed": _("There is no feed at this address yet, or it cannot be read."),
        "another-show": _("The feed at this address is of another show: neither its id nor its episodes are the same."),
        "same": _("This is the address it has here."),
        "empty": _("The file is empty."),
        "nothing": _("Give an address or choose a file."),
    }
    return known.get(code) or problem(code, detail)
