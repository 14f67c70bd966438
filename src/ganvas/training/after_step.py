"""What there is to do after each step, in this order. Each hook does nothing unless it is due.

A hook yields the events of what it does. `check_and_treat` comes before saving and also decides whether to save, since
weights are checked first, and a healthy moment is worth a checkpoint. Where the consumer leaves in between,
`loop.train` records the rest and saves.
"""

import math
from collections.abc import Callable, Generator

from .. import checkpoint
from ..coach.measurement.health_metrics import finite_share
from ..errors import GanvasError
from ..events import CheckpointSaved, Event, Note, Prescription, Replanned, SampleGrid, Step
from ..formatting import display_name
from ..latents.model_file import MODEL_FILE
from ..latents.sample import save_network
from ..planning.schedule import ends_level, is_due
from ..translation import N_, _
from .monitoring.logit_histograms import logit_histograms
from .monitoring.sample_grids import save_sample_grid
from .session import Session
from .state import BestCheckpoint
from .state_io import write_checkpoint
from .steps.ema import prepare_for_sampling

KEEP = 3  # newest checkpoints that stay, beside the best
STEPS_PER_REPORT = 10
BROKEN_HINT = N_("The last good checkpoint is kept. Try a penalty, in another folder: --penalty r1 --out OTHER")


def note_memory(session: Session) -> Generator[Event, None, None]:
    """Say that a batch is taken in more parts from now on because memory is full."""
    count = session.state.counters.n_microbatches
    if count > session.last.n_microbatches:
        yield Note(
            _(
                "The memory of {device} is full: each batch is now taken in {count} parts, whose "
                "gradients are added up. Only what looks at a whole batch, such as batch norm, sees "
                "less of it."
            ).format(device=session.device_choice.device, count=count)
        )


def note_augmentation(session: Session) -> Generator[Event, None, None]:
    """Say once that augmentation is as strong as it may be."""
    ada, before, after = session.effective_config.ada, session.last.ada_p, session.state.counters.ada_p
    if ada and before < ada.max_p <= after and not session.ada_max_p_reported:
        session.ada_max_p_reported = True  # it hovers there
        yield Note(
            _(
                "Augmentation is as strong as it may be ({max_p:g}), and the discriminator still "
                "memorizes its pictures: more pictures would help, or a smaller network: "
                "--channel-mult 0.5"
            ).format(max_p=ada.max_p)
        )


def check_and_treat(session: Session) -> Generator[Event, None, None]:
    """Let the coach check and treat when it is due or something broke; stop where weights are lost.

    Raises:
        GanvasError: losses or weights are no longer finite and no coach can repair it.
    """
    state, coach, last = session.state, session.coach, session.last
    checkpoint_is_due = is_due(*last.progress, session.config.checkpoints)
    session.should_save = checkpoint_is_due or coach.should_checkpoint(state)
    session.should_score = is_due(*last.phase_progress, session.config.evaluations)
    broken = _broken(session)
    too_late = last.is_last and not state.coach.healthy_checkpoints
    session.fatal = broken if too_late else ""
    if not session.fatal and (broken or coach.check_is_due(state)):
        if coach.check(state, last.losses) and not broken:  # a grid of before the treatment
            last.grid_path = save_sample_grid(session.run, state, session.config, session.device)
        coach.apply_remedies(state)
        session.fatal = "" if coach.is_finite_again(state) else broken
        if last.grid_path:
            yield SampleGrid(state.counters.step, state.counters.images_seen, last.grid_path)
        yield from coach.pending_events()
        session.effective_config = coach.config(state)
        session.should_save = session.should_save or coach.should_checkpoint(state)
        session.reason = "stopped" if coach.has_stopped else session.reason
    if session.fatal:
        raise GanvasError(session.fatal, _(BROKEN_HINT))


def _broken(session: Session) -> str:
    """Return what is no longer finite, in words, or nothing; weights are checked before they are saved."""
    step, losses = session.state.counters.step, session.last.losses
    for name, value in losses.items():
        if not math.isfinite(value):
            text = _("Training broke at step {step:,}: the {loss} is {value}.")
            return text.format(step=step, loss=display_name(name), value=value)
    if session.should_save and finite_share(session.state.networks.by_name().values(), losses) < 1:
        return _("Training broke at step {step:,}: weights are NaN or infinite.").format(step=step)
    return ""


