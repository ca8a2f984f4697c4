"""The station's rules in words: what holds, what a version changed, what is wrong with what was typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from flask_babel import gettext, ngettext

from radio.schedule.policy import Hours, StationRules
from radio.schedule.words import day_names, listed

_: Callable[..., str] = gettext
Labels = Mapping[str, Mapping[str, str]]


def said(rules: StationRules, labels: Labels) -> list[tuple[str, str]]:
    """The rules as pairs of a name and what it says."""
    return [(name(code), text) for code, text in _texts(rules, labels).items()]


def changed(before: StationRules, after: StationRules, labels: Labels) -> list[tuple[str, str, str]]:
    """What is different: name, before, after."""
    old, new = _texts(before, labels), _texts(after, labels)
    return [(name(code), old[code], new[code]) for code in new if old[code] != new[code]]


def name(code: str) -> str:
    """What a rule is called."""
    return {
        "episode_rest": _("The same episode rests"),
        "voice_rest": _("The same voice rests"),
        "show_rest": _("The same show rests"),
        "light": _("After something heavy"),
        "ident": _("The station says its name"),
        "short": _("Something short"),
        "night": _("A support message at night"),
        "around": _("A support message before and after"),
        "quiet": _("Quiet times"),
        "hours": _("Not at some hours"),
        "weights": _("Chosen more or less often"),
    }[code]


def support(code: str) -> str:
    """What a support message tells."""
    return {"helpline": _("where to talk to somebody now"), "overdose": _("what to do when somebody does not wake")}.get(
        code, code
    )


def _texts(rules: StationRules, labels: Labels) -> dict[str, str]:
    around = [f"{_label(labels, 'note', note)}: {support(code)}" for note, code in rules.support_around]
    hours = [_hour_rule(one.hours, one.kinds, one.notes, labels) for one in rules.hour_rules]
    weights = [f"{_label(labels, one.list_, one.code)} × {one.weight:g}" for one in rules.weights]
    return {
        "episode_rest": _length(rules.episode_rest_minutes),
        "voice_rest": _length(rules.voice_rest_minutes),
        "show_rest": _length(rules.show_rest_minutes),
        "light": _("something light, while anything light may be heard") if rules.light_after_heavy else _("anything"),
        "ident": _every(rules.ident_every_minutes),
        "short": _every(rules.short_every_minutes),
        "night": _every(rules.support_at_night_minutes),
        "around": "; ".join(around),
        "quiet": "; ".join(_span(one) for one in rules.quiet_times) or _("the night only (22:00 to 07:00)"),
        "hours": "; ".join(hours) or _("no rule besides the night"),
        "weights": "; ".join(weights) or _("everything alike"),
    }


def _label(labels: Labels, list_: str, code: str) -> str:
    return labels.get(list_, {}).get(code, code)


def _length(minutes: int) -> str:
    if minutes % 60 == 0 and minutes:
        return str(ngettext("%(num)s hour", "%(num)s hours", minutes // 60))
    return str(ngettext("%(num)s minute", "%(num)s minutes", minutes))


def _every(minutes: int) -> str:
    return str(ngettext("every minute", "every %(num)s minutes", minutes))


def _span(hours: Hours) -> str:
    days = listed(day_names()[day] for day in hours.days)
    if days:
        return _("%(begins)s to %(ends)s on %(days)s", begins=hours.begins, ends=hours.ends, days=days)
    return _("%(begins)s to %(ends)s every day", begins=hours.begins, ends=hours.ends)


def _hour_rule(hours: Hours, kinds: Sequence[str], notes: Sequence[str], labels: Labels) -> str:
    what = listed([*(_label(labels, "kind", code) for code in kinds), *(_label(labels, "note", code) for code in notes)])
    return _("%(hours)s: no %(what)s", hours=_span(hours), what=what)


def fault(name_: str, code: str) -> str:
    """What is wrong with a field, as a sentence."""
    known = {
        ("why", "required"): _("Say why: whoever reads this in a year wants to know."),
        ("episode_rest_hours", "not-a-number"): _("Say the rest of the same episode in hours, as a number."),
        ("voice_rest_hours", "not-a-number"): _("Say the rest of the same voice in hours, as a number."),
        ("show_rest_hours", "not-a-number"): _("Say the rest of the same show in hours, as a number."),
        ("ident_every_minutes", "not-a-number"): _("Say how often the station’s name is heard in minutes, as a number."),
        ("short_every_minutes", "not-a-number"): _("Say how often something short is heard in minutes, as a number."),
        ("support_at_night_minutes", "not-a-number"): _("Say how often support is heard at night in minutes, as a number."),
        ("quiet_times", "not-a-time"): _("Say when each quiet time begins and ends, such as 15:00 and 19:00."),
        ("hour_rules", "not-a-time"): _("Say from when until when something is not heard, such as 15:00 and 19:00."),
        ("why", "too-long"): _("Say why in at most 500 letters."),
        ("version", "changed-meanwhile"): _(
            "Somebody else has changed the rules meanwhile. Look at what holds now, and save again."
        ),
        ("episode_rest_hours", "not-a-length"): _("Let the same episode rest from 1 hour to 168 hours (a week)."),
        ("voice_rest_hours", "not-a-length"): _("Let the same voice rest from 0 to 24 hours."),
        ("show_rest_hours", "not-a-length"): _("Let the same show rest from 0 to 12 hours."),
        ("ident_every_minutes", "not-a-length"): _("Let the station’s name be heard every 5 to 60 minutes."),
        ("short_every_minutes", "not-a-length"): _("Let something short be heard every 5 to 120 minutes."),
        ("support_at_night_minutes", "not-a-length"): _(
            "Let a support message be heard every 10 to 20 minutes: at night help is never farther away than that."
        ),
        ("hour_rules", "says-nothing"): _("Say what may not be heard in these hours: kinds, or content notes."),
        ("weights", "not-a-weight"): _("A weight is from 0.1 to 10."),
    }
    return known.get((name_, code), _("This cannot be taken as it is."))
