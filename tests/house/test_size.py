"""Small things: a module that is full is two modules, a room that is full is two rooms."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE_LINES = 340
TEMPLATE_LINES = 170


def too_long(pattern: str, limit: int, *folders: str) -> list[str]:
    found = []
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(pattern)):
            lines = len(path.read_text().splitlines())
            if "migrations" not in path.parts and lines > limit:
                found.append(f"{path.relative_to(ROOT)} has {lines} lines: split it by what a person does")
    return found


def test_no_module_is_longer_than_a_person_can_hold() -> None:
    assert not too_long("*.py", MODULE_LINES, "media", "radio")


def test_no_template_is_longer_than_a_page_of_thought() -> None:
    assert not too_long("*.html", TEMPLATE_LINES, "templates")
