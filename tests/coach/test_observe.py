"""The coach in a loop of one's own: it names what goes wrong there, and leaves no trace."""

import copy
import math
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from ignite.engine import Engine, Events
from torch import Tensor, nn
from torch.nn.functional import softplus

import ganvas
import tiny
from ganvas.coach.diagnosis.check_times import gap_factor
from ganvas.coach.diagnosis.diagnoses import DIAGNOSES, HEALTHY_VERDICTS
from ganvas.coach.doctor import examine
from ganvas.coach.measurement.averages import LossAverage, loss_metrics
from ganvas.coach.measurement.metric_names import METRICS
from ganvas.coach.own_loop.probe import copy_of
from ganvas.errors import GanvasError
from ganvas.events import HealthCheck, Verdict
from ganvas.image_io import to_float

LATENT, BATCH = 8, 16
DOCS = Path(__file__).parents[2] / "docs" / "coach.md"


@pytest.fixture(scope="session")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Tensor:
    """Return 128 pictures (N, 3, 16, 16) in [-1, 1]."""
    folder = tiny.write_pictures(tmp_path_factory.mktemp("discs") / "pictures", 128)
    return to_float(torch.from_numpy(np.array(tiny.prepared(folder).images)))


class Loop:
    """Be somebody's loop: a small GAN that knows nothing of Ganvas."""

    def __init__(self, real: Tensor, generators_rate: float = 2e-3) -> None:
        torch.manual_seed(0)
        self.real = real
        self.generator = nn.Sequential(
            nn.Unflatten(1, (LATENT, 1, 1)), nn.ConvTranspose2d(LATENT, 16, 4), nn.BatchNorm2d(16), nn.ReLU(),
            nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.BatchNorm2d(8), nn.ReLU(),
            nn.ConvTranspose2d(8, 3, 4, 2, 1), nn.Tanh(),
        )  # fmt: skip
        self.discriminator = nn.Sequential(
            nn.Conv2d(3, 8, 4, 2, 1), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Conv2d(8, 16, 4, 2, 1),
            nn.BatchNorm2d(16), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(256, 1),
        )  # fmt: skip
        self.optimisers = {
            "generator": torch.optim.Adam(self.generator.parameters(), generators_rate, (0.5, 0.99)),
            "discriminator": torch.optim.Adam(self.discriminator.parameters(), 1e-3, (0.5, 0.99)),
        }

    def step(self, engine: object = None, real: Tensor | None = None) -> dict[str, object]:
        """Take a step, and return what `observe` takes."""
        real = self.real[torch.randint(len(self.real), (BATCH,))] if real is None else real
        fake = self.generator(torch.randn(BATCH, LATENT))
        real_logits, fake_logits = self.discriminator(real), self.discriminator(fake.detach())
        judged = softplus(-real_logits).mean() + softplus(fake_logits).mean()
        drawn = softplus(-self.discriminator(fake)).mean()
        for name, loss in {"discriminator": judged, "generator": drawn}.items():
            self.optimisers[name].zero_grad()
            loss.backward(inputs=list((getattr(self, name)).parameters()), retain_graph=name == "discriminator")
        for optimiser in self.optimisers.values():
            optimiser.step()
        losses = {"generator": drawn, "discriminator": judged}
        return {"losses": losses, "samples": fake, "real_logits": real_logits, "fake_logits": fake_logits}

    def coach(self, **more: object) -> ganvas.Coach:
        return ganvas.Coach(self.real, optimizers=self.optimisers, **more)  # type: ignore[arg-type]


def names(coach: ganvas.Coach) -> list[str]:
    return [event.name for event in coach.history if isinstance(event, Verdict)]


def looks(coach: ganvas.Coach) -> list[HealthCheck]:
    return [event for event in coach.history if isinstance(event, HealthCheck)]


