"""The recipes for people with a processor and a few minutes: an autoencoder's warm start, and what comes after."""

from dataclasses import replace

from ..config import Config, DataConfig, NetworkConfig, OptimiserConfig, PhaseConfig, WarmStartConfig
from .field import projected
from .sizes import between, stages

PRIOR_BATCH = 256  # codes a step of the prior of `quick`
# Few pictures are learned by heart. After 120 passes of the prior about as many samples of 1,000 pictures are
# near-copies as among the pictures themselves if the autoencoder saw each 20 times; the better it draws, the fewer
# passes do, down to 40, and of fewer than 1,000 pictures more (of 100: 160). At 33 passes of sharpening the
# discriminator knew the pictures and strewed specks.
PRIOR_PASSES = 120
DRAWING_PASSES = 20
LEFT_PASSES, LEFT_COUNT, LEFT_POWER = 40, 1_000, 0.6
SHARPEN_PASSES = 12
# The judges of `keen` leave fewer copies as long as its autoencoder draws softly: the prior may have half as many more
# passes, but only after half as many of the autoencoder.
KEEN_PRIOR, KEEN_DRAWING = 1.5, 0.5
MOST_CODES = 16_384  # pictures whose codes the prior learns from; more would tell it little


def quick(data: DataConfig, count: int) -> Config:
    """Return the recipe for people with a processor and a few minutes: any pictures of 16 to 128 px.

    It begins with an autoencoder, which learns to draw far sooner than a GAN does; a small flow then learns which codes
    are pictures; from there on generator and discriminator sharpen what is drawn. The figures are in
    benchmarks/NOTES.md, with what was tried beside.
    """
    between(data, 16, 128, "quick")
    few = count < 10_000
    codes = min(count, MOST_CODES) * (2 if few else 1)
    prior_bound, sharpen_bound = PRIOR_PASSES * codes // PRIOR_BATCH, max(400, SHARPEN_PASSES * count // 32)
    after = DRAWING_PASSES * count // 32 if few else 0
    left = round(LEFT_PASSES * max(1.0, LEFT_COUNT / count) ** LEFT_POWER * codes / PRIOR_BATCH) if few else 0
    widths = tuple(max(16, 256 >> n) for n in range(stages(data) + 1))
    return Config(
        recipe="quick",
        data=data,
        latent=64,
        generator=NetworkConfig("quick", widths),
        discriminator=NetworkConfig("quick", widths[:0:-1]),
        optimisers={
            "autoencoder": OptimiserConfig(2e-3, 0.9, 0.99),
            "prior": OptimiserConfig(5e-3, 0.9, 0.99),
            "generator": OptimiserConfig(4e-4, 0.5, 0.99),
            "discriminator": OptimiserConfig(1e-3, 0.5, 0.99),
        },
        phases=(
            PhaseConfig("autoencode", share=0.6, batch=32, ramp=100, floor=0.4),
            PhaseConfig(
                "prior",
                share=0.2,
                batch=0,
                cost=0.1,
                ramp=50,
                floor=0.0,
                most=prior_bound,
                most_after=after,
                most_left=left,
            ),
            PhaseConfig("sharpen", share=0.2, batch=32, cost=1.2, ramp=30, floor=0.0, most=sharpen_bound),
        ),
        warm_start=WarmStartConfig(
            NetworkConfig("quick", widths[:0:-1]),
            code_noise=0.2,
            prior_batch=PRIOR_BATCH,
            most_codes=MOST_CODES,
            adversarial=0.05,
            imagined=0.5,
        ),
        flip=few,
        images_per_examination=2_500,
    )


def keen(data: DataConfig, count: int) -> Config:
    """Return `quick` with other eyes: coloured pictures of 16 to 128 px, for a processor and minutes to hours.

    From the warm start on, generator and discriminator sharpen for longer, and it is the discriminators of Projected
    GAN (Sauer et al. 2021) that judge, by what a frozen network of photographs sees. They do not know few pictures by
    heart so soon. The figures are in benchmarks/NOTES.md.
    """
    between(data, 16, 128, "keen")
    warm = quick(data, count)
    autoencode, prior, sharpen = warm.phases
    judged = projected(data, count)
    return replace(
        warm,
        recipe="keen",
        discriminator=judged.discriminator,
        optimisers={**warm.optimisers, **judged.optimisers},
        phases=(
            replace(autoencode, share=0.45),
            replace(prior, most=round(KEEN_PRIOR * prior.most), most_after=round(KEEN_DRAWING * prior.most_after)),
            replace(sharpen, share=0.35, batch=judged.phases[0].batch, cost=2.8, most=0),
        ),
        loss=judged.loss,
        augment=("translation", "cutout"),
    )
