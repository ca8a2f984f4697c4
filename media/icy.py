"""Titles inside an MP3 stream, as Icecast and SHOUTcast players read them.

After every `icy-metaint` bytes of sound stands one block: a length in units of 16 bytes, then that much text.
Most blocks say that nothing changed: one zero byte. There is no standard; this is what Icecast's `format_mp3`
sends.
"""

from __future__ import annotations

NOTHING_NEW = b"\0"
MOST_TEXT_BYTES = 255 * 16


def metadata_block(title: str, url: str | None = None) -> bytes:
    """The block that names what is on air; without a title and a URL it says that nothing changed.

    The text is cut at a whole character when it is too long. A quote would end the title in some players and
    not in others, so it becomes a typographic one.
    """
    link = f"StreamUrl='{_one_line(url).replace(chr(39), '%27')}';".encode() if url else b""
    if len(link) > MOST_TEXT_BYTES // 2:
        link = b""
    if not title and not link:
        return NOTHING_NEW
    around = len("StreamTitle='';")
    words = _cut(_one_line(title).replace("'", "’"), MOST_TEXT_BYTES - around - len(link))
    text = b"StreamTitle='" + words + b"';" + link
    text += bytes(-len(text) % 16)
    return bytes([len(text) // 16]) + text


class Interleaver:
    """Puts the blocks of one listener's stream exactly `metaint_bytes` of sound apart."""

    def __init__(self, metaint_bytes: int) -> None:
        if metaint_bytes < 1:
            raise ValueError("there must be sound between two blocks")
        self._metaint_bytes = metaint_bytes
        self._until_block = metaint_bytes
        self._last_said = NOTHING_NEW

    def send(self, sound: bytes, block: bytes) -> bytes:
        """The bytes to send for `sound`; `block` is what is on air now, said once when it changes."""
        out: list[bytes] = []
        at = 0
        while len(sound) - at >= self._until_block:
            out += (sound[at : at + self._until_block], self._next_block(block))
            at += self._until_block
            self._until_block = self._metaint_bytes
        out.append(sound[at:])
        self._until_block -= len(sound) - at
        return b"".join(out)

    def _next_block(self, block: bytes) -> bytes:
        if block == self._last_said:
            return NOTHING_NEW
        self._last_said = block
        return block


def _one_line(text: str) -> str:
    """The text without control characters: one of them could end the title, or the line of a log."""
    return "".join(c if c.isprintable() else " " for c in text)


def _cut(text: str, most_bytes: int) -> bytes:
    """UTF-8 of at most so many bytes, cut between characters."""
    return text.encode()[:most_bytes].decode(errors="ignore").encode()
