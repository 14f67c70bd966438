"""FastGAN (Liu et al. 2021), small enough for a CPU."""

from ..config import Config, DataConfig, NetworkConfig, OptimizerConfig, PhaseConfig
from .resolutions import FEW_IMAGES, SLOW_START_IMAGES, channel_schedule, halvings
from .spec import RecipeSpec


def fastgan(data: DataConfig, count: int) -> Config:
    """Return FastGAN: a light pair for few pictures.

    Skip-layer excitation in the generator; a discriminator that judges pixels and learns besides to reconstruct the
    real images from its features; hinge loss, DiffAugment, Adam 2e-4 (0.5, 0.999), batch 8. Reconstructions are
    compared by the mean absolute error instead of LPIPS, the hinge has no random margin, and the generator is without
    the paper's noise and spectral norm.
    """
    widths, adam = channel_schedule(64, 16, halvings(data)), OptimizerConfig(2e-4, 0.5, 0.999)
    return Config(
        recipe="fastgan",
        data=data,
        z_dim=128,
        generator=NetworkConfig("fastgan", widths),
        discriminator=NetworkConfig("fastgan", widths[::-1]),
        optimizers={"generator": adam, "discriminator": adam},
        phases=(PhaseConfig("adversarial", time_share=1.0, batch=min(8, count)),),
        loss="hinge",
        augment=("color", "translation"),
        flip=count < FEW_IMAGES,
        ema_half_life=0.05,
        slow_start_images=SLOW_START_IMAGES,
    )


SPEC = RecipeSpec(
    name="fastgan",
    config=fastgan,
    images="few pictures, to compare with",
    hardware="a CPU or a GPU",
    time="half an hour",
    source="Liu et al. 2021",
    sides=(16, 256),
)
