"""HTML in which text is escaped by construction: what is not `Html` cannot become markup."""

import html
from collections.abc import Sequence


class Html(str):
    """Be markup; every other string is text and gets escaped where it is put in."""

    __slots__ = ()


def join(*parts: str) -> Html:
    """Return the parts one after the other, escaping those that are text."""
    return Html("".join(part if isinstance(part, Html) else html.escape(part) for part in parts))


def tag(name: str, /, *children: str, **attributes: str | float | bool | None) -> Html:
    """Return an element of that name.

    Args:
        name: of the element, such as "p".
        children: its content; text is escaped.
        attributes: None and False leave one out, True gives it no value; `class_` means class, `aria_label` aria-label.
    """
    written = "".join(_attribute(key.strip("_").replace("_", "-"), value) for key, value in attributes.items())
    if name in ("img", "input", "link", "meta", "br"):
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(*children)}</{name}>")


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return f" {key}"
    return f' {key}="{html.escape(f"{value:.5g}" if isinstance(value, float) else str(value))}"'


def table(rows: Sequence[tuple[str, ...]], headings: tuple[str, ...], name: str) -> Html:
    """Return a table that scrolls in its own box if it is too wide; the first cell of a row is its heading."""
    head = tag("tr", *(tag("th", heading, scope="col") for heading in headings))
    body = [tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest)) for first, *rest in rows]
    whole = tag("table", tag("thead", head), tag("tbody", *body))
    return tag("div", whole, class_="scroll", role="region", aria_label=name, tabindex="0")
