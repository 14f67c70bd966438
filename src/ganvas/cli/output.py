"""How a person at the command line is spoken to."""

import sys


def echo(text: str) -> None:
    """Tell a person something: on stderr, so that stdout stays free for --json."""
    sys.stderr.write(f"{text}\n")
