"""`radio people`: for whoever runs the machine, when nobody can sign in to do it on a page."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from radio.accounts import actions, queries
from radio.accounts.models import Person
from radio.core.people import Role
from radio.db import reading, session
from radio.errors import RefusedError
from radio.station import station

people = AppGroup("people", help="Who may sign in, and as what.")
_DAYS = click.option("--days", default=7, show_default=True, type=click.IntRange(1, 60), help="How long the link works.")


@people.command("list")
def list_() -> None:
    """Print everybody: id, name, roles."""
    with reading():
        for person in queries.people(session()):
            roles = ", ".join(sorted(person.asking.roles)) or "no role"
            click.echo(f"{person.id}  {person.username}: {roles}{'' if person.active else ' (paused)'}")


@people.command("invite")
@click.option("--role", "roles", multiple=True, type=click.Choice([role.value for role in Role]), default=("steward",),
              show_default=True, help="May be given more than once.")  # fmt: skip
@_DAYS
def invite(roles: tuple[str, ...], days: int) -> None:
    """Print a link for somebody new. It works once."""
    _print_link(actions.invite(session(), [Role(role) for role in roles], by=None, now=station().now(), days=days), days)


@people.command("pause")
@click.argument("name")
def pause(name: str) -> None:
    """Sign NAME out everywhere and keep them out until a steward welcomes them back."""
    person = _somebody(name)
    try:
        actions.pause(session(), person, by=None, now=station().now())
    except RefusedError as error:
        raise click.ClickException(f"{person.username} is the last steward: invite another first") from error
    session().commit()
    click.echo(f"{person.username} is paused")


@people.command("link")
@click.argument("name")
@_DAYS
def link(name: str, days: int) -> None:
    """Print a new link for NAME, who lost their password or passkey. The old ways in end when it is used."""
    try:
        token = actions.invite_again(session(), _somebody(name), by=None, now=station().now(), days=days)
    except RefusedError as error:
        raise click.ClickException(f"{name} is paused: a steward must welcome them back first") from error
    _print_link(token, days)


def _somebody(name: str) -> Person:
    person = queries.person_named(session(), name)
    if person is None:
        raise click.ClickException(f"nobody here is called {name}")
    return person


def _print_link(token: str, days: int) -> None:
    session().commit()
    click.echo(station().sign_in_url(f"/welcome/{token}"))
    click.echo(f"It works once, for {days} days. Whoever has it can come in: hand it over yourself.", err=True)
