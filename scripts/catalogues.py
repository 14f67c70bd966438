"""Bring the catalogues of translations up to date with the texts in the code, compile them, and tell what is missing.

    python scripts/catalogues.py

New texts come in empty, texts that are gone go out, and nothing is guessed. Translate the empty ones in
src/ganvas/locale/LANGUAGE/LC_MESSAGES/ganvas.po, then run it again.
"""

import ast
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from ganvas.cli.commands import COMMANDS, GROUPS
from ganvas.config import SignConfig, StyleConfig, WalkConfig
from ganvas.config.options import GROUPS as OPTION_GROUPS
from ganvas.config.options import OPTIONS
from ganvas.recipes import RECIPES
from ganvas.script_texts import FOLDERS, marked_texts
from ganvas.translation import DOMAIN, ENGLISH, LANGUAGES

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "ganvas"
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
HELP = (
    "cli/*.py",
    "config/options.py",
    "config/sign.py",
    "config/style.py",
    "config/walk.py",
)  # of the fields in these


def texts_in_code() -> Catalog:
    """Return all texts of the package that are translated, in the order of its files."""
    catalogue = Catalog(project="Ganvas")
    found = extract_from_dir(SOURCE, keywords=KEYWORDS, comment_tags=["translators:"], strip_comment_tags=True)
    marked = [(path, text, comments) for path, _line, text, comments, _context in found]
    page = [(path, text, []) for folder in FOLDERS for path, text in marked_texts(folder)]
    for path, text, comments in sorted([*marked, *page, *texts_in_tables(), *help_texts()], key=lambda each: each[0]):
        catalogue.add(text, locations=[(path, None)], auto_comments=comments)
    return catalogue


def texts_in_tables() -> Iterator[tuple[str, str, list[str]]]:
    """Yield the texts of tables that are translated where they are shown, and not marked one by one."""
    for title in GROUPS:
        yield "cli/commands.py", title, []
    for command in COMMANDS.values():
        yield from (("cli/commands.py", text, []) for text in (command.about, command.more) if text)
    for option in OPTIONS.values():
        if any(map(str.isalpha, option.default)):
            yield "config/options.py", option.default, ["what is in force if an option is not given"]
    for name, spec in RECIPES.items():
        for text in (spec.images, spec.hardware, spec.time, *spec.scores):
            yield f"recipes/{name}.py", text, []
    for group in (*OPTION_GROUPS, SignConfig, StyleConfig, WalkConfig):
        yield f"{group.__module__.removeprefix('ganvas.').replace('.', '/')}.py", str(group.__doc__), []


def help_texts() -> Iterator[tuple[str, str, list[str]]]:
    """Yield the help of options: the docstrings below fields."""
    for path in sorted(path for pattern in HELP for path in SOURCE.glob(pattern)):
        name = str(path.relative_to(SOURCE))
        for group in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for before, after in pairwise(group.body if isinstance(group, ast.ClassDef) else ()):
                if isinstance(before, ast.AnnAssign) and isinstance(after, ast.Expr):
                    yield name, str(ast.literal_eval(after.value)), []


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
    return [str(message.id) for message in catalogue if message.id and (message.fuzzy or not all(forms(message)))]


def forms(message: Message) -> tuple[str, ...]:
    """Return the translation of a text, with all forms of its plural."""
    return message.string if isinstance(message.string, tuple) else (message.string,)


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
