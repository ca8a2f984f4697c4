"""`radio people`, as whoever runs the machine uses it."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from radio.accounts import queries
from radio.accounts.commands import people
from radio.accounts.models import Person
from radio.core.people import Role
from tests.people import PASSWORD
from tests.visitor import Visitor


@pytest.fixture
def run(app: Flask, session: Session):  # a small function
    def run(*words: str) -> Result:
        session.commit()
        result = app.test_cli_runner().invoke(people, list(words))
        session.expire_all()
        return result

    return run


def test_the_link_of_the_command_lets_a_steward_in(run, client: Visitor, session: Session) -> None:
    made = run("invite")
    assert made.exit_code == 0
    (address,) = [line for line in made.output.splitlines() if "/welcome/" in line]
    assert address.startswith("http://localhost/welcome/")

    client.post(address.removeprefix("http://localhost"), data={"username": "Mo", "password": PASSWORD})

    mo = queries.person_named(session, "mo")
    assert mo is not None
    assert mo.asking.roles == {Role.STEWARD}


def test_everybody_is_listed_with_what_they_do(run, alice: Person, sam: Person) -> None:
    sam.active = False

    assert run("list").output.splitlines() == [f"{alice.id}  alice: producer", f"{sam.id}  sam: steward (paused)"]


def test_somebody_who_lost_everything_gets_a_new_link(run, client: Visitor, sam: Person) -> None:
    made = run("link", "SAM")

    assert "sam" in client.get(made.output.split("localhost")[1].split()[0]).text


def test_pausing_by_name(run, alice: Person) -> None:
    assert run("pause", "alice").output == "alice is paused\n"
    assert not alice.active


def test_the_last_steward_stays(run, sam: Person) -> None:
    sam.password = "kept elsewhere"

    answer = run("pause", "sam")

    assert answer.exit_code == 1
    assert "last steward" in answer.output


@pytest.mark.parametrize("command", ["pause", "link"])
def test_a_name_that_nobody_has_is_said(run, command: str) -> None:
    answer = run(command, "nobody")

    assert answer.exit_code == 1
    assert "nobody here is called nobody" in answer.output
