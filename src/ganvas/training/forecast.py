"""The plan for a set of pictures, measured on this machine: how fast, and what twice the time would give."""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ..config import Config, TrainOptions
from ..data import Overview, PreparedDataset
from ..data.finalize import MIN_IMAGES
from ..data.loader import Loader
from ..device import DeviceChoice, choose_device, torch_device
from ..errors import GanvasError, ganvas_command
from ..planning.budget import with_images, with_seconds
from ..planning.explain import recipe_decisions
from ..planning.inputs import Decision, overview_of, plan_inputs
from ..planning.plan import ORDER, Plan, make_plan, sizes_by_minutes
from ..planning.short_run import batch_decision, with_more_steps
from ..translation import _
from .calibrate import MARGIN, seconds_per_step
from .state import new_state

TRAINING_SHARE = 0.9  # of a budget: the rest is for start-up, sample grids, scores and health checks
USABLE = TRAINING_SHARE * MARGIN
PROBE_IMAGES = 64  # random images that steps are tried on
FEW_IMAGES = 10_000


@dataclass(frozen=True)
class Forecast:
    """What would be trained.

    Args:
        config: complete, with the steps that fit.
        decisions: what was decided and why, what the user asked for included.
        minutes: of the budget.
        images_per_second: over the whole training.
        double_time: what twice the time would give, in words.
        sizes: minutes from which on larger pictures are planned, and their width and height.
    """

    config: Config
    decisions: tuple[Decision, ...]
    minutes: float
    images_per_second: float
    double_time: str
    sizes: dict[float, tuple[int, int]]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain dicts, lists and scalars, ready for JSON."""
        config = self.config
        return {
            "recipe": config.recipe,
            "width": config.data.width,
            "height": config.data.height,
            "batch": config.phases[-1].batch,
            "minutes": self.minutes,
            "pictures_per_second": self.images_per_second,
            "pictures": config.images,
            "choices": [asdict(each) for each in self.decisions],
            "twice": self.double_time,
            "sizes": [
                {"minutes": minutes, "width": width, "height": height}
                for minutes, (width, height) in self.sizes.items()
            ],
        }


def forecast(
    pictures: str | Path, options: TrainOptions, device: str = "auto", overview: Overview | None = None
) -> Forecast:
    """Return what `train` would do with these options, how fast, and what twice the time would give.

    Args:
        device: where to train, if the options do not say.
        overview: of the pictures, if somebody has looked at them already.

    Raises:
        GanvasError: there are no pictures or too few, or an option makes no sense.
    """
    choice = choose_device(options.device or device)
    overview = overview or overview_of(pictures, options)
    if overview.count < MIN_IMAGES:
        raise GanvasError(
            _("{pictures} has {count} pictures; {least} are needed to train.").format(
                pictures=pictures, count=overview.count, least=MIN_IMAGES
            ),
            _("Try: {command}").format(command=ganvas_command("inspect", pictures)),
        )
    inputs = plan_inputs(overview, options, choice)
    plan = make_plan(pictures, options, inputs)
    config, step_seconds = _with_budget(plan, options, choice)
    about_batch = batch_decision(plan.config, config)
    told = [*recipe_decisions(plan.config), *plan.decisions, *([about_batch] if about_batch else [])]
    decisions = {each.what: each for each in told}
    minutes = inputs.minutes
    if options.images is None:
        longer = make_plan(pictures, options, replace(inputs, minutes=2 * minutes)).config
    else:
        seconds = sum(phase.steps * each for phase, each in zip(config.phases, step_seconds, strict=True))
        minutes, longer = seconds / USABLE / 60, config  # twice the images change no recipe and no size
    return Forecast(
        config=config,
        decisions=tuple(decisions[what] for what in ORDER if what in decisions),
        minutes=minutes,
        images_per_second=config.images / (60 * minutes),
        double_time=_double_time(config, longer, 2 * minutes, inputs.count),
        sizes=sizes_by_minutes(pictures, options, inputs),
    )


def _with_budget(plan: Plan, options: TrainOptions, device: DeviceChoice) -> tuple[Config, list[float]]:
    """Return the plan's configuration with the steps of its budget, and the seconds that a step of each phase takes."""
    began = time.monotonic()

    def with_budget(config: Config) -> tuple[Config, list[float]]:
        step_seconds = _measured_step_seconds(config, device)
        if options.images is not None:
            return with_images(config, options.images), step_seconds
        left = 60 * plan.inputs.minutes - (time.monotonic() - began)
        return with_seconds(config, max(1.0, USABLE * left), step_seconds), step_seconds

    planned, step_seconds = with_budget(plan.config)
    smaller = with_more_steps(plan.config, planned)
    return (planned, step_seconds) if smaller is plan.config else with_budget(smaller)


def _measured_step_seconds(config: Config, device: DeviceChoice) -> list[float]:
    """Return the seconds that a step of each phase takes on this machine as it is now."""
    shape = (PROBE_IMAGES, *config.shape)
    noise = torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    data = PreparedDataset(noise.numpy(), None, (), (), (), "probe")
    probe = replace(config, classes=(), held_out=0)
    step_seconds, _encoding = seconds_per_step(probe, data, new_state(probe, torch_device(device)), Loader(data, 0))
    return step_seconds


def _double_time(config: Config, longer: Config, minutes: float, count: int) -> str:
    """Say what twice the time would give.

    Args:
        longer: the plan for twice the time.
        minutes: twice the budget.
        count: pictures to train on.
    """
    changed = []
    if longer.recipe != config.recipe:
        changed.append(_("recipe {name}").format(name=longer.recipe))
    if longer.shape != config.shape:
        new, old = longer.data, config.data
        text = _("{width}x{height} px instead of {old_width}x{old_height}")
        changed.append(text.format(width=new.width, height=new.height, old_width=old.width, old_height=old.height))
    if changed:
        return _("{changes}, in {minutes:g} minutes").format(changes=_(" and ").join(changed), minutes=minutes)
    seen = _("about {twice:,} pictures seen instead of {images:,}")
    bounded = config.phases[-1].max_steps > 0 and count < FEW_IMAGES
    if bounded:
        seen = _(
            "about {twice:,} pictures seen instead of {images:,}; with few pictures the last phase is kept short, so "
            "that they are not memorized"
        )
    return seen.format(twice=2 * config.images, images=config.images)
