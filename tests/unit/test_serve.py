"""What the web server writes down names no listener and nothing that one has asked for."""

from __future__ import annotations

import logging

import pytest
from gunicorn.config import Config

from radio.serve import QuietLogger


@pytest.fixture
def logger(caplog: pytest.LogCaptureFixture) -> QuietLogger:
    """Gunicorn's logger as we run it, heard by the test."""
    found = QuietLogger(Config())
    found.error_log.addHandler(caplog.handler)
    return found


def test_an_invalid_request_is_told_without_its_address(logger: QuietLogger, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        logger.warning("Invalid request from ip=203.0.113.9: bad line")

    assert "an invalid request was refused" in caplog.text
    assert "203.0.113.9" not in caplog.text


def test_a_fault_is_told_without_what_was_asked_for(logger: QuietLogger, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        logger.exception("Error handling request %s", "/search?q=relapse")  # noqa: LOG004  as gunicorn calls it

    assert "a request failed" in caplog.text
    assert "relapse" not in caplog.text
