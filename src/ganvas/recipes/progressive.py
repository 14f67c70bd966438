"""Progressive growing (Karras et al. 2018, ProGAN), small enough for a CPU."""

from ..config import Config, DataConfig, NetworkConfig, OptimizerConfig, PenaltyConfig, PhaseConfig
from .resolutions import FEW_IMAGES, SLOW_START_IMAGES, channel_schedule, exact_halvings
from .spec import RecipeSpec


def progressive(data: DataConfig, count: int) -> Config:
    """Return ProGAN: images that grow in resolution while they train.

    Wasserstein loss with gradient penalty, equalized learning rates, pixel norm, minibatch standard deviation. Each
    resolution gets its share of the budget and is faded in during the first half of it; finer ones, whose steps cost
    more, get more.
    """
    times = exact_halvings(data.width, data.height)
    widths = channel_schedule(64, 16, times)
    levels = range(times + 1)
    adam = OptimizerConfig(3e-3, 0.0, 0.99)
    return Config(
        recipe="progressive",
        data=data,
        z_dim=128,
        generator=NetworkConfig("progressive", widths),
        discriminator=NetworkConfig("progressive", widths[::-1]),
        optimizers={"generator": adam, "discriminator": adam},
        phases=tuple(
            PhaseConfig(
                "grow",
                time_share=1.0 + level,
                batch=min(16, count),
                relative_step_cost=4.0**level,
                warmup_steps=50,
                final_lr_factor=0.1 if level == times else 1.0,
                level=level,
                fade_in=0.5,
            )
            for level in levels
        ),
        loss="wasserstein",
        penalty=PenaltyConfig("gradient", 10.0),
        flip=count < FEW_IMAGES,
        ema_half_life=0.05,
        slow_start_images=SLOW_START_IMAGES,
    )


SPEC = RecipeSpec(
    name="progressive",
    config=progressive,
    images="any pictures",
    hardware="a GPU, or hours",
    time="an hour",
    source="Karras et al. 2018",
    sides=(16, 256),
    exact_halvings=True,
    scores={"people, 10 min": 3112, "photographs, 10 min": 5844, "clothes, 2 min": 3548},
)
