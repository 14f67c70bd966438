"""ganvas doctor"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from .options import Json
from .report import suggest_report


@dataclass(frozen=True)
class Doctor:
    """Flags of `ganvas doctor`."""

    subject: Annotated[Positional[Path], arg(metavar="RUN|EVENTS.JSONL")]
    """A run, or only its record of events; of a run in training, as far as it has come."""
    json: Json = False

    def execute(self) -> dict[str, Any]:
        import ganvas

        from ..latents.model_file import read_health
        from ..runs import Run
        from .tables import show_findings

        findings = ganvas.doctor(self.subject)
        show_findings(findings, read_health(Run(self.subject)))
        suggest_report(self.subject)
        return findings.to_dict()
