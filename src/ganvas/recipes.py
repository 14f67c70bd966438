"""Recipes: functions that return a complete configuration for a set of pictures.

Each docstring says for which data and hardware it is meant, how long it takes and where it comes from. The budget
(steps of each phase) is filled in later, when the machine's speed is known.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from .config import Config, DataConfig, NetworkConfig, OptimiserConfig, PenaltyConfig, PhaseConfig, WarmStartConfig
from .data.augment import POLICIES
from .errors import GanvasError, pick
from .losses import LOSSES, PENALTIES

DEFAULT_MINUTES = 10.0
PRIOR_BATCH = 256  # codes a step of the prior of `quick`
# Few pictures are learned by heart. After 120 passes of the prior about as many samples of 1,000 pictures are
# near-copies as among the pictures themselves if the autoencoder saw each 20 times; the better it draws, the fewer
# passes do. At 33 passes of sharpening the discriminator knew the pictures and strewed specks.
PRIOR_PASSES = 120
DRAWING_PASSES = 20
SHARPEN_PASSES = 12
MOST_CODES = 16_384  # pictures whose codes the prior learns from; more would tell it little


def quick(data: DataConfig, count: int) -> Config:
    """Return the recipe for people with a processor and a few minutes: any pictures of 16 to 128 px.

    It begins with an autoencoder, which learns to draw far sooner than a GAN does; a small flow then learns which codes
    are pictures; from there on generator and discriminator sharpen what is drawn. The figures are in
    benchmarks/NOTES.md, with what was tried beside.
    """
    _between(data, 16, 128, "quick")
    few = count < 10_000
    codes = min(count, MOST_CODES) * (2 if few else 1)
    prior_bound, sharpen_bound = PRIOR_PASSES * codes // PRIOR_BATCH, max(400, SHARPEN_PASSES * count // 32)
    after = DRAWING_PASSES * count // 32 if few else 0
    widths = tuple(max(16, 256 >> n) for n in range(_stages(data) + 1))
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
            PhaseConfig("prior", share=0.2, batch=0, cost=0.1, ramp=50, floor=0.0, most=prior_bound, most_after=after),
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


def fc(data: DataConfig, count: int) -> Config:
    """Return the beginner's fully connected GAN: for digits and other small grey pictures, to learn from.

    Networks 100-256-512-1024-CHW and CHW-512-256-1, Adam 2e-4 (0.5, 0.999), batch 256, binary cross-entropy, as the
    usual first lesson has them. A few minutes on a processor give legible MNIST digits. Not for pictures above
    64 px: the dense layers grow with the number of pixels.
    """
    _between(data, 8, 64, "fc")
    return Config(
        recipe="fc",
        data=data,
        generator=NetworkConfig("fc", (256, 512, 1024)),
        discriminator=NetworkConfig("fc", (512, 256)),
        optimisers={"generator": OptimiserConfig(2e-4), "discriminator": OptimiserConfig(2e-4)},
        phases=(PhaseConfig("adversarial", share=1.0, batch=min(256, count)),),
        images_per_evaluation=500_000,  # dense layers are quick
        images_per_examination=20_000,
    )


def dcgan(data: DataConfig, count: int) -> Config:
    """Return the classic DCGAN (Radford et al. 2016): for any small pictures, to learn from and to compare with.

    Up to 32 px the lesson's 100-256-128-64-C and 64-128-256-1 with batch 256; from there the paper's 512-256-128-64
    with batch 128. Adam 2e-4 (0.5, 0.999), weights from N(0, 0.02), binary cross-entropy. Half an hour on a processor
    at 32 px, better on a GPU.
    """
    _between(data, 16, 256, "dcgan")
    widths = tuple(min(512, 64 << n) for n in range(_stages(data)))
    batch = 256 if max(data.height, data.width) <= 32 else 128
    return Config(
        recipe="dcgan",
        data=data,
        generator=NetworkConfig("dcgan", widths[::-1]),
        discriminator=NetworkConfig("dcgan", widths),
        optimisers={"generator": OptimiserConfig(2e-4), "discriminator": OptimiserConfig(2e-4)},
        phases=(PhaseConfig("adversarial", share=1.0, batch=min(batch, count)),),
    )


def residual(data: DataConfig, count: int) -> Config:
    """Return a small residual pair held together by R1 alone (Mescheder et al. 2018): any pictures, to compare with.

    No normalisation, binary cross-entropy, R1 every 16 steps, Adam 1e-3 (0, 0.99). The networks are narrow and weights
    are drawn so that features keep their size: drawn smaller, all pictures of digits turned black before anything was
    learned. A minute on one core of a processor gives digits at 16 px.
    """
    _between(data, 16, 128, "residual")
    widths = tuple(min(128, 32 << n) for n in range(_stages(data)))
    return Config(
        recipe="residual",
        data=data,
        latent=64,
        generator=NetworkConfig("residual", widths[::-1]),
        discriminator=NetworkConfig("residual", widths),
        optimisers={"generator": OptimiserConfig(1e-3, 0.0, 0.99), "discriminator": OptimiserConfig(1e-3, 0.0, 0.99)},
        phases=(PhaseConfig("adversarial", share=1.0, batch=min(32, count), ramp=200),),
        penalty=PenaltyConfig("r1", 1.0, every=16),
        ema=0.05,
    )


def vae(data: DataConfig, count: int) -> Config:
    """Return a variational autoencoder (Kingma and Welling 2014): to compare with, blurry against sharp.

    The decoder and the batch are those of `quick`. Nothing plays against anything, so nothing can collapse; but what
    the code does not tell is drawn as its mean, which is a blur. A minute or two on a processor.
    """
    _between(data, 16, 128, "vae")
    widths = tuple(max(16, 256 >> n) for n in range(_stages(data) + 1))
    return Config(
        recipe="vae",
        data=data,
        latent=64,
        generator=NetworkConfig("vae", widths),
        discriminator=NetworkConfig("none", ()),
        encoder=NetworkConfig("vae", widths[:0:-1]),
        optimisers={"autoencoder": OptimiserConfig(2e-3, 0.9, 0.99)},
        phases=(PhaseConfig("vae", share=1.0, batch=min(32, count), ramp=100, floor=0.1),),
        flip=count < 10_000,
    )


Recipe = Callable[[DataConfig, int], Config]

RECIPES: dict[str, Recipe] = {"quick": quick, "dcgan": dcgan, "fc": fc, "residual": residual, "vae": vae}


@dataclass(frozen=True)
class Wishes:
    """Hold what a user wants in place of the recipe's choice; "auto", None or empty is no wish.

    Args:
        loss: key of `ganvas.losses.LOSSES`.
        penalty: key of `ganvas.losses.PENALTIES`, or "none".
        gamma: the penalty's weight.
        every: steps from one penalty to the next.
        augment: keys of `ganvas.data.augment.POLICIES`, or "none".
        flip: "yes" or "no".
        ema: half-life of the averaged weights, as a share of the pictures seen so far; 0 for no average.
    """

    loss: str = "auto"
    penalty: str = "auto"
    gamma: float | None = None
    every: int = 1
    augment: tuple[str, ...] = ()
    flip: str = "auto"
    ema: float | None = None


def with_wishes(config: Config, wishes: Wishes) -> Config:
    """Return `config` with the user's wishes put in.

    The Wasserstein loss brings the gradient penalty along. Without a wish for gamma, that one has 10 (Gulrajani et al.
    2017); the others follow StyleGAN2's rule of thumb, 0.0002 * H * W / batch.

    Raises:
        GanvasError: there is no such loss, penalty or augmentation, a number makes no sense, or the recipe has nothing
            that the wish is about.
    """
    _check(wishes)
    if config.discriminator.name == "none" and (wishes.loss, wishes.penalty, wishes.augment) != ("auto", "auto", ()):
        raise GanvasError(
            f"Recipe {config.recipe} has no discriminator that --loss, --penalty and --augment could be about.",
            "Leave them out, or take another: --recipe quick",
        )
    penalty = wishes.penalty
    if penalty == "auto" and wishes.loss == "wasserstein":
        penalty = "gradient"
    if penalty == "auto" and (wishes.gamma is not None or wishes.every != 1):
        raise GanvasError("There is no penalty to weigh.", "Name one: --penalty r1")
    if wishes.flip != "auto":
        config = replace(config, flip=wishes.flip == "yes")
    if wishes.loss != "auto":
        config = replace(config, loss=wishes.loss)
    if penalty != "auto":
        usual = 0.0002 * config.data.height * config.data.width / config.phases[-1].batch
        gamma = {"none": 0.0, "gradient": 10.0}.get(penalty, usual) if wishes.gamma is None else wishes.gamma
        config = replace(config, penalty=PenaltyConfig(penalty, gamma, wishes.every))
    if wishes.augment:
        config = replace(config, augment=tuple(name for name in wishes.augment if name != "none"))
    return config if wishes.ema is None else replace(config, ema=wishes.ema)


def _check(wishes: Wishes) -> None:
    pick({"auto": 0, **LOSSES}, wishes.loss, "loss")
    pick({"auto": 0, "none": 0, **PENALTIES}, wishes.penalty, "penalty")
    pick({"auto": 0, "yes": 0, "no": 0}, wishes.flip, "flip")
    for name in wishes.augment:
        pick({"none": 0, **POLICIES}, name, "augmentation")
    if wishes.gamma is not None and not 0 <= wishes.gamma < math.inf:
        raise GanvasError(f"A penalty cannot weigh {wishes.gamma:g}.", "Try: --gamma 1")
    if wishes.every < 1:
        raise GanvasError(f"A penalty cannot be taken every {wishes.every} steps.", "Try: --every 16")
    if wishes.ema is not None and not 0 <= wishes.ema <= 1:
        raise GanvasError(f"A half-life of {wishes.ema:g} is not a share of the pictures seen.", "Try: --ema 0.1")


def choose_recipe(name: str) -> Recipe:
    """Return the recipe called `name`; "auto" is the one for people with a processor and a few minutes.

    Raises:
        GanvasError: there is no such recipe.
    """
    return pick({"auto": quick, **RECIPES}, name, "recipe")


def _stages(data: DataConfig) -> int:
    """Return how often pictures are halved: until the long side is 4 px, but the short side at least 1."""
    longest, shortest = max(data.height, data.width), min(data.height, data.width)
    return min(math.ceil(math.log2(longest / 4)), math.floor(math.log2(shortest)))


def _between(data: DataConfig, least: int, most: int, recipe: str) -> None:
    """Refuse pictures that the recipe cannot make."""
    width, height = (min(max(side, least), most) for side in (data.width, data.height))
    if (width, height) != (data.width, data.height):
        raise GanvasError(
            f"Recipe {recipe} makes pictures of {least} to {most} px a side, not {data.width}x{data.height}.",
            f"Nearest: --size {width if width == height else f'{width}x{height}'}",
        )
