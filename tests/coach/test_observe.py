"""The coach in a user's own loop: it notices what goes wrong there."""

import copy
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from ignite.engine import Engine, Events
from own_loop import BATCH, LATENT, Loop, checks, names
from torch import Tensor

import ganvas
from ganvas.coach.diagnosis.check_times import gap_factor
from ganvas.coach.diagnosis.diagnoses import DIAGNOSES, HEALTHY_VERDICTS
from ganvas.coach.doctor import examine
from ganvas.coach.measurement.averages import LossAverage, loss_metrics
from ganvas.coach.measurement.metric_names import METRICS
from ganvas.events import Treatment

DOCS = Path(__file__).parents[2] / "docs" / "own-loop.md"


@pytest.mark.slow
def test_a_loop_of_another_library_is_watched(discs: Tensor) -> None:
    loop = Loop(discs)
    trainer, coach, returned = Engine(loop.step), loop.coach(total_steps=104), []

    @trainer.on(Events.ITERATION_COMPLETED)
    def listen(engine: Engine) -> None:
        returned.append(coach.observe(**engine.state.output))

    trainer.run(discs.split(BATCH), max_epochs=13)
    assert coach.step == 104
    assert 5 < len(checks(coach)) < 12, "too many health checks, or too few"
    assert checks(coach)[-1].progress == 1, "there is no check at the end"
    assert checks(coach)[-1].images_seen == 104 * BATCH, "the pictures of a step were not counted"
    assert coach.healthy, f"a false alarm: {names(coach)}"
    assert coach.advice() == DIAGNOSES[names(coach)[-1]].advice
    assert [each.name for each in returned if each] == names(coach), "it returned something else than it recorded"
    assert names(coach)[0] == "warming up"
    unknown = {name for check in checks(coach) for name in check.metrics} - set(METRICS)
    assert not unknown, f"{unknown} have no description"
    first, last = (check.metrics for check in (checks(coach)[0], checks(coach)[-1]))
    assert last["feature_distance"] < first["feature_distance"], (
        "the samples did not get better, or were not compared with the reals"
    )


def test_a_generator_with_a_learning_rate_far_too_high_is_noticed(discs: Tensor) -> None:
    loop = Loop(discs, generator_lr=2.0)
    coach = loop.coach(check_every=20)
    engine = Engine(loop.step)

    @engine.on(Events.ITERATION_COMPLETED)
    def listen(engine: Engine) -> None:
        coach.observe(**engine.state.output)
        if not coach.healthy:
            engine.terminate()

    engine.run(discs.split(BATCH), max_epochs=12)
    assert not coach.healthy, "a planted fault was not noticed"
    assert names(coach)[-1] in ("mode collapse", "oscillating", "discriminator wins", "diverging", "stalled")
    assert coach.verdict is not None
    assert coach.verdict.evidence, "a verdict without evidence"


def test_identical_pictures_are_wrong_data(discs: Tensor) -> None:
    loop = Loop(discs[:1].repeat(40, 1, 1, 1))
    coach = loop.coach(check_every=2)
    assert [each.name for each in [coach.observe(**loop.step()) for _ in range(2)] if each] == ["wrong data"]


@pytest.mark.parametrize("bad", [math.nan, math.inf, torch.tensor(math.nan), torch.tensor([-math.inf])])
def test_a_loss_that_is_not_finite_is_reported_at_once(bad: float | Tensor) -> None:
    coach = ganvas.Coach()
    assert coach.observe({"generator": 1.0, "discriminator": 1.0}) is None
    verdict = coach.observe({"generator": bad, "discriminator": 1.0})
    assert verdict is not None, "nothing was reported"
    assert verdict.name == "diverging"
    assert not coach.healthy
    assert coach.advice()
    for _ in range(5):
        coach.observe({"generator": bad})
    assert len(checks(coach)) == 1, "it checks again at each step"
    values = checks(coach)[0].metrics
    assert values["generator_loss"] == 1, "NaN has spoiled the average"


def test_a_training_that_recovers_is_healthy_again() -> None:
    coach = ganvas.Coach(check_every=1)
    coach.observe({"generator": math.nan})
    for _ in range(4):
        coach.observe({"generator": 1.0})
    assert names(coach) == ["diverging", "warming up"]


def test_nan_weights_are_found_through_the_optimizer(discs: Tensor) -> None:
    loop = Loop(discs)
    coach = ganvas.Coach(optimizers=loop.optimizers, check_every=1)
    with torch.no_grad():
        loop.generator[1].weight[0] = math.nan
    verdict = coach.observe({"generator": 1.0})
    assert verdict is not None
    assert verdict.name == "diverging"


