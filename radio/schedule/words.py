"""The schedule's words for codes: why something airs, what is wrong with a slot, when it happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from babel.lists import format_list
from flask_babel import format_date, get_locale, gettext, ngettext

from radio.core.time import from_unix_ms
from radio.schedule.airings import Airing
from radio.schedule.drafts import Finding
from radio.schedule.models import Slot
from radio.schedule.repeats import DAYS, LAST, Repeat, days_of, nth_of, parts_of, repeat_of, until_of
from radio.schedule.weekgrid import ClockChange
from radio.station import station
from radio.web.locale import said_length, to_the_second

_: Callable[..., str] = gettext
_NEAR = timedelta(days=300)
"""Within it a day and its month name one year only."""


def why(airing: Airing) -> str:
    """Why this one airs, for a producer."""
    reason = airing.why
    codes = {
        "episode": _("This slot asks for it."),
        "latest": _("The newest of its show that no slot has aired."),
        "next": _("The next of its show in order."),
        "rotation": _("Chosen from what this slot asks for."),
        "evergreen": _("Chosen from everything: nothing that this slot asks for was free."),
        "open": _("Chosen from everything that may be heard now."),
        "ident": _("The station says its name."),
        "short": _("Something short now and then."),
        "support": _("In quiet hours somebody says regularly where help is."),
        "support-before": _("The support message before what follows."),
        "support-after": _("The support message after what was heard."),
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
    relaxed = reason.get("relaxed")
    if isinstance(relaxed, dict):
        said += _gave_way({str(rule): int(kept) for rule, kept in relaxed.items()})
    if reason.get("heavy"):
        asked = reason.get("code") in {"alert", "episode", "latest", "next", "swapped"}
        said.append(
            _("After another heavy one: it is asked for.") if asked else _("After another heavy one: nothing lighter was there.")
        )
    return said


def _gave_way(relaxed: Mapping[str, int]) -> list[str]:
    """Which rests were not kept, and how much of them was."""
    before = {rule: _before(minutes) for rule, minutes in relaxed.items()}
    said = {
        "episode": _("This one was heard %(before)s: nothing else had rested longer.", before=before.get("episode")),
        "voice": _("The same voice was heard %(before)s.", before=before.get("voice")),
        "show": _("The same show was heard %(before)s.", before=before.get("show")),
    }
    return [said[rule] for rule in ("episode", "voice", "show") if rule in relaxed]


def _before(minutes: int) -> str:
    """How long before: exact below two hours, from there on at least so many."""
    if not minutes:
        return _("just before")
    if minutes >= 120:
        return _("at least %(hours)s hours before", hours=minutes // 60)
    said: str = ngettext("a minute before", "%(num)s minutes before", minutes)
    return said


def fault(name: str, code: str) -> str:
    """What is wrong with a field, as a sentence."""
    known = {
        ("title", "required"): _("Give the slot a name."),
        ("title", "too-long"): _("Give the slot a shorter name: at most 150 letters."),
        ("length_minutes", "not-a-length"): _("Say a length from 1 minute to 24 hours."),
        ("length_minutes", "not-a-number"): _("Say the length in minutes, as a number."),
        ("tolerance_minutes", "not-a-number"): _("Say how many minutes late it may start as a number, or 0."),
        ("tolerance_minutes", "not-a-length"): _("Let it start at most 60 minutes late."),
        ("date", "not-a-date"): _("Choose the first day."),
        ("time", "not-a-time"): _("Say a time, such as 20:00."),
        ("show_id", "required"): _("Choose a show."),
        ("show_id", "unknown"): _("This show is not there any more. Choose another."),
        ("episode_id", "required"): _("Choose an episode."),
        ("until", "not-a-date"): _("Choose the last day, or leave it empty."),
        ("until", "before-the-first"): _("The last day is before the first."),
        ("priority", "not-a-number"): _("Choose who has the time."),
        ("repeat", "unknown"): _("Choose how often it happens."),
        ("repeat", "not-a-rule"): _("Choose how often it happens."),
        ("priority", "unknown"): _("Choose who has the time."),
        ("under_run", "unknown"): _("Choose what follows when it ends early."),
        ("over_run", "unknown"): _("Choose what happens when it is too long."),
        ("rung", "required"): _("Choose what fills it."),
        ("date", "too-far"): _("Choose a day within a week of the usual one."),
        ("episode_id", "unknown"): _("This episode is not there any more. Choose another."),
    }
    return known.get((name, code), _("This cannot be taken as it is."))


def verdict(code: str) -> str:
    """What came of compiling a revision again."""
    return {
        "same": _("the same again"),
        "different": _("different"),
        "by-a-person": _("put there by a person, not compiled"),
        "gone": _("what it was made of is not kept any more"),
        "other-release": _("another release made it"),
        "other-seed": _("the station's seed is another one"),
    }.get(code, code)


def day_names() -> dict[str, str]:
    """The days of the week by their codes."""
    words = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    return dict(zip(DAYS, words, strict=True))


def happens(slot: Slot) -> str:
    """When it happens, in a few words."""
    start, repeat = datetime.fromisoformat(slot.first_start), repeat_of(slot.rrule)
    at, days, until = f"{start:%H:%M}", days_of(slot.rrule), until_of(slot.rrule)
    names = listed(day_names()[day] for day in days)
    if repeat is Repeat.MONTHLY_DATE:
        said = _("every month on the %(day)s at %(time)s", day=parts_of(slot.rrule)["BYMONTHDAY"], time=at)
    elif repeat in {Repeat.MONTHLY_WEEKDAY, Repeat.MONTHLY_LAST}:
        weekday = day_names()[parts_of(slot.rrule)["BYDAY"][-2:]]
        said = _(
            "%(which)s %(weekday)s of the month at %(time)s", which=which_of_month(nth_of(slot.rrule)), weekday=weekday, time=at
        )
    elif repeat is Repeat.FORTNIGHTLY:
        said = _("every other week, %(days)s at %(time)s", days=names, time=at)
    elif repeat is Repeat.WEEKLY:
        said = _("every day at %(time)s", time=at) if len(days) == 7 else _("%(days)s at %(time)s", days=names, time=at)
    elif repeat is Repeat.ONCE:
        said = _("once, %(day)s at %(time)s", day=day(start), time=at)
    else:
        said = _("by a rule of its own (%(rule)s) at %(time)s", rule=slot.rrule, time=at)
    return _("%(happens)s, until %(day)s", happens=said, day=day(until)) if until else said


def which_of_month(nth: int) -> str:
    """The first, the second … of a month."""
    return {1: _("the first"), 2: _("the second"), 3: _("the third"), 4: _("the fourth"), LAST: _("the last")}[nth]


def day(of: date) -> str:
    """A day in short, as the language writes it: "Fri 20 Nov"; one that is far away with its year."""
    midnight = datetime.combine(of, time())
    today = station().now().astimezone(station().settings.tz).date()
    return str(format_date(midnight, "EEE d MMM" if abs(midnight.date() - today) < _NEAR else "EEE d MMM y", rebase=False))


def weekday(of: date) -> str:
    """The name of its day of the week."""
    return day_names()[DAYS[of.weekday()]]


def moment(unix_ms: int) -> str:
    """A day and a time on the station's wall clock."""
    local = from_unix_ms(unix_ms).astimezone(station().settings.tz)
    return _("%(day)s at %(time)s", day=day(local), time=f"{local:%H:%M}")


