"""A batch for a short run: halved while there are too few steps, unless the user asked for one."""

from dataclasses import replace
from pathlib import Path

import pytest
from any_phases import any_phases, with_phases
from hypothesis import given
from hypothesis import strategies as st

import ganvas
import tiny
from ganvas.config import Config, DataConfig, PenaltyConfig, PhaseConfig, TrainOptions
from ganvas.events import Note
from ganvas.planning.budget import with_images
from ganvas.planning.memory import largest_batch
from ganvas.planning.short_run import ENOUGH_STEPS, LEAST_BATCH, batch_decision, batch_for, with_more_steps
from ganvas.recipes import RECIPES
from ganvas.runs import Run


def planned(config: Config, images: int) -> Config:
    """Return `config` with the batch and the steps for so many images."""
    return with_images(with_more_steps(config, with_images(config, images)), images)


@given(any_phases, st.integers(1, 512), st.integers(1, 10**7))
def test_a_batch_is_halved_no_more_than_is_needed(phases: tuple[PhaseConfig, ...], batch: int, images: int) -> None:
    own = with_images(with_phases(tuple(replace(each, batch=batch) for each in phases)), images)
    found = batch_for(own)
    times = batch // found
    assert found == batch or found >= LEAST_BATCH, "so small a batch is noise"
    assert times & (times - 1) == 0, "it was not halved"
    if found < batch:
        assert own.steps * times // 2 < ENOUGH_STEPS, "half as many steps were enough"
    if own.steps >= ENOUGH_STEPS:
        assert found == batch, "a long run is not what it was"
    elif found >= 2 * LEAST_BATCH:
        assert own.steps * times >= ENOUGH_STEPS, "it could have been halved once more"


@given(st.integers(64, 512), st.integers(1, 10**7), st.integers(1, 10**7))
def test_a_longer_run_has_no_smaller_batch_and_no_fewer_steps(batch: int, images: int, more: int) -> None:
    config = with_phases((PhaseConfig("adversarial", 1.0, batch),))
    short, long = planned(config, images), planned(config, images + more)
    assert largest_batch(short) <= largest_batch(long)
    assert abs(short.images - images) <= batch, "other pictures are seen than were asked for"


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("images", [2_000, 60_000, 10**6])
def test_only_recipes_of_large_batches_change_in_a_short_run(recipe: str, images: int) -> None:
    config = RECIPES[recipe](DataConfig("pictures", 32, 32), 5_000)
    found = planned(config, images)
    changes = largest_batch(config) >= 2 * LEAST_BATCH and with_images(config, images).steps < ENOUGH_STEPS
    assert (found != with_images(config, images)) == changes
    assert found.optimizers == config.optimizers, "the rates stay"
    if not changes:
        assert batch_decision(config, found) is None, "what was not decided is told"


def test_it_is_told_with_the_steps_that_there_would_have_been() -> None:
    config = with_phases((PhaseConfig("adversarial", 1.0, 256),))
    decision = batch_decision(config, planned(config, 60_000))
    assert decision is not None
    assert decision.words == "Batch: 32, because with 256 there would be only 234 steps to learn in."


@pytest.mark.parametrize("asked", [{"batch": 256}, {"g_lr": 1e-3}, {"d_lr": 1e-3}])
def test_who_asks_for_batch_or_rates_gets_them_together(asked: dict[str, float]) -> None:
    options = TrainOptions(**asked)
    config = replace(with_phases((PhaseConfig("adversarial", 1.0, 256),)), requested=options)
    assert largest_batch(planned(config, 60_000)) == 256


def test_a_penalty_that_was_asked_for_keeps_its_weight() -> None:
    penalty = PenaltyConfig("r1", 2.0)
    config = replace(with_phases((PhaseConfig("adversarial", 1.0, 256),)), penalty=penalty)
    by_rule, asked = (planned(replace(config, requested=TrainOptions(gamma=gamma)), 60_000) for gamma in (None, 2.0))
    assert by_rule.penalty.gamma == 16.0, "the weight of R1 follows the batch"
    assert asked.penalty == penalty


@pytest.fixture
def large_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a narrow `fc` take batches of 64."""
    phases = (PhaseConfig("adversarial", 1.0, 64),)
    monkeypatch.setitem(RECIPES, "fc", tiny.changed("fc", phases=phases))


@pytest.mark.slow
@pytest.mark.usefixtures("large_steps")
@pytest.mark.parametrize("budget", [{"images": 192}, {"images": None, "minutes": 0.02}])
@pytest.mark.parametrize("asked", [{}, {"batch": 64}])
def test_a_training_takes_says_and_records_it(
    budget: dict[str, float], asked: dict[str, int], pictures: Path, tmp_path: Path
) -> None:
    events = tiny.train(pictures, tmp_path / "run", "fc", **budget, **asked)
    told = [each.text for each in events if isinstance(each, Note) and each.text.startswith("Batch:")]
    config = Run(tmp_path / "run").read_config()
    assert largest_batch(config) == (64 if asked else 32)
    assert len(told) == (0 if asked else 1)
    plan = ganvas.plan(pictures, recipe="fc", size="16", device="cpu", **budget, **asked)
    (decision,) = (each for each in plan.decisions if each.what == "batch")
    assert largest_batch(plan.config) == largest_batch(config), "what is planned is not what is trained"
    if not asked:
        assert told[0].startswith("Batch: 32, because with 64 there would be only ")
        assert decision.value == "32"
        assert decision.why.endswith("steps to learn in")
    if budget["images"]:
        assert config.steps == 192 // (64 if asked else 32)
        assert asked or "only 3 steps" in told[0]
