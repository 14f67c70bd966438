"""ganvas doctor"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from ..errors import GanvasError, ganvas_command
from .options import Json
from .output import echo
from .report import suggest_report


def warn_if_ill(run: Path) -> None:
    """Tell if a training's last verdict is not a healthy one. Without health checks nothing is known."""
    from ..coach.describe import title
    from ..coach.diagnosis.diagnoses import HEALTHY_VERDICTS
    from ..coach.doctor import examine

    with suppress(GanvasError, OSError):  # the pictures are there: that nothing is known is no error
        verdict = examine(run).verdict
        if verdict.name not in HEALTHY_VERDICTS:
            echo(
                f"The training's last verdict is ill ({title(verdict.name)}): {verdict.what} "
                f"See: {ganvas_command('doctor', run)}"
            )


@dataclass(frozen=True)
class Doctor:
    """Flags of `ganvas doctor`."""

    subject: Annotated[Positional[Path], arg(metavar="RUN|EVENTS.JSONL")]
    """A run, or only its record of events; of a run in training, as far as it has come."""
    json: Json = False

    def execute(self) -> dict[str, Any]:
        import ganvas

        from .tables import show_findings

        findings = ganvas.doctor(self.subject)
        show_findings(findings)
        suggest_report(self.subject)
        return findings.to_dict()
