"""What a user wants in place of a recipe's choice."""

import math
from dataclasses import dataclass, replace

from ..config import AdaptConfig, Config, NetworkConfig, PenaltyConfig
from ..data.augment import POLICIES
from ..errors import GanvasError, pick
from ..losses import LOSSES, PENALTIES
from .sizes import usual_gamma

ADAPTIVE = frozenset({"ada", "apa"})  # augmentations whose probability follows the discriminator


@dataclass(frozen=True)
class Wishes:
    """Hold what a user wants in place of the recipe's choice; "auto", None or empty is no wish.

    Args:
        loss: key of `ganvas.losses.LOSSES`.
        penalty: key of `ganvas.losses.PENALTIES`, or "none".
        gamma: the penalty's weight.
        every: steps from one penalty to the next.
        augment: keys of `ganvas.data.augment.POLICIES`, "ada", "apa", or "none".
        flip: "yes" or "no".
        ema: half-life of the averaged weights, as a share of the pictures seen so far; 0 for no average.
        width: of the networks, as a multiple of the recipe's.
        batch: pictures a step.
        freeze: share of the discriminator's weights, from the picture on, that a transfer leaves as they are.
    """

    loss: str = "auto"
    penalty: str = "auto"
    gamma: float | None = None
    every: int | None = None
    augment: tuple[str, ...] = ()
    flip: str = "auto"
    ema: float | None = None
    width: float | None = None
    batch: int | None = None
    freeze: float = 0.0


def with_wishes(config: Config, wishes: Wishes) -> Config:
    """Return `config` with the user's wishes put in.

    The Wasserstein loss brings the gradient penalty along. Without a wish for gamma, a penalty of the same kind as the
    recipe's has the recipe's; else the gradient penalty has 10 (Gulrajani et al. 2017), and the others follow
    StyleGAN2's rule of thumb, 0.0002 * H * W / batch.

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
    if penalty == "auto" and (wishes.gamma is not None or wishes.every is not None):
        if config.penalty.name == "none":
            raise GanvasError("There is no penalty to weigh.", "Name one: --penalty r1")
        penalty = config.penalty.name
    if wishes.flip != "auto":
        config = replace(config, flip=wishes.flip == "yes")
    if wishes.width not in (None, 1):
        config = _widened(config, wishes.width)
    if wishes.batch is not None:
        config = with_batch(config, wishes.batch)
    config = replace(config, frozen=wishes.freeze)
    if wishes.loss != "auto":
        config = replace(config, loss=wishes.loss)
    if penalty != "auto":
        usual = _usual_penalty(penalty, config)
        gamma = usual.gamma if wishes.gamma is None else wishes.gamma
        config = replace(config, penalty=PenaltyConfig(penalty, gamma, wishes.every or usual.every))
    if wishes.augment:
        config = _augmented(config, tuple(name for name in wishes.augment if name != "none"))
    return config if wishes.ema is None else replace(config, ema=wishes.ema)


def _usual_penalty(name: str, config: Config) -> PenaltyConfig:
    """Return a penalty as heavy and as frequent as the recipe's own of the same kind, else by the rule."""
    if name == "none":
        return PenaltyConfig()
    if _kind(name) == _kind(config.penalty.name):
        return config.penalty
    return PenaltyConfig(name, 10.0 if name == "gradient" else usual_gamma(config.data, config.phases[-1].batch))


def _kind(penalty: str) -> str:
    """Return what tells penalties apart whose weights mean different things: all but two hold a slope at zero."""
    return penalty if penalty in ("none", "gradient") else "zero-centred"


def _widened(config: Config, factor: float) -> Config:
    """Return `config` with so many times as many channels, in eights."""

    def wider(network: NetworkConfig) -> NetworkConfig:
        return replace(network, widths=tuple(max(8, 8 * round(factor * width / 8)) for width in network.widths))

    warm = config.warm_start
    return replace(
        config,
        width=factor,
        generator=wider(config.generator),
        discriminator=wider(config.discriminator),
        encoder=config.encoder and wider(config.encoder),
        warm_start=warm and replace(warm, encoder=wider(warm.encoder)),
    )


def with_batch(config: Config, batch: int) -> Config:
    """Return `config` with so many pictures a step; the weight of a penalty is the less, the more these are."""
    phases, before = [], batch
    for phase in config.phases:
        if phase.batch:
            before = phase.batch
            cost, most = phase.cost * batch / before, round(phase.most * before / batch)
            phases.append(replace(phase, batch=batch, cost=cost, most=most))
        else:  # it yields to steps of the phase before, which are other ones now
            phases.append(replace(phase, most_after=round(phase.most_after * before / batch)))
    penalty = config.penalty
    if penalty.name not in {"none", "gradient"}:
        penalty = replace(penalty, gamma=penalty.gamma * config.phases[-1].batch / batch)
    return replace(config, phases=tuple(phases), penalty=penalty)


def _augmented(config: Config, augment: tuple[str, ...]) -> Config:
    """Return `config` with these augmentations; "ada" and "apa" follow the discriminator.

    Raises:
        GanvasError: the recipe's discriminator sees all scales as one picture, whose colours cannot be turned so.
    """
    refused = {"color", "ada"} & set(augment)
    if config.discriminator.name == "multiscale" and refused:
        raise GanvasError(
            f"Recipe multiscale cannot be augmented by {' and '.join(sorted(refused))}.", "Try: --augment translation"
        )
    return replace(config, augment=augment, adapt=AdaptConfig() if ADAPTIVE & set(augment) else None)


def _check(wishes: Wishes) -> None:
    pick({"auto": 0, **LOSSES}, wishes.loss, "loss")
    pick({"auto": 0, "none": 0, **PENALTIES}, wishes.penalty, "penalty")
    pick({"auto": 0, "yes": 0, "no": 0}, wishes.flip, "flip")
    for name in wishes.augment:
        pick({"none": 0, **POLICIES, **dict.fromkeys(ADAPTIVE, 0)}, name, "augmentation")
    if wishes.gamma is not None and not 0 <= wishes.gamma < math.inf:
        raise GanvasError(f"A penalty cannot weigh {wishes.gamma:g}.", "Try: --gamma 1")
    if wishes.every is not None and wishes.every < 1:
        raise GanvasError(f"A penalty cannot be taken every {wishes.every} steps.", "Try: --every 16")
    if wishes.width is not None and not 0.1 <= wishes.width <= 16:
        raise GanvasError(f"Networks cannot be {wishes.width:g} times as wide.", "Try: --width 2")
    if wishes.batch is not None and not 2 <= wishes.batch <= 4096:
        raise GanvasError(f"A batch cannot have {wishes.batch:,} pictures.", "Try: --batch 32")
    if not 0 <= wishes.freeze < 1:
        raise GanvasError(f"A share of {wishes.freeze:g} cannot be frozen.", "Try: --freeze 0.5")
    if wishes.ema is not None and not 0 <= wishes.ema <= 1:
        raise GanvasError(f"A half-life of {wishes.ema:g} is not a share of the pictures seen.", "Try: --ema 0.1")
