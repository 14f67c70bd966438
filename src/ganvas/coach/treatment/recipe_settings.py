"""Back to what the recipe itself trains with, where a run departs from it so far that this may be the cause.

A recipe's rates, momentum, loss and penalty were tried together. Someone who wants others may have them as long as
nothing is wrong.
"""

import math
from collections.abc import Iterator

from ...config import Config
from ...events import Prescription
from ...recipes import RECIPES
from ...recipes.overrides import with_batch
from ..diagnosis.rules import LATE_PROGRESS
from .remedy_context import RemedyContext

FAR_RATE = 3.0  # times the recipe's learning rate, or a third of it
FAR_BETA1 = 0.2  # from the recipe's
FAR_GAMMA = 10.0  # times the recipe's weight of the penalty, or a tenth of it


def recipe_settings(context: RemedyContext) -> tuple[Prescription, ...]:
    """Set what is far from the recipe back to it, for all phases: what made this one sick would make later ones so.

    What the coach itself has changed before is left alone.
    """
    recipe = RECIPES.get(context.config.recipe)
    count = context.history.last_value("dataset_size")
    if recipe is None or not 1 <= count < math.inf:
        return ()
    usual = recipe(context.config.data, round(count))
    batch = context.config.phases[-1].batch
    usual = with_batch(usual, batch) if batch and usual.phases[-1].batch else usual
    orders = [*_rates(context, usual), *_momentum(context, usual)]
    if "discriminator" in context.config.optimizers:
        orders += [*_loss(context.config, usual), *_penalty(context.config, usual)]
    return tuple(order for order in orders if order.kind == "lr" or order.kind not in context.tried)


def begin_with_recipe_settings(context: RemedyContext) -> tuple[Prescription, ...]:
    """Begin the phase again with the recipe's settings, while at least half of the budget is left.

    What was trained with settings far from it is not worth going back to: often it never recovers.
    """
    orders = recipe_settings(context)
    if not orders or context.history.last.progress > LATE_PROGRESS or not context.reaches_far(orders):
        return ()
    return (*context.begin_again(), *orders)


def _rates(context: RemedyContext, usual: Config) -> Iterator[Prescription]:
    for name in context.config.optimizers:
        if name in usual.optimizers:
            ratio = context.config.optimizers[name].lr / usual.optimizers[name].lr
            if ratio > FAR_RATE or (0 < ratio < 1 / FAR_RATE and "lr" not in context.tried):
                yield Prescription("lr", name, 1 / ratio)


def _momentum(context: RemedyContext, usual: Config) -> Iterator[Prescription]:
    for name in context.config.optimizers:
        if name in usual.optimizers:
            wanted = usual.optimizers[name].beta1
            if abs(context.config.optimizers[name].beta1 - wanted) > FAR_BETA1:
                yield Prescription("beta1", name, wanted)


def _loss(config: Config, usual: Config) -> Iterator[Prescription]:
    if config.loss != usual.loss:
        yield Prescription("loss", name=usual.loss)


def _penalty(config: Config, usual: Config) -> Iterator[Prescription]:
    if usual.penalty.name == "none":
        return
    gamma = config.penalty.gamma / usual.penalty.gamma
    if config.penalty.name != usual.penalty.name or not 1 / FAR_GAMMA <= gamma <= FAR_GAMMA:
        yield Prescription("penalty", name=usual.penalty.name, value=usual.penalty.gamma)
