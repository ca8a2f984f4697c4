"""Why a recording is not taken, in words: what it is, and what to do. The same words on a page and on the command line."""

from __future__ import annotations

from flask_babel import gettext as _

from media.errors import Refusal


def refusal(code: str) -> tuple[str, str]:
    """What is the matter with the recording, and what its producer can do."""
    known = {
        Refusal.EMPTY: (_("The file is empty."), _("Make sure that the recording was saved, then send it again.")),
        Refusal.NOT_AUDIO: (
            _("This is not a recording that we can read."),
            _("Send a sound or video file, such as MP3, M4A, WAV, OGG or MP4."),
        ),
        Refusal.NO_SOUND_TRACK: (
            _("There is no sound in this file, only pictures."), _("Send the file that has the sound."),
        ),
        Refusal.PROTECTED: (
            _("This file is locked by the shop it was bought from."), _("Send a recording of your own, without a lock."),
        ),
        Refusal.DAMAGED: (
            _("The file is damaged or was cut off, and cannot be read to its end."),
            _("Copy it from the recorder again, or export it again, then send it."),
        ),
        Refusal.TOO_SHORT: (
            _("The recording is too short to go on air."), _("Send one that is at least a second long."),
        ),
        Refusal.TOO_LONG: (
            _("The recording is longer than this station takes."), _("Cut it into parts and make an episode of each."),
        ),
        Refusal.TOO_BIG: (
            _("The file is larger than this station takes."), _("Export it as MP3 or M4A. That makes it much smaller."),
        ),
        Refusal.SILENT: (
            _("There is only silence in this recording."), _("Check that the right microphone was on, then record again."),
        ),
        Refusal.TOO_MANY_CHANNELS: (
            _("The recording has more sound channels than we can mix."), _("Export it in stereo or mono, then send it again."),
        ),
        Refusal.TOO_COSTLY: (
            _("Reading this file takes more work than we can give to one recording."),
            _("Export it as MP3, M4A or WAV, then send it again."),
        ),
    }  # fmt: skip
    return known.get(code, (_("This recording cannot be used."), _("Export it as MP3, M4A or WAV, then send it again.")))  # type: ignore[call-overload,no-any-return]
