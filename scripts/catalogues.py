"""Bring the catalogues of translations up to date with the texts in the code, compile them, and tell what is missing.

    python scripts/catalogues.py

New texts come in empty, texts that are gone go out, and nothing is guessed. Translate the empty ones in
src/ganvas/locale/LANGUAGE/LC_MESSAGES/ganvas.po, then run it again.
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from ganvas.translation import DOMAIN, ENGLISH, LANGUAGES

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "ganvas"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def texts_in_code() -> Catalog:
    """Return all marked texts of the package, in the order of its files."""
    catalogue = Catalog(project="Ganvas")
    found = extract_from_dir(SOURCE, keywords=KEYWORDS, comment_tags=["translators:"], strip_comment_tags=True)
    for path, _line, text, comments, context in sorted(found, key=lambda each: each[:2]):
        catalogue.add(text, locations=[(path, None)], auto_comments=comments, context=context)
    return catalogue


def path_of(language: str) -> Path:
    """Return a language's catalogue."""
    return SOURCE / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """Return what is translated into a language so far."""
    path = path_of(language)
    if not path.is_file():
        return Catalog(locale=language, project="Ganvas", copyright_holder="The Ganvas developers", fuzzy=False)
    with path.open("rb") as lines:
        return read_po(lines, locale=language)


def missing(catalogue: Catalog) -> list[str]:
    """Return the texts that have no translation."""
    return [str(message.id) for message in catalogue if message.id and (not message.string or message.fuzzy)]


def update(language: str) -> Catalog:
    """Write a language's catalogue anew: today's texts, with the translations that there are."""
    catalogue = read(language)
    template = texts_in_code()
    template.creation_date = catalogue.creation_date  # else each run would change the file
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    path_of(language).parent.mkdir(parents=True, exist_ok=True)
    with path_of(language).open("wb") as lines:
        write_po(lines, catalogue, width=120)
    return catalogue


def main() -> None:
    """Update and compile every language."""
    sys.path.insert(0, str(ROOT))
    from hatch_build import compile_catalogues

    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        catalogue = update(language)
        untold = missing(catalogue)
        sys.stdout.write(f"{language}: {len(catalogue)} texts, {len(untold)} without translation\n")
        sys.stdout.writelines(f"  {text!r}\n" for text in untold)
    compile_catalogues(SOURCE / "locale")


if __name__ == "__main__":
    main()
