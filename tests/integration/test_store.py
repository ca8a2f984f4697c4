"""What the station asks of a store, asked of the real one."""

from __future__ import annotations

import http.client
import socket
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from media import conformance, store
from media.errors import ObjectMissingError, StoreUnavailableError, UnsatisfiableRangeError
from media.objects import StoreSettings
from media.store import ObjectStore
from media.types import ByteRange

OUR_PAGES = "https://radio.example"


@pytest.fixture
def objects(s3: StoreSettings) -> ObjectStore:
    return ObjectStore(s3)


@pytest.fixture
def key() -> str:
    return f"test-of-store/{uuid.uuid4()}"


def test_machines_that_start_in_the_same_moment_make_one_bucket(s3: StoreSettings) -> None:
    bucket = replace(s3, bucket=f"first-start-{uuid.uuid4()}"[:60])

    together = threading.Barrier(8)

    def start(_machine: int) -> None:
        its_store = ObjectStore(bucket)
        with pytest.raises(ObjectMissingError):
            its_store.head("anything")
        together.wait()
        its_store.ensure_bucket()

    with ThreadPoolExecutor(8) as machines:
        list(machines.map(start, range(8)))

    ObjectStore(bucket).put_bytes("first", b"sound", "audio/mpeg")
    assert ObjectStore(bucket).head("first").size_bytes == 5


def test_the_store_does_all_that_a_station_needs(s3: StoreSettings, objects: ObjectStore) -> None:
    objects.ensure_bucket([OUR_PAGES])

    failed = [check for check in conformance.run(s3, origin=OUR_PAGES) if not check.ok]

    assert failed == []
    assert list(objects.list("conformance/")) == []


def test_a_store_without_a_public_door_is_not_asked_about_browsers(s3: StoreSettings) -> None:
    names = {check.name for check in conformance.run(replace(s3, public_endpoint_url=None), origin=OUR_PAGES)}

    assert "content-kept" in names
    assert not {name for name in names if name.startswith("signed") or name.endswith("pages-allowed")}


def test_a_store_that_is_not_there_fails_the_first_check_and_says_so(s3: StoreSettings) -> None:
    gone = replace(s3, endpoint_url="http://127.0.0.1:1", attempts=1)

    first, *_ = conformance.run(gone)

    assert (first.name, first.ok) == ("reachable", False)
    assert "StoreUnavailableError" in first.detail


def test_wrong_credentials_are_a_store_that_refuses_us(s3: StoreSettings) -> None:
    stranger = ObjectStore(replace(s3, secret_key="not-the-secret"))

    with pytest.raises(StoreUnavailableError, match="SignatureDoesNotMatch"):
        stranger.put_bytes("a", b"x", "text/plain")


def test_a_missing_bucket_is_not_a_missing_object(s3: StoreSettings) -> None:
    with pytest.raises(StoreUnavailableError, match="NoSuchBucket"):
        ObjectStore(replace(s3, bucket="no-such-bucket")).read("a")


