"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from media.objects import StoreSettings
from media.seaweed import Seaweed
from media.store import S3Store


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreSettings]:
    """A running S3 with an empty bucket that browsers could reach: the embedded server, one for the run."""
    server = Seaweed(
        tmp_path_factory.mktemp("s3"),
        access_key="radio",
        secret_key="a-secret-of-the-tests",
        durable=False,
        timer_slack_ms=0,
    )
    server.start()
    try:
        server.wait_ready()
        settings = server.settings("radio-test")
        S3Store(settings).ensure_bucket()
        yield replace(settings, public_endpoint_url=settings.endpoint_url)
    finally:
        server.stop()
