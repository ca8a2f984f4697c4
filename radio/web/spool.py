"""Where a body waits while it is read: on the data folder's disk, never in a temporary folder that may be memory."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from flask import Request

from radio.settings import Settings
from radio.station import station


def folder(settings: Settings) -> Path:
    """The folder; files in it have no name, so that one whose process is killed leaves nothing behind."""
    found = settings.data / "work"
    found.mkdir(parents=True, exist_ok=True)
    return found


class SpoolingRequest(Request):
    """Uploaded files of a form go to the spool, whatever their size; their names are not looked at."""

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        return TemporaryFile("w+b", dir=folder(station().settings))
