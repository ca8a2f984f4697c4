"""The words of the desk on air: what was done, what could not be, what became of an airing."""

from __future__ import annotations

from collections.abc import Callable

from flask_babel import gettext

_: Callable[..., str] = gettext


def done(what: str) -> str:
    """What was just decided."""
    return {
        "stop": _("Stopped. Within half a minute listeners hear the emergency loop, until somebody resumes."),
        "resume": _("Resumed. The programme comes back within half a minute."),
        "swap": _("Swapped. What you see below is what will be heard."),
        "alert": _("The alert is on its way: it is heard within a minute where it may be heard now, and again until it ends."),
        "cancel": _("The alert is over: off the site now, off the air within a minute."),
    }[what]


def refused(code: str) -> str:
    """Why it was not done."""
    return {
        "already-stopped": _("Somebody has stopped the station already."),
        "not-stopped": _("The station is not stopped."),
        "stopped": _("The station is stopped. Resume first."),
        "too-late": _("That is over, or nearly over. Nothing was changed."),
        "changed-meanwhile": _("Something else has been put there meanwhile. Look again, then decide."),
        "does-not-fit": _("What you chose is too long for that place. Choose something shorter."),
        "already-over": _("That alert is over already."),
        "no-support": _(
            "What it warns of needs a support message before and after it, and none is published that tells it. Publish one, then relay the alert."
        ),
    }.get(code, _("That cannot be done now. Nothing was changed."))


def fault(name: str, code: str) -> str:
    """What is wrong with a field, as a sentence."""
    known = {
        ("issuer", "required"): _("Say who warns: a named office. We relay, we do not warn by ourselves."),
        ("issuer", "too-long"): _("Say who warns in at most 150 letters."),
        ("link", "not-an-address"): _("Give the address where they say it, such as https://…, at most 500 signs long."),
        ("area", "required"): _("Say for which area it is."),
        ("area", "too-long"): _("Say the area in at most 150 letters."),
        ("grade", "unknown"): _("Choose how grave it is."),
        ("until", "not-a-date"): _("Choose the last day."),
        ("until", "over"): _("That last day is over. Choose a later one."),
        ("until", "too-far"): _("Let the last day be at most 28 days ahead. Renew it then, if the issuer does."),
        ("every_minutes", "not-an-interval"): _("Let it be heard again after 10 to 240 minutes: write a number."),
        ("episode_id", "not-an-alert"): _("Choose the spoken alert: a published episode of that kind."),
        ("episode_id", "not-for-the-air"): _("That episode may not be put on the air. Choose another."),
        ("episode_id", "not-lawful-then"): _("That may not be heard at that hour. Choose another."),
    }
    return known.get((name, code), _("This cannot be taken as it is."))


def grade(code: str) -> str:
    """How grave an alert is."""
    return {"act-now": _("Act now"), "take-care": _("Take care"), "know": _("Good to know")}.get(code, code)


def outcome(code: str) -> str:
    """What became of an airing."""
    return {
        "aired": _("Aired"),
        "on-air": _("On air now"),
        "cut": _("Cut"),
        "interrupted": _("Interrupted, then went on"),
        "loop": _("Emergency loop"),
        "partly-loop": _("Partly the emergency loop"),
        "partly-sent": _("Sent in part"),
        "not-sent": _("Not sent"),
    }[code]


def because(code: str) -> str:
    """Why it was cut, or why the loop played."""
    return {
        "": "",
        "withdrawn": _("Somebody took it back."),
        "stopped": _("Somebody stopped the station."),
        "resumed": _("Somebody resumed the programme."),
        "swapped": _("Somebody put something else there."),
        "alert": _("An alert came in between."),
        "alert-over": _("The alert was ended."),
        "store": _("The store was away for a while."),
        "nobody": _("The station was not running. Players may have gone on with its copy in the store."),
        "nothing-planned": _("Nothing was planned for then."),
        "nothing-lawful": _("Nothing that may be heard then was there."),
    }.get(code, _("The rundown was changed."))
