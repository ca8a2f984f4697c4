"""The station speaks its own words: docs/glossary.md is law."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
SPEAKS_RFC_8216 = {"playlist": ("media/hls.py", "radio/channel/", "scripts/bench/"), "track": ("media/", "scripts/")}
LIBRARY_NAMES = {"user_id", "user_verification", "user_datastore", "UserMixin", "delete", "delete_prefix"}
"""Names that a library asks for, or that are said of objects and rows, not of a person's recording."""


def forbidden() -> set[str]:
    rows = [line.split("|")[3].strip() for line in GLOSSARY.splitlines() if line.startswith("| ") and not line.startswith("|--")]
    words = {word.strip() for row in rows[1:] for word in row.split(",") if word.strip()}
    return {word for word in words if " " not in word} | {"utils", "helpers", "manager"}


def names_defined(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
    return found


def words_of(name: str) -> set[str]:
    return {w.lower() for w in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def test_the_glossary_is_read() -> None:
    assert {"asset", "delete", "admin", "jingle"} <= forbidden()


@pytest.mark.parametrize("house", ["media", "radio"])
def test_no_name_uses_a_word_the_glossary_replaced(house: str) -> None:
    wrong = []
    for path in sorted((ROOT / house).rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        if "migrations/" in where or where == "radio/web/assets.py":
            continue
        for name in names_defined(path) - LIBRARY_NAMES:
            wrong += [
                f"{where}: {name} says “{word}”; docs/glossary.md has the station's word"
                for word in words_of(name) & forbidden()
                if not where.startswith(SPEAKS_RFC_8216.get(word, ("-",)))
            ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda p: p.name)
def test_pages_speak_of_people_first(path: Path) -> None:
    """Source: the starting language list; peers own the full one."""
    text = re.sub(r"{#.*?#}|{%.*?%}", "", path.read_text(), flags=re.DOTALL).lower()
    better = {
        "addict": "person with a drug problem", "junkie": "leave it out", "abuser": "person who uses drugs",
        "substance abuse": "substance use", "substance misuse": "substance use", "got clean": "stopped using", "service user": "person",
        "committed suicide": "died by suicide", "hard to reach": "say what services have not done", "trigger warning": "content note",
    }  # fmt: skip
    found = [f"“{word}”: write “{instead}”" for word, instead in better.items() if re.search(rf"\b{word}", text)]
    assert not found, f"{path.name}: " + "; ".join(found)
