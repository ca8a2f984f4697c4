"""What the stewards decided about the air: the rules that hold, who decided them and why, and the form for the next version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from radio.accounts.models import Person
from radio.catalogue.queries import all_shows
from radio.catalogue.terms import vocabulary
from radio.core.people import Role
from radio.db import session
from radio.schedule import actions, deciding, queries, rules_words
from radio.schedule.airings import ON_REQUEST_KINDS
from radio.schedule.policy import ALWAYS_AROUND, DAYS, SUPPORTS, StationRules
from radio.schedule.rulesform import EMPTY_ROWS, HOURS, RulesForm, place_of
from radio.schedule.words import day_names
from radio.station import station
from radio.web.access import Access, access
from radio.web.current import me

bp = Blueprint("station_rules", __name__)
_: Callable[..., str] = gettext
_WEIGHTS = ("0.25", "0.5", "1", "2", "4")


@bp.get("/studio/schedule/rules")
@access(Access.PRODUCER)
def show() -> str:
    """The rules that hold, for a steward as a form; and every version with its reason."""
    number, rules = queries.station_rules(session())
    return _page(RulesForm.of(rules, number))


@bp.post("/studio/schedule/rules")
@access(Access.STEWARD)
def decide() -> Answer | tuple[str, int]:
    """Make the next version."""
    form = RulesForm.typed(request.form)
    changes = form.changes()
    number, held = queries.station_rules(session())
    if form.text["version"] != str(number):
        form.faults["version"] = "changed-meanwhile"
        form.text["version"] = str(number)
    typed_as = {of: name for name, of in HOURS.items()}
    refused = deciding.faults_of_rules(changes, form.text["why"])
    form.faults = {typed_as.get(name, name): code for name, code in refused.items()} | form.faults
    if form.faults:
        return _page(form), 422
    if StationRules.read({**held.stored(), **changes}) == held:
        flash(_("These are the rules that hold already. Nothing was changed."), "good")
        return redirect(url_for(".show"), 303)
    actions.set_station_rules(session(), changes, by=me(), why=form.text["why"], now=station().now())
    session().commit()
    flash(_("The rules are changed. What is not fixed yet is compiled anew by them."), "good")
    return redirect(url_for(".show"), 303)


def _page(form: RulesForm) -> str:
    number, rules = queries.station_rules(session())
    kinds = [(t.code, t.label) for t in vocabulary().lists["kind"].offered]
    notes = [(t.code, t.label) for t in vocabulary().lists["note"].offered]
    labels = {"note": dict(notes), "kind": dict(kinds)}
    return render_template(
        "schedule/rules.html", form=form, number=number, empty_rows=EMPTY_ROWS, kinds=kinds, notes=notes,
        days=list(day_names().items()), all_days=DAYS, supports=[(code, rules_words.support(code)) for code in SUPPORTS],
        always=[(labels["note"].get(note, note), rules_words.support(code)) for note, code in ALWAYS_AROUND.items()],
        free_notes=[pair for pair in notes if pair[0] not in ALWAYS_AROUND], weighable=_weighable(), weights=_WEIGHTS,
        faults={name: rules_words.fault(name, form.faults[name]) for name in sorted(form.faults, key=place_of)},
        said=rules_words.said(rules, labels | _named_weights()), history=_versions(session(), labels | _named_weights()),
        steward=me().has(Role.STEWARD),
    )  # fmt: skip


def _weighable() -> list[tuple[str, str]]:
    """What may be made likelier: kinds, shows, topics."""
    kinds = [(f"kind:{t.code}", t.label) for t in vocabulary().lists["kind"].offered if t.code not in ON_REQUEST_KINDS]
    shows = [(f"show:{show.id}", show.title) for show in all_shows(session()) if show.in_feeds]
    topics = [(f"topic:{t.code}", t.label) for t in vocabulary().lists["topic"].offered]
    return kinds + shows + topics


def _named_weights() -> dict[str, dict[str, str]]:
    shows = {show.id: show.title for show in all_shows(session())}
    return {"show": shows, "topic": {t.code: t.label for t in vocabulary().lists["topic"].terms}}


def _versions(reading: Session, labels: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    """Every version, newest first, with what it changed."""
    versions = list(queries.rules_versions(reading))
    names = {row[0]: row[1] for row in reading.execute(select(Person.id, Person.username))}
    found = []
    for at, version in enumerate(versions):
        before = StationRules.read(versions[at + 1].rules) if at + 1 < len(versions) else StationRules()
        changed = rules_words.changed(before, StationRules.read(version.rules), labels)
        by = names.get(version.made_by or "", _("the operator"))
        found.append({"number": version.number, "made_at": version.made_at, "by": by, "why": version.why, "changed": changed})
    return found
