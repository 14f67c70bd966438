"""The coach in the training: watching changes nothing, treating is exact and ends, and what was told is never lost."""

import math
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from stepping import CPU, prepared
from test_interruption import assert_same_end
from torch import Tensor

import ganvas
import tiny
from ganvas import checkpoint
from ganvas.checkpoint import Facts, Tensors
from ganvas.coach.diagnosis.diagnoses import DIAGNOSES
from ganvas.coach.diagnosis.verdict import diagnose
from ganvas.coach.measurement.health_metrics import finite_share
from ganvas.coach.treatment import remedy_context, wager
from ganvas.coach.treatment.escalation import MAX_TREATMENTS
from ganvas.config import Config, OptimizerConfig, PhaseConfig
from ganvas.data.loader import Loader
from ganvas.device import choose_device
from ganvas.errors import GanvasError
from ganvas.event_log import read_events, to_json
from ganvas.events import (
    CheckpointSaved,
    Done,
    Event,
    HealthCheck,
    Note,
    SampleGrid,
    Score,
    Step,
    Treatment,
    Verdict,
    run_to_end,
)
from ganvas.models.base import Generator as Network
from ganvas.planning.budget import with_images
from ganvas.planning.schedule import progress
from ganvas.recipes import RECIPES
from ganvas.runs import Run
from ganvas.training import phases
from ganvas.training.after_step import KEEP
from ganvas.training.loop import train_session
from ganvas.training.monitoring import coach_runner
from ganvas.training.monitoring.checkpoint_scores import RANKED_BY
from ganvas.training.session import Session, open_session
from ganvas.training.state import State
from ganvas.training.state_io import load_state
from ganvas.training.steps.ema import prepare_for_sampling
from histories import HEALTHY_METRICS

pytestmark = pytest.mark.slow

