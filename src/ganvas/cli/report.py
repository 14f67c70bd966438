"""ganvas report"""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import GanvasError, ganvas_command
from ..translation import _
from .options import Device, Json, Run
from .output import echo


@dataclass(frozen=True)
class Report:
    """Flags of `ganvas report`."""

    run_folder: Run
    count: int = 2000
    """Samples to score, if the run was not evaluated yet."""
    device: Device = "auto"
    json: Json = False

    def execute(self) -> dict[str, Any]:
        import ganvas

        from ..evaluation import evaluate, read_evaluation
        from ..evaluation_inputs import EvaluationOptions
        from ..image_io import check_writable
        from ..runs import Run
        from .terminal import render_events

        run = Run(self.run_folder)
        run.read_config()  # says what is wrong, if it is no run
        check_writable(run.folder, _("Report on a copy: {command}").format(command=_report_on_copy(run.folder)))
        if read_evaluation(run) is None:
            try:
                render_events(evaluate(self.run_folder, None, EvaluationOptions(count=self.count, device=self.device)))
            except GanvasError as error:
                echo(
                    _("The page will have no scores: {message}\n{hint}").format(message=error.message, hint=error.hint)
                )
        page = ganvas.write_report(self.run_folder)
        echo(_("{page}: open it in a browser.").format(page=page))
        return {"path": str(page)}


def _report_on_copy(folder: Path) -> str:
    """Return the commands that copy a run that cannot be written, and report on the copy."""
    copy = f"{folder.resolve().name}-copy"
    return f"{shlex.join(['cp', '-r', str(folder), copy])} && {ganvas_command('report', copy)}"


def suggest_report(subject: Path) -> None:
    """Say how to see everything on one page, if `subject` is a run."""
    if (subject / "config.json").is_file():
        echo(_("Next: {command}").format(command=ganvas_command("report", subject)))
