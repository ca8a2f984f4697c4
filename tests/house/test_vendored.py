"""Libraries of others lie here as they were published, each with its licence."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "radio/static/vendor"
LIBRARIES = tomllib.loads((FOLDER / "vendor.toml").read_text())["library"]


def test_every_vendored_file_is_the_one_that_was_fetched() -> None:
    wrong = [
        file["to"]
        for library in LIBRARIES
        for file in library["files"]
        if hashlib.sha256((FOLDER / file["to"]).read_bytes()).hexdigest() != file["sha256"]
    ]
    assert not wrong, f"these differ from vendor.toml; run scripts/vendor: {wrong}"


def test_nothing_lies_there_that_the_list_does_not_name() -> None:
    named = {file["to"] for library in LIBRARIES for file in library["files"]} | {"vendor.toml"}
    lying = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}

    assert lying == named


def test_every_library_carries_its_licence() -> None:
    for library in LIBRARIES:
        texts = [(FOLDER / file["to"]).read_text() for file in library["files"] if file["to"].endswith("LICENSE.txt")]
        assert texts, f"{library['name']} has no licence text"
        assert "opyright" in texts[0]
        assert library["licence"]


def test_lists_and_letters_of_others_carry_their_licence_beside_them() -> None:
    root = FOLDER.parents[2]
    for text in ("radio/counting/robots/LICENSE.txt", "media/fonts/LICENSE.txt"):
        assert "opyright" in (root / text).read_text()
        assert text.rpartition("/")[0] in (root / "THIRD_PARTY.md").read_text()