def test_a_loop_of_another_library_is_watched_over(discs: Tensor) -> None:
    loop = Loop(discs)
    trainer, coach, told = Engine(loop.step), loop.coach(total_steps=104), []

    @trainer.on(Events.ITERATION_COMPLETED)
    def listen(engine: Engine) -> None:
        told.append(coach.observe(**engine.state.output))

    trainer.run(discs.split(BATCH), max_epochs=13)
    assert coach.step == 104
    assert 5 < len(looks(coach)) < 12, "it looks too often, or not often enough"
    assert looks(coach)[-1].progress == 1, "the end is not looked at"
    assert looks(coach)[-1].images_seen == 104 * BATCH, "the pictures of a step are not counted"
    assert coach.healthy, f"a false alarm: {names(coach)}"
    assert coach.advice() == DIAGNOSES[names(coach)[-1]].advice
    assert [each.name for each in told if each] == names(coach), "what is told is not what stands in the history"
    assert names(coach)[0] == "warming up"
    unknown = {name for look in looks(coach) for name in look.metrics} - set(METRICS)
    assert not unknown, f"nobody can say what {unknown} means"
    first, last = (look.metrics for look in (looks(coach)[0], looks(coach)[-1]))
    assert last["feature_distance"] < first["feature_distance"], (
        "the samples did not get better, or were not compared with the reals"
    )


def test_a_generator_that_learns_much_too_fast_collapses(discs: Tensor) -> None:
    loop = Loop(discs, generators_rate=2.0)
    coach = loop.coach(every=20)
    engine = Engine(loop.step)

    @engine.on(Events.ITERATION_COMPLETED)
    def listen(engine: Engine) -> None:
        coach.observe(**engine.state.output)
        if not coach.healthy:
            engine.terminate()

    engine.run(discs.split(BATCH), max_epochs=12)
    assert not coach.healthy, "a planted fault is not noticed"
    assert names(coach)[-1] in ("mode collapse", "oscillating", "discriminator wins", "diverging", "stalled")
    assert coach.verdict is not None
    assert coach.verdict.evidence, "a verdict says what it rests on"


def test_pictures_that_are_all_the_same_are_named(discs: Tensor) -> None:
    loop = Loop(discs[:1].repeat(40, 1, 1, 1))
    coach = loop.coach(every=2)
    assert [each.name for each in [coach.observe(**loop.step()) for _ in range(2)] if each] == ["wrong data"]


@pytest.mark.parametrize("bad", [math.nan, math.inf, torch.tensor(math.nan), torch.tensor([-math.inf])])
def test_a_loss_that_is_no_number_is_told_at_once(bad: float | Tensor) -> None:
    coach = ganvas.Coach()
    assert coach.observe({"generator": 1.0, "discriminator": 1.0}) is None
    verdict = coach.observe({"generator": bad, "discriminator": 1.0})
    assert verdict is not None, "nobody was told"
    assert verdict.name == "diverging"
    assert not coach.healthy
    assert coach.advice()
    for _ in range(5):
        coach.observe({"generator": bad})
    assert len(looks(coach)) == 1, "it looks again at each step"
    values = looks(coach)[0].metrics
    assert values["generator_loss"] == 1, "a loss that is no number has spoiled the average"


def test_a_training_that_recovers_is_sound_again() -> None:
    coach = ganvas.Coach(check_every=1)
    coach.observe({"generator": math.nan})
    for _ in range(4):
        coach.observe({"generator": 1.0})
    assert names(coach) == ["diverging", "warming up"]


def test_weights_that_are_no_numbers_are_seen_through_the_optimiser(discs: Tensor) -> None:
    loop = Loop(discs)
    coach = ganvas.Coach(optimizers=loop.optimisers, check_every=1)
    with torch.no_grad():
        loop.generator[1].weight[0] = math.nan
    verdict = coach.observe({"generator": 1.0})
    assert verdict is not None
    assert verdict.name == "diverging"