IMAGES = 400  # 50 steps of dcgan
SICK = 20  # step from which the made-up diagnosis finds something
COACHED = (HealthCheck, Verdict, Treatment)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the recipes narrow, and have them examined every few steps."""
    monkeypatch.setattr(coach_runner, "MIN_STEPS", 2)
    monkeypatch.setattr(remedy_context, "MIN_REACH", 0.0)
    for name in tiny.NARROW:
        monkeypatch.setitem(RECIPES, name, tiny.changed(name, images_per_health_check=16))


Diagnosis = Callable[[Sequence[Event]], Verdict]


def steady(step: int) -> float:
    return 1.0


def improving(step: int) -> float:
    return float(2 * 0.9**step)


@dataclass
class Eye:
    """Be a checker that costs nothing: all is well, and the distance is what `curve` says of a step."""

    curve: Callable[[int], float] = steady
    asked: int = 0

    def check(self, state: State, config: Config, phase: PhaseConfig, losses: dict[str, float]) -> HealthCheck:
        whole = finite_share(state.networks.by_name().values(), losses)
        values = HEALTHY_METRICS | {"feature_distance": self.curve(state.counters.step), "finite": whole}
        return HealthCheck(
            state.counters.step, state.counters.images_seen, progress(config, state.counters.step), phase.name, values
        )

    def distance(self, state: State, config: Config, phase: PhaseConfig) -> float:
        return 100 * self.curve(state.counters.step)

    def network_distance(self, network: Network, config: Config) -> float:
        """Return that of a healthy moment, and when it is asked again, of the end: a run asks in this order."""
        self.asked += 1
        return 100 * self.curve(SICK if self.asked % 2 else IMAGES)


def ill(name: str, when: Callable[[Sequence[Event], int], bool]) -> Diagnosis:
    """Return a diagnosis that finds `name` when a test on the history and its last step says so; NaN is always seen."""

    def found(history: Sequence[Event]) -> Verdict:
        last = [event for event in history if isinstance(event, HealthCheck)][-1]
        broken = last.metrics["finite"] < 1
        told = "diverging" if broken else name if when(history, last.step) else "healthy"
        return Verdict(last.step, last.images_seen, told, 1.0 if broken else 0.9, (), "What.", "Why.")

    return found


def has_been_treated(history: Sequence[Event]) -> bool:
    return any(isinstance(event, Treatment) for event in history)


def once(name: str = "mode collapse") -> Diagnosis:
    """Return a diagnosis that finds `name` from step `SICK` on, until it was treated."""
    return ill(name, lambda history, step: step >= SICK and not has_been_treated(history))


def always(name: str) -> Diagnosis:
    return ill(name, lambda history, step: True)


def never() -> Diagnosis:
    return ill("stalled", lambda history, step: False)


def train(pictures: Path, run: Run, recipe: str = "dcgan", **options: Any) -> list[Event]:
    return tiny.train(pictures, run.folder, recipe, **({"images": IMAGES} | options))


@dataclass
class Course:
    """Trainings whose health is made up: `diagnose` says what is wrong, `distance` how good samples are at a step."""

    pictures: Path
    diagnose: Diagnosis
    distance: Callable[[int], float] = improving
    recipe: str = "dcgan"
    images: int = IMAGES
    coach: str = "act"

    def open(self, run: Run, stop: Callable[[], bool] = lambda: False, **changes: Any) -> Session:
        """Return a session of a run that begins with these fields of the configuration changed, or goes on."""
        if not run.exists():
            config = tiny.config(self.recipe, coach=self.coach, health_checks=self.images // 16, **changes)
            run.write_config(with_images(replace(config, total_images=self.images), self.images))
        data = tiny.prepared(self.pictures)
        session = run_to_end(open_session(run.read_config(), run, data, choose_device("cpu"), stop))
        session.coach.checker, session.coach.diagnose = Eye(self.distance), self.diagnose  # type: ignore[assignment]
        return session

    def train(self, run: Run, steps: int = 10**6) -> list[Event]:
        """Train to the end, or for so many steps, and return all events."""
        stop = tiny.stop_after(steps)
        stop.begun = True
        return list(recording(self.open(run, stop)))


def recording(session: Session) -> Generator[Event, None, None]:
    """Train a session, and record its events as they come."""
    with closing(train_session(session)) as events:
        for event in events:
            session.run.append_event(event)
            yield event


def coached(events: Sequence[Event]) -> list[str]:
    return [to_json(event) for event in events if isinstance(event, COACHED)]


def recorded(run: Run) -> list[Event]:
    events, unreadable = read_events(run.events_file)
    assert unreadable == 0
    return events


def of(kind: type, events: Sequence[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def given(events: Sequence[Event]) -> list[Treatment]:
    return [event for event in of(Treatment, events) if not event.outcome]


def saved(run: Run, step: int | None = None) -> tuple[Tensors, Facts]:
    """Return the checkpoint of a step, or the newest."""
    if step is not None:
        return checkpoint.load(checkpoint.checkpoint_path(run.checkpoints, step))
    found = checkpoint.load_newest(run.checkpoints)
    assert found is not None
    return found[:2]


def learned(tensors: Tensors) -> Tensors:
    """Return what was learned; these recipes average nothing, and make their model ready when it is saved."""
    return {key: each for key, each in tensors.items() if not key.startswith(("gradient/", "g_ema/"))}


def assert_equal(found: Tensors, wanted: Tensors) -> None:
    assert found.keys() == wanted.keys()
    different = [key for key, each in wanted.items() if not torch.equal(found[key], each)]
    assert not different, f"not bit for bit: {different[:5]}"


# Watching


@pytest.mark.parametrize("recipe", ["dcgan", "quick"])
def test_watching_leaves_the_training_bit_for_bit(recipe: str, pictures: Path, tmp_path: Path) -> None:
    off, watched = Run(tmp_path / "off" / "run"), Run(tmp_path / "watch" / "run")
    unseen = train(pictures, off, recipe, coach="off")
    seen = train(pictures, watched, recipe, coach="watch")
    assert coached(unseen) == [], "it looked though nobody asked"
    looks = of(HealthCheck, seen)
    assert len(looks) > 4
    assert of(Verdict, seen)
    assert not of(Treatment, seen)
    assert len({look.phase for look in looks}) == len(off.read_config().phases), "a phase was not looked at"
    assert_same_end(watched, off)
    assert [path.name for path in checkpoint.list_checkpoints(watched.checkpoints)] == [
        path.name for path in checkpoint.list_checkpoints(off.checkpoints)
    ]
    for path in checkpoint.list_checkpoints(off.checkpoints):
        step = int(path.name)
        assert_equal(saved(watched, step)[0], saved(off, step)[0])
    assert [event for event in seen if isinstance(event, Step)][-1].losses == of(Step, unseen)[-1].losses
    replay(recorded(watched))


def test_acting_without_a_sickness_leaves_the_training_too(pictures: Path, tmp_path: Path) -> None:
    off, acting = Run(tmp_path / "off" / "run"), Run(tmp_path / "act" / "run")
    Course(pictures, never(), coach="off").train(off)
    events = Course(pictures, never()).train(acting)
    assert of(HealthCheck, events)
    assert not of(Treatment, events)
    assert len(of(CheckpointSaved, events)) > 4, "healthy moments were not kept"
    assert_same_end(acting, off)


@pytest.mark.parametrize(
    ("damage", "coach", "told"),
    [(("{",), "act", "A line of "), (("{", "[]"), "watch", "2 lines of "), ((), "act", ""), (("{",), "off", "")],
)
def test_a_history_with_holes_is_told(damage: tuple[str, ...], coach: str, told: str, tmp_path: Path) -> None:
    run, config, verdict = Run(tmp_path), tiny.config("fc", coach=coach), Verdict(9, 72, "healthy", 1.0, (), "", "")
    run.append_event(CheckpointSaved(1, 8, "checkpoints/000000001", True))
    with run.events_file.open("a") as file:
        file.writelines(f"{line}\n" for line in damage)
    run.append_event(verdict)
    runner = coach_runner.CoachRunner(config, prepared(config), run, CPU)
    assert runner.history == [verdict], "what can be read is known"
    notes = [event.text for event in runner.pending_events() if isinstance(event, Note)]
    assert notes == ([f"{told}{run.events_file} cannot be read: the coach does without."] if told else [])


def test_looks_are_a_few_steps_apart_and_the_last_is_at_the_end(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coach_runner, "MIN_STEPS", 6)
    run = Run(tmp_path / "run")
    looks = of(HealthCheck, Course(pictures, never(), steady, coach="watch").train(run))
    steps = [look.step for look in looks]
    assert steps == sorted(set(steps))
    assert min(after - before for before, after in pairwise(steps[:-1])) >= 6
    assert steps[-1] == run.read_config().steps
    assert looks[-1].progress == 1


# Treating


@pytest.fixture
def treated(pictures: Path) -> Course:
    """Have runs collapse at step `SICK`, with healthy moments before it, and recover by the treatment."""
    return Course(pictures, once())


def rates(session: Session) -> dict[int, dict[str, float]]:
    """Return the learning rates by step, filled as a session goes on."""
    seen: dict[int, dict[str, float]] = {}
    for name, optimizer in session.state.optimizers.items():
        optimizer.register_step_pre_hook(
            lambda at, *_, name=name: seen.setdefault(session.state.counters.step, {}).update(
                {name: at.param_groups[0]["lr"]}
            )
        )
    return seen


def test_what_is_prescribed_is_told_and_in_force(treated: Course, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    session = treated.open(run)
    seen = rates(session)
    events = list(recording(session))
    (order,) = given(events)
    assert (order.diagnosis, order.outcome) == ("mode collapse", "")
    assert [event.outcome for event in of(Treatment, events)] == ["", "helped"]
    factors = {each.network: each.value for each in order.prescriptions if each.kind == "lr"}
    assert factors, "the ladder changed; this test needs another sickness"
    in_force = saved(run)[1]["coach"]["prescriptions"]
    assert {each["network"]: each["value"] for each in in_force if each["kind"] == "lr"} == factors
    before, after = seen[order.step - 1], seen[order.step]
    for side, factor in factors.items():
        assert after[side] == pytest.approx(before[side] * factor, rel=0.1), "the learning rate did not follow"
    assert run.read_config().optimizers == tiny.config("dcgan").optimizers, (
        "what was prescribed is not the run's config"
    )
    names = [event.name for event in of(Verdict, events)]
    assert names == ["healthy", "mode collapse", "healthy"], "a verdict is told when it changes"


@pytest.fixture
def whole(treated: Course, tmp_path: Path) -> tuple[Run, list[Event]]:
    """Return a treated run that nothing interrupted, and its events."""
    run = Run(tmp_path / "whole" / "run")
    return run, treated.train(run)


def assert_goes_on_alike(course: Course, run: Run, stops: Sequence[int], expected: Run) -> None:
    """Interrupt a training at these steps, and assert that it ends as if it had not been."""
    done = 0
    for stop in stops:
        course.train(run, stop - done)
        done = stop
    assert course.train(run)[-1].reason == "finished"
    assert coached(recorded(run)) == coached(recorded(expected)), f"interrupted at {stops}"
    assert_same_end(run, expected)
    assert saved(run)[1]["coach"] == saved(expected)[1]["coach"]


def test_a_treated_run_goes_on_as_if_it_had_not_been_interrupted(
    treated: Course, whole: tuple[Run, list[Event]], tmp_path: Path
) -> None:
    expected, events = whole
    (order,) = given(events)
    at = order.step
    for stops in ((at - 1,), (at,), (at + 1,), (5, at, at + 7)):
        assert_goes_on_alike(treated, Run(tmp_path / f"{stops}" / "run"), stops, expected)


@pytest.mark.parametrize("recipe", ["dcgan", "quick"])
def test_a_run_whose_phase_was_begun_again_goes_on_as_if_it_had_not_been_interrupted(
    recipe: str, pictures: Path, tmp_path: Path
) -> None:
    course = Course(pictures, once("diverging"), steady, recipe)  # never a healthy moment
    expected = Run(tmp_path / "whole" / "run")
    (order,) = given(course.train(expected))
    assert {"reinitialize", "restart_phase"} & {each.kind for each in order.prescriptions}, "the ladder changed"
    for stops in ((order.step,), (order.step - 1, order.step + 3)):
        assert_goes_on_alike(course, Run(tmp_path / f"{stops}" / "run"), stops, expected)


@pytest.mark.parametrize("kind", COACHED)
def test_leaving_while_the_coach_speaks_loses_nothing(
    kind: type, treated: Course, whole: tuple[Run, list[Event]], tmp_path: Path
) -> None:
    expected, events = whole
    (order,) = given(events)
    run = Run(tmp_path / "run")
    with closing(recording(treated.open(run))) as stream:
        next(event for event in stream if isinstance(event, kind) and event.step == order.step)
    last = [event for event in events if isinstance(event, COACHED) and event.step <= order.step]
    assert coached(recorded(run)) == coached(last), "what was found and done was not recorded"
    assert saved(run)[1]["counters"]["step"] == order.step
    treated.train(run)
    assert coached(recorded(run)) == coached(recorded(expected))
    assert (run.model / "generator.safetensors").read_bytes() == (expected.model / "generator.safetensors").read_bytes()
    assert_equal(saved(run)[0], saved(expected)[0])


class Judge:
    """Be a scorer that likes samples the better the later they come."""

    def rank(self, scores: dict[str, Score]) -> float | None:
        return scores[RANKED_BY].value

    def score(self, state: State, network: torch.nn.Module) -> dict[str, Score]:
        values = {RANKED_BY: 100.0 - state.counters.step, "near_duplicates": 0.0}
        return {
            key: Score(state.counters.step, state.counters.images_seen, key, "x", value, 8)
            for key, value in values.items()
        }


def test_a_score_due_while_the_coach_speaks_is_not_lost(pictures: Path, tmp_path: Path) -> None:
    course = Course(pictures, never(), steady)

    def judged(run: Run) -> Session:
        session = course.open(run, evaluations=IMAGES // 16)
        session.scorer = Judge()  # type: ignore[assignment]
        return session

    expected, run = Run(tmp_path / "whole" / "run"), Run(tmp_path / "run")
    events = list(recording(judged(expected)))
    both = {event.step for event in of(Score, events)} & {event.step for event in of(HealthCheck, events)}
    at = sorted(both)[1]
    with closing(recording(judged(run))) as stream:
        next(event for event in stream if isinstance(event, HealthCheck) and event.step == at)
    list(recording(judged(run)))
    assert [event.step for event in of(Score, recorded(run))] == [event.step for event in of(Score, events)]
    assert saved(run)[1]["counters"]["best"] == saved(expected)[1]["counters"]["best"] is not None


class WatchedLoader(Loader):
    """Be a loader that remembers which pictures it gave, by the number of those before."""

    shown: dict[int, Tensor]

    def batch(self, start: int, count: int) -> tuple[Tensor, Tensor | None]:
        found = super().batch(start, count)
        self.shown[start] = found[0]
        return found


def test_going_back_restores_what_was_and_goes_on_with_other_pictures(treated: Course, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    shown: dict[int, Tensor] = {}

    def watched() -> Session:
        session = treated.open(run)
        session.loader = WatchedLoader(session.data, session.config.seed)
        session.loader.shown = shown
        return session

    events = []
    with closing(recording(watched())) as stream:
        for event in stream:
            events.append(event)
            if isinstance(event, Treatment):
                break
    (order,) = given(events)
    assert "rollback" in {each.kind for each in order.prescriptions}, (
        "the ladder changed; this test needs another sickness"
    )
    assert any(isinstance(event, SampleGrid) and event.step == order.step for event in events), "no picture of before"
    now, facts = saved(run)
    then, earlier = saved(run, facts["coach"]["healthy_checkpoints"][-1])
    assert_equal(learned(now), learned(then))
    after, before = facts["counters"], earlier["counters"]
    assert before["step"] < after["step"] == order.step, "the counter of steps went back"
    assert before["images_seen"] < after["images_seen"] == order.images_seen
    assert before["seconds"] < after["seconds"]
    assert after["loss_averages"] == before["loss_averages"]
    list(recording(watched()))
    assert not torch.equal(shown[after["images_seen"]], shown[before["images_seen"]]), "the accident is replayed"


def packed(history: Sequence[Event]) -> bool:
    return any(order.kind == "pac" for event in given(history) for order in event.prescriptions)


def test_a_run_whose_discriminator_was_packed_goes_on(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wager, "MIN_STEPS_APART", 12)  # these runs have a hundred
    course = Course(pictures, ill("partial mode collapse", lambda history, step: not packed(history)), steady)
    expected, run = Run(tmp_path / "whole" / "run"), Run(tmp_path / "run")
    events = course.train(expected)
    assert packed(events), "the ladder changed; this test needs another sickness"
    at = given(events)[-1].step
    assert_goes_on_alike(course, run, (at, at + 2), expected)


# Numbers that are none


def poison(monkeypatch: pytest.MonkeyPatch, what: str, when: Callable[[int], bool]) -> None:
    """Spoil a loss or the generator's weights in the steps (from 0) that `when` tells."""
    real = phases.STEPS["adversarial"]

    def spoiled(state, config, material):  # type: ignore[no-untyped-def]
        losses = real(state, config, material)
        if not when(state.counters.step):
            return losses
        if what == "loss":
            return losses | {"discriminator": torch.tensor(math.nan)}
        with torch.no_grad():
            next(state.networks.generator.parameters()).fill_(math.nan)
        return losses

    monkeypatch.setitem(phases.STEPS, "adversarial", spoiled)


