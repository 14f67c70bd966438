"""Writing the report and the model card of a run folder."""

from pathlib import Path

from ..atomic_write import write_atomically
from ..config import Config
from ..errors import cannot_be_written
from ..runs import Run
from ..translation import _
from .card import model_card
from .history import read_history
from .page import page
from .summary import Evaluation, RunSummary


def write_report(run: Run, evaluation: Evaluation | None) -> Path:
    """Write RUN/report.html, one file that opens offline, and return its path.

    Args:
        run: the run folder. The report shows the images in its evaluation/.
        evaluation: contents of RUN/evaluation/scores.json; None without an evaluation.

    Raises:
        GanvasError: there is no run, nothing was trained in it, or the file cannot be written.
    """
    return _write(run.folder / "report.html", page(_read_summary(run, evaluation)))


def write_card(run: Run, evaluation: Evaluation | None) -> Path:
    """Write RUN/model/README.md, the model card, and return its path.

    Raises:
        GanvasError: there is no run, nothing was trained in it, or the file cannot be written.
    """
    return _write(run.model / "README.md", model_card(_read_summary(run, evaluation)))


def hub_card(run: Run, evaluation: Evaluation | None, config: Config, place: str) -> str:
    """Return the model card of a run as others find it.

    Args:
        config: of the run, as it is shared.
        place: where it is, as `hub:owner/name`.

    Raises:
        GanvasError: nothing was trained in it.
    """
    return model_card(RunSummary(run, config, read_history(run), evaluation, place))


def _read_summary(run: Run, evaluation: Evaluation | None) -> RunSummary:
    return RunSummary(run, run.read_config(), read_history(run), evaluation)


def _write(path: Path, text: str) -> Path:
    try:
        # File names may hold bytes that are not valid UTF-8; these are written as escapes.
        write_atomically(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        hint = _("Check the permissions of its folder and the free disk space.")
        raise cannot_be_written(path, error, hint) from error
    return path
