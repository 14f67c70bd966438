"""The pages of the site that follow from the code: one for each command, the names in Python, and the sections."""

import io
import os
import re
from contextlib import redirect_stdout, suppress

import ganvas
from ganvas.cli import main
from ganvas.cli.commands import GROUPS
from site_map import Section

WIDTH = 90  # characters of a line of help
# The names of `ganvas.__all__` in the order in which people meet them, and what they return or take.
NAMES = {
    "Train a GAN": ("train", "plan", "inspect", "load"),
    "Measure": ("evaluate", "doctor", "write_report", "Coach"),
    "Make art": ("walk", "project", "mix", "directions"),
    "Repaint pictures": ("stylize", "train_style"),
    "Other programs": ("export",),
    "Events and errors": ("Event", "GanvasError"),
}
SIGNATURES = {  # without the options, which have a page of their own
    "train": "(pictures, out, *, stop=lambda: False, **options)",
    "plan": "(pictures, **options)",
}
TYPES = (  # what these functions return and take
    "ganvas.latents.sample.GeneratorModel",
    "ganvas.training.forecast.Forecast",
    "ganvas.data.Inspection",
    "ganvas.evaluation.Evaluation",
    "ganvas.coach.doctor.Findings",
    "ganvas.interop.exporting.export.Export",
    "ganvas.loggers.TensorBoardLogger",
    "ganvas.loggers.WandbLogger",
    "ganvas.config.StyleConfig",
    "ganvas.config.WalkConfig",
    "ganvas.config.SignConfig",
)


def help_text(command: str) -> str:
    """Return what `ganvas COMMAND --help` prints, without the lines between its parts."""
    os.environ |= {"COLUMNS": str(WIDTH), "GANVAS_LANG": "en"}  # whatever this terminal has
    text = io.StringIO()
    with redirect_stdout(text), suppress(SystemExit):
        main([command, "--help"])
    lines = [line.removeprefix(" ").rstrip() for line in text.getvalue().splitlines()]
    return "\n".join(line for line in lines if not re.fullmatch(r" *---+", line)).strip()


def command_pages() -> dict[str, str]:
    """Return the pages of the commands, by name: the list of all, and one for each with its help."""
    listed = ["# Commands", "", "`ganvas COMMAND --help` says the same in your terminal.", ""]
    pages = {}
    for title, group in GROUPS.items():
        listed += [f"## {title}", "", "| command | what it does |", "| --- | --- |"]
        listed += [f"| [ganvas {name}](commands/{name}.md) | {command.about} |" for name, command in group.items()]
        listed.append("")
        for name, command in group.items():
            about = f"{command.about} {command.more}".strip()
            pages[f"commands/{name}"] = f"# ganvas {name}\n\n{about}\n\n```text\n{help_text(name)}\n```\n"
    return {"commands": "\n".join(listed), **pages}


def python_pages() -> dict[str, str]:
    """Return the pages of all that is public in Python, by name, made from the docstrings.

    Raises:
        ValueError: a name of `ganvas.__all__` has no place on them.
    """
    missing = set(ganvas.__all__) - {name for names in NAMES.values() for name in names} - {"__version__"}
    if missing:
        raise ValueError(f"site_pages.NAMES lacks {sorted(missing)}")
    functions = ["# Python", "", str(ganvas.__doc__).partition("\n")[0], ""]
    functions += ["`ganvas.__version__` is the release. Options of `train` and `plan` are in [Options](options.md),"]
    functions += ["what is returned and taken in [Types and events](python-types.md)."]
    for title, names in NAMES.items():
        functions += ["", f"## {title}", ""]
        for name in names:
            kind = "autoclass" if isinstance(getattr(ganvas, name), type) else "autofunction"
            full = f"ganvas.{name}{SIGNATURES.get(name, '')}"
            functions += [f"### `ganvas.{name}`", "", _directive(kind, full, members=name == "Coach")]
    types = ["# Types and events", "", "What the functions of [Python](python.md) return, take and yield.", ""]
    for name in TYPES:
        types += [f"## `{name}`", "", _directive("autoclass", name, members=True)]
    types += ["## The events", "", _directive("automodule", "ganvas.events", members=True), ""]
    return {"python": "\n".join(functions), "python-types": "\n".join(types)}


def _directive(kind: str, name: str, members: bool) -> str:
    return "\n".join(["```{eval-rst}", f".. {kind}:: {name}", *(["   :members:"] if members else []), "```", ""])


def section_page(section: Section) -> str:
    """Return the page of a section: what it is about, and its pages."""
    tree = ["```{toctree}", ":maxdepth: 1", ":glob:", "", *section.below, "```"]
    return "\n".join([f"# {section.title}", "", section.about, "", *tree, ""])
