"""What a recipe decides by itself, in words."""

from ..config import Config
from ..models import DISCRIMINATORS
from ..translation import _
from .inputs import Decision


def recipe_decisions(config: Config) -> list[Decision]:
    """Return what the recipe itself decided for these pictures, and why."""
    first, last = config.phases[0], config.phases[-1]
    why = _("the recipe's; larger batches make fewer steps of the same time")
    decisions = [Decision("batch", batches(config), why)]
    penalty = config.penalty
    if penalty.name != "none":
        value = (
            _("{name}, gamma {gamma:.3g}, every {interval} steps")
            if penalty.interval > 1
            else _("{name}, gamma {gamma:.3g}")
        ).format(name=penalty.name, gamma=penalty.gamma, interval=penalty.interval)
        why = _("it keeps the discriminator's gradients, and so the game, in bounds")
        decisions.append(Decision("penalty", value, why))
    elif DISCRIMINATORS[config.discriminator.name].network.is_opponent:
        decisions.append(Decision("penalty", _("none"), _("the recipe is stable without one")))
    why = _("few pictures become more") if config.augment else _("the pictures are shown as they are")
    decisions.append(Decision("augmentation", ", ".join(config.augment) or _("none"), why))
    names = list(dict.fromkeys(phase.name for phase in config.phases))
    one_kind = len(names) == 1 and first is not last
    several = _("{count} stages").format(count=len(config.phases)) if one_kind else ", ".join(names)
    if config.anneal:
        value = _("{phases}; learning rates follow a cosine")
    elif last.final_lr_factor == 1:
        value = _("{phases}; learning rates stay constant")
    else:
        value = _("{phases}; learning rates fall until the end of the budget")
    why = _("the end of the budget is the end of the schedule")
    decisions.append(Decision("schedule", value.format(phases=several), why))
    return decisions


def batches(config: Config) -> str:
    """Return how many images a step takes: "32", or "32, then 16" where phases differ."""
    return _(", then ").join(dict.fromkeys(f"{phase.batch}" for phase in config.phases if phase.batch))
