"""R3GAN (Huang et al. 2024), small enough for a CPU."""

from ..config import AnnealConfig, Config, DataConfig, NetworkConfig, OptimizerConfig, PenaltyConfig, PhaseConfig
from .resolutions import (
    FEW_IMAGES,
    R1_SCALE_FOR_SMALL_NETWORKS,
    SLOW_START_IMAGES,
    channel_schedule,
    halvings,
    r1_gamma_heuristic,
)
from .spec import RecipeSpec


def r3gan(data: DataConfig, count: int) -> Config:
    """Return R3GAN: any pictures.

    Plain residual networks, a loss that compares reals and fakes in pairs, and gradient penalties on both: the training
    converges without further tricks. Learning rates, betas, gamma and augmentation follow a cosine over the budget.
    """
    widths, batch = channel_schedule(64, 16, halvings(data)), min(16, count)
    gamma = R1_SCALE_FOR_SMALL_NETWORKS * r1_gamma_heuristic(data, batch)
    adam = OptimizerConfig(2e-3, 0.0, 0.9)
    return Config(
        recipe="r3gan",
        data=data,
        z_dim=64,
        generator=NetworkConfig("r3gan", widths),
        discriminator=NetworkConfig("r3gan", widths[::-1]),
        optimizers={"generator": adam, "discriminator": adam},
        phases=(PhaseConfig("adversarial", time_share=1.0, batch=batch, warmup_steps=50),),
        loss="relativistic",
        penalty=PenaltyConfig("r1_r2", gamma, interval=2),
        anneal=AnnealConfig(lr_factor=0.25, one_minus_beta2_factor=0.1, gamma_factor=0.1),
        flip=count < FEW_IMAGES,
        ema_half_life=0.05,
        slow_start_images=SLOW_START_IMAGES,
    )


SPEC = RecipeSpec(
    name="r3gan",
    config=r3gan,
    images="any pictures",
    hardware="a GPU, or a night",
    time="hours",
    source="Huang et al. 2024",
    sides=(16, 256),
    scores={"people, 10 min": 1580, "people, 30 min": 1223, "photographs, 10 min": 5727, "clothes, 2 min": 2240},
)
