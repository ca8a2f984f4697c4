"""The only door to boto3: a client, and our words for its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import boto3.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from media.errors import ObjectMissingError, StoreUnavailableError
from media.objects import StoreSettings

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_ABSENT = {"NoSuchKey", "NoSuchUpload", "NotFound", "404"}


class UnsatisfiableError(Exception):
    """The store answered 416."""


@contextmanager
def our_errors(operation: str, key: str) -> Iterator[None]:
    """Say in our own words what the store's client says. No key is named where it could stand in a log."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 416:
            raise UnsatisfiableError from None
        if code in _ABSENT:
            raise ObjectMissingError(key) from error
        raise StoreUnavailableError(f"{operation}: {status} {code}") from error
    except BotoCoreError as error:
        raise StoreUnavailableError(f"{operation}: {type(error).__name__}") from error


def client(settings: StoreSettings, endpoint_url: str) -> Any:
    """A client that says only what every provider understands: SigV4, and checksums where S3 demands them."""
    loopback = urlsplit(endpoint_url).hostname in _LOOPBACK
    session = boto3.session.Session(
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        region_name=settings.region,
    )
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": settings.addressing},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "max_attempts": settings.attempts},
        connect_timeout=settings.connect_timeout_s,
        read_timeout=settings.read_timeout_s,
        max_pool_connections=50,
        # A proxy for the outer world must not stand between us and a store on this machine.
        proxies={} if loopback else None,
    )
    return session.client("s3", endpoint_url=endpoint_url, config=config)
