"""The form of an archive of shows: a zip that a second station reads, and anybody with ordinary tools.

    parcel.json                                  what it is, who made it when, the shows in it
    shows/<slug>/show.json                       all that is said of a show; its tombstones: ids and dates
    shows/<slug>/feed.xml                        its feed as it was served
    shows/<slug>/artwork-<size>.jpg
    shows/<slug>/episodes/<id>/episode.json      all that is said of an episode, its tags, voices, agreement, measures
    shows/<slug>/episodes/<id>/standard.mp3, low.m4a, peaks.bin
    shows/<slug>/episodes/<id>/artwork-<size>.jpg     its own picture, when it has one
    shows/<slug>/episodes/<id>/words.<language>.txt   its transcript: WebVTT when it knows when, else paragraphs

Nothing that was taken back is in it, and no original as it was uploaded: those are private and may tell a place or a camera.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import IO, Any

from media.store import ObjectStore
from media.types import ByteRange

FORMAT = "peer-radio-parcel"
VERSION = 1
MOST_JSON_BYTES = 8_000_000
MOST_MEMBERS = 200_000
_READ_AHEAD_BYTES = 1024 * 1024
_CHUNK_BYTES = 256 * 1024


class ParcelError(Exception):
    """An archive that cannot be read; `code` says why: not-a-parcel, newer-parcel, damaged-parcel."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Writer:
    """Writes a parcel front to back; the file need not be seekable. Sound is stored as it is, texts are packed."""

    def __init__(self, file: IO[bytes], *, made_at: datetime) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True)
        self._date = made_at.timetuple()[:6]

    def json(self, name: str, value: Mapping[str, Any]) -> None:
        """Write values."""
        self.text(name, json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode())

    def text(self, name: str, content: bytes) -> None:
        """Write something short."""
        self._zip.writestr(self._entry(name, zipfile.ZIP_DEFLATED), content)

    def stream(self, name: str, chunks: Iterator[bytes]) -> None:
        """Write something long, a chunk at a time."""
        with self._zip.open(self._entry(name, zipfile.ZIP_STORED), "w", force_zip64=True) as member:
            for chunk in chunks:
                member.write(chunk)

    def close(self) -> None:
        """Write the list of what is in it."""
        self._zip.close()

    def _entry(self, name: str, how: int) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self._date)
        entry.compress_type = how
        entry.external_attr = 0o644 << 16
        return entry


class StoredFile(io.RawIOBase):
    """An object as a file that can be read at any place."""

    def __init__(self, store: ObjectStore, key: str) -> None:
        super().__init__()
        self._store, self._key, self._size, self._at = store, key, store.head(key).size_bytes, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def tell(self) -> int:
        """The place."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read from the place on."""
        wanted = memoryview(buffer)
        stop = min(self._size, self._at + len(wanted))
        if stop <= self._at:
            return 0
        content = self._store.read(self._key, ByteRange(self._at, stop))
        wanted[: len(content)] = content
        self._at += len(content)
        return len(content)


class Reader:
    """Reads a parcel that lies in the store. No name in it is ever used as a path of ours.

    Raises:
        ParcelError: it is none, or a newer one.
    """

    def __init__(self, store: ObjectStore, key: str) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BufferedReader(StoredFile(store, key), _READ_AHEAD_BYTES))
            if len(self._zip.namelist()) > MOST_MEMBERS:
                raise ParcelError("not-a-parcel")
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
            raise ParcelError("damaged-parcel") from None
        self.index = self.json("parcel.json")
        if self.index.get("format") != FORMAT:
            raise ParcelError("not-a-parcel")
        if self.index.get("version") != VERSION:
            raise ParcelError("newer-parcel")

    def close(self) -> None:
        """Let go of it."""
        self._zip.close()

    def has(self, name: str) -> bool:
        """Whether there is such a member."""
        return name in self._zip.NameToInfo

    def json(self, name: str) -> dict[str, Any]:
        """The values of a member.

        Raises:
            ParcelError: there are none.
        """
        try:
            found = json.loads(self.short(name, MOST_JSON_BYTES))
        except (ValueError, RecursionError):
            raise ParcelError("not-a-parcel") from None
        if not isinstance(found, dict):
            raise ParcelError("not-a-parcel")
        return found

    def short(self, name: str, most_bytes: int) -> bytes:
        """A short member.

        Raises:
            ParcelError: there is none, or it is not short.
        """
        content = b"".join(self.chunks(name, most_bytes))
        if len(content) > most_bytes:
            raise ParcelError("damaged-parcel")
        return content

    def chunks(self, name: str, most_bytes: int) -> Iterator[bytes]:
        """A member, a chunk at a time; never much more than `most_bytes`, whatever it says of itself.

        Raises:
            ParcelError: it is missing or damaged.
        """
        try:
            given = 0
            with self._zip.open(name) as member:
                while given <= most_bytes and (chunk := member.read(_CHUNK_BYTES)):
                    given += len(chunk)
                    yield chunk
        except KeyError:
            raise ParcelError("not-a-parcel") from None
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
            raise ParcelError("damaged-parcel") from None
