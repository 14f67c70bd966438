"""What is done after a step: each hook when it is due, and not otherwise; together in their order."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import ganvas
import tiny
from ganvas import checkpoint
from ganvas.checkpoint import list_checkpoints
from ganvas.config import AdaConfig
from ganvas.device import choose_device
from ganvas.errors import GanvasError
from ganvas.event_log import replay
from ganvas.events import (
    CheckpointSaved,
    Event,
    HealthCheck,
    LogitHistograms,
    Note,
    SampleGrid,
    Score,
    Step,
    Treatment,
    Verdict,
    run_to_end,
)
from ganvas.latents.model_file import read_training_length
from ganvas.planning.budget import with_steps
from ganvas.planning.schedule import ends_level
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.training import after_step, phases
from ganvas.training.after_step import (
    AFTER_STEP,
    check_and_treat,
    handle_stop_request,
    note_augmentation,
    note_memory,
    report,
    save,
    save_if_due,
    show_samples,
)
from ganvas.training.loop import train
from ganvas.training.monitoring import coach_runner
from ganvas.training.monitoring.checkpoint_scores import RANKED_BY
from ganvas.training.session import Session, open_session
from ganvas.training.state import BestCheckpoint, State
from ganvas.training.steps.ema import prepare_for_sampling

STEPS = 25


@pytest.fixture
def begin(pictures: Path, tmp_path: Path) -> Callable[..., Session]:
    """Return a function that opens a session of so many steps a phase, with no coach and nothing else that is due."""

    def begun(
        recipe: str = "fc", steps: int = STEPS, stop: Callable[[], bool] = lambda: False, **changes: Any
    ) -> Session:
        quiet = {"coach": "off", "sample_grids": 0, "checkpoints": 0, "evaluations": 0}
        config = tiny.config(recipe, **(quiet | changes))
        config = with_steps(config, [steps] * len(config.phases), [1.0] * len(config.phases))
        run = Run(tmp_path / "run")
        run.folder.mkdir(exist_ok=True)
        return run_to_end(open_session(config, run, tiny.prepared(pictures), choose_device("cpu"), stop))

    return begun


def steps_with_events(session: Session, hook: Callable[[Session], Iterator[Event]]) -> list[int]:
    """Take all steps of a session, and return those after which `hook` yields anything."""
    found = []
    while session.is_running:
        session.run_step()
        check_and_treat_quietly(session)
        if list(hook(session)):
            found.append(session.state.counters.step)
    return found


def check_and_treat_quietly(session: Session) -> None:
    """Let the session know what is due after a step."""
    assert list(check_and_treat(session)) == []


# Notes


def test_full_memory_is_noted_when_the_number_of_parts_grows(begin: Callable[..., Session]) -> None:
    session = begin()
    session.run_step()
    assert list(note_memory(session)) == []
    session.state.counters.n_microbatches = 4
    (note,) = note_memory(session)
    assert isinstance(note, Note)
    assert "memory of cpu is full" in note.text
    assert "in 4 parts" in note.text
    session.run_step()
    assert list(note_memory(session)) == [], "it is said once"


def test_strong_augmentation_is_noted_once(begin: Callable[..., Session]) -> None:
    session = begin(augment=("ada",), ada=AdaConfig(max_p=0.5))
    said = []
    for before, after in ((0.1, 0.4), (0.4, 0.5), (0.5, 0.5), (0.5, 0.45), (0.45, 0.5)):
        session.run_step()
        session.last = replace(session.last, ada_p=before)
        session.state.counters.ada_p = after
        said.append([event.text for event in note_augmentation(session) if isinstance(event, Note)])
    assert [len(notes) for notes in said] == [0, 1, 0, 0, 0]
    assert "(0.5)" in said[1][0]


def test_without_ada_nothing_is_noted_of_augmentation(begin: Callable[..., Session]) -> None:
    session = begin()
    session.run_step()
    session.state.counters.ada_p = 1.0
    assert list(note_augmentation(session)) == []


# Reports


def test_losses_are_reported_every_ten_steps_and_at_the_end(begin: Callable[..., Session]) -> None:
    assert steps_with_events(begin(), report) == [10, 20, STEPS]


def test_a_report_holds_the_step_that_was_taken(begin: Callable[..., Session]) -> None:
    session = begin("quick", steps=10)
    for _ in range(10):
        session.run_step()
    session.state.counters.loss_averages = {}  # as a treatment leaves it
    (event,) = report(session)
    assert isinstance(event, Step)
    assert (event.step, event.images_seen, event.phase) == (10, 80, "autoencode")
    assert event.total_images == session.config.images
    assert event.progress == pytest.approx(1 / 3)
    assert event.losses == session.last.losses
    assert event.losses.keys() == event.loss_std.keys() == {"reconstruction"}
    assert event.loss_std["reconstruction"] > 0, "the standard deviation is that of before the treatment"


# Samples


@pytest.mark.parametrize(("count", "expected"), [(0, []), (1, [25]), (2, [13, 25]), (5, [5, 10, 15, 20, 25])])
def test_samples_are_spread_over_the_run(count: int, expected: list[int], begin: Callable[..., Session]) -> None:
    session = begin(sample_grids=count)
    assert steps_with_events(session, show_samples) == expected
    assert sorted(path.name for path in session.run.samples.glob("*.png")) == [f"{step:09d}.png" for step in expected]


def test_samples_are_shown_before_a_network_grows(begin: Callable[..., Session]) -> None:
    session = begin("progressive", steps=3)
    expected = [step for step in range(1, session.config.steps + 1) if ends_level(session.config, step)]
    assert expected == [3, 6]
    assert steps_with_events(session, show_samples) == expected


@pytest.mark.slow
def test_logits_come_with_samples_where_a_discriminator_learns(begin: Callable[..., Session]) -> None:
    session = begin("quick", steps=2, sample_grids=6)
    kinds = {}
    while session.is_running:
        session.run_step()
        kinds[session.state.counters.step] = [type(event) for event in show_samples(session)]
    alone, both = [SampleGrid], [SampleGrid, LogitHistograms]
    assert list(kinds.values()) == [alone] * 4 + [both] * 2


def test_samples_are_not_written_twice_at_a_step(begin: Callable[..., Session]) -> None:
    session = begin(sample_grids=STEPS)
    session.run_step()
    session.last.grid_path = "samples/of-before-a-treatment.png"
    assert list(show_samples(session)) == []


# Stopping


def test_a_request_to_stop_is_heeded_except_after_the_last_step(begin: Callable[..., Session]) -> None:
    session = begin(steps=2, stop=lambda: True)
    session.run_step()
    assert list(handle_stop_request(session)) == []
    assert (session.reason, session.is_running) == ("interrupted", False)
    session = begin(steps=1, stop=lambda: True)
    session.run_step()
    list(handle_stop_request(session))
    assert session.reason == "finished"


# Saving


@pytest.mark.parametrize(("count", "expected"), [(0, []), (1, [25]), (4, [7, 13, 19, 25])])
def test_checkpoints_are_spread_over_the_run(count: int, expected: list[int], begin: Callable[..., Session]) -> None:
    session = begin(checkpoints=count)
    assert steps_with_events(session, save_if_due) == expected
    assert [int(path.name) for path in list_checkpoints(session.run.checkpoints)] == expected[-after_step.KEEP :]


@pytest.mark.parametrize("reason", ["interrupted", "stopped"])
def test_a_run_that_ends_early_is_saved(reason: str, begin: Callable[..., Session]) -> None:
    session = begin()
    session.run_step()
    check_and_treat_quietly(session)
    assert list(save_if_due(session)) == []
    session.reason = reason
    (event,) = save_if_due(session)
    assert event == CheckpointSaved(1, 8, "checkpoints/000000001", True)


class FakeScorer:
    """Give a distance to each score in turn; None has no rank."""

    def __init__(self, *distances: float | None) -> None:
        self.distances = iter(distances)

    def score(self, *_: object) -> dict[str, Score]:
        self.distance = next(self.distances)
        return {RANKED_BY: Score(0, 0, "distance", "a fake", self.distance or 0.0, 1)}

    def rank(self, _: object) -> float | None:
        return self.distance


def test_scores_are_taken_in_the_last_phase_and_saved(begin: Callable[..., Session]) -> None:
    session = begin("quick", steps=4, evaluations=2)
    session.scorer = FakeScorer(5.0, 4.0)  # type: ignore[assignment]
    kinds = {}
    while session.is_running:
        session.run_step()
        check_and_treat_quietly(session)
        kinds[session.state.counters.step] = [type(event) for event in save_if_due(session)]
    scored = {step: found for step, found in kinds.items() if found}
    assert scored == {10: [Score, CheckpointSaved], 12: [Score, CheckpointSaved]}
    assert session.state.counters.best == BestCheckpoint(4.0, 12)


def test_a_due_score_is_taken_once(begin: Callable[..., Session]) -> None:
    session = begin()
    session.scorer = FakeScorer(5.0)  # type: ignore[assignment]
    session.run_step()
    session.should_score = True
    assert [type(event) for event in save(session)] == [Score, CheckpointSaved]
    assert [type(event) for event in save(session)] == [CheckpointSaved]


def test_the_best_checkpoint_is_the_first_of_the_nearest_and_stays(begin: Callable[..., Session]) -> None:
    session = begin(steps=8)
    session.scorer = FakeScorer(None, 5.0, 6.0, 4.0, 4.0, None, 7.0, 9.0)  # type: ignore[assignment]
    best = []
    while session.is_running:
        session.run_step()
        session.should_score = True
        list(save(session))
        best.append(session.state.counters.best)
    first, second = BestCheckpoint(5.0, 2), BestCheckpoint(4.0, 4)
    assert best == [None, first, first, *[second] * 5]
    assert [int(path.name) for path in list_checkpoints(session.run.checkpoints)] == [4, 6, 7, 8]
    _, facts = checkpoint.load(list_checkpoints(session.run.checkpoints)[0])
    assert facts["counters"]["best"] == {"distance": 4.0, "step": 4}, "a checkpoint knows of its own score"


def test_healthy_checkpoints_are_the_last_two_and_stay(begin: Callable[..., Session]) -> None:
    session = begin(steps=9, coach="act")

    def checked(step: int, distance: float) -> None:
        session.coach.note(HealthCheck(step, 8 * step, step / 9, "adversarial", {"feature_distance": distance}))

    checked(0, 2.0)
    while session.is_running:
        session.run_step()
        step = session.state.counters.step
        checked(step, 0.1 if step <= 3 else 2.0)
        check_and_treat_quietly(session)
        saved = bool(list(save_if_due(session)))
        assert saved == (step <= 3), "a healthy moment is worth a checkpoint"
        if not saved:
            list(save(session))
    assert session.state.coach.healthy_checkpoints == (2, 3)
    assert [int(path.name) for path in list_checkpoints(session.run.checkpoints)] == [2, 3, 7, 8, 9]


def test_a_healthy_moment_is_kept_without_a_model(
    begin: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = begin("dcgan", steps=9, coach="act", checkpoints=1)
    settled: list[int] = []

    def prepared(state: State, *rest: Any) -> Any:
        settled.append(state.counters.step)
        return prepare_for_sampling(state, *rest)

    monkeypatch.setattr(after_step, "prepare_for_sampling", prepared)
    for step, distance in ((0, 2.0), *((step, 0.1) for step in range(1, 10))):
        session.coach.note(HealthCheck(step, 8 * step, step / 9, "adversarial", {"feature_distance": distance}))
        if step:
            session.run_step()
            check_and_treat_quietly(session)
            assert [type(event) for event in save_if_due(session)] == [CheckpointSaved]
    assert settled == [1, 9], "the first is there to be sampled from, the last is due; others cost time for nothing"
    assert read_training_length(session.run) == (9, 72)
    session.should_score = session.should_save = False
    for _ in save(session):
        pass
    assert settled == [1, 9, 9], "who leaves gets a model"


# What broke


def test_a_loss_that_is_no_number_is_fatal_without_a_coach(begin: Callable[..., Session]) -> None:
    session = begin()
    session.run_step()
    session.last.losses["fake_logits"] = math.inf
    with pytest.raises(GanvasError, match="broke at step 1: the fake logits is inf"):
        list(check_and_treat(session))
    assert session.fatal


def test_weights_are_checked_before_they_are_saved(begin: Callable[..., Session]) -> None:
    session = begin(steps=2, checkpoints=1)
    session.run_step()
    with torch.no_grad():
        next(session.state.networks.g_ema.parameters()).fill_(math.nan)
    check_and_treat_quietly(session)  # nothing is saved now, and looking at all weights takes its time
    session.run_step()
    with pytest.raises(GanvasError, match="broke at step 2: weights are NaN"):
        list(check_and_treat(session))


# All together


@pytest.mark.slow
def test_events_of_a_step_come_in_their_order(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert AFTER_STEP[-1] is save_if_due, "what is saved has to know of all the rest"
    monkeypatch.setattr(after_step, "STEPS_PER_REPORT", 1)
    monkeypatch.setattr(coach_runner, "MIN_STEPS", 1)
    often = tiny.changed("dcgan", sample_grids=1000, checkpoints=1000, images_per_health_check=8)
    monkeypatch.setitem(RECIPES, "dcgan", often)
    events = tiny.train(pictures, tmp_path / "run", "dcgan", images=120)
    order = [HealthCheck, Verdict, Treatment, Step, SampleGrid, LogitHistograms, CheckpointSaved]
    kinds: dict[int, list[int]] = {}
    for event in events:
        if type(event) in order:
            kinds.setdefault(event.step, []).append(order.index(type(event)))
    assert len(kinds) == 15
    untreated = [found for found in kinds.values() if order.index(Treatment) not in found]
    assert untreated
    assert all(found == sorted(found) for found in untreated)
    assert all({3, 4, 5, 6} <= set(found) for found in untreated), "something that is due at each step was left out"


def test_leaving_at_any_event_of_a_step_saves_that_step(begin: Callable[..., Session], pictures: Path) -> None:
    session = begin(steps=12, sample_grids=12)
    config, run, data = session.config, session.run, session.data
    for kind in (SampleGrid, LogitHistograms, Step):
        stream = train(config, run, data, choose_device("cpu"))
        left = next(event for event in stream if isinstance(event, kind))
        stream.close()
        assert int(list_checkpoints(run.checkpoints)[-1].name) == left.step


@pytest.mark.usefixtures("narrow_recipes")
def test_a_broken_run_is_recorded_and_not_saved_by_leaving(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = phases.STEPS["adversarial"]
    spoiled = {"discriminator": torch.tensor(math.nan)}
    monkeypatch.setitem(phases.STEPS, "adversarial", lambda *given: real(*given) | spoiled)
    run = Run(tmp_path / "run")
    stream = ganvas.train(pictures, run.folder, recipe="fc", size="16", images=80, coach="watch", device="cpu")
    next(event for event in stream if isinstance(event, HealthCheck))
    stream.close()  # type: ignore[attr-defined]
    assert list_checkpoints(run.checkpoints) == []
    assert [event.name for event in replay(run.events_file) if isinstance(event, Verdict)] == ["diverging"]
