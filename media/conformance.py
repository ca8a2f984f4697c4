"""What a store must do for a station, tried against the real one: the checks behind `radio check storage`.

Everything happens below one random prefix, which is empty again afterwards. The checks that speak of browsers run only when the
store has a public endpoint.
"""

from __future__ import annotations

import hashlib
import http.client
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from media.errors import MediaError, ObjectMissingError, UnsatisfiableRangeError
from media.objects import StoreSettings
from media.store import ObjectStore
from media.types import ByteRange

_SMALL = bytes(at * 7 % 251 for at in range(10_000))
_PART_BYTES = 5 * 1024 * 1024
"""The smallest part that S3 takes, but for the last."""
_LARGE_BYTES = 20_000_000
_FOREIGN_ORIGIN = "https://elsewhere.invalid"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing tried. `name` is a code for the words of the page; `detail` is empty when it went well."""

    name: str
    ok: bool
    detail: str


def run(settings: StoreSettings, *, origin: str | None = None) -> Iterator[Check]:
    """Try everything in turn, each as it is done; a check that fails does not stop the others.

    `origin` is that of our pages (`https://radio.example`); None leaves out whether browsers may use the store from there.
    """
    prefix = f"conformance/{secrets.token_hex(8)}/"
    trial = _Trial(ObjectStore(settings), prefix, origin)
    try:
        if not (reached := _tried("reachable", trial.reachable)).ok:
            yield reached
            return
        yield reached
        for name, attempt in trial.attempts():
            yield _tried(name, attempt)
    finally:
        cleaned = _tried("cleaned-up", trial.clean)
    yield cleaned


def _tried(name: str, attempt: Callable[[], str]) -> Check:
    try:
        detail = attempt()
    except (MediaError, OSError, http.client.HTTPException) as error:
        detail = f"{type(error).__name__}: {error}"
    return Check(name, not detail, detail)


class _Trial:
    """The attempts: each gives an empty string, or what went wrong."""

    def __init__(self, store: ObjectStore, prefix: str, origin: str | None) -> None:
        self._store = store
        self._origin = origin or ""
        self._prefix = prefix
        self._small = prefix + "small.mp3"

    def attempts(self) -> list[tuple[str, Callable[[], str]]]:
        inner = [
            ("content-kept", self.content_kept),
            ("type-kept", self.type_kept),
            ("ranges", self.ranges),
            ("range-beyond-the-end", self.range_beyond_the_end),
            ("missing-is-missing", self.missing_is_missing),
            ("delete", self.delete),
            ("listing-in-pages", self.listing_in_pages),
            ("upload-in-parts", self.upload_in_parts),
            ("upload-aborted", self.upload_aborted),
            ("large-content-kept", self.large_content_kept),
            ("strangers-refused", self.strangers_refused),
        ]
        browsers = [
            ("signed-get", self.signed_get),
            ("signed-head", self.signed_head),
            ("signed-part", self.signed_part),
            ("tampering-refused", self.tampering_refused),
        ]
        pages = [("our-pages-allowed", self.our_pages_allowed), ("other-pages-refused", self.other_pages_refused)]
        if not self._store.has_public_door:
            return inner
        return [*inner, *browsers, *(pages if self._origin else [])]

    def reachable(self) -> str:
        self._store.put_bytes(self._small, _SMALL, "audio/mpeg")
        return ""

    def content_kept(self) -> str:
        return _differs("content", self._store.read(self._small), _SMALL)

    def type_kept(self) -> str:
        facts = self._store.head(self._small)
        return _differs("size", facts.size_bytes, len(_SMALL)) or _differs("type", facts.media_type, "audio/mpeg")

    def ranges(self) -> str:
        for start, stop in ((0, 1), (1, 7_680), (9_999, 10_000), (0, 10_000)):
            got = self._store.read(self._small, ByteRange(start, stop))
            if wrong := _differs(f"bytes {start}-{stop}", got, _SMALL[start:stop]):
                return wrong
        return ""

    def range_beyond_the_end(self) -> str:
        try:
            self._store.read(self._small, ByteRange(10_000, 10_001))
        except UnsatisfiableRangeError as error:
            return _differs("size", error.size_bytes, len(_SMALL))
        return "was answered"

    def missing_is_missing(self) -> str:
        try:
            self._store.read(self._prefix + "nothing")
        except ObjectMissingError:
            return "" if not self._store.exists(self._prefix + "nothing") else "HEAD found it"
        return "was answered"

    def delete(self) -> str:
        key = self._prefix + "deleted"
        self._store.put_bytes(key, b"x", "text/plain")
        self._store.delete(key)
        self._store.delete(key)
        return "is still there" if self._store.exists(key) else ""

    def listing_in_pages(self) -> str:
        keys = [f"{self._prefix}listed/{number:02d}" for number in range(7)]
        for key in keys:
            self._store.put_bytes(key, b"x", "text/plain")
        return _differs("keys", [each.key for each in self._store.list(self._prefix + "listed/", page_size=3)], keys)

    def upload_in_parts(self) -> str:
        key, first, last = self._prefix + "parts.wav", secrets.token_bytes(_PART_BYTES), b"the rest"
        upload_id = self._store.begin_upload(key, "audio/wav")
        # Out of order, and one of them twice, as a browser on a bad line sends them.
        self._store.put_part(key, upload_id, 2, last, len(last))
        self._store.put_part(key, upload_id, 1, first, len(first))
        self._store.put_part(key, upload_id, 2, last, len(last))
        found = self._store.parts(key, upload_id)
        if wrong := _differs("parts", [(each.number, each.size_bytes) for each in found], [(1, len(first)), (2, len(last))]):
            return wrong
        if key not in {each.key for each in self._store.unfinished_uploads(self._prefix)}:
            return "the unfinished upload is not listed"
        self._store.complete_upload(key, upload_id, found)
        across = self._store.read(key, ByteRange(_PART_BYTES - 4, _PART_BYTES + 4))
        return (
            _differs("content across parts", across, first[-4:] + last[:4])
            or _differs("size", self._store.head(key).size_bytes, len(first) + len(last))
            or _differs("type", self._store.head(key).media_type, "audio/wav")
        )

    def upload_aborted(self) -> str:
        key = self._prefix + "aborted"
        upload_id = self._store.begin_upload(key, "audio/wav")
        self._store.put_part(key, upload_id, 1, b"x", 1)
        self._store.abort_upload(key, upload_id)
        return "made an object" if self._store.exists(key) else ""

    def large_content_kept(self) -> str:
        key, content = self._prefix + "large", secrets.token_bytes(_LARGE_BYTES)
        self._store.put_bytes(key, content, "application/octet-stream")
        seen = hashlib.sha256()
        for chunk in self._store.stream(key):
            seen.update(chunk)
        return _differs("hash", seen.hexdigest(), hashlib.sha256(content).hexdigest())

    def strangers_refused(self) -> str:
        settings = self._store.settings
        endpoint = settings.public_endpoint_url or settings.endpoint_url
        status, _, _ = _asked("GET", f"{endpoint.rstrip('/')}/{settings.bucket}/{self._small}")
        return "" if status in {401, 403} else f"anybody can read: {status}"

    def signed_get(self) -> str:
        url = self._store.sign_get(self._small, 60, filename="Ein Lied.mp3")
        status, headers, content = _asked("GET", url)
        if wrong := _differs("status", status, 200) or _differs("content", content, _SMALL):
            return wrong
        if "Ein%20Lied.mp3" not in headers.get("content-disposition", ""):
            return "the name for saving is not given"
        status, _, content = _asked("GET", url, {"Range": "bytes=-100"})
        return _differs("status of a range", status, 206) or _differs("suffix range", content, _SMALL[-100:])

    def signed_head(self) -> str:
        status, headers, _ = _asked("HEAD", self._store.sign_head(self._small, 60))
        return _differs("status", status, 200) or _differs("length", headers.get("content-length"), str(len(_SMALL)))

    def signed_part(self) -> str:
        key = self._prefix + "signed-part"
        upload_id = self._store.begin_upload(key, "audio/wav")
        try:
            url = self._store.sign_part(key, upload_id, 1, 5, 60)
            status, _, _ = _asked("PUT", url, content=b"sound")
            sizes = [each.size_bytes for each in self._store.parts(key, upload_id)]
            if wrong := _differs("status", status, 200) or _differs("parts", sizes, [5]):
                return wrong
            status, _, _ = _asked("PUT", url, content=b"another size")
            return "takes more than was signed" if status == 200 else ""
        finally:
            self._store.abort_upload(key, upload_id)

    def tampering_refused(self) -> str:
        url = self._store.sign_get(self._small, 60)
        status, _, _ = _asked("GET", url.replace("small.mp3", "parts.wav"))
        return "" if status in {401, 403} else f"answers {status}"

    def our_pages_allowed(self) -> str:
        status, allowed = self._preflight(self._origin)
        return _differs("preflight", status // 100, 2) or ("" if allowed in {self._origin, "*"} else "our pages are not allowed")

    def other_pages_refused(self) -> str:
        _, allowed = self._preflight(_FOREIGN_ORIGIN)
        return f"every page is allowed: {allowed}" if allowed in {_FOREIGN_ORIGIN, "*"} else ""

    def _preflight(self, origin: str) -> tuple[int, str | None]:
        """What a browser asks before it sends a part. Source: Fetch §4.8."""
        url = self._store.sign_part(self._prefix + "from-a-browser", "none", 1, 1, 60)
        status, headers, _ = _asked("OPTIONS", url, {"Origin": origin, "Access-Control-Request-Method": "PUT"})
        return status, headers.get("access-control-allow-origin")

    def clean(self) -> str:
        for each in list(self._store.unfinished_uploads(self._prefix)):
            self._store.abort_upload(each.key, each.upload_id)
        self._store.delete_prefix(self._prefix)
        left = [each.key for each in self._store.list(self._prefix)]
        return f"{len(left)} objects are left" if left else ""


def _differs(what: str, got: object, wanted: object) -> str:
    """Empty when they are the same; content is named, never shown."""
    if got == wanted:
        return ""
    if isinstance(got, bytes):
        return f"{what} differs"
    return f"{what}: {got}, not {wanted}"


def _asked(
    method: str, url: str, headers: dict[str, str] | None = None, content: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One request without any credentials but the URL's: status, headers in lower case, content."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=30)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, body=content, headers=headers or {})
        answer = connection.getresponse()
        said = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, said, answer.read()
    finally:
        connection.close()
