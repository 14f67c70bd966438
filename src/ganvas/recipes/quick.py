"""The recipe for people with a CPU and a few minutes: an autoencoder, a prior on its codes, then a short GAN."""

from ..config import AutoencoderConfig, Config, DataConfig, NetworkConfig, OptimizerConfig, PhaseConfig
from .resolutions import FEW_IMAGES, halvings
from .spec import RecipeSpec

PRIOR_BATCH = 256  # codes a step of the prior
MAX_CODES = 16_384  # images whose codes the prior learns from; more would tell it little
# Few pictures are memorized. After 120 passes of the prior about as many samples of 1,000 pictures are near-copies as
# among the pictures themselves, if the autoencoder saw each 20 times. The better it draws, the fewer passes are
# allowed, down to 40, and of fewer than 1,000 pictures more (of 100: 160). At 33 passes of sharpening the discriminator
# knew the pictures and scattered specks.
PRIOR_PASSES = 120
AUTOENCODER_PASSES = 20
MIN_PRIOR_PASSES, MIN_PRIOR_COUNT, MIN_PRIOR_POWER = 40, 1_000, 0.6
SHARPEN_PASSES = 12


def quick(data: DataConfig, count: int) -> Config:
    """Return the autoencoder-first recipe: any pictures.

    It begins with an autoencoder, which learns to draw far sooner than a GAN does. A small flow then learns which codes
    are pictures. From there on generator and discriminator sharpen what is drawn. The figures are in
    benchmarks/NOTES.md, with what else was tried.
    """
    few = count < FEW_IMAGES
    codes = min(count, MAX_CODES) * (2 if few else 1)
    max_prior, max_sharpen = PRIOR_PASSES * codes // PRIOR_BATCH, max(400, SHARPEN_PASSES * count // 32)
    until = AUTOENCODER_PASSES * count // 32 if few else 0
    least = MIN_PRIOR_PASSES * max(1.0, MIN_PRIOR_COUNT / count) ** MIN_PRIOR_POWER * codes / PRIOR_BATCH
    widths = tuple(max(16, 256 >> level) for level in range(halvings(data) + 1))
    return Config(
        recipe="quick",
        data=data,
        z_dim=64,
        generator=NetworkConfig("autoencoder", widths),
        discriminator=NetworkConfig("quick", widths[:0:-1]),
        optimizers={
            "autoencoder": OptimizerConfig(2e-3, 0.9, 0.99),
            "prior": OptimizerConfig(5e-3, 0.9, 0.99),
            "generator": OptimizerConfig(4e-4, 0.5, 0.99),
            "discriminator": OptimizerConfig(1e-3, 0.5, 0.99),
        },
        phases=(
            PhaseConfig("autoencode", time_share=0.6, batch=32, warmup_steps=100, final_lr_factor=0.4),
            PhaseConfig(
                "prior",
                time_share=0.2,
                batch=0,
                relative_step_cost=0.1,
                warmup_steps=50,
                final_lr_factor=0.0,
                max_steps=max_prior,
                max_steps_until=until,
                min_max_steps=round(least) if few else 0,
            ),
            PhaseConfig(
                "sharpen",
                time_share=0.2,
                batch=32,
                relative_step_cost=1.2,
                warmup_steps=30,
                final_lr_factor=0.0,
                max_steps=max_sharpen,
            ),
        ),
        autoencoder=AutoencoderConfig(
            NetworkConfig("quick", widths[:0:-1]),
            code_noise_std=0.2,
            prior_batch=PRIOR_BATCH,
            max_codes=MAX_CODES,
            adversarial_weight=0.05,
            prior_fraction=0.5,
        ),
        flip=few,
        images_per_health_check=2_500,
    )


SPEC = RecipeSpec(
    name="quick",
    config=quick,
    images="any pictures",
    hardware="a CPU",
    time="2 minutes",
    source="ours: autoencoder, flow, then GAN",
    sides=(16, 128),
    upsamples=True,
    bounded=True,
    scores={
        "people, 10 min": 781,
        "people, 30 min": 813,
        "photographs, 10 min": 4931,
        "clothes, 2 min": 842,
    },
)
