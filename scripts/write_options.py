"""Write docs/options.md, the table of the options of a training, from where they are declared.

Run it after a change in src/ganvas/config/option_groups.py: python scripts/write_options.py
"""

from dataclasses import fields
from pathlib import Path

from ganvas.config.options import GROUPS, OPTIONS
from ganvas.config.train_options import choices, flag, help_texts
from ganvas.recipes import RECIPES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "options.md"
UNLISTED = ("auto", "grey", "centre")  # what is left out, and other spellings
INTRODUCTION = """# Options of a training

The flags of `ganvas train` and `ganvas inspect`, and the keyword arguments of `ganvas.train` and `ganvas.plan`. None is
needed: what is not given is chosen by the pictures, the machine and the budget, or by the recipe. What was given is
kept in `RUN/config.json` under `requested`.
"""


def page() -> str:
    """Return the page as Markdown."""
    lines = [INTRODUCTION]
    for group in GROUPS:
        lines += [
            f"## {group.__doc__}",
            "",
            "| flag | in Python | what it does | default |",
            "| --- | --- | --- | --- |",
        ]
        lines += [_row(field.name) for field in fields(group)]
        lines.append("")
    return "\n".join(lines)


def _row(name: str) -> str:
    words = tuple(RECIPES) if name == "recipe" else tuple(word for word in choices(name) if word not in UNLISTED)
    value = OPTIONS[name].metavar.replace("|", " or ")
    typed = f"`{flag(name)}{f' {value}' if value else ''}`"
    listed = f" One of {', '.join(f'`{word}`' for word in words)}." if words else ""
    return f"| {typed} | `{name}` | {help_texts()[name]}{listed} | {OPTIONS[name].default} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
