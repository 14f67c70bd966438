"""What the discriminator of a run thinks of single pictures, real and generated: from its newest checkpoint."""

from dataclasses import dataclass, replace
from itertools import accumulate

import torch
from torch import Tensor

from ...coach.treatment.prescription import with_prescriptions
from ...data import prepare
from ...device import available_cores, seeded_rng
from ...errors import GanvasError
from ...events import run_to_end
from ...losses import mean_logit_per_image
from ...models import packing
from ...phases import PHASES
from ...planning.schedule import config_at_step
from ...runs import Run
from ...translation import _
from ..state_io import load_state, newest_checkpoint
from ..steps.batch import make_batch, make_loader
from ..steps.d_input import d_logits

STATISTICS = 32  # images that are judged at least, since some networks compare those of a batch


@dataclass(frozen=True)
class Opinions:
    """Images (N, C, H, W) in [-1, 1], as the discriminator is shown them but for augmentation, and its logits (N,)."""

    step: int
    real: Tensor
    real_logits: Tensor
    fake: Tensor
    fake_logits: Tensor


@torch.no_grad()
def opinions(run: Run, count: int) -> Opinions:
    """Return what the discriminator thinks of `count` real pictures and as many samples.

    Raises:
        GanvasError: there is no checkpoint yet, or no discriminator that has learned.
    """
    recorded = run.read_config()
    found = newest_checkpoint(recorded, run.checkpoints)
    if found is None:
        raise GanvasError(_("Nothing has been saved yet."))
    tensors, facts, _damaged = found
    device = torch.device("cpu")
    state = load_state(recorded, tensors, facts, device)
    step = state.counters.step
    config = with_prescriptions(recorded, state.coach.prescriptions)
    starts = accumulate((phase.steps for phase in config.phases), initial=0)
    begun = [phase.name for phase, start in zip(config.phases, starts, strict=False) if start < step]
    if not any(PHASES[name].has_discriminator for name in begun):
        raise GanvasError(_("No discriminator has learned in this training so far."))
    config = replace(config_at_step(config, max(0, step - 1)), flip=False, turn=False)
    data = run_to_end(prepare(config.data, available_cores()))
    images, labels = make_loader(config, data).batch(state.counters.images_seen, max(count, STATISTICS))
    rng = seeded_rng(config.seed, "opinions", device=device)
    batch = replace(make_batch(config, images, labels if config.classes else None, rng, device), augment_p=0.0)
    generator, discriminator = state.networks.generator, state.networks.discriminator
    shown = generator.match_reals(batch.real), generator.fakes(batch.z, batch.labels, batch.rng)
    logits = [
        mean_logit_per_image(d_logits(discriminator, config, batch, each)).float().repeat_interleave(packing(config))
        for each in shown
    ]
    channels = config.data.channels
    real, fake = (each[:count, -channels:] for each in shown)  # of a pyramid the finest level
    return Opinions(step, real, logits[0][:count], fake, logits[1][:count])
