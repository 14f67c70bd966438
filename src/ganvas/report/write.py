"""From a run folder to the files that tell of it."""

from pathlib import Path

from ..errors import GanvasError
from ..image_io import write_atomically
from ..runs import Run
from .card import card
from .history import read_history
from .page import page
from .summary import Evaluation, Facts


def write_report(run: Run, evaluation: Evaluation | None) -> Path:
    """Write RUN/report.html, one file that opens offline, and return its path.

    Args:
        run: the run folder; pictures in its evaluation/ are shown.
        evaluation: what RUN/evaluation/scores.json says, if it is there.

    Raises:
        GanvasError: there is no run, nothing was trained in it, or the file cannot be written.
    """
    return _write(run.folder / "report.html", page(_facts(run, evaluation)))


def write_card(run: Run, evaluation: Evaluation | None) -> Path:
    """Write RUN/model/README.md, the model card, and return its path.

    Raises:
        GanvasError: there is no run, nothing was trained in it, or the file cannot be written.
    """
    return _write(run.model / "README.md", card(_facts(run, evaluation)))


def _facts(run: Run, evaluation: Evaluation | None) -> Facts:
    return Facts(run, run.read_config(), read_history(run), evaluation)


def _write(path: Path, text: str) -> Path:
    try:
        # Names of files may hold bytes that are no text; they are written as escapes.
        write_atomically(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise GanvasError(
            f"Cannot write {path}: {error.strerror}", "Look at its folder's permissions and at the free disk space."
        ) from error
    return path
