"""Plain text: what people typed, made safe to store, sort and compare."""

from __future__ import annotations

import re
import unicodedata

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def allowed(text: str) -> str:
    """The text without characters that no document may hold. Source: XML 1.0 §2.2."""
    return _FORBIDDEN.sub("", text)


def plain(text: str) -> str:
    """One line without control characters or direction overrides, spaces folded.

    Source: XML 1.0 §2.2 names the characters that no document may hold.
    """
    return " ".join(_BIDI.sub("", _FORBIDDEN.sub("", text)).split())


def plain_lines(text: str) -> str:
    """As `plain`, with the line breaks kept."""
    text = _BIDI.sub("", _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def folded(text: str) -> str:
    """Lower case without accents: for comparing and finding."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def slug(text: str) -> str:
    """A URL part of a-z, 0-9 and hyphens, at most 60 long; empty when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", folded(text)).strip("-")[:60].rstrip("-")


def cut_bytes(text: str, limit_bytes: int) -> str:
    """The longest start of `text` whose UTF-8 form has at most `limit_bytes` bytes."""
    return text.encode()[:limit_bytes].decode(errors="ignore")
