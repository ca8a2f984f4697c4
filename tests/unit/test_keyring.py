"""Secrets are made once, for one account, and two first starts agree."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from radio import keyring
from radio.settings import Settings


def _settings(folder: Path) -> Settings:
    return Settings.from_env({"RADIO_DATA": str(folder)})


def _make_and_read(folder: str) -> dict[str, str]:
    settings = _settings(Path(folder))
    keyring.make(settings)
    return {name: keyring.read(settings, name) for name in keyring.KEYS}


def test_only_the_stations_own_account_can_read_its_secrets(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    keyring.make(settings)

    assert stat.S_IMODE(settings.secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in settings.secrets.iterdir()} == {0o600}
    assert keyring.open_to_others(settings) == ()


def test_a_secret_that_others_could_read_is_named(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    keyring.make(settings)
    (settings.secrets / "session").chmod(0o644)

    assert keyring.open_to_others(settings) == (settings.secrets / "session",)


def test_a_second_start_keeps_every_secret_and_leaves_no_draft(tmp_path: Path) -> None:
    first, second = _make_and_read(str(tmp_path)), _make_and_read(str(tmp_path))

    assert first == second
    assert {path.name for path in (tmp_path / "secrets").iterdir()} == set(keyring.KEYS)


def test_processes_that_start_at_once_agree_on_every_secret(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(_make_and_read, [str(tmp_path)] * 4, chunksize=1)

    assert all(secrets == found[0] for secrets in found)


def test_an_unknown_secret_is_a_mistake_in_the_code(tmp_path: Path) -> None:
    keyring.make(_settings(tmp_path))

    with pytest.raises(KeyError):
        keyring.read(_settings(tmp_path), "../radio.db")