def keep_minutes(session: Session) -> Generator[Event, None, None]:
    """Plan more or fewer steps where the pace is another one than was thought, so that the minutes are kept."""
    state = session.state
    factor = session.pace.correction(session.config, session.effective_config, state.counters)
    if factor is not None:
        state.coach.prescriptions += (Prescription("pace", value=factor, step=state.counters.step),)
        session.effective_config = session.coach.config(state)
        yield Replanned(state.counters.step, state.counters.images_seen, factor, session.effective_config.images)


def report(session: Session) -> Generator[Event, None, None]:
    """Report the losses every few steps."""
    counters, last = session.state.counters, session.last
    if counters.step % STEPS_PER_REPORT == 0 or last.is_last:
        yield Step(
            step=counters.step,
            images_seen=counters.images_seen,
            total_images=session.effective_config.images,
            progress=last.progress[1],
            seconds=counters.seconds,
            phase=last.position.phase.name,
            losses=last.losses,
            loss_std=last.loss_std,
        )


def show_samples(session: Session) -> Generator[Event, None, None]:
    """Write a grid of samples when it is due, or a network is about to grow."""
    state, last = session.state, session.last
    is_now = is_due(*last.progress, session.config.sample_grids) or ends_level(
        session.effective_config, state.counters.step
    )
    if is_now and not last.grid_path:
        path = save_sample_grid(session.run, state, session.config, session.device)
        yield SampleGrid(state.counters.step, state.counters.images_seen, path)
        if "discriminator" in last.losses:
            yield logit_histograms(state, session.effective_config, session.loader, session.device)


def handle_stop_request(session: Session) -> Generator[Event, None, None]:
    """End the run early if it was asked to stop."""
    if not session.last.is_last and (session.stop() or session.others.want_to_stop):
        session.reason = "interrupted"
    yield from ()


def save_if_due(session: Session) -> Generator[Event, None, None]:
    """Save a checkpoint when it is due, or the run ends."""
    if session.reason != "finished" or session.should_score or session.should_save:
        yield from save(session, with_model=not _is_only_to_go_back_to(session))


def _is_only_to_go_back_to(session: Session) -> bool:
    """Return whether a checkpoint is due only because the moment is healthy: then it needs no model beside it.

    Only the first comes with one, for whoever wants to see samples.

    Where an upsampler will freeze the generator's batch norms, they could not be measured any more if it is needed.
    """
    is_usual = is_due(*session.last.progress, session.config.checkpoints) or session.reason != "finished"
    must_be_ready = is_usual or session.should_score or session.last.is_last or session.config.upsampling
    return not must_be_ready and (session.run.model / MODEL_FILE).is_file()


def save(session: Session, with_model: bool = True) -> Generator[Event, None, None]:
    """Write checkpoint and model, scored if that is due, then remove what is too old.

    Args:
        with_model: whether the generator is made ready to sample from, which takes many times as long as to write it.
    """
    state, run, coach = session.state, session.run, session.coach
    counters = state.counters
    counters.wall_seconds = session.pace.elapsed()
    network = prepare_for_sampling(state, session.config, session.device) if with_model else None
    if network is not None and session.should_score and session.scorer is not None:
        session.should_score = False
        scores = session.scorer.score(state, network)
        distance = session.scorer.rank(scores)
        if distance is not None and (counters.best is None or distance < counters.best.distance):
            counters.best = BestCheckpoint(distance, counters.step)
        for score in scores.values():
            coach.note(score)
            yield score
    if coach.should_checkpoint(state):
        state.coach.healthy_checkpoints = (*state.coach.healthy_checkpoints, counters.step)[-2:]
    path = write_checkpoint(run.checkpoints, session.config, state, run.events_size())
    if network is not None:
        health = session.health(counters.step, counters.images_seen)
        save_network(run, network, counters.step, counters.images_seen, health)
    best = {counters.best.step} if counters.best else set[int]()
    checkpoint.prune(run.checkpoints, KEEP, {*state.coach.healthy_checkpoints, *best})
    checkpoint.prune(run.aside, 0, {state.coach.aside.step} if state.coach.aside else ())
    yield CheckpointSaved(
        counters.step, counters.images_seen, str(path.relative_to(run.folder)), coach.is_healthy
    )  # fmt: skip


AFTER_STEP: tuple[Callable[[Session], Generator[Event, None, None]], ...] = (
    note_memory,
    note_augmentation,
    check_and_treat,
    keep_minutes,
    report,
    show_samples,
    handle_stop_request,
    save_if_due,
)
