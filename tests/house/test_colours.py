"""Every pair of colours that stands on another can be read, by day and by night. Source: WCAG 2.2 §1.4.3, §1.4.6, §1.4.11."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).resolve().parents[2] / "radio/static/css/tokens.css").read_text()
BODY, TEXT, EDGE = 7.0, 4.5, 3.0
PAIRS = [
    ("ink", "paper", BODY), ("ink", "raised", BODY), ("ink", "glow", BODY), ("strip-ink", "strip", BODY),
    ("quiet", "paper", TEXT), ("quiet", "raised", TEXT), ("quiet", "glow", TEXT),
    ("accent", "paper", TEXT), ("accent", "raised", TEXT), ("accent", "glow", TEXT), ("on-accent", "accent", TEXT),
    ("on-air", "paper", TEXT), ("on-air", "raised", TEXT), ("on-air", "glow", TEXT), ("on-ember", "on-air", TEXT),
    ("fault", "paper", TEXT), ("fault", "raised", TEXT), ("good", "paper", TEXT), ("good", "raised", TEXT),
    ("edge", "paper", EDGE), ("edge", "raised", EDGE),
]  # fmt: skip


def themes() -> list[dict[str, str]]:
    """The colours of each block of the sheet: day, the system's dark, the page's night."""
    found = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", body)) for body in re.findall(r"\{([^{}]*)\}", TOKENS)]
    return [colours for colours in found if colours]


def luminance(colour: str) -> float:
    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[at : at + 2]) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", themes(), ids=["day", "dark", "night"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_what_is_written_can_be_read(theme: dict[str, str], front: str, ground: str, least: float) -> None:
    measured = contrast(theme[front], theme[ground])

    assert measured >= least, f"--{front} on --{ground} is {measured:.2f}:1; change one of them in tokens.css"


def test_night_by_the_system_and_by_the_hour_are_the_same() -> None:
    _day, dark, night = themes()

    assert dark == night


def test_no_other_sheet_names_a_colour() -> None:
    sheets = Path(__file__).resolve().parents[2] / "radio/static/css"
    wrong = [
        f"{path.name}: {colour}"
        for path in sheets.rglob("*.css")
        if path.name != "tokens.css"
        for colour in re.findall(r"#[0-9a-fA-F]{6}\b|rgba?\(|hsla?\(", path.read_text().split("@media print")[0])
    ]
    assert not wrong, f"colours live in tokens.css only: {wrong}"


def test_paper_is_white_at_night_too() -> None:
    """What is printed from a page at night: its light letters would be lost on paper."""
    assert re.findall(r"@media (.*)prefers-color-scheme", TOKENS) == ["screen and ("]
