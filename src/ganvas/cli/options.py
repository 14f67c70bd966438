"""What several commands share: their options, and how a person is spoken to."""

import sys
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

Json = Annotated[bool, arg(help="Put one JSON object on the last line of stdout.", help_behavior_hint="")]
Device = Annotated[str, arg(help="cpu, cuda, cuda:1, mps, or auto.")]
Run = Annotated[Positional[Path], arg(metavar="RUN", help="A folder that ganvas train wrote.")]


def optional(metavar: str, name: str | None = None) -> Any:
    """Return tyro's description of an option that may be left out, without talk of None, by another name if given."""
    return arg(name=name, metavar=metavar, help_behavior_hint="")


def say(text: str) -> None:
    """Tell a person something: on stderr, so that stdout stays free for --json."""
    sys.stderr.write(f"{text}\n")
