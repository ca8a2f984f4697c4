"""The schedule's words for codes: why something airs, what is wrong with a slot, when it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from babel.lists import format_list
from flask_babel import get_locale, gettext

from radio.schedule.airings import Airing
from radio.schedule.forms import DAYS, days_of
from radio.schedule.models import Slot

_: Callable[..., str] = gettext


def why(airing: Airing) -> str:
    """Why this one airs, for a producer."""
    reason = airing.why
    codes = {
        "episode": _("This slot asks for it."),
        "latest": _("The newest of its show that has not been aired."),
        "next": _("The next of its show in order."),
        "rotation": _("Chosen from what this slot asks for."),
        "evergreen": _("Chosen from everything: nothing that this slot asks for was free."),
        "open": _("Chosen from everything that may be heard now."),
        "ident": _("The station says its name every ten minutes."),
        "short": _("Something short every quarter of an hour."),
        "fits-the-gap": _("It fits the time that was left."),
        "fills-the-gap": _("Music for the time that was left. It may be cut."),
        "nothing-lawful": _("Nothing that may be heard then was there."),
        "nothing-planned": _("Nothing was planned for then."),
        "alert": _("An alert, heard again until it ends."),
        "goes-on": _("The rest of what the alert had interrupted."),
        "swapped": _("Somebody put it here instead of another."),
        "stopped": _("Somebody has stopped the station."),
    }
    found = codes.get(str(reason.get("code")), "")
    return " ".join(text for text in (found, *_relaxed(reason)) if text)


def _relaxed(reason: Mapping[str, object]) -> list[str]:
    """How far the wish for rest had to give way."""
    rest, said = reason.get("rest"), []
    if isinstance(rest, list) and len(rest) == 2:
        said.append(_("Heard again after at least %(minutes)s minutes: there was nothing longer unheard.", minutes=rest[0]))
        if rest[1] == -1:
            said.append(_("The same show as the one before."))
    if reason.get("heavy"):
        said.append(_("After another heavy one: nothing lighter was there."))
    return said


def fault(name: str, code: str) -> str:
    """What is wrong with a field, as a sentence."""
    known = {
        ("title", "required"): _("Give the slot a name."),
        ("title", "too-long"): _("Give it a shorter name."),
        ("length_minutes", "not-a-length"): _("Say a length from 1 minute to 24 hours."),
        ("length_minutes", "not-a-number"): _("Say the length in minutes, as a number."),
        ("tolerance_minutes", "not-a-length"): _("It may start up to 60 minutes late."),
        ("date", "not-a-date"): _("Choose the first day."),
        ("time", "not-a-time"): _("Say a time, such as 20:00."),
        ("show_id", "required"): _("Choose a show."),
        ("show_id", "unknown"): _("This show is not there any more. Choose another."),
        ("episode_id", "required"): _("Choose an episode."),
        ("episode_id", "unknown"): _("This episode is not there any more. Choose another."),
    }
    return known.get((name, code), _("This cannot be taken as it is."))


def compile_fault(code: str) -> str:
    """What could not be done as a slot asks."""
    return {
        "too-long": _("What it asks for is longer than the time it has. It is not begun, because nobody's story is cut."),
        "not-lawful-then": _("What it asks for may not be heard at that hour, or runs out."),
        "nothing-to-air": _("Nothing of what it asks for is there yet."),
        "nothing-lawful": _("Nothing that may be heard then is there. The emergency loop plays."),
    }.get(code, code)


def day_names() -> dict[str, str]:
    """The days of the week by their codes."""
    words = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    return dict(zip(DAYS, words, strict=True))


def happens(slot: Slot) -> str:
    """When it happens, in a few words."""
    at, days = slot.first_start[11:16], days_of(slot.rrule)
    if not slot.rrule:
        return _("once, %(day)s at %(time)s", day=slot.first_start[:10], time=at)
    if len(days) == 7:
        return _("every day at %(time)s", time=at)
    return _("%(days)s at %(time)s", days=_listed(day_names()[day] for day in days), time=at)


def fills(slot: Slot, shows: Mapping[str, str], kinds: Mapping[str, str], episodes: Mapping[str, str]) -> str:
    """What fills it, in a few words. The mappings give titles and labels by id."""
    fill = slot.fill
    rung, show = fill.get("rung"), shows.get(str(fill.get("show_id")), _("a show that is gone"))
    if rung == "latest":
        return _("the newest of %(show)s", show=show)
    if rung == "next":
        return _("%(show)s, one after the other", show=show)
    if rung == "episode":
        return episodes.get(str(fill.get("episode_id")), _("one episode"))
    wanted = fill.get("kinds")
    if isinstance(wanted, list) and wanted:
        return _("chosen from: %(kinds)s", kinds=_listed(kinds.get(str(kind), str(kind)) for kind in wanted))
    return _("chosen from everything")


def _listed(words: Iterable[str]) -> str:
    return format_list(list(words), locale=get_locale())
