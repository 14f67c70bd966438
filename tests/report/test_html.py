"""HTML: text stays text wherever it is inserted."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from ganvas.report.html import Html, join, tag


class Reader(HTMLParser):
    """Parser that collects the elements and the text of a page, as a browser would."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(), st.text())
def test_no_text_becomes_markup(child: str, value: str) -> None:
    child, value = (text.replace("\r", "").replace("\0", "") for text in (child, value))
    read = Reader(tag("p", child, title=value))
    assert read.tags == [("p", {"title": value})], "a text opened an element or escaped from its attribute"
    assert read.text == child


def test_markup_is_left_alone_and_text_beside_it_is_not() -> None:
    assert join(Html("<b>x</b>"), "<i>") == "<b>x</b>&lt;i&gt;"
    assert tag("p", tag("b", "x")) == "<p><b>x</b></p>"


def test_attributes() -> None:
    assert tag("input", class_="a", aria_label="b", hidden=True, title=None, value=False) == (
        '<input class="a" aria-label="b" hidden>'
    )
    assert tag("circle", r=3.123456789) == '<circle r="3.1235"></circle>', "numbers are as short as a screen needs"
