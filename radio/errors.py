"""What can go wrong with people, shows and time.

    RadioError(status)
    ├── SettingsError(faults)        the environment is not usable; every fault at once
    ├── NotFoundError          404
    │   └── BeingCheckedError        guidance whose date is over
    ├── WithdrawnError         410
    ├── RefusedError           409   a rule says no; `code` names the rule
    │   └── MoveError                an episode may not make this move now
    ├── ForbiddenError         403   signed in, but not theirs to do
    ├── InvalidError           422   `faults`: field → code
    ├── UnprovenError                a rundown that does not tile or is unlawful
    ├── FencedError                  a job is no longer this worker's
    └── StoppingError                the worker has been asked to stop

Errors carry facts; the words for people are chosen in `web/errors.py`.
"""

from __future__ import annotations

from collections.abc import Mapping


class RadioError(Exception):
    """Anything that went wrong here."""

    status = 500


class SettingsError(RadioError):
    """The environment is not usable; `faults` are sentences, all of them."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class NotFoundError(RadioError):
    """There is no such thing, or it is not for this person."""

    status = 404


class BeingCheckedError(NotFoundError):
    """Guidance whose date is over: people who know are checking it."""


class WithdrawnError(RadioError):
    """It was here and has been taken back."""

    status = 410


class ForbiddenError(RadioError):
    """Signed in, but not theirs to do."""

    status = 403


class RefusedError(RadioError):
    """A rule says no; `code` is the rule's name for it."""

    status = 409

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class MoveError(RefusedError):
    """An episode may not make this move now; `missing` are the codes of what is lacking."""

    def __init__(self, code: str, missing: tuple[str, ...] = ()) -> None:
        super().__init__(code, ", ".join(missing))
        self.missing = missing


class InvalidError(RadioError):
    """What was sent cannot be taken as it is; `faults` maps a field to a code."""

    status = 422

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(", ".join(f"{field}: {code}" for field, code in faults.items()))
        self.faults = dict(faults)


class UnprovenError(RadioError):
    """A rundown that leaves a gap, overlaps, or puts something on air unlawfully."""


class FencedError(RadioError):
    """A job is no longer this worker's: another has taken it over, or somebody ended it."""


class StoppingError(RadioError):
    """The worker has been asked to stop; the job goes back as it was."""
