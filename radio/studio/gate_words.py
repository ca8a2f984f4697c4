"""The studio's words for what the gate found, and for where something that was taken back is gone."""

from __future__ import annotations

from flask_babel import gettext

from radio.editorial.rules import Surface


def _(words: str, **facts: object) -> str:
    return str(gettext(words, **facts))


def gate_fault(code: str) -> str:
    """What keeps an episode out of podcast apps, as a sentence that says what to do."""
    name, _colon, fact = code.partition(":")
    ours = _(
        "Its download is not what the feed says (%(code)s). This is our fault; tell whoever looks after the station.", code=code
    )
    if name == "rule":
        return _(
            "Its entry in the feed breaks a rule of podcast apps (%(rule)s). The page about its feed says which and how.",
            rule=fact,
        )
    known = {
        "duration": _("Its download is shorter or longer than the recording. This is our fault; tell whoever looks after the station."),
        "loudness": _("It would be far too quiet or too loud. Record it again, or send it with more level."),
        "title-twice": _("Another episode of that day has the same title, and apps would take the two for one. Change one of them."),
        "title-long": _("Its title is too long for podcast apps. Make it shorter."),
        "text-long": _("Its words are too long for podcast apps. Make them shorter."),
        "picture-size": _("The picture of the show must be square, 1400 to 3000 points wide; it is %(fact)s. Send another one.", fact=fact),
        "picture-colour": _("The picture of the show has colours that apps cannot show. Send it as a JPEG in RGB."),
        "picture-type": _("The picture of the show is not what its name says. Send it again."),
        "picture-broken": _("The picture of the show cannot be read. Send it again."),
        "picture-status": _("The picture of the show is not there. Send it again."),
    }  # fmt: skip
    return known.get(name, ours)


def surface(name: Surface) -> str:
    """A place from which something is gone."""
    known = {
        Surface.PAGE: _("Its page on the site"),
        Surface.SEARCH: _("The search"),
        Surface.AIR: _("The air"),
        Surface.COPY: _("The coming hours that lie ready for when the station is down"),
        Surface.FEEDS: _("The feeds that podcast apps read"),
        Surface.DOWNLOADS: _("The downloads, large and small"),
        Surface.STORE: _("Our store: the sound, the words, the picture inside the download"),
    }
    return known[name]
