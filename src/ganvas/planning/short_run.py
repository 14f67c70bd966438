"""A batch for a short run: where a recipe's own would leave too few steps to learn in, a smaller one makes more.

Pure arithmetic. In a step a weight moves by its learning rate at most, however many images the step has seen. So a run
of few large steps ends before its weights have gone anywhere, and the same images in more and smaller steps bring it
further. For each image rates and batch are alike in that (Goyal et al. 2017: the rate follows the batch; Smith et al.
2018: the batch may change in its place). The figures are in benchmarks/NOTES.md.
"""

from dataclasses import replace

from ..config import Config
from ..distributed import LEAST_SHARE, process_count
from ..recipes.overrides import with_batch
from ..translation import _
from .inputs import Decision
from .memory import largest_batch

ENOUGH_STEPS = 1_500  # from which on a recipe's own batch is kept
LEAST_BATCH = 32  # that a batch is halved to


def batch_for(planned: Config) -> int:
    """Return the batch for a run whose steps are planned: its own, halved while it has too few steps.

    Who asks for a batch or a learning rate knows which goes with which: then it is the run's own.
    """
    batch, steps, asked = largest_batch(planned), planned.steps, planned.requested
    if asked is not None and any(each is not None for each in (asked.batch, asked.g_lr, asked.d_lr)):
        return batch
    least = max(LEAST_BATCH, LEAST_SHARE * process_count())
    while steps < ENOUGH_STEPS and batch >= 2 * least:
        batch, steps = batch // 2, 2 * steps
    return batch


def with_more_steps(config: Config, planned: Config) -> Config:
    """Return `config`, whose steps are not planned yet, with the batch for a run of as many images as `planned` has.

    Args:
        planned: `config` with the steps that its own batch would make. Where these are enough, `config` is returned.
    """
    batch = batch_for(planned)
    if batch == largest_batch(config):
        return config
    smaller = with_batch(config, batch)
    if config.requested is not None and config.requested.gamma is not None:
        smaller = replace(smaller, penalty=config.penalty)
    return smaller


def batch_decision(config: Config, planned: Config) -> Decision | None:
    """Return what was decided about the batch, and why; None if it is still that of `config`.

    Args:
        config: as it was before its budget was known.
        planned: with the steps that its budget makes.
    """
    before, now = largest_batch(config), largest_batch(planned)
    if now == before:
        return None
    steps = max(1, planned.steps * now // before)
    why = _("with {batch} there would be only {steps:,} steps to learn in")
    return Decision("batch", f"{now}", why.format(batch=before, steps=steps))
