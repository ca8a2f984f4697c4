"""Every table of the station, and the way from an older database to this one."""

from __future__ import annotations

from sqlalchemy import MetaData

import radio.accounts.models
import radio.catalogue.models
import radio.catalogue.search
import radio.editorial.models
import radio.feeds.models
import radio.jobs.models
import radio.schedule.models
import radio.studio.models  # noqa: F401
from radio.db import Base

TABLES: MetaData = Base.metadata
"""All tables, with every room's models imported."""
