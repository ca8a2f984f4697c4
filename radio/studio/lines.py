"""What is typed one a line: chapters, parts that may stand alone, proofs for directories, other shows, names of seasons.

Each pair turns a text into values and back. Raises ValueError at the first line that cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from radio.catalogue.terms import role_of, vocabulary
from radio.core.text import plain

_TIME = r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)(?:\.(\d{1,3}))?"
_VOICE = re.compile(r"(.*\S)\s*\(([^()]+)\)")
_CHAPTER = re.compile(rf"{_TIME}\s+(\S.*)")
_BITE = re.compile(rf"{_TIME}\s*(?:-|–|\s)\s*{_TIME}(?:\s+(\S.*))?")


def chapters(text: str) -> list[dict[str, Any]] | None:
    """Of lines such as `2:10 How it began`; None of nothing."""
    found = [_match(_CHAPTER, line) for line in _lines(text)]
    return [{"start_ms": _ms(one, 1), "title": one[5]} for one in found] or None


def chapters_typed(values: Iterable[Mapping[str, Any]] | None) -> str:
    """As they would be typed."""
    return "\n".join(f"{_clock(one['start_ms'])} {one['title']}" for one in values or ())


def soundbites(text: str) -> list[dict[str, Any]] | None:
    """Of lines such as `2:10 - 2:50 The lamp`; None of nothing."""
    found = [_match(_BITE, line) for line in _lines(text)]
    return [{"from_ms": _ms(one, 1), "to_ms": _ms(one, 5), "title": one[9] or ""} for one in found] or None


def soundbites_typed(values: Iterable[Mapping[str, Any]] | None) -> str:
    """As they would be typed."""
    return "\n".join(f"{_clock(one['from_ms'])} - {_clock(one['to_ms'])} {one['title']}".rstrip() for one in values or ())


def voices(text: str) -> dict[str, str]:
    """Of lines such as `Robin (host)`: name → code of the role; empty: none is said. Brackets that name no role are of the name."""
    found = {}
    for line in _lines(text):
        match = _VOICE.fullmatch(line)
        role = role_of(match[2]) if match else ""
        found[match[1] if match and role else line] = role
    return found


def voices_typed(values: Iterable[tuple[str, str]]) -> str:
    """As they would be typed."""
    return "\n".join(f"{name} ({vocabulary().term('role', role).label})" if role else name for name, role in values)


def hosts(text: str) -> dict[str, str] | None:
    """Of lines such as `Robin (co-host)`, as `voices`; None of nothing."""
    return voices(text) or None


def hosts_typed(values: Mapping[str, str] | None) -> str:
    """As they would be typed."""
    return voices_typed((values or {}).items())


def verifications(text: str) -> list[dict[str, str]] | None:
    """Of lines such as `applepodcastsverify 1a2b-3c`; one word alone is a proof without a purpose of its own."""
    found = []
    for line in _lines(text):
        purpose, _, words = line.partition(" ")
        found.append({"purpose": purpose if words else "verify", "text": words.strip() or purpose})
    return found or None


def verifications_typed(values: Iterable[Mapping[str, str]] | None) -> str:
    """As they would be typed."""
    return "\n".join(f"{one['purpose']} {one['text']}" for one in values or ())


def podroll(text: str) -> list[dict[str, str]] | None:
    """Of lines such as `GUID https://… Its title`; the address and the title may be left out."""
    found = []
    for line in _lines(text):
        guid, _, rest = line.partition(" ")
        url, _, title = rest.partition(" ") if rest.startswith(("http://", "https://")) else ("", "", rest)
        found.append({"guid": guid.lower(), "url": url, "title": title.strip()})
    return found or None


def podroll_typed(values: Iterable[Mapping[str, str]] | None) -> str:
    """As they would be typed."""
    return "\n".join(" ".join(part for part in (one["guid"], one["url"], one["title"]) if part) for one in values or ())


def seasons(text: str) -> dict[str, str] | None:
    """Of lines such as `2 The winter`."""
    found = {}
    for line in _lines(text):
        number, _, name = line.partition(" ")
        if not number.isascii() or not number.isdigit() or not name.strip():
            raise ValueError(line)
        found[str(int(number))] = name.strip()
    return found or None


def seasons_typed(values: Mapping[str, str] | None) -> str:
    """As they would be typed."""
    return "\n".join(f"{number} {name}" for number, name in sorted((values or {}).items(), key=lambda one: int(one[0])))


def _lines(text: str) -> Iterator[str]:
    return (line for line in map(plain, text.splitlines()) if line)


def _match(pattern: re.Pattern[str], line: str) -> re.Match[str]:
    found = pattern.fullmatch(line)
    if found is None:
        raise ValueError(line)
    return found


def _ms(found: re.Match[str], first: int) -> int:
    hours, minutes, seconds, rest = (found[first + n] or "0" for n in range(4))
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(rest.ljust(3, "0"))


def _clock(ms: int) -> str:
    minutes, seconds = divmod(ms // 1000, 60)
    rest = f".{ms % 1000:03}" if ms % 1000 else ""
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}") + rest
