"""StyleGAN2 (Karras et al. 2020), small enough for a CPU."""

from ..config import (
    AdaConfig,
    Config,
    DataConfig,
    NetworkConfig,
    OptimizerConfig,
    PenaltyConfig,
    PhaseConfig,
    StyleGANConfig,
)
from .resolutions import (
    FEW_IMAGES,
    R1_SCALE_FOR_SMALL_NETWORKS,
    SLOW_START_IMAGES,
    channel_schedule,
    exact_halvings,
    r1_gamma_heuristic,
)
from .spec import RecipeSpec

ADA_IMAGES = 2_000  # with fewer, augmentation adapts to how well the discriminator knows them


def stylegan2(data: DataConfig, count: int) -> Config:
    """Return StyleGAN2: any pictures.

    Mapping network, modulated convolutions, noise, skip connections to RGB, style mixing, path length regularization,
    lazy R1; with few pictures the adaptive augmentation of StyleGAN2-ADA. An hour on a CPU at 32 px; at home on a GPU.
    """
    times = exact_halvings(data.width, data.height)
    widths, batch = channel_schedule(64, 16, times), min(16, count)
    gamma = R1_SCALE_FOR_SMALL_NETWORKS * r1_gamma_heuristic(data, batch)
    adam = OptimizerConfig(4e-3, 0.0, 0.99)
    few = count < ADA_IMAGES
    return Config(
        recipe="stylegan2",
        data=data,
        z_dim=128,
        generator=NetworkConfig("stylegan2", widths),
        discriminator=NetworkConfig("stylegan2", widths[::-1]),
        optimizers={"generator": adam, "discriminator": adam},
        phases=(PhaseConfig("adversarial", time_share=1.0, batch=batch, warmup_steps=100, final_lr_factor=0.1),),
        penalty=PenaltyConfig("r1", gamma, interval=8),
        stylegan=StyleGANConfig(),
        augment=("ada",) if few else (),
        ada=AdaConfig() if few else None,
        flip=count < FEW_IMAGES,
        ema_half_life=0.05,
        slow_start_images=SLOW_START_IMAGES,
    )


SPEC = RecipeSpec(
    name="stylegan2",
    config=stylegan2,
    images="any pictures",
    hardware="a GPU, or a night",
    time="hours",
    source="Karras et al. 2020",
    sides=(16, 256),
    exact_halvings=True,
    scores={
        "people, 10 min": 2591,
        "photographs, 10 min": 4928,
        "photographs, 30 min": 4052,
        "clothes, 2 min": 5464,
    },
)