@pytest.mark.parametrize("what", ["loss", "weights"])
@pytest.mark.parametrize("healthy", [True, False])
def test_numbers_that_are_none_are_mended(
    what: str, healthy: bool, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, what, lambda step: step == 30)
    run = Run(tmp_path / "run")
    events = Course(pictures, never(), improving if healthy else steady).train(run)
    assert events[-1].reason == "finished"
    (order,) = given(events)
    assert (order.diagnosis, order.step >= 31) == ("diverging", True)
    assert ("rollback" if healthy else "reinitialize") in {each.kind for each in order.prescriptions}
    assert all(each.isfinite().all() for each in saved(run)[0].values())
    assert ganvas.load(run.folder, "cpu").sample(4).float().std() > 0


def test_numbers_that_are_none_are_an_error_where_nobody_may_act(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, "loss", lambda step: step == 30)
    run = Run(tmp_path / "run")
    with pytest.raises(GanvasError, match="Training broke at step 31: the discriminator is nan") as caught:
        Course(pictures, never(), steady, coach="watch").train(run)
    assert "last good checkpoint is kept" in caught.value.hint
    assert of(Verdict, recorded(run))[-1].name == "diverging"
    assert all(each.isfinite().all() for each in saved(run)[0].values())


def test_numbers_that_are_none_at_every_try_end_the_run_with_a_model(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, "weights", lambda step: step >= 10)
    run, course = Run(tmp_path / "run"), Course(pictures, never(), steady)
    events = course.train(run)
    assert events[-1].reason == "stopped"
    assert len(given(events)) <= MAX_TREATMENTS + 1
    assert ganvas.load(run.folder, "cpu").sample(4).float().std() > 0
    assert course.train(run)[-1].reason == "stopped"