def test_a_large_file_goes_up_in_parts_and_comes_back_whole(
    objects: ObjectStore, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PART_BYTES", 5 * 1024 * 1024)
    path, back = tmp_path / "large", tmp_path / "back"
    path.write_bytes(b"0123456789abcdef" * 800_000)
    up: list[float] = []
    down: list[float] = []

    objects.put_file(key, path, "audio/wav", up.append)
    objects.fetch_to(key, back, down.append)

    assert back.read_bytes() == path.read_bytes()
    assert objects.head(key).media_type == "audio/wav"
    assert len(up) > 2
    for told in (up, down):
        assert told == sorted(told)
        assert told[-1] == 1.0


def test_a_failed_upload_leaves_nothing_behind(
    objects: ObjectStore, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PART_BYTES", 5 * 1024 * 1024)
    path = tmp_path / "large"
    path.write_bytes(bytes(11 * 1024 * 1024))

    def stop(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        objects.put_file(key, path, "audio/wav", stop)

    assert not objects.exists(key)
    assert list(objects.unfinished_uploads(key)) == []


def test_a_part_sent_again_replaces_the_first(objects: ObjectStore, key: str) -> None:
    upload_id = objects.begin_upload(key, "audio/wav")
    objects.put_part(key, upload_id, 1, b"a first try", 11)
    again = objects.put_part(key, upload_id, 1, b"the second", 10)

    assert len(objects.parts(key, upload_id)) == 1
    objects.complete_upload(key, upload_id, [again])
    assert objects.read(key) == b"the second"


def test_a_failed_download_leaves_no_file(objects: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(ObjectMissingError):
        objects.fetch_to("nothing", tmp_path / "file")

    assert list(tmp_path.iterdir()) == []


def test_a_range_past_the_end_tells_how_much_there_is(objects: ObjectStore, key: str) -> None:
    objects.put_bytes(key, b"0123456789", "audio/mpeg")

    with pytest.raises(UnsatisfiableRangeError) as beyond:
        objects.read(key, ByteRange(10, 12))
    with pytest.raises(UnsatisfiableRangeError) as over:
        objects.read(key, ByteRange(5, 12))

    assert (beyond.value.size_bytes, over.value.size_bytes) == (10, 10)
    assert objects.read(key, ByteRange(4, 4)) == b""


def test_a_missing_object_is_told_before_the_first_byte_is_asked_for(objects: ObjectStore) -> None:
    with pytest.raises(ObjectMissingError):
        objects.stream("nothing")


def test_a_prefix_is_removed_and_nothing_beside_it(objects: ObjectStore, key: str) -> None:
    for name in ("/1", "/2", "-beside"):
        objects.put_bytes(key + name, b"x", "text/plain")

    assert objects.delete_prefix(key + "/") == 2
    assert [each.key for each in objects.list(key)] == [key + "-beside"]
    with pytest.raises(ValueError):
        objects.delete_prefix("")


def test_a_file_is_offered_under_its_name_in_any_language(objects: ObjectStore, key: str) -> None:
    objects.put_bytes(key, b"x", "audio/mpeg")

    with_quotes = objects.sign_get(key, 600, filename='Zoë "at" night.mp3')

    host, _, path = with_quotes.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host)
    connection.request("GET", "/" + path)
    said = connection.getresponse().getheader("Content-Disposition")
    connection.close()
    assert said == "attachment; filename=\"Zo_ _at_ night.mp3\"; filename*=UTF-8''Zo%C3%AB%20%22at%22%20night.mp3"


def test_without_a_public_door_nothing_is_signed(s3: StoreSettings) -> None:
    inner = ObjectStore(replace(s3, public_endpoint_url=None))

    assert not inner.has_public_door
    with pytest.raises(StoreUnavailableError):
        inner.sign_get("a", 60)


def test_a_broken_line_is_taken_up_where_it_broke(s3: StoreSettings, objects: ObjectStore, key: str) -> None:
    content = bytes(at % 251 for at in range(900_000))
    objects.put_bytes(key, content, "audio/mpeg")
    line = BadLine(s3.endpoint_url, bytes_before_it_breaks=250_000)
    try:
        behind = ObjectStore(replace(s3, public_endpoint_url=None, endpoint_url=line.url, read_timeout_s=120))

        assert b"".join(behind.stream(key, ByteRange(100, 890_000))) == content[100:890_000]
        assert line.n_broken >= 3
    finally:
        line.close()


class BadLine:
    """A line that breaks whenever so many bytes of an answer have come through. The Host stays that of the line: it is signed."""

    def __init__(self, endpoint_url: str, bytes_before_it_breaks: int) -> None:
        host, _, port = endpoint_url.removeprefix("http://").partition(":")
        self._server = (host, int(port))
        self._most_bytes = bytes_before_it_breaks
        self._door = socket.create_server(("127.0.0.1", 0))
        self.n_broken = 0
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        self._thread = threading.Thread(target=self._carry_all)
        self._thread.start()

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._door.close()

    def _carry_all(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            with near, socket.create_connection(self._server) as far:
                self._carry(near, far)

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked:
            content = near.recv(65_536)
            if not content:
                return
            asked += content
        far.sendall(asked.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        left = self._most_bytes
        while left > 0 and (answer := far.recv(min(left, 65_536))):
            near.sendall(answer)
            left -= len(answer)
        self.n_broken += left == 0
