"""A recipe's images made larger: what follows the phases of any recipe that draws small."""

from dataclasses import replace

from ..config import Config, DataConfig, NetworkConfig, OptimizerConfig, PhaseConfig, UpsamplingConfig

FACTORS = (1, 2, 4, 8)
UPSAMPLING_PHASES = ("upsample", "refine")
BLOCK_WIDTHS = (32, 32)  # channels of the upsampler's residual blocks, which work at the small size
NARROWING = (24, 12)  # channels after each doubling but the last
UPSAMPLE_SHARE, REFINE_SHARE = 0.1, 0.4  # of the time; the rest is the recipe's own
BATCH = 16
MIN_VIEW = 64  # pixels of the short side of what is judged
PRIOR_FACTOR = 1.5  # times the passes that a prior may take: of its samples, enlarged, fewer are near-copies


def small_data(data: DataConfig, factor: int) -> DataConfig:
    """Return `data` at the size that is drawn first: sides divided by `factor`, rounded up."""
    return replace(data, width=-(-data.width // factor), height=-(-data.height // factor))


def upsampled(small: Config, data: DataConfig, factor: int) -> Config:
    """Return a recipe's configuration for small images, followed by phases that make them large.

    Args:
        small: for the pictures at `small_data(data, factor)`.
        data: the pictures at their full size.
        factor: how many times longer the sides of the large images are: 2, 4 or 8; with 1, nothing follows.
    """
    if factor == 1:
        return small
    batch = min(BATCH, small.phases[-1].batch)
    own = 1 - UPSAMPLE_SHARE - REFINE_SHARE
    phases = tuple(
        replace(
            phase,
            time_share=own * phase.time_share,
            max_steps=round(PRIOR_FACTOR * phase.max_steps) if phase.name == "prior" else phase.max_steps,
        )
        for phase in small.phases
    )
    return replace(
        small,
        data=data,
        optimizers=small.optimizers
        | {"upsampler": OptimizerConfig(1e-3, 0.5, 0.99), "refiner": OptimizerConfig(4e-4, 0.5, 0.99)},
        phases=(
            *phases,
            PhaseConfig("upsample", time_share=UPSAMPLE_SHARE, batch=batch, warmup_steps=30, level=1),
            PhaseConfig(
                "refine",
                time_share=REFINE_SHARE,
                batch=batch,
                relative_step_cost=3.0,
                warmup_steps=30,
                final_lr_factor=0.0,
                level=1,
            ),
        ),
        upsampling=UpsamplingConfig(
            factor=factor,
            upsampler=NetworkConfig("upsampler", BLOCK_WIDTHS + NARROWING[: factor.bit_length() - 2]),
            discriminator=NetworkConfig("projected", (64, 64, 64, 64)),
            views=max(1, (min(data.width, data.height) // MIN_VIEW).bit_length()),
            loss="hinge",
            augment=("translation", "cutout"),
            adversarial_weight=0.25,
            perceptual_weight=5.0,
        ),
    )


def upsampling_alone(config: Config) -> Config:
    """Return `config` without the phases that draw small: an earlier run has taken those."""
    return replace(config, phases=tuple(phase for phase in config.phases if phase.name in UPSAMPLING_PHASES))


def is_upsampling_alone(config: Config) -> bool:
    """Return whether an earlier run's small images are only enlarged."""
    return all(phase.name in UPSAMPLING_PHASES for phase in config.phases)
