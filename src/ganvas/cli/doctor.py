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
    undo: bool = False
    """Ask the coach to take back what it did last. A training does so at once; one that is paused, when it goes on."""
    more: bool = False
    """Ask the coach for more of what it did last: once more the same change of a rate, a penalty, the augmentation."""
    json: Json = False

    def execute(self) -> dict[str, Any]:
        if self.undo or self.more:
            return self._ask()
        import ganvas

        from ..latents.model_file import read_health
        from ..runs import Run
        from .tables import show_findings

        findings = ganvas.doctor(self.subject)
        show_findings(findings, read_health(Run(self.subject)))
        suggest_report(self.subject)
        return findings.to_dict()

    def _ask(self) -> dict[str, Any]:
        from ..coach.treatment.requests import MORE, UNDO, ask_coach
        from ..errors import GanvasError, ganvas_command
        from ..runs import Run
        from ..translation import _
        from .terminal import console

        if self.undo and self.more:
            raise GanvasError(_("--undo and --more exclude each other."), _("Give one of them."))
        ask_coach(Run(self.subject), UNDO if self.undo else MORE)
        command = ganvas_command("train", "--out", self.subject)
        console.print(
            _("The coach does so at its next look; if the training is paused, when it goes on: {command}").format(
                command=command
            ),
            markup=False,
        )
        return {"asked": UNDO if self.undo else MORE}
