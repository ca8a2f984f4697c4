"""`radio …`: the commands of the station. Rooms bring theirs in `commands.py`; they are imported when they are called."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from media.errors import MediaError
from radio import __version__
from radio.errors import RadioError, SettingsError
from radio.settings import Settings

ROOM_COMMANDS = {
    "add": ("radio.studio.commands:add", "Take a recording as an episode, as the dashboard does."),
    "air": ("radio.editorial.commands:air", "What is on the air: look, stop, resume."),
    "asrun": ("radio.editorial.commands:asrun", "What was really aired, as CSV, JSON or a cue sheet."),
    "channel": ("radio.channel.commands:channel", "What the station sends: a copy for the time when it is dead."),
    "check": ("radio.checking:check", "Try out what the station stands on."),
    "doctor": ("radio.doctor:doctor", "Look at every part: is it there, does it work, what to do."),
    "export": ("radio.moving.commands:pack", "Write a show, or all, as one archive for another station."),
    "import": ("radio.moving.commands:bring", "Bring a show from a feed, or an archive of another station."),
    "people": ("radio.accounts.commands:people", "Who may sign in, and as what."),
    "rundown": ("radio.channel.rebuilding:rundown", "What goes out, and the proof of it."),
    "sample": ("radio.sample.commands:sample", "Bring in the sample station."),
}
"""Name → where the command is, and what it does. All run inside the application."""


def _use_folder(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    if value is not None:
        os.environ["RADIO_DATA"] = str(value.absolute())


def _data_option() -> click.Option:
    return click.Option(
        ["--data"], type=click.Path(path_type=Path), expose_value=False, is_eager=True, callback=_use_folder,
        help="The station's data folder; otherwise RADIO_DATA, otherwise ./var.",
    )  # fmt: skip


def _with_data(command: click.Command) -> click.Command:
    """Give the command, and those under it, the option `--data`."""
    if not any("--data" in parameter.opts for parameter in command.params):
        command.params.append(_data_option())
    for below in getattr(command, "commands", {}).values():
        _with_data(below)
    return command


class Commands(click.Group):
    """The commands of the process and of the rooms."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        return sorted([*super().list_commands(ctx), *ROOM_COMMANDS])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command, imported now if it is a room's."""
        command = super().get_command(ctx, cmd_name)
        if command is None and cmd_name in ROOM_COMMANDS:
            module, name = ROOM_COMMANDS[cmd_name][0].split(":")
            command = getattr(importlib.import_module(module), name)
        return _with_data(command) if command is not None else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing the rooms."""
        own = {name: command.get_short_help_str(100) for name, command in self.commands.items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted((own | {name: words for name, (_, words) in ROOM_COMMANDS.items()}).items()))


def _application() -> Any:
    """What `flask.cli` asks for when a room's command runs: the application, made late, of the settings as they are then."""
    from flask.cli import ScriptInfo

    def make() -> Any:
        from radio.app import create_app
        from radio.logs import set_up_logs
        from radio.station import open_clock, open_store

        settings = Settings.from_env()
        set_up_logs(settings)
        try:
            return create_app(settings, clock=open_clock(settings), store=open_store(settings))
        except FileNotFoundError as error:
            raise click.ClickException(
                f"There is no station in {settings.data}. Name its folder with --data, or start one with `radio up`."
            ) from error

    return ScriptInfo(create_app=make, set_debug_flag=False)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="radio")
@click.pass_context
def radio(context: click.Context) -> None:
    """A peer-led community radio and podcast station."""
    context.obj = _application() if context.invoked_subcommand in ROOM_COMMANDS else None


@radio.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Where listeners come in.")
@click.option("--host", default="127.0.0.1", show_default=True, help="On which address of this machine.")
@click.option("--empty", is_flag=True, help="Bring no sample station.")
@click.option("--public-url", help="The address listeners use; otherwise RADIO_PUBLIC_URL, otherwise host and port.")
def up(port: int, host: str, *, empty: bool, public_url: str | None) -> None:
    """Run the whole station: web, worker and, unless another is set, the store."""
    from radio import up as station

    if public_url or "RADIO_PUBLIC_URL" not in os.environ:
        os.environ["RADIO_PUBLIC_URL"] = public_url or station.local_url(host, port)
    settings = _settings()
    os.environ["RADIO_DATA"] = str(settings.data)
    station.run(settings, host=host, port=port, empty=empty, say=lambda words: print(words, flush=True))


@radio.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--fd", type=int, help="A listening socket that the parent has opened; instead of --host and --port.")
def web(port: int, host: str, fd: int | None) -> None:
    """Run the web server alone: one of several replicas, or without `radio up`."""
    from gevent import monkey

    monkey.patch_all()
    from radio import serve

    serve.run(_ready(), f"fd://{fd}" if fd is not None else f"{host}:{port}")


@radio.command()
def worker() -> None:
    """Run the worker alone: it does what outlives a request."""
    from radio import worker as station_worker

    station_worker.run(_ready())


@radio.command()
def prepare() -> None:
    """Make or migrate the tables, make the bucket; prints what was found as JSON. `radio up` does it."""
    from radio.logs import set_up_logs
    from radio.prepare import prepare as make_ready

    settings = _ready()
    set_up_logs(settings)
    click.echo(make_ready(settings))


def _settings() -> Settings:
    return Settings.from_env()


def _ready() -> Settings:
    """The settings, with the station's secrets made."""
    from radio import keyring

    settings = _settings()
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    keyring.make(settings)
    return settings


def main() -> None:
    """Run one command; what goes wrong is told in sentences."""
    sys.exit(_told(lambda: radio.main(standalone_mode=True)))


def _told(run: Callable[[], object]) -> int:
    try:
        run()
    except SettingsError as error:
        for fault in error.faults:
            click.echo(fault, err=True)
        return 2
    except (RadioError, MediaError) as error:
        click.echo(str(error), err=True)
        return 1
    return 0
