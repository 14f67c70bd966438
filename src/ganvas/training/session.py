"""Mutable state of a running training: configuration, networks, loader, coach, and the result of the last step."""

import copy
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

import torch

from ..checkpoint import DamagedCheckpointError, checkpoint_path, put_aside
from ..coach.model_health import Health, ending, health_at, health_of
from ..config import Config, TrainOptions
from ..data import PreparedDataset
from ..device import DeviceChoice, torch_device
from ..errors import ganvas_command
from ..events import Done, Event, Note, Started
from ..latents.sample import save_network
from ..planning.schedule import PhasePosition, last_phase_progress, phase_at, progress
from ..recipes.upsampling import is_upsampling_alone
from ..runs import Run
from ..translation import _
from .extend import extend
from .followers import Followers
from .monitoring.checkpoint_scores import CheckpointScorer
from .monitoring.coach_runner import CoachRunner
from .pace import Pace
from .phases import add_to_averages, run_step
from .processor_share import ProcessorShare
from .state import State, new_state
from .state_io import load_state, newest_checkpoint, read_checkpoint, with_prefix
from .steps.batch import Batches, open_batches
from .steps.ema import prepare_for_sampling
from .transfer import transfer_weights


@dataclass
class LastStep:
    """The step that was just taken.

    Args:
        position: which step of which phase it was.
        losses: by name.
        loss_std: their running standard deviation; a treatment may reset the averages.
        progress: share of the budget used up before and after it.
        phase_progress: share of the last phase done before and after it.
        n_microbatches, ada_p: what these counters were before it.
        grid_path: of the sample grid that was already written after it, relative to the run.
    """

    position: PhasePosition
    losses: dict[str, float]
    loss_std: dict[str, float]
    progress: tuple[float, float]
    phase_progress: tuple[float, float]
    n_microbatches: int
    ada_p: float
    grid_path: str = ""

    @property
    def is_last(self) -> bool:
        """Whether the budget is used up."""
        return self.progress[1] == 1


@dataclass
class Session:
    """Everything that works together while one run trains.

    Args:
        config: of the run, without prescriptions.
        device_choice: the device by name, and why this one.
        effective_config: with the coach's prescriptions.
        scorer: scores samples on the way, if the run has it done.
        pace: the clock of a budget of minutes.
        reason: why the training ends: "finished" at the end of its budget, "interrupted" or "stopped" before.
        fatal: why it cannot go on, if so.
        ada_max_p_reported: whether it was said that augmentation is as strong as it may be; once is enough.
        should_score, should_save: what is still to be done after this step.
        share: of the processor that this process was given.
        others: the processes that train with this one.
    """

    config: Config
    run: Run
    data: PreparedDataset
    device_choice: DeviceChoice
    stop: Callable[[], bool]
    device: torch.device
    loader: Batches
    state: State
    coach: CoachRunner
    effective_config: Config
    scorer: CheckpointScorer | None
    pace: Pace
    reason: str = "finished"
    fatal: str = ""
    ada_max_p_reported: bool = False
    should_score: bool = False
    should_save: bool = False
    last: LastStep = field(init=False)
    share: ProcessorShare = field(default_factory=ProcessorShare)
    others: Followers = field(default_factory=Followers)

    @property
    def is_running(self) -> bool:
        """Whether there is a step to take."""
        return self.state.counters.step < self.effective_config.steps and self.reason == "finished"

    def started(self) -> Started:
        """Return the event that opens the run, or goes on with it."""
        counters = self.state.counters
        return Started(
            run=str(self.run.folder),
            recipe=self.config.recipe,
            device=f"{self.device_choice.device} ({self.device_choice.reason})",
            step=counters.step,
            images_seen=counters.images_seen,
            total_images=self.effective_config.images,
            resumed=counters.step > 0,
        )

    def run_step(self) -> None:
        """Take the next step at its learning rates, and remember it as `last`."""
        began, state, step = time.perf_counter(), self.state, self.state.counters.step
        n_microbatches, ada_p = state.counters.n_microbatches, state.counters.ada_p
        position, of_step = run_step(state, self.effective_config, self.loader, self.data)
        losses = add_to_averages(state, of_step)
        self.last = LastStep(
            position=position,
            losses=losses,
            loss_std={name: state.counters.loss_averages[name].std for name in losses},
            progress=(progress(self.effective_config, step), progress(self.effective_config, step + 1)),
            phase_progress=(
                last_phase_progress(self.effective_config, step),
                last_phase_progress(self.effective_config, step + 1),
            ),
            n_microbatches=n_microbatches,
            ada_p=ada_p,
        )
        self.should_score = self.should_save = False
        state.counters.seconds += time.perf_counter() - began

    def wait_for_pictures(self) -> Iterator[Event]:
        """Wait until the pictures of the next step are there, or somebody asks to stop: then that is the reason to end.

        Raises:
            GanvasError: they cannot be read.
        """
        began, counters = time.perf_counter(), self.state.counters
        batch = phase_at(self.effective_config, counters.step).phase.batch
        for event in self.loader.wait(counters.images_seen, batch):
            if event is not None:
                yield event
            if self.stop() or self.others.want_to_stop:
                self.reason = "interrupted"
                break
        counters.seconds += time.perf_counter() - began  # a training that has to wait is slower

    def health(self, step: int, images_seen: int) -> Health | None:
        """Return the coach's verdict on the weights of `step`, after so many images; None where it does not look."""
        return None if self.config.coach == "off" else health_at(self.coach.history, step, images_seen)

    def finish(self) -> Generator[Event, None, None]:
        """Make the best generator the run's model, unless the run is to go on, say how it ended, and close it."""
        if self.reason != "interrupted":
            kept = yield from self._keep_best()
            end = None if self.config.coach == "off" else health_of(self.coach.verdict)
            if text := ending(end, kept):
                yield Note(text)
        counters, folder = self.state.counters, self.run.folder
        more = ganvas_command("train", "--out", folder, "--minutes", f"{self.config.minutes or 0:g}")
        if self.reason == "finished" and (text := self.share.note(self.device.type, self.config.minutes, more)):
            yield Note(text)
        words = ("train", "--out") if self.reason == "interrupted" else ("sample",)
        command = ganvas_command(*words, folder)
        yield Done(str(folder), counters.step, counters.images_seen, counters.seconds, self.reason, command)

    def _keep_best(self) -> Generator[Event, None, Health | None]:
        """Make the averaged generator of the best checkpoint the run's model; if none is, of the last healthy one.

        Returns:
            The health of the model.
        """
        counters, healthy = self.state.counters, self.state.coach.healthy_checkpoints
        best, as_it_ended = counters.best, self.health(counters.step, counters.images_seen)
        if best and best.step != counters.step:
            step = best.step
            why = _(
                "The samples were best at step {step:,} (distance {distance:,.0f}); the model is from then."
            ).format(step=step, distance=best.distance)
        elif not best and self.coach.acts and not self.coach.is_healthy and healthy:
            step = healthy[-1]
            why = _("The training did not end well; the model is from step {step:,}, when it was last healthy.").format(
                step=step
            )
        else:
            return as_it_ended
        try:
            tensors, facts = read_checkpoint(self.config, checkpoint_path(self.run.checkpoints, step))
        except DamagedCheckpointError as error:
            yield Note(_("{reason} The model is from the end.").format(reason=error.message))
            return as_it_ended
        at_the_end = copy.deepcopy(self.state.networks.g_ema)
        for name in ("generator", "g_ema"):
            self.state.networks.by_name()[name].load_state_dict(with_prefix(tensors, f"{name}/"))
        network = prepare_for_sampling(self.state, self.config, self.device)  # one to go back to was not made ready
        if not best and self.coach.distance(network) >= self.coach.distance(at_the_end):
            return as_it_ended
        images_seen = facts["counters"]["images_seen"]
        kept = self.health(step, images_seen)
        save_network(self.run, network, step, images_seen, kept)
        yield Note(why)
        return kept