def filled_by(fill: Mapping[str, object], shows: Mapping[str, str], terms: Mapping[str, str], episodes: Mapping[str, str]) -> str:
    """What fills a slot, in a few words. The mappings give titles by id, and labels by `list:code`."""
    rung, show = fill.get("rung"), shows.get(str(fill.get("show_id")), _("a show that is gone"))
    if rung == "latest":
        return _("the newest of %(show)s", show=show)
    if rung == "next":
        return _("%(show)s, one after the other", show=show)
    if rung == "episode":
        return episodes.get(str(fill.get("episode_id")), _("one episode"))
    named = (
        [terms.get(f"kind:{kind}", str(kind)) for kind in _all(fill, "kinds")],
        [shows.get(str(show_id), _("a show that is gone")) for show_id in _all(fill, "show_ids")],
        [terms.get(f"{tag[0]}:{tag[1]}", str(tag[1])) for tag in _all(fill, "tags")],
    )
    wanted = "; ".join(listed(words) for words in named if words)
    return _("chosen from: %(wanted)s", wanted=wanted) if wanted else _("chosen from everything")


def _all(fill: Mapping[str, object], name: str) -> list[Any]:
    found = fill.get(name)
    return found if isinstance(found, list) else []


def listed(words: Iterable[str]) -> str:
    """Words as a list of the language: "one, two and three"."""
    return format_list(list(words), locale=get_locale())


