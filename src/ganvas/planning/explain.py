"""What a recipe decides by itself, in words."""

from ..config import Config
from ..models import DISCRIMINATORS
from .inputs import Decision


def recipe_decisions(config: Config) -> list[Decision]:
    """Return what the recipe itself decided for these pictures, and why."""
    first, last = config.phases[0], config.phases[-1]
    decisions = [Decision("batch", batches(config), "the recipe's; larger batches make fewer steps of the same time")]
    penalty = config.penalty
    if penalty.name != "none":
        lazily = f", every {penalty.interval} steps" if penalty.interval > 1 else ""
        value = f"{penalty.name}, gamma {penalty.gamma:.3g}{lazily}"
        decisions.append(
            Decision("penalty", value, "it keeps the discriminator's gradients, and so the game, in bounds")
        )
    elif DISCRIMINATORS[config.discriminator.name].network.is_opponent:
        decisions.append(Decision("penalty", "none", "the recipe is stable without one"))
    why = "few pictures become more" if config.augment else "the pictures are shown as they are"
    decisions.append(Decision("augmentation", ", ".join(config.augment) or "none", why))
    names = list(dict.fromkeys(phase.name for phase in config.phases))
    several = f"{len(config.phases)} stages" if len(names) == 1 and first is not last else ", ".join(names)
    if config.anneal:
        rates = "follow a cosine"
    else:
        rates = "stay constant" if last.final_lr_factor == 1 else "fall until the end of the budget"
    value = f"{several}; learning rates {rates}"
    decisions.append(Decision("schedule", value, "the end of the budget is the end of the schedule"))
    return decisions


def batches(config: Config) -> str:
    """Return how many images a step takes: "32", or "32, then 16" where phases differ."""
    return ", then ".join(dict.fromkeys(f"{phase.batch}" for phase in config.phases if phase.batch))
