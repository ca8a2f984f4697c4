"""What the processes write down: ids and facts, never a name, a title, an address or who listens."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from radio.settings import Settings

_TALKATIVE = ("botocore", "boto3", "urllib3", "alembic", "werkzeug", "flask_security")
_AGAIN_AFTER_S = 60.0
_MOST_KEPT = 1_000


def set_up_logs(settings: Settings) -> None:
    """Write to standard error, one line an event."""
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Seldom())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


class Seldom(logging.Filter):
    """Lets the same words through once a minute: what fails for every listener is one event, and may not fill the disk."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now_s = now_s
        self._said: dict[tuple[str, str], tuple[float, int]] = {}
        """(who, what) → when it was let through, and how often it was not since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is written; the next one that is tells how many were not."""
        now_s, words = self._now_s(), record.getMessage()
        at_s, n_held = self._said.get((record.name, words), (None, 0))
        if at_s is not None and now_s - at_s < _AGAIN_AFTER_S:
            self._said[record.name, words] = (at_s, n_held + 1)
            return False
        if n_held:
            record.msg, record.args = f"{words} ({n_held} times more since)", ()
        if len(self._said) >= _MOST_KEPT:
            self._said.clear()
        self._said[record.name, words] = (now_s, 0)
        return True
