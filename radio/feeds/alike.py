"""Words in the form in which every reader takes them alike.

Nothing in RSS says whether a text is plain or HTML: some readers look for a tag in it, some resolve what looks like the name of a
character, once or twice, one takes `1984` for a number and leaves out the episode of that title, one mends what looks like UTF-8
read as Latin-1. So a feed holds nothing that can be taken for any of it: a tag that a person typed stands in ‹these›, the name of
a character is the character. The pages show what was typed. Attributes need none of this: nobody looks for more in them.
Source: RSS 2.0, `description`; HTML §13.2.5.6 (what opens a tag) and §13.5 (the names of characters).
"""

from __future__ import annotations

import re
from html import escape, unescape

from radio.core.text import plain, plain_lines

_MARKS = re.compile(r"&[#A-Za-z]|<\S")
_MARKS_OF_HTML = re.compile(r"&amp;[#A-Za-z]|&lt;\S")
_LETTERS = re.compile(r"[\x85\ufeff]|[\xc2-\xf4][\x80-\xbf]")
_TAG = re.compile(r"<(?=[A-Za-z/!?>])[^<>]*>?|<(?=\S)[^<>]*>")
_NAMED = re.compile(r"&#?[\w.-]+;")
_ALMOST_NAMED = re.compile(r"&(?=[A-Za-z])\w+")
_ADDRESS = re.compile(r"\b[a-z]{2,12}://\S+", re.IGNORECASE)
_HTML_TAG = re.compile(r'(<[^<>"]*(?:"[^"]*"[^<>"]*)*>)')
_HREF = re.compile(r'(?<= href=")[^"]*')
_VALUE = re.compile(r"true|false|[-+]?(0x[0-9a-f]+|0[bo][0-7]+|(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)", re.IGNORECASE | re.ASCII)
_MARK = "\u200b"
"""A space without width: behind it a number is a word."""


def words(text: str) -> str:
    """Text of one or more lines that no reader takes for anything else."""
    if _is_doubtful(text, _MARKS):
        text = plain_lines(_TAG.sub(_quoted, _resolved(text)))
    return text + _MARK if _VALUE.fullmatch(text) else text


def line(text: str) -> str:
    """As `words`, of text that is one line already, and stays one."""
    found = words(text)
    return found if found == text else words(plain(found))  # what folds may uncover more


def markup(html: str) -> str:
    """Our own safe HTML, whose words and addresses no reader resolves once more."""
    if not _is_doubtful(html, _MARKS_OF_HTML):
        return html
    pieces = _HTML_TAG.split(html)  # every second one is a tag
    pieces[::2] = map(_between, pieces[::2])
    pieces[1::2] = [_HREF.sub(lambda found: escape(_address(unescape(found[0]))), tag) for tag in pieces[1::2]]
    return "".join(pieces)


def _between(piece: str) -> str:
    """The text between two tags, with the space around it."""
    said = unescape(piece)
    return escape(_TAG.sub(_quoted, _resolved(said)), quote=False) if _is_doubtful(said, _MARKS) else piece


def _is_doubtful(text: str, marks: re.Pattern[str]) -> bool:
    """Whether to look closer. Most texts need it not, and a feed of a thousand items has no time for it."""
    if ("&" in text or "<" in text) and marks.search(text):
        return True
    return not text.isascii() and _LETTERS.search(text) is not None


def _quoted(tag: re.Match[str]) -> str:
    return tag[0].translate({ord("<"): "‹", ord(">"): "›"})


def _resolved(text: str) -> str:
    """With every character in place of its name, until no name is left; one that nobody knows stands apart from its sign."""
    text, before = _ADDRESS.sub(lambda found: _address(found[0]), text), ""
    while text != before:  # `&amp;amp;` is two
        before, text = text, _read_right(unescape(text)).replace("\x85", "\n").replace("\ufeff", "")
    return _NAMED.sub(lambda found: f"& {found[0][1:]}", text)


def _address(url: str) -> str:
    """An address in which `&copy=2` stays a parameter: its letter is written as a number. Source: RFC 3986 §2.1."""
    before = ""
    while url != before:
        before, url = url, _NAMED.sub(lambda found: unescape(found[0]), url)
    return _ALMOST_NAMED.sub(
        lambda found: found[0] if unescape(found[0]) == found[0] else f"&%{ord(found[0][1]):02X}{found[0][2:]}", url
    )


def _read_right(text: str) -> str:
    """What was UTF-8 and was taken for Latin-1 on its way here, taken for UTF-8."""
    try:
        return text.encode("iso-8859-1").decode()
    except UnicodeError:
        return text
