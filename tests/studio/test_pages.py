"""The pages in a real browser, on a phone and on a wide screen: what is on them, and that everybody can use them."""

from dataclasses import replace
from typing import Any

import pytest

from ganvas.events import Evidence, Prescription, Treatment, Verdict

pytestmark = pytest.mark.slow

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
expect = sync_api.expect

PAGES = ["pictures", "pictures/discs", "train", "train/discs", "watch", "watch/discs"]
PAGES += ["explore", "explore/discs", "repaint", "gallery", "quality", "quality/discs"]


@pytest.mark.parametrize("name", PAGES)
def test_fits_and_can_be_read_by_everybody(name: str, page: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
    page.goto(f"{page.url.split('#')[0]}#/{name}")
    page.wait_for_selector("h1")
    expect(page.locator(".waiting")).to_have_count(0, timeout=240_000)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, "wider than the screen"
    violations = axe.Axe().run(page).response["violations"]
    serious = [
        (each["id"], [node["html"][:200] for node in each["nodes"][:3]])
        for each in violations
        if each["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_samples_grow_with_the_slider(page: Any) -> None:
    page.goto(f"{page.url.split('#')[0]}#/watch/discs")
    slider = page.get_by_role("slider", name="Time")
    slider.wait_for()
    last = page.locator(".growth img").get_attribute("src")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator(".growth img")).not_to_have_attribute("src", last)


def test_the_coach_says_what_it_did_and_whether_that_helped(page: Any, opened: Any) -> None:
    run = opened.studio.workspace.run("discs")
    page.goto(f"{page.url.split('#')[0]}#/watch/discs")
    page.wait_for_selector(".growth img")
    evidence = (Evidence("near_copies", 0.05, 0.64, 12),)
    run.append_event(Verdict(30, 240, "mode collapse", 0.9, evidence, "It draws the same.", "Since that is easy."))
    halved = Prescription("lr", "discriminator", 0.5)
    run.append_event(Treatment(30, 240, "mode collapse", (halved,), "", "Halved the learning rate.", 1))
    page.get_by_text("It draws the same.").wait_for()  # it comes live
    page.get_by_text("On trial").wait_for()
    run.append_event(Treatment(40, 320, "mode collapse", (halved,), "helped", "It has helped.", 1))
    page.get_by_text("Helped", exact=True).wait_for()
    assert page.locator(".treatments li").count() == 1, "an outcome is told with its treatment"
    assert page.get_by_role("button", name="Undo this").count() == 0, "the training is over"


def test_a_treatment_is_undone_by_a_button(page: Any, opened: Any) -> None:
    run = opened.studio.workspace.run("discs")
    run.write_config(replace(run.read_config(), coach="act"))
    lines = run.events_file.read_text().splitlines(keepends=True)
    run.events_file.write_text("".join(line for line in lines if '"Done"' not in line))  # it can go on
    halved = Prescription("lr", "discriminator", 0.5)
    run.append_event(Treatment(30, 240, "mode collapse", (halved,), "", "Halved the learning rate.", 1))
    page.goto(f"{page.url.split('#')[0]}#/watch/discs")
    page.get_by_role("button", name="More of this").wait_for()
    page.get_by_role("button", name="Undo this").click()
    page.get_by_text("It does so when the training goes on.").wait_for()
    assert run.request_file.read_text() == "undo"
    assert page.get_by_role("button", name="Undo this").count() == 0
