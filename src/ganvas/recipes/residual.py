"""A small residual pair that R1 alone keeps stable (Mescheder et al. 2018)."""

from ..config import Config, DataConfig, NetworkConfig, OptimizerConfig, PenaltyConfig, PhaseConfig
from .resolutions import halvings
from .spec import RecipeSpec


def residual(data: DataConfig, count: int) -> Config:
    """Return a small residual pair: any pictures, to compare with.

    No normalization, binary cross-entropy, R1 every 16 steps, Adam 1e-3 (0, 0.99). The networks are narrow, and their
    initial weights keep the size of features: with smaller ones, all digits turned black before anything was learned.
    A minute on one core of a CPU gives digits at 16 px.
    """
    widths = tuple(min(128, 32 << level) for level in range(halvings(data)))
    adam = OptimizerConfig(1e-3, 0.0, 0.99)
    return Config(
        recipe="residual",
        data=data,
        z_dim=64,
        generator=NetworkConfig("residual", widths[::-1]),
        discriminator=NetworkConfig("residual", widths),
        optimizers={"generator": adam, "discriminator": adam},
        phases=(PhaseConfig("adversarial", time_share=1.0, batch=min(32, count), warmup_steps=200),),
        penalty=PenaltyConfig("r1", 1.0, interval=16),
        ema_half_life=0.05,
    )


SPEC = RecipeSpec(
    name="residual",
    config=residual,
    images="to compare with",
    hardware="a CPU",
    time="10 minutes",
    source="Mescheder et al. 2018",
    sides=(16, 128),
    scores={"people, 10 min": 2056, "photographs, 10 min": 8999, "clothes, 2 min": 1686},
)
