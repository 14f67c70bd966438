"""How a person at the command line is spoken to."""

import sys

from ..formatting import printable

LAYOUT = "\n\t"  # what is not printable, but wanted


def echo(text: str) -> None:
    """Tell a person something: on stderr, so that stdout stays free for --json."""
    sys.stderr.write(f"{printable(text, keep=LAYOUT)}\n")


def cell(text: str) -> str:
    """Return a text for a table of rich: neither markup nor escapes of a stranger's have an effect."""
    from rich.markup import escape

    return escape(printable(text))
