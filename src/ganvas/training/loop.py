"""The training, first step to last: a generator of events that owns no printing and no files but the run's.

Breaking out of the `for` loop over it, or its `stop` turning true, saves the state and leaves; the same call goes on.
"""

import math
import shlex
import shutil
import time
from collections.abc import Callable, Generator, Iterator

import torch

from .. import checkpoint
from ..coach.measurement.averages import Average
from ..coach.measurement.health_metrics import finite
from ..config import Config
from ..data.loader import Loader
from ..data.prepare import Prepared
from ..device import Choice, use
from ..errors import GanvasError
from ..events import Done, Event, Note, Samples, Saved, Started, Step
from ..latents.sample import save_network
from ..planning.schedule import Position, annealed, due, ends_stage, position, progress, rate_factor, ripeness
from ..runs import Run
from .care.checkpoint_scores import Appraiser
from .care.coach_runner import Coach
from .care.logit_histograms import logit_histograms
from .care.sample_grids import save_sheet, settle
from .phases import advance, enter
from .state import State, fresh, pack, restored, under
from .steps.batch import loader_for
from .transfer import transfer

KEEP = 3  # newest checkpoints that stay, beside the best
BROKEN = "The last good checkpoint is kept. Try a penalty, in another folder: --penalty r1 --out OTHER"
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
        GanvasError: the losses are no longer finite and there is no coach to mend it, a checkpoint cannot be written,
            or none is whole.
    """
    where = use(device)
    loader = loader_for(config, data)
    state = yield from _resume(config, run, where)
    coach = Coach(config, data, run, where)
    if state.step:  # a crash may have come between checkpoint and model, and a damaged model is mended so
        save_network(run, settle(state, config, where), state.step, state.images)
    now = coach.config(state)  # with what is prescribed in it
    going_on = state.step < now.steps and not coach.has_stopped
    appraiser = Appraiser(config, data, where) if going_on and config.evaluations else None
    why = f"{device.device} ({device.reason})"
    yield Started(
        str(run.folder), config.recipe, why, state.step, state.images, now.images, resumed=state.step > 0
    )  # fmt: skip
    lost, alarmed = "", False
    reason, judged = "finished" if going_on or state.step >= now.steps else "stopped", False
    try:
        while state.step < now.steps and reason == "finished":
            at = position(now, state.step)
            parts, augmented = state.parts, state.augmented
            values = _take_step(state, annealed(now, state.step), at, loader, data)
            if state.parts > parts:
                yield Note(
                    f"The memory of {device.device} is full: each batch is now taken in {state.parts} parts, whose "
                    "gradients are gathered. Only what looks at a whole batch, such as batch norms, sees less of it."
                )
            if now.adapt and augmented < now.adapt.most <= state.augmented and not alarmed:
                alarmed = True  # once: it hovers there
                yield Note(
                    f"Augmentation is as strong as it may be ({now.adapt.most:g}), and the discriminator still knows "
                    "its pictures by heart: more pictures would help, or a smaller network: --width 0.5"
                )
            before, done = progress(now, state.step - 1), progress(now, state.step)
            saving = due(before, done, config.checkpoints) or coach.wants_saving(state)
            broken = _broken(state, values, saving)
            judged = due(ripeness(now, state.step - 1), ripeness(now, state.step), config.evaluations)
            swings = {name: state.averages[name].swing for name in values if name in state.averages}
            sheet, lost = "", broken if done == 1 and not state.healthy else ""  # too late to begin again
            if not lost and (broken or coach.due(state)):
                if coach.attend(state, values) and not broken:
                    sheet = save_sheet(run, state, config, where)  # the picture before
                coach.treat(state)
                lost = "" if coach.mended(state) else broken
                if sheet:
                    yield Samples(state.step, state.images, sheet)
                yield from coach.telling()
                now, saving = coach.config(state), saving or coach.wants_saving(state)
                reason = "stopped" if coach.has_stopped else reason
            if lost:
                raise GanvasError(lost, BROKEN)
            if state.step % REPORT_EVERY == 0 or done == 1:
                yield Step(
                    state.step, state.images, now.images, done, state.seconds, at.phase.name, values, swings
                )  # fmt: skip
            if (due(before, done, config.sheets) or ends_stage(now, state.step)) and not sheet:
                yield Samples(state.step, state.images, save_sheet(run, state, config, where))
                if "discriminator" in values:  # a phase without one has no logits
                    yield logit_histograms(state, now, loader, where)
            if done < 1 and stop():
                reason = "interrupted"
            if reason != "finished" or judged or saving:
                judge, judged = appraiser if judged else None, False
                yield from _save(state, config, run, where, coach, judge)
    except GeneratorExit:  # the consumer has left its loop; every yield is at the end of a step, so the state is whole
        for event in coach.telling():  # what was done is done, and has to be known when it goes on
            run.append_event(event)
        for event in () if lost else _save(state, config, run, where, coach, appraiser if judged else None):
            run.append_event(event)
        raise
    if reason != "interrupted":
        yield from _keep_best(state, run, coach)
    command = f"ganvas {'train --out' if reason == 'interrupted' else 'sample'} {shlex.quote(str(run.folder))}"
    yield Done(str(run.folder), state.step, state.images, state.seconds, reason, command)


def _take_step(state: State, config: Config, at: Position, loader: Loader, data: Prepared) -> dict[str, float]:
    """Take one step of the phase at its learning rates, and return its losses."""
    began = time.perf_counter()
    _set_rates(state, config, rate_factor(at))
    if at.step == 0:  # gradients that wait for a step were gathered by another phase
        for optimiser in state.optimisers.values():
            optimiser.zero_grad(set_to_none=True)
    enter(at, state, config, data)
    losses = advance(at.phase, state, config, loader)
    values = dict(zip(losses, torch.stack(list(losses.values())).tolist(), strict=True))  # one wait for the device
    for name, value in values.items():
        average = state.averages.setdefault(name, Average())
        if math.isfinite(value):
            average.add(value)
    state.seconds += time.perf_counter() - began
    return values


def _broken(state: State, losses: dict[str, float], saving: bool) -> str:
    """Return what is no longer a finite number, in words, or nothing; weights are looked at before they are saved."""
    for name, value in losses.items():
        if not math.isfinite(value):
            return f"Training broke at step {state.step:,}: the {name.replace('_', ' ')} is {value}."
    if saving and finite(state.networks().values(), losses) < 1:
        return f"Training broke at step {state.step:,}: weights are NaN or infinite."
    return ""


def _set_rates(state: State, config: Config, factor: float) -> None:
    for name, optimiser in state.optimisers.items():
        for group in optimiser.param_groups:
            group["lr"] = config.optimisers[name].learning_rate * factor
            group["betas"] = (config.optimisers[name].beta1, config.optimisers[name].beta2)


def _resume(config: Config, run: Run, device: torch.device) -> Generator[Event, None, State]:
    """Return the state of the newest whole checkpoint, events that came after it forgotten; a fresh one without any."""
    run.sweep()
    found = checkpoint.newest(run.checkpoints)
    if found is None:
        run.cut_events(0)
        state = fresh(config, device)
        if config.origin:
            share = transfer(state, config.origin)
            yield Note(f"Begins with {share:.0%} of its weights from {config.origin}.")
        return state
    tensors, facts, damaged = found
    state = restored(config, tensors, facts, device)
    run.cut_events(facts.get("events", 0))
    for each in damaged:
        yield Note(f"{each.reason} It was passed over for an older one.")
        shutil.rmtree(each.path, ignore_errors=True)  # it would be taken for one of the newest that are kept
    return state


def _keep_best(state: State, run: Run, coach: Coach) -> Iterator[Event]:
    """Make the averaged generator of the best checkpoint the run's model; if none is, of the last healthy one."""
    if state.best and state.best[1] != state.step:
        value, step = state.best
        why = f"The samples were best at step {step:,} (distance {value:,.0f}); the model is the one of then."
    elif coach.acts and not coach.sound and state.healthy and coach.worse_than(state.healthy[-1]):
        step = state.healthy[-1]
        why = f"The training ended ill; the model is the one of step {step:,}, when it was last healthy."
    else:
        return
    tensors, facts = checkpoint.load(checkpoint.path_of(run.checkpoints, step))
    state.averaged.load_state_dict(under(tensors, "averaged/"))
    save_network(run, state.averaged, step, facts["images"])
    yield Note(why)


def _save(
    state: State, config: Config, run: Run, device: torch.device, coach: Coach, appraiser: Appraiser | None
) -> Iterator[Event]:
    """Write checkpoint and model, scored if there is an appraiser, then let go of what is too old."""
    network = settle(state, config, device)
    if appraiser is not None:
        scores = appraiser.score(state, network)
        distance = appraiser.rank(scores)
        if distance is not None:
            here = (distance, state.step)
            state.best = min(state.best or here, here)
        for score in scores.values():
            coach.note(score)
            yield score
    if coach.wants_saving(state):
        state.healthy = (*state.healthy, state.step)[-2:]
    tensors, facts = pack(state)
    path = checkpoint.save(run.checkpoints, state.step, tensors, facts | {"events": run.events_size()})
    save_network(run, network, state.step, state.images)
    checkpoint.prune(run.checkpoints, KEEP, {*state.healthy, *(state.best or ())[1:]})
    yield Saved(state.step, state.images, str(path.relative_to(run.folder)), coach.sound)
