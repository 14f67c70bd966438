"""The training, first step to last: a generator of events that owns no printing and no files but the run's.

Breaking out of the `for` loop over it, or its `stop` turning true, saves the state and leaves; the same call goes on.
"""

import math
import shlex
import shutil
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator

import torch

from .. import checkpoint
from ..config import Config
from ..data.loader import Loader
from ..data.prepare import Prepared
from ..device import Choice, use
from ..errors import GanvasError
from ..events import Done, Event, Note, Samples, Saved, Started, Step
from ..latents.sample import save_network
from ..runs import Run
from .appraisal import RANKED_BY, Appraiser
from .logits import logit_histograms
from .phases import advance, enter
from .schedule import Position, due, position, progress, rate_factor, ripeness
from .sheets import save_sheet, settle
from .state import Average, State, fresh, pack, under, unpack
from .steps import Losses

KEEP = 3  # newest checkpoints that stay, beside the best
REPORT_EVERY = 10  # steps between Step events


def train(
    config: Config, run: Run, data: Prepared, device: Choice, stop: Callable[[], bool] = lambda: False
) -> Generator[Event, None, None]:
    """Train `config` on `data` in `run`, from its newest whole checkpoint if there is one.

    The caller holds the run's lock.

    Args:
        config: complete, steps included.
        run: the run folder; its config.json is `config`.
        data: the prepared pictures.
        device: where to work.
        stop: asked after each step; true saves and leaves.

    Raises:
        GanvasError: the losses are no longer finite, a checkpoint cannot be written, or none is whole.
    """
    where = use(device)
    state = fresh(config, where)
    loader = Loader(data, config.seed, held_out=config.held_out)
    yield from _resume(state, run)
    if state.step:  # a crash may have come between checkpoint and model, and a damaged model is mended so
        save_network(run, settle(state, config, where), state.step, state.images)
    going_on = state.step < config.steps
    appraiser = Appraiser(config, data, where) if going_on and config.evaluations else None
    why = f"{device.device} ({device.reason})"
    yield Started(
        str(run.folder), config.recipe, why, state.step, state.images, config.images, resumed=state.step > 0
    )  # fmt: skip
    reason, judged = "finished", False
    try:
        while state.step < config.steps:
            at = position(config, state.step)
            values = _take_step(state, config, at, loader, data)
            before, done = progress(config, state.step - 1), progress(config, state.step)
            judged = due(ripeness(config, state.step - 1), ripeness(config, state.step), config.evaluations)
            if state.step % REPORT_EVERY == 0 or done == 1:
                swings = {name: state.averages[name].swing for name in values}
                yield Step(
                    state.step, state.images, config.images, done, state.seconds, at.phase.name, values, swings
                )  # fmt: skip
            if due(before, done, config.sheets):
                yield Samples(state.step, state.images, save_sheet(run, state, config, where))
                if "discriminator" in values:  # a phase without one has no logits
                    yield logit_histograms(state, config, loader, where)
            if done < 1 and stop():
                reason = "interrupted"
            if reason == "interrupted" or judged or due(before, done, config.checkpoints):
                judge, judged = appraiser if judged else None, False
                yield from _save(state, config, run, where, judge)
            if reason == "interrupted":
                break
    except GeneratorExit:  # the consumer has left its loop; every yield is at the end of a step, so the state is whole
        deque(_save(state, config, run, where, appraiser if judged else None), maxlen=0)
        raise
    if reason == "finished" and state.best and state.best[1] != state.step:
        yield from _keep_best(state, run)
    command = f"ganvas {'sample' if reason == 'finished' else 'train --out'} {shlex.quote(str(run.folder))}"
    yield Done(str(run.folder), state.step, state.images, state.seconds, reason, command)


def _take_step(state: State, config: Config, at: Position, loader: Loader, data: Prepared) -> dict[str, float]:
    """Take one step of the phase at its learning rates, and return its losses."""
    began = time.perf_counter()
    _set_rates(state, config, rate_factor(at))
    enter(at.phase, state, config, data)
    values = _watch(state, advance(at.phase, state, config, loader))
    state.seconds += time.perf_counter() - began
    return values


def _watch(state: State, losses: Losses) -> dict[str, float]:
    """Return the losses as numbers, their averages updated.

    Raises:
        GanvasError: one is NaN or infinite.
    """
    values = dict(zip(losses, torch.stack(list(losses.values())).tolist(), strict=True))  # one wait for the device
    for name, value in values.items():
        if not math.isfinite(value):
            raise GanvasError(
                f"Training broke at step {state.step:,}: the {name.replace('_', ' ')} is {value}.",
                "The last good checkpoint is kept. Try a penalty, in another folder: --penalty r1 --out OTHER",
            )
        state.averages.setdefault(name, Average()).add(value)
    return values


def _set_rates(state: State, config: Config, factor: float) -> None:
    for name, optimiser in state.optimisers.items():
        for group in optimiser.param_groups:
            group["lr"] = config.optimisers[name].learning_rate * factor


def _resume(state: State, run: Run) -> Iterator[Event]:
    """Put the newest whole checkpoint into `state`, and forget the events that came after it."""
    run.sweep()
    found = checkpoint.newest(run.checkpoints)
    if found is None:
        run.cut_events(0)
        return
    tensors, facts, damaged = found
    unpack(state, tensors, facts)
    run.cut_events(facts.get("events", 0))
    for each in damaged:
        yield Note(f"{each.reason} It was passed over for an older one.")
        shutil.rmtree(each.path, ignore_errors=True)  # it would be taken for one of the newest that are kept


def _keep_best(state: State, run: Run) -> Iterator[Event]:
    """Make the best checkpoint's averaged generator the run's model."""
    value, step = state.best or (math.inf, state.step)
    tensors, facts = checkpoint.load(checkpoint.path_of(run.checkpoints, step))
    state.averaged.load_state_dict(under(tensors, "averaged/"))
    save_network(run, state.averaged, step, facts["images"])
    yield Note(f"The samples were best at step {step:,} (distance {value:,.0f}); the model is the one of then.")


def _save(state: State, config: Config, run: Run, device: torch.device, appraiser: Appraiser | None) -> Iterator[Event]:
    """Write checkpoint and model, scored if there is an appraiser, then let go of what is too old."""
    network = settle(state, config, device)
    if appraiser is not None:
        scores = appraiser.score(state, network)
        here = (scores[RANKED_BY].value, state.step)
        state.best = min(state.best or here, here)
        yield from scores.values()
    tensors, facts = pack(state)
    path = checkpoint.save(run.checkpoints, state.step, tensors, facts | {"events": run.events_size()})
    save_network(run, network, state.step, state.images)
    checkpoint.prune(run.checkpoints, KEEP, best=state.best[1] if state.best else None)
    yield Saved(state.step, state.images, str(path.relative_to(run.folder)))
