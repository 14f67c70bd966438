"""The classic DCGAN (Radford et al. 2016)."""

from ..config import Config, DataConfig, NetworkConfig, OptimizerConfig, PhaseConfig
from .resolutions import halvings
from .spec import RecipeSpec


def dcgan(data: DataConfig, count: int) -> Config:
    """Return DCGAN: any small pictures, to learn from and to compare with.

    Up to 32 px the lesson's 100-256-128-64-C and 64-128-256-1 with batch 256; above, the paper's 512-256-128-64 with
    batch 128; smaller ones in a short run (`planning/short_run.py`). Adam 2e-4 (0.5, 0.999), weights from N(0, 0.02),
    binary cross-entropy. Half an hour on a CPU at 32 px, better on a GPU.
    """
    widths = tuple(min(512, 64 << level) for level in range(halvings(data)))
    batch = 256 if max(data.height, data.width) <= 32 else 128
    return Config(
        recipe="dcgan",
        data=data,
        generator=NetworkConfig("dcgan", widths[::-1]),
        discriminator=NetworkConfig("dcgan", widths),
        optimizers={"generator": OptimizerConfig(2e-4), "discriminator": OptimizerConfig(2e-4)},
        phases=(PhaseConfig("adversarial", time_share=1.0, batch=min(batch, count)),),
    )


SPEC = RecipeSpec(
    name="dcgan",
    config=dcgan,
    images="to learn from",
    hardware="a CPU",
    time="half an hour",
    source="Radford et al. 2016",
    sides=(16, 256),
    scores={"people, 10 min": 5215, "photographs, 10 min": 8117, "clothes, 2 min": 5384},
)
