"""The pictures in a parcel: taken byte for byte when they are exactly what we would have drawn."""

from __future__ import annotations

from typing import Any

from media import artwork
from radio.catalogue import actions as catalogue
from radio.catalogue.models import Show
from radio.jobs.work import Work
from radio.moving import making
from radio.moving.models import ArrivalItem
from radio.moving.parcel import ParcelError, Reader
from radio.station import station
from radio.studio import actions as studio

_PICTURE_BYTES = 20_000_000


def bring(work: Work, reader: Reader, name: str, show_id: str, *, pictured: bool) -> None:
    """The picture of a show that has none yet."""
    member = f"shows/{name}/artwork-{max(artwork.SIZES_PX)}.jpg"
    if pictured or not reader.has(member):
        return
    try:
        drawn = drawn_of(reader, f"shows/{name}/")
    except (ParcelError, artwork.RefusedPictureError):
        return
    sha256 = studio.picture_sha256(drawn)
    studio.put_drawn(station().store, sha256, drawn)
    with work.writing() as session:
        catalogue.edit_show(session, session.get_one(Show, show_id), now=station().now(), artwork_sha256=sha256)


def drawn_of(reader: Reader, folder: str) -> dict[int, bytes]:
    """A picture byte for byte, when each size is what we would have written; else drawn anew.

    Raises:
        ParcelError: it is not there, or damaged.
        RefusedPictureError: it is none.
    """
    found = {size: reader.short(f"{folder}artwork-{size}.jpg", _PICTURE_BYTES) for size in artwork.SIZES_PX}
    if all(artwork.is_drawn_here(content, size) for size, content in found.items()):
        return found
    return artwork.redraw(found[max(found)])


def bring_own(work: Work, item_id: str, reader: Reader, source: dict[str, Any]) -> None:
    """The picture of the episode itself; one that cannot be read is noted, and no reason to leave the sound behind."""
    if not source.get("pictured"):
        return
    try:
        making.put_picture(work, item_id, drawn_of(reader, source["folder"]))
    except (ParcelError, artwork.RefusedPictureError):
        with work.writing() as session:
            item = session.get_one(ArrivalItem, item_id)
            item.notes = [*(note for note in item.notes if note != "picture-missing"), "picture-missing"]
