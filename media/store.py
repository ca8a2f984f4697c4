"""Objects in any S3.

Only the subset that every provider shares is used: put, ranged get, head, delete, ListObjectsV2, multipart
with ListParts, signed URLs, bucket CORS. No tags, policies, lifecycle rules or conditional writes. `If-Range`
is honoured by few, so the bytes under a key never change: keys carry a hash of the content (`media.keys`).

Nothing here starts a thread, so it runs under gevent: large files go up part by part in the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

from media._s3 import UnsatisfiableError, client, our_errors
from media.errors import MediaError, ObjectMissingError, StoreUnavailableError, UnsatisfiableRangeError
from media.objects import Listed, ObjectFacts, Part, StoreSettings, Unfinished
from media.types import ByteRange, Progress

PART_BYTES = 16 * 1024 * 1024
"""Files larger than two of these go up in parts, equal but for the last (R2) and over 5 MiB (S3)."""
CHUNK_BYTES = 256 * 1024

__all__ = ["Listed", "ObjectFacts", "ObjectStore", "Part", "S3Store", "StoreSettings", "Unfinished"]

_TRIES_WITHOUT_PROGRESS = 3
_AT_ONCE = 1000
"""How many keys one request may name. Source: Amazon S3 API, DeleteObjects."""


class ObjectStore:
    """One bucket.

    Every method raises StoreUnavailableError when the store cannot be reached, refuses us or lacks the
    bucket, and ObjectMissingError when the key or the upload does not exist.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings
        self._bucket = settings.bucket

    # Whole objects

    def put_bytes(self, key: str, content: bytes, media_type: str) -> None:
        """Store `content`; when this returns, it is there."""
        self._call("put_object", key, Body=content, ContentType=media_type)

    def put_file(self, key: str, path: Path, media_type: str, on_progress: Progress | None = None) -> None:
        """Store a file, in parts when it is large. A failure leaves nothing behind."""
        tell = on_progress or _tell_nobody
        if path.stat().st_size <= 2 * PART_BYTES:
            with path.open("rb") as file:
                self._call("put_object", key, Body=file, ContentType=media_type)
        else:
            self._put_in_parts(key, path, media_type, tell)
        tell(1.0)

    def read(self, key: str, span: ByteRange | None = None) -> bytes:
        """Return the bytes of `span`, or of the whole object.

        Raises:
            UnsatisfiableRangeError: the object is too short to hold all of `span`.
        """
        content = b"".join(self.stream(key, span))
        if span is not None and len(content) != span.size_bytes:
            raise UnsatisfiableRangeError(span.start + len(content))
        return content

    def stream(self, key: str, span: ByteRange | None = None, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Yield the bytes of `span`, or of the whole object; a broken line is taken up where it broke.

        A missing object is told at the call, before the first byte is asked for: an answer can still be 404.

        Raises:
            UnsatisfiableRangeError: the object ends before `span` starts.
        """
        if span is not None and span.size_bytes <= 0:
            return iter(())
        return self._resumed(key, span, self._open(key, span), chunk_bytes)

    def fetch_to(self, key: str, path: Path, on_progress: Progress | None = None) -> None:
        """Copy an object to a file; a failure leaves no file."""
        tell = on_progress or _tell_nobody
        size_bytes = self.head(key).size_bytes
        try:
            with path.open("wb") as file:
                for chunk in self.stream(key):
                    file.write(chunk)
                    tell(min(1.0, file.tell() / max(size_bytes, 1)))
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def head(self, key: str) -> ObjectFacts:
        """Say what the object is, without its bytes."""
        said = self._call("head_object", key)
        return ObjectFacts(key, said["ContentLength"], said.get("ContentType", ""), said["ETag"])

    def exists(self, key: str) -> bool:
        """Whether the object is there; a store that cannot be reached is an error, not a no."""
        try:
            self.head(key)
        except ObjectMissingError:
            return False
        return True

    def delete(self, key: str) -> None:
        """Remove the object; one that is not there is no error."""
        self._call("delete_object", key)

    def delete_prefix(self, prefix: str) -> int:
        """Remove every object below `prefix` and return how many there were."""
        if not prefix:
            raise ValueError("an empty prefix is the whole bucket")
        keys = [each.key for each in self.list(prefix)]
        self.remove_all(keys)
        return len(keys)

    def remove_all(self, keys: Sequence[str]) -> None:
        """Remove many objects with few requests; a store that cannot do that is asked for one after the other."""
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            wanted = {"Objects": [{"Key": key} for key in some], "Quiet": True}
            try:
                left = [each["Key"] for each in self._ask("delete_objects", some[0], Delete=wanted).get("Errors", ())]
            except MediaError:
                left = [*some]
            for key in left:
                self.delete(key)

    def list(self, prefix: str = "", page_size: int = 1000) -> Iterator[Listed]:
        """Every object whose key starts with `prefix`, in the order of the keys."""
        position: dict[str, str] = {}
        while True:
            page = self._ask("list_objects_v2", prefix, Prefix=prefix, MaxKeys=page_size, **position)
            for each in page.get("Contents", ()):
                yield Listed(each["Key"], each["Size"], each["LastModified"].astimezone(UTC))
            if not page.get("IsTruncated"):
                return
            position = {"ContinuationToken": page["NextContinuationToken"]}

    # Uploads in parts

    def begin_upload(self, key: str, media_type: str) -> str:
        """Begin an upload in parts and return its id."""
        return str(self._call("create_multipart_upload", key, ContentType=media_type)["UploadId"])

    def put_part(self, key: str, upload_id: str, number: int, content: bytes | IO[bytes], size_bytes: int) -> Part:
        """Store part `number` (1 to 10,000); a stream must be seekable. The same number again replaces it."""
        said = self._call("upload_part", key, UploadId=upload_id, PartNumber=number, Body=content, ContentLength=size_bytes)
        return Part(number, size_bytes, said["ETag"])

    def parts(self, key: str, upload_id: str) -> tuple[Part, ...]:
        """Return the parts that the store holds of an unfinished upload: the truth when a browser resumes.

        Each number once, the newest: some stores list a part that was sent again as often as it was sent.
        """
        found: dict[int, Any] = {}
        after = 0
        while True:
            page = self._call("list_parts", key, UploadId=upload_id, PartNumberMarker=after)
            for each in sorted(page.get("Parts", ()), key=lambda each: each["LastModified"]):
                found[each["PartNumber"]] = each
            if not page.get("IsTruncated"):
                return tuple(Part(number, found[number]["Size"], found[number]["ETag"]) for number in sorted(found))
            after = int(page["NextPartNumberMarker"])

    def complete_upload(self, key: str, upload_id: str, parts: Iterable[Part]) -> None:
        """Make the object out of `parts`, in the order of their numbers."""
        ordered = sorted(parts, key=lambda part: part.number)
        listed = [{"PartNumber": part.number, "ETag": part.etag} for part in ordered]
        self._call("complete_multipart_upload", key, UploadId=upload_id, MultipartUpload={"Parts": listed})

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Throw the parts away; an upload that is already gone is no error."""
        try:
            self._call("abort_multipart_upload", key, UploadId=upload_id)
        except ObjectMissingError:
            return

    def unfinished_uploads(self, prefix: str = "") -> Iterator[Unfinished]:
        """Every upload below `prefix` that was begun and never ended, for the sweep."""
        position: dict[str, str] = {}
        while True:
            page = self._ask("list_multipart_uploads", prefix, Prefix=prefix, **position)
            for each in page.get("Uploads", ()):
                yield Unfinished(each["Key"], each["UploadId"], each["Initiated"].astimezone(UTC))
            if not page.get("IsTruncated"):
                return
            position = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}

    # URLs for browsers

    @property
    def has_public_door(self) -> bool:
        """Whether browsers can reach the store by signed URLs."""
        return self.settings.public_endpoint_url is not None

    def sign_get(self, key: str, seconds: int, filename: str | None = None) -> str:
        """Return a URL that reads the object, offered for saving as `filename`. HEAD needs `sign_head`."""
        saving = {"ResponseContentDisposition": _saved_as(filename)} if filename else {}
        return self._sign("get_object", seconds, Key=key, **saving)

    def sign_head(self, key: str, seconds: int) -> str:
        """Return a URL that answers HEAD: the method is signed, so the URL for GET would answer 403."""
        return self._sign("head_object", seconds, Key=key)

    def sign_part(self, key: str, upload_id: str, number: int, size_bytes: int, seconds: int) -> str:
        """Return a URL that takes part `number` by PUT, of exactly this size."""
        part = {"UploadId": upload_id, "PartNumber": number, "ContentLength": size_bytes}
        return self._sign("upload_part", seconds, Key=key, **part)

    # The bucket

    def ensure_bucket(self, cors_origins: Iterable[str] = ()) -> None:
        """Make the bucket unless it is there, and let pages of `cors_origins` use signed URLs."""
        if not self._has_bucket():
            try:
                self._ask("create_bucket", "", **self._location())
            except StoreUnavailableError:
                if not self._has_bucket():  # another machine of the station made it in the same moment
                    raise
        if origins := list(cors_origins):
            rule = {
                "AllowedOrigins": origins,
                "AllowedMethods": ["GET", "HEAD", "PUT"],
                "AllowedHeaders": ["*"],
                "ExposeHeaders": ["ETag", "Content-Range", "Accept-Ranges"],
                "MaxAgeSeconds": 600,
            }
            self._ask("put_bucket_cors", "", CORSConfiguration={"CORSRules": [rule]})

    def _has_bucket(self) -> bool:
        try:
            self._ask("head_bucket", "")
        except ObjectMissingError:
            return False
        return True

    def _location(self) -> dict[str, Any]:
        """Amazon wants its region said again; others know no other than their own."""
        amazon = (urlsplit(self.settings.endpoint_url).hostname or "").endswith(".amazonaws.com")
        if not amazon or self.settings.region == "us-east-1":
            return {}
        return {"CreateBucketConfiguration": {"LocationConstraint": self.settings.region}}

    # How it is done

    @cached_property
    def _client(self) -> Any:
        return client(self.settings, self.settings.endpoint_url)

    @cached_property
    def _public_client(self) -> Any:
        if self.settings.public_endpoint_url is None:
            raise StoreUnavailableError("the store has no public endpoint: relay the bytes")
        return client(self.settings, self.settings.public_endpoint_url)

    def _call(self, operation: str, key: str, **arguments: Any) -> Any:
        return self._ask(operation, key, Key=key, **arguments)

    def _ask(self, operation: str, key: str, **arguments: Any) -> Any:
        with our_errors(operation, key):
            return getattr(self._client, operation)(Bucket=self._bucket, **arguments)

    def _sign(self, operation: str, seconds: int, **arguments: Any) -> str:
        with our_errors(operation, str(arguments["Key"])):
            return str(
                self._public_client.generate_presigned_url(
                    operation, Params={"Bucket": self._bucket, **arguments}, ExpiresIn=seconds
                )
            )

    def _open(self, key: str, span: ByteRange | None) -> Any:
        asked = {} if span is None else {"Range": f"bytes={span.start}-{span.stop - 1}"}
        try:
            return self._call("get_object", key, **asked)
        except UnsatisfiableError:
            raise UnsatisfiableRangeError(self.head(key).size_bytes) from None

    def _resumed(self, key: str, span: ByteRange | None, answer: Any, chunk_bytes: int) -> Iterator[bytes]:
        position = span.start if span else 0
        stop = position + int(answer["ContentLength"])
        failures = 0
        while True:
            try:
                with our_errors("get_object", key):
                    for chunk in answer["Body"].iter_chunks(chunk_bytes):
                        position, failures = position + len(chunk), 0
                        yield chunk
            except StoreUnavailableError:
                failures += 1
                if failures >= _TRIES_WITHOUT_PROGRESS:
                    raise
            finally:
                answer["Body"].close()
            if position >= stop:
                return
            answer = self._open(key, ByteRange(position, stop))

    def _put_in_parts(self, key: str, path: Path, media_type: str, tell: Progress) -> None:
        upload_id = self.begin_upload(key, media_type)
        size_bytes = path.stat().st_size
        done: list[Part] = []
        try:
            with path.open("rb") as file:
                for number in count(1):
                    if not (content := file.read(PART_BYTES)):
                        break
                    done.append(self.put_part(key, upload_id, number, content, len(content)))
                    tell(min(1.0, file.tell() / size_bytes))
            self.complete_upload(key, upload_id, done)
        except BaseException:
            self.abort_upload(key, upload_id)
            raise


def _saved_as(filename: str) -> str:
    """A Content-Disposition that old and new browsers read alike. Source: RFC 6266 §4.3, RFC 8187 §3.2."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _tell_nobody(_share: float) -> None:
    """Progress that nobody asked for."""


S3Store = ObjectStore
"""The name that some rooms still use."""
