"""Texts in the user's language, by gettext: the catalogues are `locale/LANGUAGE/LC_MESSAGES/ganvas.po`.

A text is marked where it is written: `_("{name} is not a run.").format(name=name)`. What a table at the top of a
module holds is marked with `N_`, and translated with `_` where it is shown. What is stored and read again by programs
(configurations, reasons why pictures are skipped, names of recipes and verdicts) is stored in English, and translated
where it is shown, with `stored` where it is made of parts.
"""

import gettext
import os
from functools import cache
from pathlib import Path

ENGLISH, INDONESIAN = "en", "id"
LANGUAGES = (ENGLISH, INDONESIAN)
FOLDER = Path(__file__).parent / "locale"
DOMAIN = "ganvas"
VARIABLES = ("GANVAS_LANG", "LC_ALL", "LC_MESSAGES", "LANG")  # the first that is set decides, as POSIX has it


def language() -> str:
    """Return the language of texts, one of LANGUAGES: GANVAS_LANG, else the locale's, else English."""
    wanted = next((os.environ[name] for name in VARIABLES if os.environ.get(name)), ENGLISH)
    code = wanted.partition(".")[0].partition("_")[0].lower()  # id_ID.UTF-8
    return code if code in LANGUAGES else ENGLISH


def _(text: str) -> str:
    """Return a text in the user's language; as it is, where it has no translation."""
    return _catalogue(language()).gettext(text) if text else text  # the translation of "" is the catalogue's head


def ngettext(one: str, many: str, count: int) -> str:
    """Return the text for so many of something, in the user's language."""
    return _catalogue(language()).ngettext(one, many, count)


def stored(text: str) -> str:
    """Return a text that was stored in English, such as "damaged (no end)", in the user's language.

    Where it is not known as a whole, its parts are, before a semicolon or a bracket; what is in brackets stays.
    """
    if (whole := _(text)) != text:
        return whole
    parts = (part.partition(" (") for part in text.split("; "))
    return "; ".join(_(words) + "".join(bracket) for words, *bracket in parts)


def N_(text: str) -> str:
    """Mark a text for translators, and return it as it is: for tables that are made before the language is known."""
    return text


@cache
def _catalogue(code: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, FOLDER, [code], fallback=True)
