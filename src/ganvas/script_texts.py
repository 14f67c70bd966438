"""Texts of the pages that Ganvas writes or serves: marked in their scripts as in Python, in the same catalogue."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from .translation import _, ngettext

STRING = r'"(?:[^"\\]|\\.)*"'
MARKED = re.compile(rf"\b(?:_|N_)\(\s*({STRING})|\bngettext\(\s*({STRING}),\s*({STRING})")
PACKAGE = Path(__file__).parent
FOLDERS = (PACKAGE / "interop" / "exporting" / "web", PACKAGE / "studio" / "static")  # of scripts


def marked_texts(folder: Path) -> Iterator[tuple[str, str | tuple[str, str]]]:
    """Yield the texts of the scripts in a folder, each with the script that it is in; of `ngettext`, both forms."""
    for path in sorted(folder.rglob("*.js")):
        for text, one, many in MARKED.findall(path.read_text(encoding="utf-8")):
            name = path.relative_to(PACKAGE).as_posix()
            yield name, json.loads(text) if text else (json.loads(one), json.loads(many))


def translations(folder: Path) -> dict[str, list[str]]:
    """Return the translation of each text of the scripts in a folder: [text], or its forms for one and for many."""
    found = dict[str, list[str]]()
    for _name, text in marked_texts(folder):
        if isinstance(text, str):
            found.setdefault(text, [_(text)])
        else:
            found[text[0]] = [ngettext(*text, 1), ngettext(*text, 2)]
    return found