def finding(found: Finding, titles: Mapping[str, str]) -> str:
    """What a draft of a slot would meet. `titles`: slot → its title."""
    facts = found.facts
    if found.code == "meets":
        return _meets(found, titles)
    when = moment(int(str(facts["start_ms"]))) if "start_ms" in facts else ""
    known: dict[str, Callable[[], str]] = {
        "past": lambda: _("This is over. Changed only for this day, it changes nothing that is heard."),
        "never": lambda: _("It does not happen in the next eight weeks."),
        "nothing-there": lambda: _(
            "Nothing of what it asks for may be heard: it is not there yet, has run out, or its people have not agreed to the air. The station chooses from everything."
        ),
        "no-support": lambda: _("It needs a support message before and after it, and there is none. It would not be heard."),
        "too-long": lambda: _too_long(facts),
        "some-too-long": lambda: ngettext(
            "%(num)s of %(all)s is longer than the slot (%(room)s) and is passed over.",
            "%(num)s of %(all)s are longer than the slot (%(room)s) and are passed over.",
            int(str(facts["too_long"])), all=facts["n"], room=_length(facts, "room_ms"),
        ),
        "runs-on": lambda: _("The longest runs on for %(length)s. What follows begins late.", length=_length(facts, "late_ms")),
        "not-at-night": lambda: _("%(when)s is a quiet hour: what it asks for may not be heard then, or not to its end.", when=when),
        "not-at-that-hour": lambda: _("On %(when)s the rules of the air do not allow it.", when=when),
        "runs-out": lambda: _("Its time runs out before it would end on %(when)s.", when=when),
        "not-yet-public": lambda: _("On %(when)s it is not public yet.", when=when),
        "few": lambda: ngettext(
            "Only one episode fits (%(held)s, for %(room)s each time): it would soon be heard again.",
            "Only %(num)s episodes fit (%(held)s, for %(room)s each time): they would soon be heard again.",
            int(str(facts["n"])), held=_length(facts, "held_ms"), room=_length(facts, "room_ms"),
        ),
        "leaves-time": lambda: _leaves(facts),
        "clocks-change": lambda: _clocks(facts, when),
    }  # fmt: skip
    return known[found.code]() if found.code in known else found.code


def _meets(found: Finding, titles: Mapping[str, str]) -> str:
    facts = found.facts
    named = {
        "title": titles.get(str(facts["slot_id"]), _("another slot")), "when": moment(int(str(facts["start_ms"]))),
        "why": _("it has the higher priority") if facts["by_priority"] else _("it is the shorter one"),
    }  # fmt: skip
    times = int(str(facts["times"]))
    if facts["alike"]:
        said = _("On %(when)s it wants the time of “%(title)s”, and is as long: say which of them has it.", **named)
    elif facts["wins"]:
        said = _("On %(when)s it takes time from “%(title)s”, because %(why)s.", **named)
    elif facts["whole"]:
        said = _("On %(when)s all its time belongs to “%(title)s”: %(why)s.", **named)
    else:
        said = _("On %(when)s some of its time belongs to “%(title)s”: %(why)s.", **named)
    often = ngettext("The same once more in eight weeks.", "The same %(num)s times more in eight weeks.", times - 1)
    return f"{said} {often}" if times > 1 else said


def _length(facts: Mapping[str, object], name: str) -> str:
    return said_length(int(str(facts[name])))


def _too_long(facts: Mapping[str, object]) -> str:
    said = {"length": _length(facts, "shortest_ms"), "room": _length(facts, "room_ms")}
    if facts.get("with_message"):
        exact = {"length": to_the_second(int(str(facts["shortest_ms"]))), "room": to_the_second(int(str(facts["room_ms"])))}
        return _(
            "With the support message after it, it takes %(length)s; the slot has %(room)s. It would not be begun, because nobody’s story is cut.",
            **exact,
        )
    if facts["rung"] == "episode":
        return _(
            "The episode takes %(length)s, the slot has %(room)s. It would not be begun, because nobody’s story is cut.", **said
        )
    return _("The shortest of what it asks for takes %(length)s, the slot has %(room)s. Nothing of it would be begun.", **said)


def _leaves(facts: Mapping[str, object]) -> str:
    what = {"show": _("More of the same show follows."), "bed": _("Calm music follows.")}
    left = _("It leaves %(length)s of the slot.", length=_length(facts, "left_ms"))
    return f"{left} {what.get(str(facts['under_run']), _('The station chooses what follows.'))}"


def _clocks(facts: Mapping[str, object], when: str) -> str:
    said = datetime.fromisoformat(str(facts["occurrence"]))
    return _(
        "The clocks change on %(day)s: that time it starts %(when)s and takes %(length)s.",
        day=day(said), when=when, length=_length(facts, "length_ms"),
    )  # fmt: skip


def clock_change(change: ClockChange) -> str:
    """When the clocks change, and what becomes of what is planned meanwhile."""
    said = {"day": day(change.before), "before": f"{change.before:%H:%M}", "after": f"{change.after:%H:%M}"}
    if change.goes_forward:
        return _(
            "The clocks go forward on %(day)s, from %(before)s to %(after)s. What would begin between begins at %(after)s.",
            **said,
        )
    return _(
        "The clocks go back on %(day)s, from %(before)s to %(after)s. A slot between is heard the first time; the second time the station chooses.",
        **said,
    )
