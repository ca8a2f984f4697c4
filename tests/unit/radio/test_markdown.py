"""What people type becomes HTML that can hurt nobody."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.web.markdown import ELEMENTS, html, text


@given(st.text(max_size=300))
def test_only_the_named_elements_ever_come_out(typed: str) -> None:
    assert set(re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", str(html(typed)))) <= ELEMENTS


@pytest.mark.parametrize(
    "typed",
    [
        "<script>alert(1)</script>", "[x](javascript:alert(1))", "[x](data:text/html,hi)", "![x](https://a.example/pixel.gif)",
        "<img src=x onerror=alert(1)>", "[x](https://a.example \"t\" onclick=1)", "<a href=https://a.example style=x>y</a>",
        "<iframe src=//a.example>", "[x](vbscript:x)",
    ],
)  # fmt: skip
def test_nothing_runs_and_nothing_is_loaded(typed: str) -> None:
    made = str(html(typed))
    tags = "".join(re.findall(r"<[^>]*>", made))
    assert not re.search(r"script|src=|style=|onclick|onerror|javascript:|data:|iframe", tags)


def test_links_tell_nobody_where_a_reader_came_from() -> None:
    assert str(html("[more](https://a.example)")).count('rel="noopener noreferrer nofollow"') == 1


def test_headings_stay_below_those_of_the_page() -> None:
    assert "<h3>One</h3>" in html("# One")
    assert "<h4>Four</h4>" in html("#### Four")


def test_text_is_the_words_alone() -> None:
    assert text("# Tea & *toast*") == "Tea & toast"
