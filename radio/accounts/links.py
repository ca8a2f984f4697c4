"""A link that a phone's camera can read across a table."""

from __future__ import annotations

import base64
from io import BytesIO

import qrcode
from qrcode.image.svg import SvgPathImage


def qr_address(address: str) -> str:
    """The address as a QR code: an SVG inside a `data:` URL."""
    picture = BytesIO()
    qrcode.make(address, image_factory=SvgPathImage, border=2).save(picture)
    return "data:image/svg+xml;base64," + base64.b64encode(picture.getvalue()).decode()
