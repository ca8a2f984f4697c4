"""The shows: their words and pictures, and new episodes of them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answer

from media import artwork as pictures
from radio.catalogue import actions as catalogue
from radio.catalogue.models import Show
from radio.catalogue.queries import all_shows, any_show_or_404, show_made_since
from radio.catalogue.rules import podcast_guid
from radio.catalogue.terms import vocabulary
from radio.core.people import Role
from radio.core.text import plain
from radio.core.time import PRESSED_TWICE
from radio.db import session
from radio.editorial import audit
from radio.errors import InvalidError
from radio.station import station
from radio.studio import queries, words
from radio.studio.actions import put_picture_away
from radio.studio.forms import CATEGORIES, ShowForm
from radio.web.access import Access, access
from radio.web.current import me

bp = Blueprint("studio_shows", __name__, url_prefix="/studio/shows")
MOST_ARTWORK_BYTES = 20_000_000


@bp.get("")
@access(Access.PRODUCER)
def index() -> str:
    """Every show, those of idents and beds too."""
    return render_template("studio/shows.html", shows=all_shows(session()), editor=me().has(Role.EDITOR, Role.STEWARD))


@bp.get("/new")
@access(Access.EDITOR)
def ask_new() -> str:
    """An empty form."""
    return _page(None, ShowForm.of(None, language=station().settings.language))


@bp.post("/new")
@access(Access.EDITOR)
def make() -> Answer | tuple[str, int]:
    """A new show."""
    form, now = ShowForm.typed(request.form), station().now()
    fields = form.fields()
    form.faults = catalogue.faults_of_show(fields) | form.faults
    if form.faults:
        return _page(None, form), 422
    if again := show_made_since(session(), now - PRESSED_TWICE, title=plain(fields["title"])):
        return redirect(url_for(".edit", slug=again.slug), 303)
    show = catalogue.make_show(session(), now=now, **fields)
    show.guid = podcast_guid(station().url(f"/shows/{show.slug}/feed.xml"))
    audit.record(session(), "show-made", "show", show.id, by=me(), now=now)
    session().commit()
    flash(_("The show is made. Give it its first episode."), "good")
    return redirect(url_for(".edit", slug=show.slug), 303)


@bp.get("/<slug>")
@access(Access.EDITOR)
def edit(slug: str) -> str:
    """What is said of a show."""
    show = any_show_or_404(session(), slug)
    return _page(show, ShowForm.of(show))


@bp.post("/<slug>")
@access(Access.EDITOR)
def keep(slug: str) -> Answer | tuple[str, int]:
    """Change what is said of a show."""
    show, form, now = any_show_or_404(session(), slug), ShowForm.typed(request.form), station().now()
    fields = form.fields()
    form.faults = catalogue.faults_of_show(fields) | form.faults
    if form.faults:
        return _page(show, form), 422
    stands = ShowForm.of(show).seen
    if form.seen and form.seen != stands:
        form.seen = stands
        flash(words.changed_meanwhile(), "fault")
        return _page(show, form), 409
    catalogue.edit_show(session(), show, now=now, **fields)
    audit.record(session(), "show-edited", "show", show.id, by=me(), now=now)
    session().commit()
    flash(_("Saved."), "good")
    return redirect(url_for(".edit", slug=slug), 303)


@bp.post("/<slug>/artwork")
@access(Access.EDITOR)
def artwork(slug: str) -> Answer | tuple[str, int]:
    """Give a show a picture, or take it away (`then` is `remove`)."""
    any_show_or_404(session(), slug)
    file = request.files.get("artwork")
    content = file.read(MOST_ARTWORK_BYTES + 1) if file else b""
    session().rollback()
    sha256 = None
    if request.form.get("then") != "remove":
        try:
            sha256 = put_picture_away(station().store, content) if content else None
        except pictures.RefusedPictureError as error:
            return _faulty_picture(slug, error.code)
        if sha256 is None:
            return _faulty_picture(slug, "required")
    show = any_show_or_404(session(), slug)
    catalogue.edit_show(session(), show, now=station().now(), artwork_sha256=sha256)
    audit.record(session(), "show-pictured", "show", show.id, by=me(), now=station().now())
    session().commit()
    flash(_("The picture is there.") if sha256 else _("The picture is gone."), "good")
    return redirect(url_for(".edit", slug=slug), 303)


def _faulty_picture(slug: str, code: str) -> tuple[str, int]:
    show = any_show_or_404(session(), slug)
    form = ShowForm.of(show)
    form.faults = {"artwork": code}
    return _page(show, form), 422


def _page(show: Show | None, form: ShowForm) -> str:
    kinds = [(term.code, term.label) for term in vocabulary().lists["kind"].offered]
    categories = [(name, name.replace(" > ", ": ")) for name in CATEGORIES]
    return render_template(
        "studio/show.html", show=show, form=form, faults=form.sentences(), kinds=kinds, category_choices=categories
    )


@bp.get("/<slug>/episodes/new")
@access(Access.PRODUCER)
def ask_new_episode(slug: str) -> str:
    """A title and a kind are enough to begin; both may come later."""
    return _new_episode(any_show_or_404(session(), slug), {})


@bp.post("/<slug>/episodes/new")
@access(Access.PRODUCER)
def make_episode(slug: str) -> Answer | tuple[str, int]:
    """A new draft."""
    show, now = any_show_or_404(session(), slug), station().now()
    title, kind = request.form.get("title", ""), request.form.get("kind") or show.kind
    if again := queries.begun_since(session(), me(), now - PRESSED_TWICE, show_id=show.id, title=plain(title), kind=kind):
        return redirect(url_for("studio.episode", episode_id=again.id), 303)
    try:
        episode = catalogue.make_episode(session(), show, by=me(), now=now, title=title, kind=kind)
    except InvalidError as error:
        return _new_episode(show, {name: words.fault(name, code) for name, code in error.faults.items()}), 422
    session().commit()
    return redirect(url_for("studio.episode", episode_id=episode.id), 303)


def _new_episode(show: Show, faults: dict[str, str]) -> str:
    kinds = vocabulary().lists["kind"].offered
    return render_template("studio/episode-new.html", show=show, kinds=kinds, faults=faults, typed=request.form)