def open_session(
    config: Config,
    run: Run,
    data: PreparedDataset,
    choice: DeviceChoice,
    stop: Callable[[], bool],
    began: float | None = None,
    more: TrainOptions | None = None,
) -> Generator[Event, None, Session]:
    """Return a session at the run's newest whole checkpoint, or at its beginning.

    Args:
        began: `time.monotonic()` when the clock of a budget of minutes started; now if left out.
        more: the budget that a finished run is given besides.
    """
    began = time.monotonic() if began is None else began
    device = torch_device(choice)
    loader = open_batches(config, data)
    state = yield from _load_or_create_state(config, run, device)
    if more is not None and (note := extend(state, config, more)):
        yield note
    coach = CoachRunner(config, data, run, device)
    step = state.counters.step
    now = coach.config(state)
    goes_on = step < now.steps and not coach.has_stopped
    scorer = CheckpointScorer(config, data, device) if goes_on and config.evaluations else None
    reason = "finished" if goes_on or step >= now.steps else "stopped"
    pace = Pace(config.minutes, state.counters, began)
    session = Session(config, run, data, choice, stop, device, loader, state, coach, now, scorer, pace, reason)
    if step:  # a crash may have come between checkpoint and model, and a damaged model is repaired so
        images_seen = state.counters.images_seen
        network = prepare_for_sampling(state, config, device)
        save_network(run, network, step, images_seen, session.health(step, images_seen))
    return session


def _load_or_create_state(config: Config, run: Run, device: torch.device) -> Generator[Event, None, State]:
    """Return the state of the newest whole checkpoint; later events are dropped. A new state if there is none."""
    run.remove_temp_files()
    found = newest_checkpoint(config, run.checkpoints)
    if found is None:
        run.truncate_events(0)
        state = new_state(config, device)
        if config.init_from:
            share = transfer_weights(state, config.init_from, enlarges=is_upsampling_alone(config))
            text = _("Begins with {share:.0%} of its weights from {run}.")
            yield Note(text.format(share=share, run=config.init_from))
        return state
    tensors, facts, damaged = found
    state = load_state(config, tensors, facts, device)
    run.truncate_events(facts.get("events", 0))
    for each in damaged:
        yield Note(_("{reason} An older one was taken.").format(reason=each.reason))
        put_aside(each.path)
    return state
