"""What the processes write down: ids and facts, never a name, a title, an address or who listens."""

from __future__ import annotations

import logging

from radio.settings import Settings

_TALKATIVE = ("botocore", "boto3", "urllib3", "alembic", "werkzeug", "flask_security")


def set_up_logs(settings: Settings) -> None:
    """Write to standard error, one line an event."""
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