def test_what_is_not_passed_is_computed_by_the_networks(discs: Tensor) -> None:
    loop = Loop(discs)
    latents = torch.randn(64, LATENT)
    coach = loop.coach(
        generator=loop.generator, latents=latents, discriminator=loop.discriminator, held_out=discs[:20], check_every=1,
        dataset_size=128,
    )  # fmt: skip
    coach.observe()
    (check,) = checks(coach)
    missing = {
        "feature_distance",
        "near_copies",
        "generator_dead_units",
        "d_pair_accuracy",
        "d_train_vs_heldout",
        "latent_dim",
    } - set(check.metrics)
    assert not missing
    assert check.metrics["dataset_size"] == 128
    assert 0.3 < check.metrics["d_train_vs_heldout"] < 0.7, "it was never trained on either"
    coach.observe(real_logits=torch.ones(8, 1, 3, 3), fake_logits=torch.tensor(-1.0), samples=discs[:64])
    assert checks(coach)[1].metrics["d_pair_accuracy"] == 1, "logits that were passed do not count"
    assert checks(coach)[1].metrics["feature_distance"] < 0.1, "samples that were passed do not count"


def test_there_are_few_health_checks_and_the_first_ones_come_soon() -> None:
    factors = [gap_factor(count) for count in range(2000)]
    assert factors == sorted(factors)
    assert (factors[0], factors[-1]) == (0.125, 1)
    coach = ganvas.Coach()
    due = []
    for step in range(1, 12_001):
        due += [step] if coach.due else []
        coach.observe({"generator": 1.0})
    assert due == [check.step for check in checks(coach)], "it was not due when it said so"
    assert due[0] == 25
    assert due[5] - due[4] == 200
    assert due[-1] - due[-2] > 400, "as many checks as ever in a long training"
    assert len(due) < 50


def test_loss_averages() -> None:
    average = LossAverage()
    for value in (1.0, 3.0, 1e300, -1e300):
        average.add(value)
    assert average.count == 4
    averages = {"generator": LossAverage(1.0, 4.0, 9, 2.0), "other": LossAverage()}
    expected = {"generator_loss": 2.0, "generator_loss_slow": 1.0, "generator_loss_std": 2.0}
    assert loss_metrics(averages, ["generator"]) == expected


def test_the_doctor_reads_what_the_coach_saved(discs: Tensor, tmp_path: Path) -> None:
    loop = Loop(discs)
    coach = loop.coach(check_every=1)
    for _ in range(3):
        coach.observe(**loop.step())  # type: ignore[arg-type]
    coach.observe({"generator": math.nan})
    coach.save(tmp_path / "events.jsonl")
    findings = examine(tmp_path / "events.jsonl")
    assert [span.name for span in findings.spans] == names(coach), "the doctor comes to other verdicts"
    assert findings.advice == coach.advice()


def test_a_resumed_coach_goes_on() -> None:
    whole, first = ganvas.Coach(total_steps=480), ganvas.Coach(total_steps=480)
    losses = [{"generator": float(step % 7)} for step in range(60)]
    for each in losses:
        whole.observe(each)
    for each in losses[:31]:
        first.observe(each)
    second = ganvas.Coach(total_steps=480)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for each in losses[31:]:
        second.observe(each)
    assert len(checks(whole)) > 3
    assert repr(second.history) == repr(whole.history), "the resumed coach differs"


@pytest.mark.slow
@pytest.mark.skipif(not DOCS.is_file(), reason="not in a checkout")
def test_the_examples_of_the_documentation_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 2
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    space: dict[str, object] = {}
    coaches: list[ganvas.Coach] = []
    for block in blocks:
        exec(compile(block, str(DOCS), "exec"), space)
        coach = space["coach"]
        assert isinstance(coach, ganvas.Coach)
        coaches += [coach] if coach not in coaches else []
    _, of_ignite, repairing = coaches
    assert of_ignite.step == 40, "the second example does not observe each step"
    assert set(names(of_ignite)) <= HEALTHY_VERDICTS
    assert repairing.step == 300
    assert any(isinstance(event, Treatment) for event in repairing.history), "the third example repairs nothing"
    assert examine(tmp_path / "events.jsonl").health_checks >= 2


@pytest.mark.slow
def test_torch_is_imported_with_the_coach_only() -> None:
    code = "import sys, ganvas; assert 'torch' not in sys.modules; assert ganvas.Coach; assert 'torch' in sys.modules"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    with pytest.raises(AttributeError, match="Trainer"):
        ganvas.Trainer  # noqa: B018


def test_arguments_of_0_1_still_work_and_warn() -> None:
    with pytest.warns(DeprecationWarning, match="pictures= is now called dataset_size="):
        coach = ganvas.Coach(pictures=400)
    assert coach._facts == {"dataset_size": 400.0}
    with pytest.warns(DeprecationWarning, match=r"Coach\.healthy"):
        assert coach.sound
