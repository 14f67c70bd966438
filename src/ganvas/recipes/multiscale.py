"""Multi-scale gradients (Karnewar and Wang 2020, MSG-GAN), small enough for a CPU."""

from ..config import Config, DataConfig, NetworkConfig, OptimizerConfig, PenaltyConfig, PhaseConfig
from .resolutions import (
    FEW_IMAGES,
    R1_SCALE_FOR_SMALL_NETWORKS,
    SLOW_START_IMAGES,
    channel_schedule,
    exact_halvings,
    r1_gamma_heuristic,
)
from .spec import RecipeSpec


def multiscale(data: DataConfig, count: int) -> Config:
    """Return MSG-GAN: images at all scales at once.

    The discriminator sees the image at every scale that the generator draws, so that gradients reach all of them from
    the first step and nothing has to grow. Relativistic average hinge loss, equalized learning rates, and R1 ten times
    as strong as elsewhere: coarse images are passed on enlarged, which makes their gradients small.
    """
    times = exact_halvings(data.width, data.height)
    widths, batch = channel_schedule(64, 16, times), min(16, count)
    gamma = 10 * R1_SCALE_FOR_SMALL_NETWORKS * r1_gamma_heuristic(data, batch)
    adam = OptimizerConfig(2e-3, 0.0, 0.99)
    return Config(
        recipe="multiscale",
        data=data,
        z_dim=128,
        generator=NetworkConfig("multiscale", widths),
        discriminator=NetworkConfig("multiscale", widths[::-1]),
        optimizers={"generator": adam, "discriminator": adam},
        phases=(PhaseConfig("adversarial", time_share=1.0, batch=batch, warmup_steps=100, final_lr_factor=0.1),),
        loss="relativistic_hinge",
        penalty=PenaltyConfig("r1", gamma, interval=4),
        flip=count < FEW_IMAGES,
        ema_half_life=0.05,
        slow_start_images=SLOW_START_IMAGES,
    )


SPEC = RecipeSpec(
    name="multiscale",
    config=multiscale,
    images="any pictures",
    hardware="a GPU, or hours",
    time="an hour",
    source="Karnewar and Wang 2020",
    sides=(16, 256),
    exact_halvings=True,
    scores={"people, 10 min": 3542, "photographs, 10 min": 6898, "clothes, 2 min": 4833},
)
