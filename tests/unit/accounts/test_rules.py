"""What a name, a password and an invitation must be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio.accounts import rules
from radio.accounts.passkeys import named_address
from radio.core.people import Role

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@dataclass
class Door:
    expires_at: datetime
    used_at: datetime | None = None


@pytest.mark.parametrize("name", ["Sam", "sam t", "Zoë", "O'Neil", "J.R.", "李雷", "night-owl 7", "  spaced  "])
def test_people_may_be_called_what_they_like(name: str) -> None:
    assert rules.name_fault(name) is None


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "short"), ("x", "short"), ("x" * 41, "long"), ("<b>", "characters"), ("a@b.c", "characters"), (" -a", "characters")],
)
def test_some_names_cannot_be_taken(name: str, code: str) -> None:
    assert rules.name_fault(name) == code


@pytest.mark.parametrize("other", ["zoe", "ZOE", " Zoë ", "zoë"])
def test_names_that_read_alike_are_one(other: str) -> None:
    assert rules.name_key(other) == rules.name_key("Zoë")


@pytest.mark.parametrize(
    ("password", "code"),
    [("nine char", "short"), ("x" * 129, "long"), ("samantha2024!", "name"), ("aaaaaaaaaaaa", "same"), ("Password123", "known")],
)
def test_passwords_that_others_would_guess_are_refused(password: str, code: str) -> None:
    assert rules.password_fault(password, "Samantha") == code


@pytest.mark.parametrize("password", ["three plain words", "samantha likes tea", "パスワード・パスワード二", "Tr0ub4dor&3"])
def test_long_passwords_need_no_other_quality(password: str) -> None:
    assert rules.password_fault(password, "Samantha") is None


@given(st.integers(-10_000, 10_000))
def test_an_invitation_closes_at_the_instant_it_expires(seconds: int) -> None:
    at = NOW + timedelta(seconds=seconds)

    assert rules.is_open(Door(NOW), at) is (at < NOW)


def test_a_used_invitation_is_closed() -> None:
    assert not rules.is_open(Door(NOW + timedelta(days=1), used_at=NOW), NOW)


def test_a_token_cannot_be_read_from_what_is_kept() -> None:
    assert "secret" not in rules.token_sha256("secret")
    assert rules.token_sha256("secret") != rules.token_sha256("secret ")


@pytest.mark.parametrize(
    ("stewards", "roles", "leaves_none"),
    [
        (["sam"], [], True),
        (["sam"], [Role.EDITOR], True),
        (["sam"], [Role.STEWARD], False),
        (["sam", "x"], [], False),
        (["x"], [], False),
    ],
)
def test_the_last_steward_stays(stewards: list[str], roles: list[Role], leaves_none: bool) -> None:
    assert rules.leaves_no_steward(stewards, "sam", roles) is leaves_none


@pytest.mark.parametrize(
    ("host", "where"),
    [
        ("127.0.0.1:8000", "http://localhost:8000/sign-in"), ("[::1]:8000", "http://localhost:8000/sign-in"),
        ("192.168.1.20:8000", ""), ("localhost:8000", None), ("radio.example", None),
    ],
)  # fmt: skip
def test_passkeys_work_where_the_address_is_a_name(host: str, where: str | None) -> None:
    assert named_address(host, "/sign-in") == where
