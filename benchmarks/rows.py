"""What has been measured: rows in a file that a script goes on from, a line of JSON each."""

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def read_rows(path: Path) -> list[Row]:
    """Return the rows recorded so far."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def add_row(row: Row, path: Path) -> None:
    """Append a row, to five digits, and say it aloud."""
    line = json.dumps(rounded(row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(f"{line}\n")
    print(line, flush=True)


def rounded(row: Row) -> Row:
    """Return a row to five digits."""
    return {key: float(f"{value:.5g}") if isinstance(value, float) else value for key, value in row.items()}
