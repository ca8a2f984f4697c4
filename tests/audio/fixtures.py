"""A recording of a voice, made once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.audio import recipes


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of a synthetic voice, as a WAV."""
    return recipes.speech(tmp_path_factory.mktemp("speech") / "speech.wav", 3)


@pytest.fixture
def work_dir(tmp_path: Path) -> Path:
    """The folder of one recording."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder
