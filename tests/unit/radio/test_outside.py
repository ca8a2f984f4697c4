"""Other servers: none inside our network is ever asked, whatever a name says; and each way of failing has its own words."""

from __future__ import annotations

import io
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from radio.moving import words
from radio.web.outside import Outside, OutsideError
from tests import elsewhere as habits
from tests.elsewhere import Elsewhere, served

PUBLIC = "93.184.216.34"


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with served() as server:
        yield server


def failure(outside: Outside, url: str) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        outside.fetch(url, io.BytesIO(), most_bytes=1_000_000)
    return caught.value


def resolver(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A name server that answers the first, then the second …; gives the addresses to which a connection was tried."""
    left, tried = list(answers), []

    def lookup(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    def connect(address: tuple[str, int], *_: object) -> socket.socket:
        tried.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(socket, "create_connection", connect)
    return tried


def test_a_name_that_means_another_machine_the_second_time_reaches_only_what_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = resolver(monkeypatch, [PUBLIC], ["127.0.0.1"])

    assert failure(Outside(), "http://rebinding.example/").code == "private-address"
    assert tried == [PUBLIC], (
        "the address that was looked at is the one that is connected to; the next look-up is looked at again"
    )


@pytest.mark.parametrize("inside", [
    "127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "fd00::1", "fe80::1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::ffff:0:127.0.0.1",
    "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:a00:1::", "::127.0.0.1", "100.64.0.1", "0.0.0.0", "::", "192.0.0.8", "198.18.0.1",
])  # fmt: skip
def test_one_address_inside_among_public_ones_is_enough_to_ask_nobody(monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    tried = resolver(monkeypatch, [PUBLIC, inside])

    assert failure(Outside(), "https://mixed.example/").code == "private-address"
    assert tried == []


@pytest.mark.parametrize("host", [
    "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "LOCALHOST.", "[::ffff:7f00:1]", "[::ffff:127.0.0.1]", "[::1]", "[::]",
    "①②⑦.⓪.⓪.①", "127。0。0。1",
])  # fmt: skip
def test_however_this_machine_is_written_it_is_not_asked(host: str, elsewhere: Elsewhere) -> None:
    assert failure(Outside(), f"http://{host}:{elsewhere.port}/").code in {"private-address", "unknown-host", "not-an-address"}
    assert not elsewhere.asked


def test_every_step_of_a_redirect_is_looked_at(elsewhere: Elsewhere) -> None:
    outside = Outside(allow=frozenset({elsewhere.place}), patience_s=120)
    for step, onward in enumerate(("http://[::ffff:169.254.169.254]/", "http://localhost:1234/", "http://0x7f.1:1234/")):
        elsewhere.do(f"/{step}", habits.leads_to(onward, 307))
        elsewhere.do(f"/first/{step}", habits.leads_to(f"/{step}", 301))
        assert failure(outside, elsewhere.url(f"/first/{step}")).code == "private-address"
    assert failure(outside, elsewhere.do("/file", habits.leads_to("file:///etc/passwd"))).code == "not-an-address"


def test_nobody_there_and_no_such_name_are_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
        refused = failure(Outside(allow=frozenset({place})), f"http://{place}/")
    assert (refused.code, refused.later) == ("refuses-us", True)

    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    unknown = failure(Outside(), "https://no-such-name.example/feed.xml")
    assert (unknown.code, unknown.later) == ("unknown-host", True)
    assert len({words.problem(each.code) for each in (refused, unknown)}) == 2


def certificate(folder: Path, name: str, *, days: tuple[int, int]) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now + timedelta(days=days[0])).not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / f"{name}.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def behind_tls(pem: Path) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(500, "nobody should have asked")

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Whoever asks hangs up."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("name", "days", "trusted", "why"), [
    ("localhost", (-1, 30), False, "self-signed"), ("localhost", (-9, -1), True, "expired"), ("other.example", (-1, 30), True, "other-name"),
    ("localhost", (2, 30), True, "not-yet"),
])  # fmt: skip
def test_a_certificate_that_does_not_hold_is_told_as_what_it_is_and_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, days: tuple[int, int], *, trusted: bool, why: str
) -> None:
    pem = certificate(tmp_path, name, days=days)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with behind_tls(pem) as port:
        found = failure(Outside(allow=frozenset({f"localhost:{port}"}), patience_s=120), f"https://localhost:{port}/")

    assert (found.code, found.detail, found.later) == ("not-secure", why, False)
    assert words.problem("not-secure", why) != words.problem("not-secure")


@pytest.mark.parametrize(("told", "seconds"), [
    ("120", 120), (" 7 ", 7), ("soon", 0), ("-3", 0), ("", 0), ("Fri, 01 Mar 2024 08:30:00 GMT", 3600), ("Fri, 01 Mar 2024 06:30:00 GMT", 0),
])  # fmt: skip
def test_a_server_that_asks_us_to_wait_is_heard(elsewhere: Elsewhere, told: str, seconds: int) -> None:
    def busy(asked: habits.Asked) -> None:
        handler = asked.handler
        handler.send_response_only(429)
        handler.send_header("Date", "Fri, 01 Mar 2024 07:30:00 GMT")
        handler.send_header("Retry-After", told)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    found = failure(Outside(allow=frozenset({elsewhere.place}), patience_s=120), elsewhere.do("/busy", busy))

    assert (found.code, found.detail, found.later, found.after_s) == ("status", "429", True, seconds)


def test_a_slow_drip_is_heard_to_its_end(elsewhere: Elsewhere) -> None:
    into, content = io.BytesIO(), bytes(range(256)) * 4
    url = elsewhere.do("/drip", habits.drips(content, bytes_at_once=100))

    Outside(allow=frozenset({elsewhere.place}), patience_s=120).fetch(url, into, most_bytes=10_000)

    assert into.getvalue() == content


def says(*lines: bytes) -> habits.Habit:
    """Exactly these bytes, and hangs up."""
    return lambda asked: (asked.handler.wfile.write(b"\r\n".join(lines)), None)[1]


def test_what_a_server_says_before_its_answer_is_not_the_answer(elsewhere: Elsewhere) -> None:
    early = says(b"HTTP/1.1 103 Early Hints", b"Link: </style.css>", b"", b"HTTP/1.1 102 Processing", b"", b"HTTP/1.1 200 OK",
                 b"Content-Length: 5", b"", b"sound")  # fmt: skip
    into = io.BytesIO()
    Outside(allow=frozenset({elsewhere.place})).fetch(elsewhere.do("/early", early), into, most_bytes=1000)
    assert into.getvalue() == b"sound"


def test_a_line_that_breaks_in_the_middle_of_the_headers_is_no_empty_file(elsewhere: Elsewhere) -> None:
    cut_off, outside = says(b"HTTP/1.1 200 OK", b"X-Slow: aaa"), Outside(allow=frozenset({elsewhere.place}))
    into = io.BytesIO()
    outside.fetch(elsewhere.do("/once", habits.in_turn(cut_off, habits.gives(b"sound"))), into, most_bytes=1000)
    assert into.getvalue() == b"sound"
    fault = failure(outside, elsewhere.do("/always", cut_off))
    assert (fault.code, fault.later) == ("dropped", True)
    outside.fetch(elsewhere.do("/empty", habits.gives(b"")), nothing := io.BytesIO(), most_bytes=1000)
    assert nothing.getvalue() == b"", "one that says that it is empty is empty"
