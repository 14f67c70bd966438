"""The links of the site: each leads to a page, a picture or a place in a page that is there."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """The targets of a page's links, and the places in it that a link can lead to."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.places: set[str] = set()
        self.language = ""
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of one element."""
        found = {name: value for name, value in attrs if value}
        self.places.add(found.get("id", ""))
        self.targets += [found[name] for name in ("href", "src") if name in found]
        if tag == "html":
            self.language = found.get("lang", "")


def test_each_leads_somewhere(site: Path) -> None:
    pages = {file: Page(file) for file in site.rglob("*.html") if "_static" not in file.parts}
    assert len(pages) > 50, "pages are missing"
    broken = []
    for file, page in pages.items():
        for target in page.targets:
            url = urlsplit(target)
            if url.scheme or url.netloc:
                continue
            path = (file.parent / unquote(url.path)).resolve() if url.path else file
            place = unquote(url.fragment)
            if not path.exists() or (place and path in pages and place not in pages[path].places):
                broken.append(f"{file.relative_to(site)}: {target}")
    assert broken == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loading = re.compile(r"""<(?:script|img|link|iframe|source)\b[^>]*(?:src|href)=["'](?:https?:)?//[^"']+""")
    found = {file.name: loading.findall(file.read_text(encoding="utf-8")) for file in site.rglob("*.html")}
    assert {name: each for name, each in found.items() if each} == {}
    imported = re.compile(r"""(?:@import|url\()\s*["']?(?:https?:)?//[^"')]+""")
    sheets = {file.name: imported.findall(file.read_text(encoding="utf-8")) for file in site.rglob("*.css")}
    assert {name: each for name, each in sheets.items() if each} == {}


def test_each_page_says_its_language(site: Path) -> None:
    for file in site.rglob("*.html"):
        if "_static" not in file.parts:
            assert Page(file).language == ("id" if "id" in file.relative_to(site).parts else "en"), file
