"""ganvas evaluate"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from ..metrics import DEFAULT_NETWORK
from .options import Device, Json, optional
from .report import suggest_report


@dataclass(frozen=True)
class Evaluate:
    """Flags of `ganvas evaluate`."""

    subject: Annotated[Positional[Path], arg(metavar="RUN|FOLDER")]
    """A run, or any folder of pictures."""
    against: Annotated[str | None, optional("PICTURES")] = None
    """The real pictures; those that RUN was trained on if left out."""
    count: int = 2000
    """Samples at most; scores of different numbers should not be compared."""
    network: str = DEFAULT_NETWORK
    """efficientnet-lite0, efficientnet-lite1, inception-v3 (FID), dinov2-vit-s-14, dinov2-vit-l-14, clip-vit-b-32."""
    weights: Annotated[Path | None, optional("FILE")] = None
    """The network's weights, if they are neither packaged nor to be downloaded."""
    at: Annotated[str | None, optional("64|96x64")] = None
    """Size in pixels to compare at; by default that of the real pictures, to which small samples are enlarged."""
    seed: int = 1
    """Seed of the samples; a run of seed 0 chose its best checkpoint by those of seed 0."""
    out: Annotated[Path | None, optional("FOLDER")] = None
    """Where scores.json and the sheets go; RUN/evaluation if left out, nowhere for a FOLDER."""
    device: Device = "auto"
    json: Json = False

    def execute(self) -> dict[str, Any]:
        from ..distributed import is_main, process_group
        from ..evaluation import evaluate
        from ..evaluation_inputs import EvaluationOptions
        from ..events import run_to_end
        from .tables import show_evaluation
        from .terminal import render_events

        options = EvaluationOptions(self.count, self.network, self.weights, self.seed, self.device, self.at)
        with process_group():
            events = evaluate(self.subject, self.against, options, self.out)
            if not is_main():
                run_to_end(events)
                return {}
            evaluation = render_events(events)
        show_evaluation(evaluation)
        suggest_report(self.subject)
        return evaluation.to_dict()
