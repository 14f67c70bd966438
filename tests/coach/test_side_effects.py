"""The coach in a user's own loop: it changes nothing there, and copes with any arguments and several processes."""

import copy
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from own_loop import LATENT, Loop, checks
from torch import Tensor, nn

import ganvas
from ganvas.coach.diagnosis.diagnoses import DIAGNOSES
from ganvas.coach.user_loop.probe import copy_of
from ganvas.errors import GanvasError


def traces(loop: Loop) -> Iterator[Tensor]:
    """Yield all that a training step depends on."""
    for name in ("generator", "discriminator"):
        network = getattr(loop, name)
        yield from (each.clone() for each in network.state_dict().values())
        yield torch.tensor([module.training for module in network.modules()])
        yield from (each.grad.clone() for each in network.parameters() if each.grad is not None)
        yield from (
            torch.as_tensor(each).clone()
            for state in loop.optimizers[name].state.values()
            for each in state.values()
        )  # fmt: skip
    yield torch.get_rng_state()
    yield torch.tensor(np.random.get_state()[1].astype(np.int64))
    yield torch.tensor(random.getstate()[1])
    yield torch.tensor(torch.is_grad_enabled())


def test_a_health_check_changes_nothing(discs: Tensor) -> None:
    loop = Loop(discs)
    loop.discriminator[4].eval()
    before = list(traces(loop))
    coach = loop.coach(
        generator=loop.generator, latents=torch.ones(64, LATENT), discriminator=loop.discriminator, check_every=1
    )
    assert all(map(torch.equal, before, traces(loop))), "making a coach has changed something"
    arguments = loop.step()
    before = list(traces(loop))
    coach.observe(arguments["losses"])  # type: ignore[arg-type]
    after = list(traces(loop))
    assert len(before) == len(after)
    assert all(map(torch.equal, before, after)), "the health check has changed something"
    assert len(checks(coach)) == 1


def test_a_watched_loop_is_the_same_bit_for_bit(discs: Tensor) -> None:
    alone, other = Loop(discs), Loop(discs)
    torch.manual_seed(1)
    for _ in range(6):
        alone.step()
    torch.manual_seed(1)
    coach = other.coach(
        generator=other.generator, latents=torch.ones(9, LATENT), discriminator=other.discriminator, check_every=2
    )
    for _ in range(6):
        coach.observe(**other.step())  # type: ignore[arg-type]
    assert all(map(torch.equal, traces(alone), traces(other)))


def test_computed_weights_are_copied() -> None:
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
    assert not torch.equal(copied[0].weight_u, network[0].weight_u), "the copy shares its buffers with the original"  # type: ignore[index]


