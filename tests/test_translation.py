"""Texts in the user's language: which one it is, and whether every text has its twin."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ganvas.translation import FOLDER, LANGUAGES, N_, VARIABLES, _, language, ngettext, stored

SCRIPTS = Path(__file__).parents[1] / "scripts"
TRANSLATED = [code for code in LANGUAGES if code != "en"]
PLACEHOLDER = re.compile(r"\{[^{}]*\}")


@pytest.fixture
def catalogues(monkeypatch: pytest.MonkeyPatch) -> object:
    """Return the script that reads the code's texts and their translations."""
    if not SCRIPTS.is_dir():
        pytest.skip("not in a checkout")
    monkeypatch.syspath_prepend(str(SCRIPTS))
    monkeypatch.delitem(sys.modules, "catalogues", raising=False)
    import catalogues

    return catalogues


@pytest.fixture
def speak(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets the variables of the locale, and no others."""

    def set_to(**variables: str) -> None:
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_to


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({}, "en"),
        ({"LANG": "id_ID.UTF-8"}, "id"),
        ({"LANG": "id"}, "id"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "id_ID.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "id_ID.UTF-8", "GANVAS_LANG": "en"}, "en"),
        ({"LANG": "en_US.UTF-8", "GANVAS_LANG": "ID"}, "id"),
        ({"GANVAS_LANG": "../../etc"}, "en"),
        ({"GANVAS_LANG": "", "LANG": "id_ID"}, "id"),
    ],
)
def test_the_first_variable_that_is_set_decides(
    variables: dict[str, str], code: str, speak: Callable[..., None]
) -> None:
    speak(**variables)
    assert language() == code


def test_what_has_no_translation_stays_as_it_is(speak: Callable[..., None]) -> None:
    speak(GANVAS_LANG="id")
    assert _("no text of ours: {this}") == N_("no text of ours: {this}") == "no text of ours: {this}"
    assert _("") == ""
    assert ngettext("one thing of none", "many things of none", 1) in ("one thing of none", "many things of none")


def test_a_stored_text_is_translated_as_a_whole_or_by_its_parts(speak: Callable[..., None]) -> None:
    again = "not enough memory; to try again: ganvas cache --clear"
    assert stored(again) == again
    speak(GANVAS_LANG="id")
    assert stored("truncated") == "terpotong"
    assert stored("damaged (no end; none)") == "rusak (no end; none)"
    assert stored(again) == "memori tidak cukup; untuk mencoba lagi: ganvas cache --clear"
    assert stored("encrypted; unpack it with its password, and use a folder").startswith("terenkripsi; ekstrak")
    assert stored("a reason of a later release (x); more") == "a reason of a later release (x); more"
    assert stored("") == ""


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_text_of_the_code_is_translated(code: str, catalogues: object) -> None:
    in_code = {message.id for message in catalogues.texts_in_code() if message.id}  # type: ignore[attr-defined]
    catalogue = catalogues.read(code)  # type: ignore[attr-defined]
    assert {message.id for message in catalogue if message.id} == in_code, "python scripts/catalogues.py"
    assert catalogues.missing(catalogue) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_keeps_what_is_filled_in(code: str, catalogues: object) -> None:
    for message in catalogues.read(code):  # type: ignore[attr-defined]
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        for translation in message.string if isinstance(message.string, tuple) else (message.string,):
            wanted = [set(PLACEHOLDER.findall(original)) for original in originals]
            assert set(PLACEHOLDER.findall(translation)) in wanted or not message.id, (message.id, translation)


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_catalogue_is_compiled_when_the_package_is_installed(code: str) -> None:
    assert (FOLDER / code / "LC_MESSAGES" / "ganvas.mo").is_file(), "pip install -e . compiles it"