def test_networks_are_asked_for_what_is_not_given(discs: Tensor) -> None:
    loop = Loop(discs)
    latents = torch.randn(64, LATENT)
    coach = loop.coach(
        generator=loop.generator, latents=latents, discriminator=loop.discriminator, held_out=discs[:20], every=1,
        pictures=128,
    )  # fmt: skip
    coach.observe()
    (look,) = looks(coach)
    missing = {
        "feature_distance",
        "near_copies",
        "generator_dead_units",
        "d_pair_accuracy",
        "d_train_vs_heldout",
        "latent_dim",
    } - set(look.metrics)
    assert not missing
    assert look.metrics["dataset_size"] == 128
    assert 0.3 < look.metrics["d_train_vs_heldout"] < 0.7, "pictures that it was never trained on can't be told apart"
    coach.observe(real_logits=torch.ones(8, 1, 3, 3), fake_logits=torch.tensor(-1.0), samples=discs[:64])
    assert looks(coach)[1].metrics["d_pair_accuracy"] == 1, "logits that were given do not count"
    assert looks(coach)[1].metrics["feature_distance"] < 0.1, "samples that were given do not count"


def traces(loop: Loop) -> Iterator[Tensor]:
    """Yield all that a step of a loop depends on."""
    for name in ("generator", "discriminator"):
        network = getattr(loop, name)
        yield from (each.clone() for each in network.state_dict().values())
        yield torch.tensor([module.training for module in network.modules()])
        yield from (each.grad.clone() for each in network.parameters() if each.grad is not None)
        yield from (
            torch.as_tensor(each).clone()
            for state in loop.optimisers[name].state.values()
            for each in state.values()
        )  # fmt: skip
    yield torch.get_rng_state()
    yield torch.tensor(np.random.get_state()[1].astype(np.int64))
    yield torch.tensor(random.getstate()[1])
    yield torch.tensor(torch.is_grad_enabled())


def test_nothing_is_changed_by_looking(discs: Tensor) -> None:
    loop = Loop(discs)
    given_in_eval = loop.discriminator[4]
    given_in_eval.eval()
    before = list(traces(loop))
    coach = loop.coach(
        generator=loop.generator, latents=torch.ones(64, LATENT), discriminator=loop.discriminator, every=1
    )
    assert all(map(torch.equal, before, traces(loop))), "making a coach has changed something"
    seen = loop.step()
    before = list(traces(loop))
    coach.observe(seen["losses"])  # type: ignore[arg-type]
    after = list(traces(loop))
    assert len(before) == len(after)
    assert all(map(torch.equal, before, after)), "looking has changed something"
    assert len(looks(coach)) == 1


def test_a_watched_loop_is_the_same_bit_for_bit(discs: Tensor) -> None:
    alone, other = Loop(discs), Loop(discs)
    torch.manual_seed(1)
    for _ in range(6):
        alone.step()
    torch.manual_seed(1)
    coach = other.coach(
        generator=other.generator, latents=torch.ones(9, LATENT), discriminator=other.discriminator, every=2
    )
    for _ in range(6):
        coach.observe(**other.step())  # type: ignore[arg-type]
    assert all(map(torch.equal, traces(alone), traces(other)))


def test_weights_that_are_computed_from_others_are_copied() -> None:
    """What torch.nn.utils.spectral_norm leaves in a module cannot be deep-copied after a step."""
    with pytest.warns(FutureWarning):
        layer = nn.utils.weight_norm(nn.Linear(4, 4))
    network = nn.Sequential(nn.utils.spectral_norm(nn.Linear(4, 4)), layer)
    network(torch.ones(2, 4)).sum().backward()
    with pytest.raises(RuntimeError):
        copy.deepcopy(network)
    before = {name: each.clone() for name, each in network.state_dict().items()}
    copied = copy_of(network)
    with torch.no_grad():
        copied(torch.ones(2, 4))
    assert all(torch.equal(each, before[name]) for name, each in network.state_dict().items())
    assert not torch.equal(copied[0].weight_u, network[0].weight_u), "the copy works on the statistics of the other"  # type: ignore[index]


