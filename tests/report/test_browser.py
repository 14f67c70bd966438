"""The page in a real browser: phone and desktop, light and dark, no network, nothing too wide."""

import re
from pathlib import Path
from typing import Any

import example_runs
import pytest

from ganvas.report import write_report

pytestmark = pytest.mark.slow

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write the report of a run with very long and hostile names, and return its URL."""
    folder = tmp_path_factory.mktemp("runs") / f"<script>document.title = 'taken'</script>{'unbreakable' * 15}"
    events = example_runs.coached_events("stalled")
    events.insert(
        -1, example_runs.treatment(57, f"<img src=x onerror=alert(1)>{'unbreakable' * 40}", diagnosis="s" * 300)
    )
    run = example_runs.write_run(Path(str(folder).replace("</", "<")), events)
    return write_report(run, example_runs.write_evaluation(run)).as_uri()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens_offline_and_fits(width: int, scheme: str, browser: Any, report: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    requests: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(report)
    assert errors == []
    assert requests, "the page itself must be requested"
    assert all(url.startswith(("file:", "data:")) for url in requests), "something was requested from the network"
    assert page.title().endswith("· Ganvas report"), "a name became a script"
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, f"the page is {overflow} px wider than the screen"
    outside = page.evaluate(
        """() => [...document.querySelectorAll("main *, footer *")]
            .filter(each => !each.closest("svg, .scroll") && each.getBoundingClientRect().right > innerWidth + 1)
            .map(each => each.tagName + "." + each.className)"""
    )
    assert outside == []
    broken = page.evaluate("[...document.images].filter(each => !each.complete || !each.naturalWidth).length")
    assert broken == 0, "a picture does not show"
    page.close()


def test_the_slider_changes_the_picture_by_keyboard_too(browser: Any, report: str) -> None:
    page = browser.new_page()
    page.goto(report)
    slider, picture, caption = (
        page.locator(".timelapse input"),
        page.locator(".timelapse img"),
        page.locator(".timelapse output"),
    )
    last = picture.get_attribute("src")
    assert caption.inner_text().startswith("Step 60")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert caption.inner_text().startswith("Step 45")
    assert picture.get_attribute("src") != last
    assert "step 45" in picture.get_attribute("alt")
    assert slider.get_attribute("aria-valuetext").startswith("Step 45")
    page.keyboard.press("Home")
    assert caption.inner_text().startswith("Step 15")
    page.locator(".timelapse button").click()
    sync_api.expect(caption).to_have_text(re.compile("^Step 60"))
    assert picture.get_attribute("src") == last, "playing ends at the last sample grid"
    page.close()


def test_a_mark_on_the_timeline_leads_to_its_treatment_by_keyboard_and_without_scripts(
    browser: Any, report: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report)
    mark = page.locator(".marks a").nth(1)
    mark.focus()
    page.keyboard.press("Enter")
    sync_api.expect(page).to_have_url(re.compile("#treatment-2$"))
    sync_api.expect(page.locator("#treatment-2 img").first).to_be_in_viewport()
    context.close()


def test_without_scripts_only_the_last_sample_grid_is_shown(browser: Any, report: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report)
    assert page.locator(".timelapse img").is_visible()
    assert not page.locator(".timelapse input").is_visible()
    context.close()


def test_colours_follow_the_scheme_and_can_be_read(browser: Any, report: str) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(report)
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        pairs = [
            ("body", "body"),
            (".soft", "body"),
            (".badge", "body"),
            (".chart .label.one", "body"),
            (".bars .problem", ".bars .problem"),
            (".bars .healthy", ".bars .healthy"),
            (".bars .warmup", ".bars .warmup"),
            (".outcome.helped", ".treatments li"),
            (".outcome.failed", ".treatments li"),
            (".outcome.open", ".treatments li"),
        ]
        for front, back in pairs:
            assert contrast(page, front, back) >= 4.5, f"{front} is too faint when it is {scheme}"
        page.close()
    assert grounds[0] != grounds[1]


def contrast(page: Any, front: str, back: str) -> float:
    """Return the contrast of text to its background, as defined by WCAG 2."""
    script = "([one, key]) => getComputedStyle(document.querySelector(one))[key]"
    ink = page.evaluate(script, [front, "fill" if "chart" in front else "color"])
    ground = page.evaluate(script, [back, "backgroundColor"])
    light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of "rgb(r, g, b)"."""
    shares = [int(each) / 255 for each in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
