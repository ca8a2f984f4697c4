"""Another host, on this machine, with every bad habit that hosts have."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape, quoteattr

Habit = Callable[["Asked"], None]
NEWEST = datetime(2024, 3, 1, 7, 30, tzinfo=UTC)


@dataclass
class Asked:
    """One request, and how to answer it badly or well. `times`: how often this path was asked, this time included."""

    handler: BaseHTTPRequestHandler
    times: int
    over: threading.Event

    def answer(self, status: int, content: bytes = b"", *, declared: int | None = None, **headers: str) -> None:
        """Status, headers, and as much of the content as there is."""
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.send_header("Content-Length", str(len(content) if declared is None else declared))
        self.handler.end_headers()
        self.handler.wfile.write(content)

    def from_byte(self) -> int:
        """Where the asked range begins; 0: no range."""
        match = re.fullmatch(r"bytes=(\d+)-", self.handler.headers.get("Range", ""))
        return int(match[1]) if match else 0

    def part(self, content: bytes, *, stop: int | None = None) -> None:
        """A range as it was asked, cut off at `stop`."""
        start = self.from_byte()
        if start >= len(content):
            self.answer(416, Content_Range=f"bytes */{len(content)}")
            return
        span = {"Content_Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        self.answer(
            206 if start else 200, content[start:stop], declared=len(content) - start, Content_Type="audio/wav",
            Accept_Ranges="bytes", ETag='"one"', **span,
        )  # fmt: skip


@dataclass
class Elsewhere:
    """A running server. `place` is what the station must be told to be allowed to ask it."""

    port: int
    habits: dict[str, Habit] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.place}{path}"

    def give(self, path: str, content: bytes, media_type: str = "audio/wav") -> str:
        """Serve this well; gives its address."""
        self.habits[path] = lambda asked: asked.answer(200, content, Content_Type=media_type)
        return self.url(path)

    def do(self, path: str, habit: Habit) -> str:
        self.habits[path] = habit
        return self.url(path)


@contextmanager
def served() -> Iterator[Elsewhere]:
    """A server for the time of a test."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            here.asked[path] += 1
            self.close_connection = True
            try:
                habit = here.habits.get(path, lambda asked: asked.answer(404))
                habit(Asked(self, here.asked[path], over))
            except OSError:
                return  # whoever asked has gone

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    here = Elsewhere(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield here
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


# Habits


def breaks_off(content: bytes) -> Habit:
    """A third at a time, then the line is dead; goes on when asked for a range."""
    third = len(content) // 3 + 1
    return lambda asked: asked.part(content, stop=asked.from_byte() + third)


def breaks_off_without_ranges(content: bytes, whole_at: int = 3) -> Habit:
    """More of it each time, always from the start."""
    return lambda asked: asked.answer(
        200, content[: len(content) * asked.times // whole_at], declared=len(content), Content_Type="audio/wav"
    )


def stalls(content: bytes, until: int = 99) -> Habit:
    """Sends half, then says nothing until whoever asks has gone."""

    def habit(asked: Asked) -> None:
        if asked.times >= until:
            asked.part(content)
            return
        asked.answer(200, content[: len(content) // 2], declared=len(content), Content_Type="audio/wav")
        asked.handler.wfile.flush()
        asked.over.wait()

    return habit


def promises_too_much(content: bytes) -> Habit:
    """Says that there is more than there will ever be."""
    return lambda asked: asked.answer(200, content, declared=len(content) + 5000, Content_Type="audio/wav")


def promises_too_little(content: bytes) -> Habit:
    """Says that half of it is all; whoever asks for the rest gets it."""

    def habit(asked: Asked) -> None:
        if asked.from_byte():
            asked.part(content)
        else:
            asked.answer(200, content[: len(content) // 2], Content_Type="audio/wav")

    return habit


def is_ill(content: bytes, until: int = 2) -> Habit:
    """503 at first."""
    return lambda asked: asked.part(content) if asked.times >= until else asked.answer(503, b"later")


def leads_to(url: str, status: int = 302) -> Habit:
    """A redirect."""
    return lambda asked: asked.answer(status, Location=url)


def in_chunks(content: bytes) -> Habit:
    """Without a length."""

    def habit(asked: Asked) -> None:
        asked.handler.send_response(200)
        asked.handler.send_header("Content-Type", "audio/wav")
        asked.handler.send_header("Transfer-Encoding", "chunked")
        asked.handler.end_headers()
        for start in range(0, len(content), 5000):
            chunk = content[start : start + 5000]
            asked.handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        asked.handler.wfile.write(b"0\r\n\r\n")

    return habit


def drips(content: bytes, *, bytes_at_once: int, media_type: str = "audio/wav") -> Habit:
    """A little at a time, each in good time, and no length."""

    def habit(asked: Asked) -> None:
        asked.handler.send_response(200)
        asked.handler.send_header("Content-Type", media_type)
        asked.handler.end_headers()
        for start in range(0, len(content), bytes_at_once):
            asked.handler.wfile.write(content[start : start + bytes_at_once])
            asked.handler.wfile.flush()
            asked.over.wait(0.005)

    return habit


def is_busy(content: bytes, *, seconds: int, until: int = 2) -> Habit:
    """429 at first, and when to come back."""
    return lambda asked: asked.part(content) if asked.times >= until else asked.answer(429, Retry_After=str(seconds))


def gives(content: bytes, status: int = 200, **headers: str) -> Habit:
    """This answer, with these headers and no others."""
    return lambda asked: asked.answer(status, content, **headers)


def in_turn(*habits: Habit) -> Habit:
    """One way the first time, another the second …; the last for good."""
    return lambda asked: habits[min(asked.times, len(habits)) - 1](asked)


# Feeds


@dataclass
class Item:
    """An item of a feed; None: the tag is left out."""

    url: str | None
    guid: str | None = None
    title: str | None = None
    date: str | None = ""
    length: str = "0"
    media_type: str = "audio/wav"
    more: str = ""


def rss(items: Sequence[Item], *, title: str = "The Long Way Round", channel: str = "", head: str = "") -> bytes:
    """A feed as hosts write them."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
        'xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        f'xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>{escape(title)}</title>'
        "<description>Walks and talks.</description><language>en-gb</language><itunes:author>Walkers</itunes:author>"
        f'<itunes:category text="Society &amp; Culture"/>{channel}'
        + "".join(_item(item, number) for number, item in enumerate(items))
        + "</channel></rss>"
    ).encode()


def _item(item: Item, number: int) -> str:
    date = format_datetime(NEWEST - timedelta(days=7 * number)) if item.date == "" else item.date
    parts = [f"<title>{escape(item.title)}</title>" if item.title is not None else ""]
    parts.append(f'<guid isPermaLink="false">{escape(item.guid)}</guid>' if item.guid is not None else "")
    parts.append(f"<pubDate>{escape(date)}</pubDate>" if date is not None else "")
    if item.url is not None:
        parts.append(f'<enclosure url={quoteattr(item.url)} length="{item.length}" type="{item.media_type}"/>')
    return f"<item>{''.join(parts)}{item.more}</item>"
