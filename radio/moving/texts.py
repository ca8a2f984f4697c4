"""The HTML of other people's feeds as plain words and as Markdown, which is what is kept here."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from radio.core.text import plain_lines

MOST_HTML = 200_000
"""Characters of one text that are looked at."""
_BLOCKS = frozenset(
    {"p", "div", "ul", "ol", "table", "tr", "section", "article", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"}
)
_SILENT = frozenset({"script", "style", "head", "title", "template", "iframe", "object"})
_MARKS = {"em": "*", "i": "*", "strong": "**", "b": "**"}
_LOOKS_LIKE_HTML = re.compile(r"<(/?[a-zA-Z]|!--)|&(#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")
_SPECIAL = re.compile(r"([\\`*_\[\]<>])")
_AT_START = re.compile(r"^(\s*)([#>+=-]|\d+[.)])", re.MULTILINE)
_MANY_BREAKS = re.compile(r"\n{3,}")


def both(text: str) -> tuple[str, str]:
    """The words alone, and the same as Markdown."""
    if not _LOOKS_LIKE_HTML.search(text):
        words = plain_lines(text)
        return words, words
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return _tidy("".join(reader.words)), _tidy("".join(reader.markdown))


def _tidy(text: str) -> str:
    return _MANY_BREAKS.sub("\n\n", plain_lines(text))


class _Reader(HTMLParser):
    """Writes both forms at once. What it does not know it reads through."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.markdown: list[str] = []
        self._silent = 0
        self._links: list[str] = []
        self._lists: list[int | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self._both("\n")
        elif tag == "li":
            self._item()
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "").strip())
            self.markdown.append("[" if self._is_link(self._links[-1]) else "")
        elif tag in _BLOCKS:
            self._block(tag)
        else:
            self.markdown.append(_MARKS.get(tag, ""))

    def _block(self, tag: str) -> None:
        if tag in {"ul", "ol"}:
            self._lists.append(0 if tag == "ol" else None)
        self._both("\n\n")
        if tag[0] == "h" and tag[1:].isdigit():
            self.markdown.append("#" * int(tag[1:]) + " ")

    def _item(self) -> None:
        number = self._lists[-1] if self._lists else None
        if number is not None:
            self._lists[-1] = number + 1
        self._both("\n")
        self.markdown.append("- " if number is None else f"{number + 1}. ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "a" and self._links:
            address = self._links.pop()
            self.markdown.append(f"](<{address}>)" if self._is_link(address) else "")
        elif tag in _BLOCKS:
            if tag in {"ul", "ol"} and self._lists:
                self._lists.pop()
            self._both("\n\n")
        else:
            self.markdown.append(_MARKS.get(tag, ""))

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        folded = re.sub(r"\s+", " ", data)
        self.words.append(folded)
        escaped = _SPECIAL.sub(r"\\\1", folded)
        self.markdown.append(_AT_START.sub(r"\1\\\2", escaped) if self._at_line_start() else escaped)

    def _at_line_start(self) -> bool:
        return not self.markdown or self.markdown[-1].endswith("\n")

    def _both(self, text: str) -> None:
        self.words.append(text)
        self.markdown.append(text)

    @staticmethod
    def _is_link(address: str) -> bool:
        return address.lower().startswith(("http://", "https://", "mailto:", "tel:")) and not set(address) & set("<> \n\t")
