"""Words for what is amiss in the days ahead: what cannot be done, and what is missing for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask_babel import gettext, ngettext

from radio.schedule.words import listed

_: Callable[..., str] = gettext


def compile_fault(code: str) -> str:
    """What could not be done as a slot asks."""
    return {
        "too-long": _("What it asks for is longer than the time it has. It is not begun, because nobody's story is cut."),
        "not-lawful-then": _("What it asks for may not be heard at that hour, or runs out."),
        "nothing-to-air": _(
            "Nothing of what it asks for may be heard: it is not there yet, has run out, or its people have not agreed to the air."
        ),
        "nothing-lawful": _("Nothing that may be heard then is there. The emergency loop plays."),
        "nothing-planned": _("Nothing is planned for then. The emergency loop plays."),
        "too-long-at-night": _("It is longer than may lie between two support messages in a quiet hour. It is not begun."),
        "heard-just-before": _("What it asks for was heard just before it. It begins a little later, or not at all."),
        "no-support": _("Episodes need a support message before and after them, and there is none. They are not heard."),
        "no-support-at-night": _("There is no support message for the night. Publish a short one, tagged as support."),
    }.get(code, code)


def missing(facts: Mapping[str, object]) -> str:
    """What is missing, in a sentence; empty: nothing more can be said."""
    if "kept_out" in facts:
        return _kept_out(facts)
    if "lawful" in facts:
        when = _("in a quiet hour") if facts.get("quiet") else _("at that hour")
        return _(
            "Of %(all)s programmes %(lawful)s may be heard %(when)s.",
            all=facts.get("programmes"),
            lawful=facts["lawful"],
            when=when,
        )
    if "supports" in facts:
        names = {"helpline": _("where to talk to somebody"), "overdose": _("what to do in an overdose")}
        told = facts["supports"]
        wanted = listed(names.get(str(one), str(one)) for one in told) if isinstance(told, list) else ""
        return _("Missing is a message that says %(what)s.", what=wanted)
    if "room" in facts:
        if facts.get("with_messages"):
            return _(
                "With its support messages it takes %(minutes)s minutes; there are %(room)s.",
                minutes=facts["with_messages"],
                room=facts["room"],
            )
        return _("It takes %(minutes)s minutes; there are %(room)s.", minutes=facts["minutes"], room=facts["room"])
    return ""


def _kept_out(facts: Mapping[str, object]) -> str:
    """How many programmes each rule keeps out, and that no music fills the time."""
    n, by_rule = int(str(facts["programmes"])), facts["kept_out"]
    told = by_rule if isinstance(by_rule, dict) else {}
    outside = {rule: facts[rule] for rule in ("not-yet-out", "not-for-the-air") if facts.get(rule)}
    why = listed(_keeps_out(rule, int(str(count))) for rule, count in told.items())
    programmes = (
        ngettext("The only programme cannot be heard then: %(why)s.", "None of %(num)s programmes can be heard then: %(why)s.", n, why=why)
        if n else _("There is no programme.")
    )  # fmt: skip
    more = listed(_keeps_out(rule, int(str(count))) for rule, count in outside.items())
    music = _("The music may not be heard then either.") if facts.get("music") else _("There is no music for the time either.")
    return " ".join(text for text in (programmes, _("Besides: %(more)s.", more=more) if more else "", music) if text)


def _keeps_out(rule: str, n: int) -> str:
    """Which rule keeps so many out."""
    said: dict[str, str] = {
        "not-yet": ngettext("%(num)s is not public yet", "%(num)s are not public yet", n),
        "runs-out": ngettext("%(num)s runs out before it would end", "%(num)s run out before they would end", n),
        "quiet": ngettext("%(num)s is not for the night and quiet hours", "%(num)s are not for the night and quiet hours", n),
        "hours": ngettext("%(num)s is kept out by the station’s rules for that hour", "%(num)s are kept out by the station’s rules for that hour", n),
        "swapped": ngettext("%(num)s was swapped away", "%(num)s were swapped away", n),
        "no-support": ngettext("%(num)s needs a support message that is not there", "%(num)s need a support message that is not there", n),
        "rests": ngettext("%(num)s was heard just before", "%(num)s were heard just before", n),
        "too-long": ngettext("%(num)s does not fit the time that is left", "%(num)s do not fit the time that is left", n),
        "not-yet-out": ngettext("%(num)s episode waits for its day", "%(num)s episodes wait for their day", n),
        "not-for-the-air": ngettext("%(num)s episode has no agreement for the air", "%(num)s episodes have no agreement for the air", n),
    }  # fmt: skip
    return said[rule]
