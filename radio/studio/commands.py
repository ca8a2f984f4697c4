"""`radio add`: the way of a recording through the dashboard, typed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import with_appcontext

from radio.catalogue import actions as catalogue
from radio.catalogue.models import Episode, Recording
from radio.catalogue.queries import any_show_or_404
from radio.catalogue.rules import RecordingState, State
from radio.catalogue.terms import vocabulary
from radio.db import reading, session
from radio.editorial import actions as editorial
from radio.editorial.rules import AT_THE_CONSOLE
from radio.errors import InvalidError, MoveError, NotFoundError, RadioError
from radio.jobs.carrier import send, workers_folder
from radio.jobs.presence import living_workers
from radio.jobs.queries import latest_job
from radio.jobs.rules import JobState
from radio.station import station
from radio.studio import actions
from radio.web.refusals import refusal

TAKEN, MISTYPED, REFUSED = 0, 2, 3
"""Exit codes."""
_LOOK_EVERY_S = 0.3
_NOT_TAGS = frozenset({"kind", "note", "intensity", "detail", "scope", "support"})
"""Lists of the vocabulary that are fields of their own, or that are meant only when they are named."""


@click.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--show", "slug", required=True, help="The show's address, such as night-desk.")
@click.option("--title", required=True)
@click.option("--kind", help="story, interview, programme …; otherwise the show's.")
@click.option("--summary", help="One paragraph; otherwise the title.")
@click.option("--tag", "tags", multiple=True, help="A term such as topic:sleep, or sleep when only one list has it. Many times.")
@click.option("--content-note", "notes", multiple=True, help="A code such as suicide, for the whole episode. Many times.")
@click.option("--publish", is_flag=True, help="Put it on air at once; says too that no other content note is needed.")
@with_appcontext
def add(
    *, file: Path, slug: str, title: str, kind: str | None, summary: str | None, tags: tuple[str, ...], notes: tuple[str, ...],
    publish: bool,
) -> None:  # fmt: skip
    """Take FILE as an episode of a show and wait until it is ready.

    The last line is one JSON object: `episode`, `state` and, when it was refused, `error` and `message`. Ends with 0 when it was
    taken, 3 when it was refused, 2 when show, kind or a tag is unknown.
    """
    fields: catalogue.EpisodeFields = {"title": title, "summary": title if summary is None else summary}
    if kind:
        fields["kind"] = kind
    if notes or publish:
        fields["content_notes"] = [{"code": code, "from_ms": None, "to_ms": None} for code in notes]
    with _mistyped():
        episode_id = _draft(slug, fields, [_tag(text) for text in tags])
    with _refused(episode_id):
        _wait(_receive(episode_id, file))
        state = _publish(episode_id) if publish else State.DRAFT
    _answer(TAKEN, episode=episode_id, state=str(state))


def _draft(slug: str, fields: catalogue.EpisodeFields, tags: Iterable[tuple[str, str]]) -> str:
    show, now = any_show_or_404(session(), slug), station().now()
    episode = catalogue.make_episode(session(), show, by=AT_THE_CONSOLE, now=now, **fields)
    catalogue.set_tags(session(), episode, tags, now=now)
    session().commit()
    return episode.id


def _tag(text: str) -> tuple[str, str]:
    name, _, code = text.rpartition(":")
    if name:
        return name, code
    lists = [
        one.name for one in vocabulary().lists.values() if one.name not in _NOT_TAGS and code in {t.code for t in one.offered}
    ]
    if len(lists) != 1:
        raise InvalidError({"tags": f"{text}: " + (f"say which of {', '.join(lists)}" if lists else "no list has it")})
    return lists[0], code


def _receive(episode_id: str, file: Path) -> str:
    """The id of the recording; no transaction is open while the file travels."""
    session().rollback()
    with file.open("rb") as opened:
        key, size_bytes = actions.put_away(station(), opened)
    recording, job = actions.receive_object(
        session(), station(), episode_id, key=key, size_bytes=size_bytes, by=AT_THE_CONSOLE, now=station().now()
    )
    recording_id, job_id = recording.id, job.id
    session().commit()
    send([job_id])
    if not living_workers(workers_folder(station().settings)):
        click.echo("No worker runs on this machine; the recording waits for one.", err=True)
    return recording_id


def _wait(recording_id: str) -> None:
    """Show how far the worker is, until it has decided."""
    with click.progressbar(length=1000, label="Making it ready", file=sys.stderr) as bar:
        while (done := _progress(recording_id)) < 1.0:
            bar.update(max(0, int(done * 1000) - bar.pos))
            time.sleep(_LOOK_EVERY_S)
        bar.update(1000 - bar.pos)
    with reading():
        recording = session().get_one(Recording, recording_id, populate_existing=True)
        state, code = recording.state, recording.refusal or "failed"
        session().rollback()
    if state is not RecordingState.TAKEN:
        raise _NotTakenError(code)


def _progress(recording_id: str) -> float:
    with reading():
        job = latest_job(session(), "ingest", recording_id)
        done = 1.0 if job is None or job.state in {JobState.DONE, JobState.FAILED} else min(job.progress, 0.999)
        session().rollback()
    return done


def _publish(episode_id: str) -> State:
    episode, now = session().get_one(Episode, episode_id, populate_existing=True), station().now()
    editorial.submit(session(), episode, by=AT_THE_CONSOLE, now=now)
    editorial.publish(session(), episode, by=AT_THE_CONSOLE, now=now)
    session().commit()
    return State.PUBLISHED


class _NotTakenError(RadioError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@contextmanager
def _mistyped() -> Iterator[None]:
    try:
        yield
    except NotFoundError as error:
        _answer(MISTYPED, episode=None, state="refused", error="show", message=f"There is no show “{error}”.")
    except InvalidError as error:
        _answer(MISTYPED, episode=None, state="refused", error="invalid", message=f"This cannot be taken: {error}.")


@contextmanager
def _refused(episode_id: str) -> Iterator[None]:
    try:
        yield
    except _NotTakenError as error:
        _answer(REFUSED, episode=episode_id, state="refused", error=error.code, message=" ".join(refusal(error.code)))
    except InvalidError as error:
        code = error.faults.get("recording", "invalid")
        _answer(REFUSED, episode=episode_id, state="refused", error=code, message=" ".join(refusal(code)))
    except MoveError as error:
        lacks = f"It lacks: {', '.join(error.missing)}." if error.missing else "It cannot be published now."
        _answer(REFUSED, episode=episode_id, state="draft", error=error.code, message=lacks)


def _answer(exit_code: int, **facts: str | None) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False))
    sys.exit(exit_code)
