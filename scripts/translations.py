"""The pages and notebooks that have an Indonesian twin: which are missing, and which are behind.

    python scripts/translations.py              # lists what is missing or behind; exits with 1 if anything is
    python scripts/translations.py stamp TWIN   # writes into TWIN that it is a translation of the English file of today

One of the first lines of a twin names the English file and the beginning of its SHA-256. So whoever changes one sees
that the other is to be changed too. In a notebook that line stands inside of the first cell, where nobody sees it.
"""

import argparse
import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIGITS = 12
STAMP = re.compile(r"translated from (\S+) at ([0-9a-f]+)")
FIRST_LINES = 3  # of which one is the stamp


def twins() -> dict[Path, Path]:
    """Return what is translated: English file to its twin, whether that is there or not."""
    pages = {page: ROOT / "docs" / "id" / "lesson" / page.name for page in (ROOT / "docs" / "lesson").glob("*.md")}
    notebooks = {each: ROOT / "examples" / "id" / each.name for each in (ROOT / "examples").glob("*.py")}
    return dict(sorted({ROOT / "README.md": ROOT / "README.id.md", **pages, **notebooks}.items()))


def revision(file: Path) -> str:
    """Return the beginning of the SHA-256 of a file, whatever its line ends are."""
    return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()[:DIGITS]


def problem(english: Path, twin: Path) -> str:
    """Return what is wrong with a twin in a sentence, or an empty string."""
    name, source = _name(twin), _name(english)
    if not twin.exists():
        return f"{name} is missing: translate {source}."
    stamp = STAMP.search("\n".join(twin.read_text(encoding="utf-8").splitlines()[:FIRST_LINES]))
    if stamp is None:
        return f"{name} does not say what it is translated from. Type: python scripts/translations.py stamp {name}"
    if stamp[1] != source:
        return f"{name} says that it is translated from {stamp[1]}, not from {source}."
    if stamp[2] != revision(english):
        return f"{name} is behind: {source} has changed. Bring it up to date, then stamp it."
    return ""


def stamp(twin: Path) -> None:
    """Write into a twin which revision it is translated from, in place of an earlier stamp.

    Raises:
        KeyError: it is the twin of nothing.
    """
    english = {ours: theirs for theirs, ours in twins().items()}[twin.resolve()]
    line = f"<!-- translated from {_name(english)} at {revision(english)} -->"
    lines = twin.read_text(encoding="utf-8").splitlines()
    lines[:FIRST_LINES] = [each for each in lines[:FIRST_LINES] if not STAMP.search(each)]
    at = 1 if twin.suffix == ".py" else 0
    lines.insert(at, f"# {line}" if twin.suffix == ".py" else line)
    twin.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def main() -> int:
    """Run the command line and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", nargs="?", choices=["list", "stamp"], default="list")
    parser.add_argument("twins", nargs="*", type=Path)
    arguments = parser.parse_args()
    if arguments.action == "stamp":
        for twin in arguments.twins:
            stamp(twin)
        return 0
    problems = [text for english, twin in twins().items() if (text := problem(english, twin))]
    sys.stdout.write("".join(f"{text}\n" for text in problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
