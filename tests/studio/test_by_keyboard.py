"""The studio without a mouse."""

import re
from typing import Any

import pytest

pytestmark = pytest.mark.slow
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
expect = sync_api.expect

MOST_TABS = 80


def tab_to(page: Any, text: str) -> None:
    """Press Tab until what has the focus is called so."""
    script = "document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || ''"
    for _each in range(MOST_TABS):
        page.keyboard.press("Tab")
        if text in page.evaluate(script):
            ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert ring != "none", f"nothing shows that {text} has the focus"
            return
    raise AssertionError(f"no way to {text} by Tab")


def test_a_training_is_begun_without_a_mouse(page: Any, opened: Any) -> None:
    page.set_default_timeout(240_000)
    tab_to(page, "discs")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Train on these")
    tab_to(page, "Leave out 000.png")
    page.keyboard.press("Space")
    page.wait_for_selector("text=1 is left out.")
    page.evaluate("document.querySelector('h1').focus()")
    tab_to(page, "Train on these")
    page.keyboard.press("Enter")
    page.wait_for_selector(".plan:not(.old) .headline")
    page.evaluate("document.querySelector('h1').focus()")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")  # from 10 minutes to 2
    expect(page.locator(".headline")).to_contain_text("2 min", timeout=240_000)
    page.wait_for_selector(".plan:not(.old) .headline")
    tab_to(page, "Begin")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#/watch/discs%202$"))
    states = {each["name"]: each["state"] for each in opened.ask("GET", "/api/trainings").data}
    assert states["discs 2"] in ("waiting", "starting", "running")
    opened.studio.trainings.pause("discs 2")


def test_the_skip_link_leads_to_the_page(page: Any) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "H1"