WRONG: dict[str, Callable[[Tensor], object]] = {
    "bytes": lambda discs: ganvas.Coach((discs * 127 + 128).to(torch.uint8)),
    "0 to 255": lambda discs: ganvas.Coach(discs * 127 + 128),
    "one picture": lambda discs: ganvas.Coach(discs[0]),
    "none": lambda discs: ganvas.Coach(discs[:0]),
    "a list": lambda discs: ganvas.Coach(list(discs)),  # type: ignore[arg-type]
    "two channels": lambda discs: ganvas.Coach(discs[:, :2]),
    "held out of another size": lambda discs: ganvas.Coach(discs, held_out=discs[..., :8]),
    "optimizer's name": lambda discs: ganvas.Coach(optimizers={"G": Loop(discs).optimizers["generator"]}),
    "a discriminator that wants labels": lambda discs: ganvas.Coach(discs, discriminator=nn.Bilinear(2, 2, 1)),
    "a discriminator that returns several": lambda discs: ganvas.Coach(discs, discriminator=nn.LSTM(16, 16)),
    "latents of another length": lambda discs: ganvas.Coach(generator=nn.Linear(8, 8), latents=torch.ones(9, 3)),
    "a generator of rows": lambda discs: ganvas.Coach(generator=nn.Linear(8, 8), latents=torch.ones(9, 8)),
    "check_every -1": lambda discs: ganvas.Coach(check_every=-1),
    "samples of another size": lambda discs: ganvas.Coach(discs).observe(samples=discs[..., :8]),
    "samples of another kind": lambda discs: ganvas.Coach().observe(samples=discs.argmax(1)),
    "losses of a batch": lambda discs: ganvas.Coach().observe({"generator": torch.ones(8)}),
    "a loss that is none": lambda discs: ganvas.Coach().observe({"generator": None}),  # type: ignore[dict-item]
    "decisions": lambda discs: ganvas.Coach().observe(real_logits=torch.ones(8) > 0),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_arguments_are_refused_with_a_hint(discs: Tensor, wrong: str) -> None:
    with pytest.raises(GanvasError) as refused:
        WRONG[wrong](discs)
    assert refused.value.hint, "it does not say what to do"


odd = st.sampled_from([0.0, 1.0, -1.0, 1e-30, 1e30, 3e38, math.nan, math.inf, -math.inf])


@st.composite
def steps(draw: st.DrawFn) -> dict[str, object]:
    """Draw arguments of `observe`, as a broken loop may pass them."""

    def tensor(*shape: int) -> Tensor:
        values = torch.linspace(-1, 1, math.prod(shape)).reshape(shape) * draw(odd)
        if values.numel():
            values.view(-1)[draw(st.integers(0, values.numel() - 1))] = draw(odd)
        return values

    arguments: dict[str, object] = {
        "losses": draw(st.dictionaries(st.sampled_from(["generator", "discriminator"]), odd))
    }
    count = draw(st.sampled_from([0, 1, 7, 8, 20]))
    shapes = {"samples": (count, 3, 8, 8), "real_logits": (count, 1), "fake_logits": (count,), "held_out_logits": ()}
    return arguments | {name: tensor(*shape) for name, shape in shapes.items() if draw(st.booleans())}


@pytest.mark.slow
@settings(max_examples=40, derandomize=True)
@given(real=st.sampled_from([None, 1, 20]), scale=st.sampled_from([0.0, 1.0, math.nan]), calls=st.lists(steps()))
def test_any_arguments_give_a_verdict(real: int | None, scale: float, calls: list[dict[str, object]]) -> None:
    images = None if real is None else torch.linspace(-1, 1, real * 192).reshape(real, 3, 8, 8) * scale
    coach = ganvas.Coach(images, check_every=1)
    for each in calls[:4]:
        coach.observe(**each)  # type: ignore[arg-type]
        assert coach.verdict is not None
        assert coach.verdict.name in DIAGNOSES
        losses: dict[str, float] = each["losses"]  # type: ignore[assignment]
        if not all(map(math.isfinite, losses.values())):
            assert coach.verdict.name in {"diverging", "wrong data"}, "a loss that is not finite was hidden"


RANK = """
import math, sys
import torch
from torch import distributed, nn
from torch.nn import parallel
import ganvas
from ganvas.coach.measurement.ranks import average_over_ranks
from ganvas.event_log import to_json
folder, rank = sys.argv[1], int(sys.argv[2])
distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
means = average_over_ranks({"a": float(rank), "b": math.nan if rank else 1.0, "c": math.inf if rank else -math.inf}
              | ({"d": 1.0} if rank else {}))
assert means["a"] == 0.5 and all(math.isnan(means[name]) for name in "bcd"), means
real = torch.rand(32, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 192), nn.Unflatten(1, (3, 8, 8)), nn.Tanh())
coach = ganvas.Coach(real, generator=parallel.DistributedDataParallel(network), latents=torch.ones(8, 4))
torch.manual_seed(rank)
verdicts = []
for step in range(1, 61):
    loss = math.nan if step >= 31 and rank == 1 else 1.0
    verdict = coach.observe({"generator": loss + rank}, samples=torch.rand(8 + rank, 3, 8, 8) * 2 - 1)
    if verdict:
        verdicts.append((step, verdict.name))
assert [step for step, _ in verdicts] == [25, 40] and verdicts[1][1] == "diverging", verdicts
coach.save(f"{folder}/{rank}.jsonl")
distributed.destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_come_to_the_same_verdicts(tmp_path: Path) -> None:
    """One of them has a NaN loss, the other does not."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RANK, str(tmp_path), str(rank)],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
        )
        for rank in range(2)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    one, other = ((tmp_path / f"{rank}.jsonl").read_text() for rank in range(2))
    assert one == other, "the ranks recorded different metrics"
    assert '"generator_dead_units":1.0' in one, "a network in DDP could not be run"
    assert '"generator_loss":1.5' in one, "the metrics were not averaged"
