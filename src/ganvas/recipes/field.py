"""The recipes of the field, from ProGAN on, small enough for a processor; `--width` makes them larger."""

from ..config import (
    AdaptConfig,
    AnnealConfig,
    Config,
    DataConfig,
    NetworkConfig,
    OptimiserConfig,
    PenaltyConfig,
    PhaseConfig,
    StylesConfig,
)  # fmt: skip
from .sizes import between, doublings, narrowing, stages, usual_gamma

# What small networks need of R1 in short trainings, as a multiple of the rule for large ones: with the rule's, the
# discriminator had won within 10,000 pictures.
STRONGER = 80.0
# These networks move less from one look of the coach to the next than a look wobbles, so that it takes slow learning
# for none at all; within so many pictures it does not judge that.
PATIENCE = 300_000


def progressive(data: DataConfig, count: int) -> Config:
    """Return progressive growing (Karras et al. 2018, ProGAN): pictures of 16 to 256 px that grow while training.

    Wasserstein loss with gradient penalty, equalised rates, normed pixels, the deviation of the batch. Each grid has
    its share of the budget and is faded in during the first half of it; finer grids, whose steps are dearer, have more.
    """
    times = doublings(data, 16, 256, "progressive")
    widths = narrowing(64, 16, times)
    levels = range(times + 1)
    adam = OptimiserConfig(3e-3, 0.0, 0.99)
    return Config(
        recipe="progressive",
        data=data,
        latent=128,
        generator=NetworkConfig("progressive", widths),
        discriminator=NetworkConfig("progressive", widths[::-1]),
        optimisers={"generator": adam, "discriminator": adam},
        phases=tuple(
            PhaseConfig(
                "grow",
                share=1.0 + level,
                batch=min(16, count),
                cost=4.0**level,
                ramp=50,
                floor=0.1 if level == times else 1.0,
                level=level,
                fade=0.5,
            )
            for level in levels
        ),
        loss="wasserstein",
        penalty=PenaltyConfig("gradient", 10.0),
        flip=count < 10_000,
        ema=0.05,
        patience=PATIENCE,
    )


def multiscale(data: DataConfig, count: int) -> Config:
    """Return multi-scale gradients (Karnewar and Wang 2020, MSG-GAN): pictures of 16 to 256 px at all scales at once.

    The discriminator sees the picture at every scale that the generator draws it at, so that gradients reach all of
    them from the first step on and nothing has to grow. Relativistic average hinge loss, equalised rates, and R1 ten
    times as heavy as elsewhere: coarse pictures are handed on enlarged, which makes their gradients small.
    """
    times = doublings(data, 16, 256, "multiscale")
    widths, batch = narrowing(64, 16, times), min(16, count)
    adam = OptimiserConfig(2e-3, 0.0, 0.99)
    return Config(
        recipe="multiscale",
        data=data,
        latent=128,
        generator=NetworkConfig("multiscale", widths),
        discriminator=NetworkConfig("multiscale", widths[::-1]),
        optimisers={"generator": adam, "discriminator": adam},
        phases=(PhaseConfig("adversarial", share=1.0, batch=batch, ramp=100, floor=0.1),),
        loss="relativistic_hinge",
        penalty=PenaltyConfig("r1", 10 * STRONGER * usual_gamma(data, batch), every=4),
        flip=count < 10_000,
        ema=0.05,
        patience=PATIENCE,
    )


def stylegan2(data: DataConfig, count: int) -> Config:
    """Return StyleGAN2 (Karras et al. 2020), small enough for a processor: any pictures of 16 to 256 px.

    Mapping, modulated convolutions, noise, colours added from grid to grid, style mixing, path lengths, lazy R1; with
    few pictures the adaptive augmentation of StyleGAN2-ADA. An hour on a processor at 32 px; at home on a GPU.
    """
    times = doublings(data, 16, 256, "stylegan2")
    widths, batch = narrowing(64, 16, times), min(16, count)
    adam = OptimiserConfig(4e-3, 0.0, 0.99)
    few = count < 2_000
    return Config(
        recipe="stylegan2",
        data=data,
        latent=128,
        generator=NetworkConfig("stylegan2", widths),
        discriminator=NetworkConfig("stylegan2", widths[::-1]),
        optimisers={"generator": adam, "discriminator": adam},
        phases=(PhaseConfig("adversarial", share=1.0, batch=batch, ramp=100, floor=0.1),),
        penalty=PenaltyConfig("r1", STRONGER * usual_gamma(data, batch), every=8),
        styles=StylesConfig(),
        augment=("ada",) if few else (),
        adapt=AdaptConfig() if few else None,
        flip=count < 10_000,
        ema=0.05,
        patience=PATIENCE,
    )


def r3gan(data: DataConfig, count: int) -> Config:
    """Return R3GAN (Huang et al. 2024), small enough for a processor: any pictures of 16 to 256 px.

    Plain residual networks, a loss that compares reals and fakes in pairs, and a penalty on the gradients at both: the
    game converges, so that no trick is needed. Everything goes along a cosine over the budget.
    """
    between(data, 16, 256, "r3gan")
    times = stages(data)
    widths, batch = narrowing(64, 16, times), min(16, count)
    adam = OptimiserConfig(2e-3, 0.0, 0.9)
    return Config(
        recipe="r3gan",
        data=data,
        latent=64,
        generator=NetworkConfig("r3gan", widths),
        discriminator=NetworkConfig("r3gan", widths[::-1]),
        optimisers={"generator": adam, "discriminator": adam},
        phases=(PhaseConfig("adversarial", share=1.0, batch=batch, ramp=50),),
        loss="relativistic",
        penalty=PenaltyConfig("r1_r2", STRONGER * usual_gamma(data, batch), every=2),
        anneal=AnnealConfig(rate=0.25, forgetting=0.1, gamma=0.1),
        flip=count < 10_000,
        ema=0.05,
        patience=PATIENCE,
    )


def projected(data: DataConfig, count: int) -> Config:
    """Return Projected GAN (Sauer et al. 2021): photographs and drawings of 16 to 256 px, fewest pictures seen.

    The discriminators do not look at pixels but at what a frozen network of photographs sees, at four scales. Sharp
    early; at home where pictures show things, not where they are digits or textures.
    """
    between(data, 16, 256, "projected")
    times = stages(data)
    adam = OptimiserConfig(4e-4, 0.0, 0.99)
    return Config(
        recipe="projected",
        data=data,
        latent=128,
        generator=NetworkConfig("fastgan", narrowing(64, 16, times)),
        discriminator=NetworkConfig("projected", (64, 64, 64, 64)),
        optimisers={"generator": adam, "discriminator": adam},
        phases=(PhaseConfig("adversarial", share=1.0, batch=min(16, count), ramp=50),),
        loss="hinge",
        augment=("color", "translation", "cutout"),
        flip=count < 10_000,
        ema=0.05,
        patience=PATIENCE,
    )
