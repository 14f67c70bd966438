"""A person's way through what a training has learned: explore, pin, mix, walk, paint a mask, repaint, delete, undo."""

from typing import Any

import pytest

pytestmark = pytest.mark.slow

PATIENCE = 240_000  # milliseconds, on a machine that does other things too


def go(page: Any, address: str) -> None:
    page.goto(f"{page.url.split('#')[0]}#/{address}")


def check(page: Any) -> None:
    """Check that the page as it is now fits, and can be read by everybody."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, "wider than the screen"
    violations = axe.Axe().run(page).response["violations"]
    serious = [
        (each["id"], [node["html"][:200] for node in each["nodes"][:3]])
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []


def explore_and_walk(page: Any) -> None:
    """Pin two pictures, mix them, keep a mix, and make a film."""
    go(page, "explore/discs")
    wall = page.locator(".wall .picture")
    page.locator(".wall .picture img").nth(23).wait_for()
    for number in (2, 5):
        wall.nth(number).click()
        page.locator(".stage-caption", has_text=f"Seed {number}").wait_for()
        page.get_by_role("button", name="Pin", exact=True).click()
    page.get_by_role("radio", name="Mix").check()
    page.locator(".wall .picture img").nth(7).wait_for()
    wall.nth(3).click()
    check(page)
    page.get_by_role("button", name="Keep").click()
    page.get_by_text("It is in the gallery.").wait_for()
    page.get_by_role("radio", name="Neighbours").check()
    page.locator(".wall .picture img").nth(11).wait_for()
    page.get_by_role("slider", name="Variety").focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_text("A walk through them").click()
    page.get_by_role("slider", name="Length").fill("2")
    page.get_by_role("button", name="Make the film").click()
    page.locator(".film").wait_for(timeout=PATIENCE)


def paint_with_a_mask(page: Any) -> None:
    """Paint a mask with the mouse, undo it, paint one with keys, and stop the painting at its first look."""
    go(page, "repaint")
    page.get_by_label("Only where I paint").check()
    mask = page.locator("canvas.mask")
    page.locator(".mask-picture img").evaluate("image => image.decode()")
    mask.scroll_into_view_if_needed()
    box = mask.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4, steps=5)
    page.mouse.up()
    assert painted(mask, 0.4, 0.25)
    page.get_by_role("button", name="Undo").click()
    assert not painted(mask, 0.4, 0.25)
    mask.focus()
    for key in ("Space", *["Shift+ArrowDown"] * 3, "Space"):
        page.keyboard.press(key)
    assert painted(mask, 0.5, 0.6)
    page.get_by_role("button", name="Choose another").nth(1).click()
    page.get_by_role("button", name="Café Terrace at Night").click()
    page.get_by_role("radio", name="256 px").check()
    check(page)
    page.get_by_role("button", name="Paint", exact=True).click()
    page.get_by_alt_text("The painting as far as it is").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("link", name="See it in the gallery").wait_for(timeout=PATIENCE)


def painted(mask: Any, x: float, y: float) -> bool:
    """Return whether something is painted at a place of the mask."""
    alpha = (
        "(canvas, [x, y]) => canvas.getContext('2d').getImageData(x * canvas.width, y * canvas.height, 1, 1).data[3]"
    )
    return bool(mask.evaluate(alpha, [x, y]))


def test_from_exploring_to_the_trash_and_back(page: Any) -> None:
    page.set_default_timeout(60_000)
    explore_and_walk(page)
    paint_with_a_mask(page)
    page.get_by_role("link", name="See it in the gallery").click()
    page.get_by_text("How it was made").wait_for()
    page.get_by_text("Café Terrace at Night", exact=True).wait_for()
    check(page)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo").wait_for()
    things = page.locator(".thing")
    things.nth(1).wait_for()
    assert things.count() == 2
    check(page)
    page.get_by_role("button", name="Undo").click()
    things.nth(2).wait_for()
    things.first.click()
    page.get_by_role("link", name="Again, with other settings").click()
    page.get_by_role("button", name="Clear").wait_for()
    assert page.get_by_role("radio", name="256 px").is_checked(), "the page has the settings of the painting"