# The end


def test_what_nothing_helps_against_is_stopped_with_a_model(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wager, "MIN_STEPS_APART", 12)  # this run has a hundred
    run, course = Run(tmp_path / "run"), Course(pictures, always("oscillating"), steady, images=800)
    events = course.train(run)
    end = events[-1]
    assert isinstance(end, Done)
    assert end.reason == "stopped"
    assert end.step < run.read_config().steps
    orders = given(events)
    *tried, last = orders
    assert len(tried) <= MAX_TREATMENTS
    assert last.prescriptions[-1].kind == "stop"
    assert DIAGNOSES["oscillating"].advice in last.text
    for order in tried:
        assert order.text.rstrip(".").lower() in last.text.lower(), "it does not say what it tried"
    assert saved(run)[1]["counters"]["step"] == end.step
    assert ganvas.load(run.folder, "cpu").sample(4).float().std() > 0
    model = (run.model / "generator.safetensors").read_bytes()

    again = course.train(run)
    assert (again[-1].reason, again[-1].step) == ("stopped", end.step), "it went on"
    assert not of(Step, again)
    assert (run.model / "generator.safetensors").read_bytes() == model
    assert len(given(recorded(run))) == len(orders)

    run.write_config(replace(run.read_config(), coach="watch"))
    further = course.train(run)
    assert (further[-1].reason, further[-1].step) == ("finished", run.read_config().steps)


