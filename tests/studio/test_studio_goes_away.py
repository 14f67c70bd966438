"""The page while the studio is gone, and when it is there again."""

from typing import Any

import pytest

pytestmark = pytest.mark.slow

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")


def test_the_page_says_so_and_recovers(page: Any) -> None:
    page.goto(f"{page.url.split('#')[0]}#/watch/discs")
    page.wait_for_selector(".growth img")
    page.context.set_offline(True)
    page.get_by_text("The studio is not there just now").wait_for()
    assert page.locator(".growth img").is_visible(), "what was known stays"
    page.context.set_offline(False)
    sync_api.expect(page.get_by_text("The studio is not there just now")).to_have_count(0, timeout=20_000)


def test_a_session_that_ended_leads_to_the_way_in(page: Any, opened: Any) -> None:
    page.goto(f"{page.url.split('#')[0]}#/watch/discs")
    page.wait_for_selector(".growth img")
    opened.studio.access.leave(opened_session(page, opened))
    page.get_by_role("heading", name="Open the studio by its link").wait_for()


def opened_session(page: Any, opened: Any) -> str:
    """Return the session of a page."""
    return next(each["value"] for each in page.context.cookies() if each["name"] == f"ganvas_studio_{opened.port}")