WRONG: dict[str, Callable[[Tensor], object]] = {
    "bytes": lambda discs: ganvas.Coach((discs * 127 + 128).to(torch.uint8)),
    "0 to 255": lambda discs: ganvas.Coach(discs * 127 + 128),
    "one picture": lambda discs: ganvas.Coach(discs[0]),
    "none": lambda discs: ganvas.Coach(discs[:0]),
    "a list": lambda discs: ganvas.Coach(list(discs)),  # type: ignore[arg-type]
    "two channels": lambda discs: ganvas.Coach(discs[:, :2]),
    "held out of another size": lambda discs: ganvas.Coach(discs, held_out=discs[..., :8]),
    "optimiser's name": lambda discs: ganvas.Coach(optimizers={"G": Loop(discs).optimisers["generator"]}),
    "a discriminator that wants labels": lambda discs: ganvas.Coach(discs, discriminator=nn.Bilinear(2, 2, 1)),
    "a judge that returns several": lambda discs: ganvas.Coach(discs, discriminator=nn.LSTM(16, 16)),
    "latents of another length": lambda discs: ganvas.Coach(generator=nn.Linear(8, 8), latents=torch.ones(9, 3)),
    "a generator of rows": lambda discs: ganvas.Coach(generator=nn.Linear(8, 8), latents=torch.ones(9, 8)),
    "every 0": lambda discs: ganvas.Coach(check_every=-1),
    "samples of another size": lambda discs: ganvas.Coach(discs).observe(samples=discs[..., :8]),
    "samples of another kind": lambda discs: ganvas.Coach().observe(samples=discs.argmax(1)),
    "losses of a batch": lambda discs: ganvas.Coach().observe({"generator": torch.ones(8)}),
    "a loss that is none": lambda discs: ganvas.Coach().observe({"generator": None}),  # type: ignore[dict-item]
    "decisions": lambda discs: ganvas.Coach().observe(real_logits=torch.ones(8) > 0),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_in_the_program_is_refused_with_a_hint(discs: Tensor, wrong: str) -> None:
    with pytest.raises(GanvasError) as refused:
        WRONG[wrong](discs)
    assert refused.value.hint, "a user wants to know what to do"


def test_there_are_few_looks_and_the_first_ones_come_soon() -> None:
    shares = [gap_factor(looks) for looks in range(2000)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.125, 1)
    coach = ganvas.Coach()
    due = []
    for step in range(1, 12_001):
        due += [step] if coach.due else []
        coach.observe({"generator": 1.0})
    assert due == [look.step for look in looks(coach)], "it is not due when it says so"
    assert due[0] == 25
    assert due[5] - due[4] == 200
    assert due[-1] - due[-2] > 400, "it looks as often as ever in a long training"
    assert len(due) < 50


def test_losses_are_followed() -> None:
    average = LossAverage()
    for value in (1.0, 3.0, 1e300, -1e300):
        average.add(value)
    assert average.count == 4
    averages = {"generator": LossAverage(1.0, 4.0, 9, 2.0), "other": LossAverage()}
    expected = {"generator_loss": 2.0, "generator_loss_slow": 1.0, "generator_loss_std": 2.0}
    assert loss_metrics(averages, ["generator"]) == expected


def test_the_doctor_reads_what_is_saved(discs: Tensor, tmp_path: Path) -> None:
    loop = Loop(discs)
    coach = loop.coach(every=1)
    for _ in range(3):
        coach.observe(**loop.step())  # type: ignore[arg-type]
    coach.observe({"generator": math.nan})
    coach.save(tmp_path / "events.jsonl")
    findings = examine(tmp_path / "events.jsonl")
    assert [span.name for span in findings.spans] == names(coach), "a replay comes to other verdicts"
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
    assert len(looks(whole)) > 3
    assert repr(second.history) == repr(whole.history), "it does not go on as if nothing had happened"


odd = st.sampled_from([0.0, 1.0, -1.0, 1e-30, 1e30, 3e38, math.nan, math.inf, -math.inf])


@st.composite
def steps(draw: st.DrawFn) -> dict[str, object]:
    """Draw what a loop in trouble may tell."""

    def tensor(*shape: int) -> Tensor:
        made = torch.linspace(-1, 1, math.prod(shape)).reshape(shape) * draw(odd)
        if made.numel():
            made.view(-1)[draw(st.integers(0, made.numel() - 1))] = draw(odd)
        return made

    told: dict[str, object] = {"losses": draw(st.dictionaries(st.sampled_from(["generator", "discriminator"]), odd))}
    count = draw(st.sampled_from([0, 1, 7, 8, 20]))
    shapes = {"samples": (count, 3, 8, 8), "real_logits": (count, 1), "fake_logits": (count,), "held_out_logits": ()}
    return told | {name: tensor(*shape) for name, shape in shapes.items() if draw(st.booleans())}


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow])
@given(real=st.sampled_from([None, 1, 20]), scale=st.sampled_from([0.0, 1.0, math.nan]), told=st.lists(steps()))
def test_whatever_is_told_there_is_a_verdict(real: int | None, scale: float, told: list[dict[str, object]]) -> None:
    pictures = None if real is None else torch.linspace(-1, 1, real * 192).reshape(real, 3, 8, 8) * scale
    coach = ganvas.Coach(pictures, check_every=1)
    for each in told[:4]:
        coach.observe(**each)  # type: ignore[arg-type]
        assert coach.verdict is not None
        assert coach.verdict.name in DIAGNOSES
        losses: dict[str, float] = each["losses"]  # type: ignore[assignment]
        if not all(map(math.isfinite, losses.values())):
            assert coach.verdict.name in {"diverging", "wrong data"}, "a loss that is no number was hidden"


