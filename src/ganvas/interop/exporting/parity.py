"""Whether an exported network does what the trained one does."""

import torch

from ...errors import GanvasError
from ...translation import _
from .graph import Graph, Runner

LATENTS = 64
BATCHES = (1, 3)
TOLERANCE = 1e-3  # of pictures from 0 to 1: a quarter of a level of 255


@torch.no_grad()
def largest_difference(graph: Graph, run: Runner) -> float:
    """Return the largest difference of `run` from the trained network, over 64 latents, at batches of 1 and of 3."""
    differences = []
    for batch in BATCHES:
        for start in range(0, LATENTS, batch):
            inputs = graph.example(min(batch, LATENTS - start), start)
            differences.append((run(inputs) - graph.expected(*inputs)).abs().max())
    return float(torch.stack(differences).max())


def check(name: str, difference: float) -> None:
    """Check that a difference is none that could be seen.

    Raises:
        GanvasError: it is; NaN too.
    """
    if not difference <= TOLERANCE:
        raise GanvasError(
            _("{name} does not draw what PyTorch draws: {difference:.1e} is the largest difference, of 1.").format(
                name=name, difference=difference
            ),
            _("Nothing was written. Please report it, with what this prints: ganvas env; until then try another --to."),
        )
