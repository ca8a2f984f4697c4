"""What has to be there before the station can run: tables, the bucket, a door for the first steward. Harmless when repeated."""

from __future__ import annotations

import json

from sqlalchemy import func, select

from radio import schema
from radio.accounts.actions import invite_first_steward
from radio.app import create_app
from radio.catalogue.models import Show
from radio.db import session
from radio.settings import Settings
from radio.station import open_clock, open_store, station


def prepare(settings: Settings) -> str:
    """Do it; gives JSON: `steward_link` (null once a steward can sign in), `bare` (whether there is no show yet)."""
    schema.upgrade(settings)
    store = open_store(settings)
    store.ensure_bucket(settings.origins if settings.s3_public_endpoint else ())
    app = create_app(settings, clock=open_clock(settings), store=store)
    with app.app_context():
        token = invite_first_steward(session(), now=station().now())
        bare = not session().scalar(select(func.count()).select_from(Show))
        session().commit()
        return json.dumps({"steward_link": station().sign_in_url(f"/welcome/{token}") if token else None, "bare": bare})
