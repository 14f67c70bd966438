"""A variational autoencoder (Kingma and Welling 2014), the baseline that GANs are compared with."""

from ..config import Config, DataConfig, NetworkConfig, OptimizerConfig, PhaseConfig
from .resolutions import FEW_IMAGES, halvings
from .spec import RecipeSpec


def vae(data: DataConfig, count: int) -> Config:
    """Return a variational autoencoder: to compare with, blurry against sharp.

    The decoder and the batch are those of `quick`. There is no adversary, so nothing can collapse; but what the code
    does not tell is drawn as its mean, which is a blur. A minute or two on a CPU.
    """
    widths = tuple(max(16, 256 >> level) for level in range(halvings(data) + 1))
    phase = PhaseConfig("vae", time_share=1.0, batch=min(32, count), warmup_steps=100, final_lr_factor=0.1)
    return Config(
        recipe="vae",
        data=data,
        z_dim=64,
        generator=NetworkConfig("vae", widths),
        discriminator=NetworkConfig("none", ()),
        encoder=NetworkConfig("vae", widths[:0:-1]),
        optimizers={"autoencoder": OptimizerConfig(2e-3, 0.9, 0.99)},
        phases=(phase,),
        flip=count < FEW_IMAGES,
    )


SPEC = RecipeSpec(
    name="vae",
    config=vae,
    images="to compare with",
    hardware="a CPU",
    time="2 minutes",
    source="Kingma and Welling 2014",
    sides=(16, 128),
    scores={
        "people, 10 min": 3269,
        "photographs, 10 min": 4560,
        "photographs, 30 min": 4227,
        "clothes, 2 min": 2530,
    },
)
