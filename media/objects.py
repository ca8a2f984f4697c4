"""The values of an object store: where it is, what it holds, what an unfinished upload holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where the objects are and how to get in.

    `addressing` is `path` or `virtual`. `public_endpoint_url` is where browsers reach the same store, used
    only for signing (the host is signed); None: they cannot, and bytes are relayed by us.
    """

    endpoint_url: str
    bucket: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    addressing: str = "path"
    public_endpoint_url: str | None = None
    connect_timeout_s: float = 10.0
    """Also for each piece that is sent: a store on this machine that stalls for a second is not gone."""
    read_timeout_s: float = 60.0
    attempts: int = 3


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What the store says of one object; `etag` with its quotes, as in the header."""

    key: str
    size_bytes: int
    media_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a listing, which does not tell types."""

    key: str
    size_bytes: int
    stored_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an unfinished upload; numbers count from 1."""

    number: int
    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An upload that was begun and neither completed nor aborted: its parts cost room."""

    key: str
    upload_id: str
    begun_at: datetime
