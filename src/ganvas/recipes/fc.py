"""The beginner's fully connected GAN (Goodfellow et al. 2014)."""

from ..config import Config, DataConfig, NetworkConfig, OptimizerConfig, PhaseConfig
from .spec import RecipeSpec


def fc(data: DataConfig, count: int) -> Config:
    """Return the fully connected GAN of the usual first lesson: digits and other small gray pictures.

    Networks 100-256-512-1024-CHW and CHW-512-256-1, Adam 2e-4 (0.5, 0.999), binary cross-entropy, batch 256, smaller
    in a short run (`planning/short_run.py`). A few minutes on a CPU give legible MNIST digits. Not for pictures above
    64 px: dense layers grow with the number of pixels.
    """
    return Config(
        recipe="fc",
        data=data,
        generator=NetworkConfig("fc", (256, 512, 1024)),
        discriminator=NetworkConfig("fc", (512, 256)),
        optimizers={"generator": OptimizerConfig(2e-4), "discriminator": OptimizerConfig(2e-4)},
        phases=(PhaseConfig("adversarial", time_share=1.0, batch=min(256, count)),),
        images_per_evaluation=500_000,  # dense layers are fast
        images_per_health_check=20_000,
    )


SPEC = RecipeSpec(
    name="fc",
    config=fc,
    images="to learn from; digits",
    hardware="a CPU",
    time="5 minutes",
    source="Goodfellow et al. 2014",
    sides=(8, 64),
    scores={"people, 10 min": 5226, "photographs, 10 min": 6945, "clothes, 2 min": 6230},
)
