"""What a feed says instead of what some reader would take for something else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.feeds import alike
from radio.web import markdown


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("A cup of tea", "A cup of tea"),
        ("<b>tea</b>", "‹b›tea‹/b›"),
        ("a < b, and I <3 tea & AT&T", "a < b, and I <3 tea & AT&T"),
        ("a <b and c> d", "a ‹b and c› d"),
        ("Fish &amp; chips, &amp;lt;b&amp;gt;", "Fish & chips, ‹b›"),
        ("&nosuch; x", "& nosuch; x"),
        ("https://a.example/?a=1&amp;b=2&region=uk", "https://a.example/?a=1&b=2&%72egion=uk"),
        ("caf\xc3\xa9", "café"),
        ("1984", "1984\u200b"),
        ("2 cups", "2 cups"),
    ],
)
def test_what_a_reader_would_resolve_is_said_without_it(typed: str, said: str) -> None:
    assert alike.words(typed) == said


def test_notes_are_not_resolved_twice() -> None:
    typed = "`<b>` &amp;copy; a < b [there](https://a.example/?a=1&copy=2)"
    assert alike.markup(str(markdown.html(typed))) == (
        '<p><code>‹b›</code> © a &lt; b <a href="https://a.example/?a=1&amp;%63opy=2" rel="noopener noreferrer nofollow">there</a></p>\n'
    )


PIECES = st.sampled_from(
    ["<", ">", "&", ";", "amp", "lt", "b", "/", " ", "#", "x3c", "60", "]]>", "\xc3\xa9", "é", "://", "?", "\n", "1", "\x85"]
)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_what_is_said_once_is_said_alike_for_ever(typed: str) -> None:
    said = alike.line(typed)
    assert alike.line(said) == said
    assert not re.search(r"<[A-Za-z/!?]|&#?\w+;", said)
    assert alike.markup(alike.markup(typed_html := str(markdown.html(typed)))) == alike.markup(typed_html)