RANK = """
import math, sys
import torch
from torch import distributed, nn
from torch.nn import parallel
import ganvas
from ganvas.coach.measurement.ranks import agree
from ganvas.events import to_json
folder, rank = sys.argv[1], int(sys.argv[2])
distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
known = agree({"a": float(rank), "b": math.nan if rank else 1.0, "c": math.inf if rank else -math.inf}
              | ({"d": 1.0} if rank else {}))
assert known["a"] == 0.5 and all(math.isnan(known[name]) for name in "bcd"), known
real = torch.rand(32, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 192), nn.Unflatten(1, (3, 8, 8)), nn.Tanh())
coach = ganvas.Coach(real, generator=parallel.DistributedDataParallel(network), latents=torch.ones(8, 4))
torch.manual_seed(rank)
told = []
for step in range(1, 61):
    loss = math.nan if step >= 31 and rank == 1 else 1.0
    verdict = coach.observe({"generator": loss + rank}, samples=torch.rand(8 + rank, 3, 8, 8) * 2 - 1)
    if verdict:
        told.append((step, verdict.name))
assert [step for step, _ in told] == [25, 40] and told[1][1] == "diverging", told
coach.save(f"{folder}/{rank}.jsonl")
distributed.destroy_process_group()
"""


def test_two_processes_come_to_the_same_verdicts(tmp_path: Path) -> None:
    """One of them meets a NaN, the other does not."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RANK, str(tmp_path), str(rank)],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
        )
        for rank in range(2)
    ]
    for process in processes:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()
    one, other = ((tmp_path / f"{rank}.jsonl").read_text() for rank in range(2))
    assert one == other, "they have seen different things"
    assert '"generator_dead_units":1.0' in one, "a network that is shared by processes could not be asked"
    assert '"generator_loss":1.5' in one, "what they measured was not averaged"


@pytest.mark.skipif(not DOCS.is_file(), reason="not in a checkout")
def test_the_examples_of_the_documentation_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 2
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    space: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(DOCS), "exec"), space)
    coach = space["coach"]
    assert isinstance(coach, ganvas.Coach)
    assert coach.step == 40, "the second example does not listen to each step"
    assert set(names(coach)) <= HEALTHY_VERDICTS
    assert examine(tmp_path / "events.jsonl").health_checks >= 2


def test_the_name_is_there_and_nothing_heavy_is_imported_for_it() -> None:
    code = "import sys, ganvas; assert 'torch' not in sys.modules; assert ganvas.Coach; assert 'torch' in sys.modules"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    with pytest.raises(AttributeError, match="Trainer"):
        ganvas.Trainer  # noqa: B018
