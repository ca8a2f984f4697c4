"""A test client that looks at every page it is given: what a page may never do is checked on every visit."""

from __future__ import annotations

import gzip
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from radio.web.access import Access, access_of

_LOADING = {"script": "src", "img": "src", "audio": "src", "video": "src", "source": "src", "link": "href", "iframe": "src",
            "form": "action", "use": "href", "object": "data", "embed": "src"}  # fmt: skip

_DATA = {"application/json", "application/ld+json"}
"""Types of a script that is none: a browser neither runs it nor holds it against the policy."""


class _Page(HTMLParser):
    def __init__(self, host: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.lang: str | None = None
        self._host = host

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "html":
            self.lang = named.get("lang")
        if tag == "style" or (tag == "script" and "src" not in named and named.get("type") not in _DATA):
            self.faults.append(f"an inline <{tag}>, which our policy does not run; put it in radio/static")
        for name in named:
            if name == "style" or name.startswith("on"):
                self.faults.append(f"<{tag} {name}=…>: no inline style or handler; use a class or an ES module")
        loaded = named.get(_LOADING.get(tag, ""))
        if loaded and self._foreign(loaded) and not (tag == "link" and named.get("rel") in {"canonical", "alternate"}):
            self.faults.append(f"<{tag}> goes to another origin: {loaded}")

    def _foreign(self, address: str) -> bool:
        return bool(urlsplit(address).netloc) and urlsplit(address).netloc != self._host


def page_faults(response: TestResponse) -> list[str]:
    """What is wrong with an HTML answer; empty for a good one."""
    page = _Page(urlsplit(response.request.url).netloc)
    body = response.get_data()
    page.feed((gzip.decompress(body) if response.headers.get("Content-Encoding") == "gzip" else body).decode())
    return page.faults + ([] if page.lang else ["<html> has no lang"])


class Visitor(FlaskClient):
    """Checks each answer; commits what the test has made before a request, and lets it see afterwards what changed."""

    test_session: Session | None = None

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Ask, then look at the answer."""
        if self.test_session is not None:
            self.test_session.commit()
        response = super().open(*args, **kwargs)
        if self.test_session is not None:
            self.test_session.expire_all()
        faults = page_faults(response) if response.mimetype == "text/html" and response.request.method != "HEAD" else []
        if "Set-Cookie" in response.headers and _is_public(self.application, response):
            faults.append("sets a cookie at an address that is for listeners")
        assert not faults, f"{response.request.path}: {'; '.join(faults)}"
        return response


def _is_public(app: Flask, response: TestResponse) -> bool:
    urls = app.url_map.bind_to_environ(response.request.environ)
    try:
        endpoint, _ = urls.match()
    except HTTPException:
        return True
    return access_of(app, str(endpoint)) is Access.PUBLIC
