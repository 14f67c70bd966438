"""The site in a real browser: phone and desktop, light and dark, no request to elsewhere, readable by everybody."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
PAGES = [
    "index",
    "tutorials",
    "first-steps",
    "lesson/index",
    "lesson/01_what_a_gan_is",
    "lesson/quiz-before",
    "training",
    "style",
    "recipes",
    "commands",
    "commands/train",
    "options",
    "python",
    "gallery",
    "glossary",
    "coming-from/stylegan2-ada",
    "search",
    "id/index",
    "id/lesson/index",
    "id/lesson/quiz-before",
]
READ_BY_AXE = [(390, "dark"), (1440, "light")]  # each width and each scheme once, since it takes seconds a page


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_open_offline_fit_and_can_be_read(width: int, scheme: str, browser: Any, site: Path) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    requests: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    found = {}
    for name in PAGES:
        page.goto((site / f"{name}.html").as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        problems = []
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if overflow > 0:
            problems.append(f"{overflow} px wider than the screen")
        violations = axe.Axe().run(page).response["violations"] if (width, scheme) in READ_BY_AXE else []
        for violation in violations:
            if violation["impact"] in ("serious", "critical"):
                places = [node["html"][:120] for node in violation["nodes"][:3]]
                problems.append(f"{violation['id']} at {len(violation['nodes'])} places, such as {places}")
        if problems:
            found[name] = problems
    page.close()
    assert found == {}
    assert errors == []
    assert requests, "the pages themselves must be requested"
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []


def test_search_finds_without_a_server(browser: Any, site: Path) -> None:
    page = browser.new_page()
    page.goto(f"{(site / 'search.html').as_uri()}?q=truncation")
    page.wait_for_selector("#search-results a[href*='latents.html']", timeout=10_000)
    page.close()


def test_each_language_leads_to_the_same_page_in_the_other(browser: Any, site: Path) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 844})
    page.goto((site / "lesson" / "quiz-before.html").as_uri())
    page.locator("a.language:visible").first.click()
    assert page.url.endswith("/id/lesson/quiz-before.html")
    page.locator("a.language:visible").first.click()
    assert page.url.endswith("/site/lesson/quiz-before.html")
    page.close()
