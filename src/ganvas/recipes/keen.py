"""`quick`, sharpened for longer by the discriminators of Projected GAN."""

from dataclasses import replace

from ..config import Config, DataConfig
from .projected import projected
from .quick import quick
from .spec import RecipeSpec

# Projected discriminators leave fewer near-copies as long as the autoencoder draws softly: the prior may have half as
# many more passes, but only after half as many of the autoencoder.
PRIOR_FACTOR, AUTOENCODER_FACTOR = 1.5, 0.5


def keen(data: DataConfig, count: int) -> Config:
    """Return `quick` with projected discriminators: pictures in color, for a CPU and minutes to hours.

    After the autoencoder and the prior, generator and discriminator train for longer, and the discriminators of
    Projected GAN (Sauer et al. 2021) judge the features of a frozen network. They memorize few pictures later. The
    figures are in benchmarks/NOTES.md.
    """
    base, judges = quick(data, count), projected(data, count)
    autoencode, prior, sharpen = base.phases
    return replace(
        base,
        recipe="keen",
        discriminator=judges.discriminator,
        optimizers={**base.optimizers, **judges.optimizers},
        phases=(
            replace(autoencode, time_share=0.45),
            replace(
                prior,
                max_steps=round(PRIOR_FACTOR * prior.max_steps),
                max_steps_until=round(AUTOENCODER_FACTOR * prior.max_steps_until),
            ),
            replace(sharpen, time_share=0.35, batch=judges.phases[0].batch, relative_step_cost=2.8, max_steps=0),
        ),
        loss=judges.loss,
        augment=("translation", "cutout"),
    )


SPEC = RecipeSpec(
    name="keen",
    config=keen,
    images="drawings in color, enlarged photographs, few pictures",
    hardware="a CPU",
    time="5 minutes",
    source="ours: quick with the discriminators of projected",
    sides=(16, 128),
    upsamples=True,
    scores={"people, 10 min": 492, "people, 30 min": 526, "photographs, 10 min": 3094},
)
