"""Operators can rely on the pages: every setting and every command is there, and nothing that is not."""

from __future__ import annotations

import re
from pathlib import Path

from radio.cli import ROOM_COMMANDS, radio
from radio.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_setting_is_explained_once_and_none_that_is_gone() -> None:
    explained = re.findall(r"^\| `(RADIO_\w+)`", (DOCS / "settings.md").read_text(), re.MULTILINE)

    assert sorted(explained) == sorted(f"RADIO_{name.upper()}" for name in Settings.__dataclass_fields__)


def test_every_default_that_is_told_is_the_one_that_holds(tmp_path: Path) -> None:
    settings = Settings.from_env({"RADIO_DATA": str(tmp_path)})
    told = dict(re.findall(r"^\| `RADIO_(\w+)` \| `([^`]+)` \|", (DOCS / "settings.md").read_text(), re.MULTILINE))
    told.pop("DATA")

    assert {name: str(getattr(settings, name.lower())) for name in told} == told


def test_every_command_that_a_page_names_exists() -> None:
    commands = {*radio.commands, *ROOM_COMMANDS}
    for page in DOCS.rglob("*.md"):
        for named in re.findall(r"`radio ([a-z]+)", page.read_text()):
            assert named in commands, f"{page.name} names “radio {named}”"
