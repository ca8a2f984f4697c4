"""Every page, for everybody: no serious fault that axe knows, nothing cut off at 320 px, nothing refused by our own policy."""

from __future__ import annotations

from importlib.resources import files

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import OnAir, listener_in

pytestmark = pytest.mark.slow

AXE = (files("axe_playwright_python") / "axe.min.js").read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
def test_no_page_has_a_fault_that_axe_knows(browser: Browser, served: OnAir, scheme: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    phone = listener_in(context, served)
    faults = []
    for path in served.pages:
        phone.open(path)
        phone.page.evaluate(AXE)  # through the debugger, so that our policy stays as it is
        found = phone.page.evaluate("axe.run({ resultTypes: ['violations'] })")
        faults += [f"{path}: {fault['id']} {[node['html'] for node in fault['nodes']][:2]}" for fault in found["violations"]]
    context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_player_has_no_fault_while_it_plays(browser: Browser, served: OnAir, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 740}, color_scheme=scheme)
    phone = listener_in(context, served)
    faults = []
    for path in ("/", f"/episodes/{served.episode_id}"):
        phone.open(path)
        phone.page.locator("main .play").first.click()
        phone.hears()
        phone.page.wait_for_timeout(300)
        phone.page.evaluate(AXE)
        found = phone.page.evaluate("axe.run({ resultTypes: ['violations'] })")
        faults += [f"{path}: {fault['id']} {[node['html'] for node in fault['nodes']][:2]}" for fault in found["violations"]]
        assert not phone.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    context.close()
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("width", [320, 360, 768])
def test_no_page_scrolls_sideways(browser: Browser, served: OnAir, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 640})
    phone = listener_in(context, served)
    wide = []
    for path in served.pages:
        phone.open(path)
        if phone.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
    context.close()
    assert not wide


def test_no_page_asks_anybody_else_or_is_refused_anything(browser: Browser, served: OnAir) -> None:
    context = browser.new_context()
    phone = listener_in(context, served)
    for path in served.pages:
        phone.open(path)
        phone.page.wait_for_timeout(100)

    assert all(url.startswith(served.url) for url in phone.requests)
    assert [said for said in phone.complaints if "410" not in said] == []
    assert context.cookies() == []
    context.close()


def test_what_can_be_pressed_is_large_enough(browser: Browser, served: OnAir) -> None:
    """Source: WCAG 2.2 §2.5.8: 24 px, and 44 for what starts and stops a sound."""
    context = browser.new_context(viewport={"width": 320, "height": 640})
    phone = listener_in(context, served)
    small = []
    for path in served.pages:
        phone.open(path)
        small += phone.page.evaluate(
            """() => [...document.querySelectorAll("nav a, .row-title a, button")].filter(e => e.offsetParent).flatMap(e => {
              const { width, height } = e.getBoundingClientRect();
              const least = e.matches(".play") ? 44 : 24;
              return width < least || height < least ? [`${location.pathname}: ${e.textContent.trim()} ${width}x${height}`] : [];
            })"""
        )
    context.close()
    assert not small, small
