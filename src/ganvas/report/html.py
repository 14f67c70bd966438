"""HTML that is escaped by type: only an `Html` string is markup, every other string is text."""

import html
from collections.abc import Sequence


class Html(str):
    """Markup. Every other string is text and is escaped when it is inserted."""

    __slots__ = ()


def join(*parts: str) -> Html:
    """Concatenate the parts; those that are text are escaped."""
    return Html("".join(part if isinstance(part, Html) else html.escape(part) for part in parts))


def tag(name: str, /, *children: str, **attributes: str | float | bool | None) -> Html:
    """Return an HTML element.

    Args:
        name: name of the element, such as "p".
        children: content; text is escaped.
        attributes: None and False omit an attribute, and True writes it without a value. `class_` stands for class,
            `aria_label` for aria-label.
    """
    attribute_text = "".join(_attribute(key.strip("_").replace("_", "-"), value) for key, value in attributes.items())
    if name in ("img", "input", "link", "meta", "br"):
        return Html(f"<{name}{attribute_text}>")
    return Html(f"<{name}{attribute_text}>{join(*children)}</{name}>")


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return f" {key}"
    return f' {key}="{html.escape(f"{value:.5g}" if isinstance(value, float) else str(value))}"'


def table(rows: Sequence[tuple[str, ...]], headings: tuple[str, ...], label: str) -> Html:
    """Return a table in a box that scrolls if the table is too wide; the first cell of a row is its heading."""
    head = tag("tr", *(tag("th", heading, scope="col") for heading in headings))
    body = [tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest)) for first, *rest in rows]
    element = tag("table", tag("thead", head), tag("tbody", *body))
    return tag("div", element, class_="scroll", role="region", aria_label=label, tabindex="0")
