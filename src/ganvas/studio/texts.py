"""Texts of the page: marked in its modules as in Python, and translated by the same catalogue."""

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ..translation import LANGUAGES, _, language, ngettext

STATIC = Path(__file__).parent / "static"
STRING = r'"(?:[^"\\]|\\.)*"'
MARKED = re.compile(rf"\b(?:_|N_)\(\s*({STRING})|\bngettext\(\s*({STRING}),\s*({STRING})")


def marked_texts() -> Iterator[tuple[str, str | tuple[str, str]]]:
    """Yield the texts of the page's modules, each with the module that it is in; of `ngettext`, both forms."""
    for path in sorted(STATIC.rglob("*.js")):
        for text, one, many in MARKED.findall(path.read_text(encoding="utf-8")):
            name = f"studio/static/{path.relative_to(STATIC).as_posix()}"
            yield name, json.loads(text) if text else (json.loads(one), json.loads(many))


def page_texts() -> dict[str, list[str]]:
    """Return the translation of each text of the page: [text], or its forms for one and for many."""
    return _page_texts(language())


@cache
def _page_texts(code: str) -> dict[str, list[str]]:
    found = dict[str, list[str]]()
    for _name, text in marked_texts():
        if isinstance(text, str):
            found.setdefault(text, [_(text)])
        else:
            found[text[0]] = [ngettext(*text, 1), ngettext(*text, 2)]
    return found


def set_language(code: str) -> None:
    """Let the studio and the trainings that it starts speak this language."""
    if code in LANGUAGES:
        os.environ["GANVAS_LANG"] = code
