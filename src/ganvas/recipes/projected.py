"""Projected GAN (Sauer et al. 2021), small enough for a CPU."""

from ..config import Config, DataConfig, NetworkConfig, OptimizerConfig, PhaseConfig
from .resolutions import FEW_IMAGES, SLOW_START_IMAGES, channel_schedule, halvings
from .spec import RecipeSpec


def projected(data: DataConfig, count: int) -> Config:
    """Return Projected GAN: photographs and drawings; it has to see the fewest images.

    The discriminators do not look at pixels but at the features of a frozen network trained on photographs, at four
    scales. Sharp early; at home where pictures show things, not where they are digits or textures.
    """
    adam = OptimizerConfig(4e-4, 0.0, 0.99)
    return Config(
        recipe="projected",
        data=data,
        z_dim=128,
        generator=NetworkConfig("fastgan", channel_schedule(64, 16, halvings(data))),
        discriminator=NetworkConfig("projected", (64, 64, 64, 64)),
        optimizers={"generator": adam, "discriminator": adam},
        phases=(PhaseConfig("adversarial", time_share=1.0, batch=min(16, count), warmup_steps=50),),
        loss="hinge",
        augment=("color", "translation", "cutout"),
        flip=count < FEW_IMAGES,
        ema_half_life=0.05,
        slow_start_images=SLOW_START_IMAGES,
    )


SPEC = RecipeSpec(
    name="projected",
    config=projected,
    images="pictures that show things, few pictures",
    hardware="a CPU or a GPU",
    time="half an hour",
    source="Sauer et al. 2021",
    sides=(16, 256),
    upsamples=True,
    scores={
        "people, 10 min": 1152,
        "people, 30 min": 680,
        "photographs, 10 min": 2689,
        "photographs, 30 min": 1770,
        "clothes, 2 min": 3392,
    },
)
