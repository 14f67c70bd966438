"""Texts of the page, in the language of whoever looks at it."""

import os
from functools import cache
from pathlib import Path

from ..script_texts import translations
from ..translation import LANGUAGES, language

STATIC = Path(__file__).parent / "static"


def page_texts() -> dict[str, list[str]]:
    """Return the translation of each text of the page: [text], or its forms for one and for many."""
    return _page_texts(language())


@cache
def _page_texts(code: str) -> dict[str, list[str]]:
    return translations(STATIC)


def set_language(code: str) -> None:
    """Let the studio and the trainings that it starts speak this language."""
    if code in LANGUAGES:
        os.environ["GANVAS_LANG"] = code