def sick_at_the_end(pictures: Path, distance: float) -> Course:
    """Have runs be sick after step `SICK`, with samples of this distance."""
    diagnosis = ill("wrong data", lambda history, step: step > SICK)
    return Course(pictures, diagnosis, lambda step: improving(step) if step <= SICK else distance)


def test_checkpoints_of_healthy_moments_stay(pictures: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    events = list(recording(sick_at_the_end(pictures, 9.0).open(run, checkpoints=12)))
    healthy = saved(run)[1]["coach"]["healthy_checkpoints"]
    assert healthy
    assert max(healthy) <= SICK
    assert len([event for event in of(CheckpointSaved, events) if event.step > SICK]) > KEEP, (
        "nothing was there to push them out"
    )
    for step in healthy:
        saved(run, step)
    assert {event.healthy for event in of(CheckpointSaved, events) if event.step > SICK} == {False}
    assert all(event.healthy for event in of(CheckpointSaved, events) if event.step <= SICK)


@pytest.mark.parametrize("worse", [True, False])
def test_a_run_that_ends_ill_leaves_the_model_of_its_last_healthy_moment(
    worse: bool, pictures: Path, tmp_path: Path
) -> None:
    run = Run(tmp_path / "run")
    events = sick_at_the_end(pictures, 9.0 if worse else 0.01).train(run)
    tensors, facts = saved(run)
    last_healthy = facts["coach"]["healthy_checkpoints"][-1]
    step = last_healthy if worse else facts["counters"]["step"]
    model = ganvas.load(run.folder, "cpu").network.state_dict()
    state = load_state(run.read_config(), *saved(run, step), torch.device("cpu"))
    wanted = prepare_for_sampling(state, run.read_config(), torch.device("cpu")).state_dict()
    assert all(torch.equal(model[key], each) for key, each in wanted.items()), f"not the model of step {step}"
    told = [event.text for event in of(Note, events) if f"{last_healthy:,}" in event.text]
    assert len(told) == worse
    assert any(not torch.equal(tensors[f"g_ema/{key}"], each) for key, each in wanted.items()) == worse
    last_notes = [event.text for event in of(Note, events)][-1:]
    assert last_notes[0].startswith("Not healthy at its end: wrong data."), "a bad end was not told"
    assert last_notes[0].endswith("The model is from before that.") == worse
    health = ganvas.load(run.folder, "cpu").health
    assert health is not None
    assert health.name == ("healthy" if worse else "wrong data"), "the verdict is not that of the model's weights"
    again = [
        event.text for event in of(Note, list(recording(sick_at_the_end(pictures, 9.0 if worse else 0.01).open(run))))
    ]
    assert last_notes[0] in again, "asked again, the run says something else of its end"
    assert ganvas.load(run.folder, "cpu").health == health


def test_a_run_that_ends_well_says_nothing_of_it(treated: Course, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    events = treated.train(run)
    assert not [event for event in of(Note, events) if "healthy" in event.text]
    health = ganvas.load(run.folder, "cpu").health
    assert health is not None
    assert health.is_healthy, "the model of a training that recovered is called unhealthy"


def test_a_run_without_a_coach_knows_nothing_of_its_health(pictures: Path, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    tiny.train(pictures, run.folder, "fc", coach="off")
    assert ganvas.load(run.folder, "cpu").health is None


# Replay


def replay(events: Sequence[Event]) -> None:
    """Assert that the recorded signs, one by one, give the recorded verdicts."""
    history: list[Event] = []
    name = ""
    for event in events:
        if isinstance(event, Verdict):
            assert found == event, "another verdict than the recorded one"  # noqa: F821
            name = event.name
        history.append(event)
        if isinstance(event, HealthCheck):
            found = diagnose(history)
            follows = events[len(history)] if len(history) < len(events) else None
            assert isinstance(follows, Verdict) == (found.name != name), f"{found.name} at step {event.step}"


def test_a_recorded_run_gives_its_verdicts_again_also_after_an_interruption(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wild = {name: OptimizerConfig(0.05) for name in ("generator", "discriminator")}
    monkeypatch.setitem(RECIPES, "dcgan", tiny.changed("dcgan", images_per_health_check=16, optimizers=wild))
    expected, run = Run(tmp_path / "whole" / "run"), Run(tmp_path / "run")
    train(pictures, expected)
    events = recorded(expected)
    assert len(of(HealthCheck, events)) > 5
    assert of(Treatment, events), "nothing went wrong: this test shows little"
    replay(events)
    for stop in (3, 14, 9):
        train(pictures, run, stop=tiny.stop_after(stop))
    train(pictures, run)
    replay(recorded(run))
    assert coached(recorded(run)) == coached(events)


# Wagers


@pytest.fixture
def harmful(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """Have samples that get much worse by the treatment at step `SICK`."""
    monkeypatch.setattr(wager, "MIN_STEPS_APART", 6)  # these runs have fifty
    return Course(pictures, once("oscillating"), lambda step: 1.0 if step <= SICK + 2 else 3.0)


def test_a_treatment_that_makes_the_samples_worse_is_undone(harmful: Course, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    events = []
    with closing(recording(harmful.open(run))) as stream:
        for event in stream:
            events.append(event)
            if isinstance(event, Treatment) and event.outcome:
                break
            if isinstance(event, Treatment):
                then, earlier = checkpoint.load(checkpoint.checkpoint_path(run.aside, event.step))
    order, outcome = of(Treatment, events)
    assert (order.outcome, outcome.outcome, order.distance, outcome.distance) == ("", "undone", 100.0, 300.0)
    assert order.text != outcome.text
    now, facts = saved(run)
    assert_equal(learned(now), learned(then))
    assert earlier["counters"]["step"] == order.step < facts["counters"]["step"] == outcome.step
    assert facts["counters"]["images_seen"] == outcome.images_seen, "the counter of images went back"
    assert facts["coach"]["prescriptions"] == [] == earlier["coach"]["prescriptions"], "it is still in force"
    assert facts["coach"]["aside"] is None
    assert list(recording(harmful.open(run)))[-1].reason == "finished"
    assert not checkpoint.list_checkpoints(run.aside), "what is not needed any more lies about"


def test_a_wager_goes_on_as_if_it_had_not_been_interrupted(harmful: Course, tmp_path: Path) -> None:
    expected = Run(tmp_path / "whole" / "run")
    events = harmful.train(expected)
    order, outcome = of(Treatment, events)
    for number, stops in enumerate([(order.step,), (order.step + 3,), (outcome.step - 1, outcome.step)]):
        assert_goes_on_alike(harmful, Run(tmp_path / f"{number}" / "run"), stops, expected)


def test_where_the_state_put_aside_is_gone_the_training_goes_on_and_says_so(harmful: Course, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    with closing(recording(harmful.open(run))) as stream:
        (order,) = [next(event for event in stream if isinstance(event, Treatment))]
    (checkpoint.checkpoint_path(run.aside, order.step) / checkpoint.STATE).write_bytes(b"damaged")
    events = list(recording(harmful.open(run)))
    assert [event.outcome for event in of(Treatment, events)] == ["undone"]
    assert any("could not be undone" in note.text for note in of(Note, events))
    assert events[-1].reason == "finished"


def test_a_training_ends_with_the_samples_put_aside_if_the_treatment_was_worse(pictures: Path, tmp_path: Path) -> None:
    course = Course(pictures, once(), lambda step: 1.0 if step <= SICK + 2 else 3.0)
    run = Run(tmp_path / "run")
    events = []
    for event in recording(course.open(run)):
        events.append(event)
        if isinstance(event, Treatment) and not event.outcome:
            then, _ = checkpoint.load(checkpoint.checkpoint_path(run.aside, event.step))
    *_, outcome = of(Treatment, events)
    assert (outcome.outcome, outcome.step) == ("undone", run.read_config().steps), "not at the end, or not undone"
    assert_equal(learned(saved(run)[0]), learned(then))


def test_what_helped_is_kept_and_nothing_stays_aside(treated: Course, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    assert [event.outcome for event in of(Treatment, treated.train(run))] == ["", "helped"]
    assert saved(run)[1]["coach"]["aside"] is None
    assert not checkpoint.list_checkpoints(run.aside)
