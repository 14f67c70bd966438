"""Looking at the discriminator's logits changes nothing, and what is seen is how it judges."""

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import tiny
from ganvas.config import Config
from ganvas.data import PreparedDataset
from ganvas.data.loader import Loader
from ganvas.event_log import from_json, to_json
from ganvas.events import LogitHistograms
from ganvas.models.base import Discriminator, Generator
from ganvas.training.monitoring.logit_histograms import BINS, COUNT, logit_histograms
from ganvas.training.phases import STEPS
from ganvas.training.state import State, new_state
from ganvas.training.state_io import state_to_tensors
from ganvas.training.steps.batch import make_batch

CPU = torch.device("cpu")
CONFIGS = {
    "dcgan": lambda: tiny.config("dcgan"),
    "quick": lambda: tiny.config("quick"),
    "fc": lambda: tiny.config("fc"),
    "augmented": lambda: tiny.config("dcgan", augment=("color", "translation", "cutout"), flip=True),
    "labelled": lambda: tiny.config("dcgan", classes=("cats", "dogs")),
}


@pytest.fixture
def data(pictures: Path) -> PreparedDataset:
    labels = torch.arange(tiny.COUNT).remainder(2).numpy()
    return replace(tiny.prepared(pictures), labels=labels, classes=("cats", "dogs"))


def look(state: State, config: Config, data: PreparedDataset) -> LogitHistograms:
    return logit_histograms(state, config, Loader(data, config.seed), CPU)


@pytest.mark.parametrize("kind", CONFIGS)
def test_looking_changes_nothing(kind: str, data: PreparedDataset) -> None:
    config = CONFIGS[kind]()
    state = new_state(config, CPU)
    _train(state, config, data, 2)
    before, modes = (
        copy.deepcopy(state_to_tensors(state)),
        [each.training for net in _networks(state) for each in net.modules()],
    )
    needing = [each.requires_grad for net in _networks(state) for each in net.parameters()]
    torch.manual_seed(5)
    look(state, config, data)
    drawn = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(1)), "looking used up random numbers that training may want"
    tensors, facts = state_to_tensors(state)
    assert facts == before[1]
    assert tensors.keys() == before[0].keys()
    for name, tensor in tensors.items():
        assert torch.equal(tensor, before[0][name]), f"looking changed {name}"
    assert any("running_mean" in name for name in tensors) or kind != "dcgan", "is this test of any use?"
    assert [each.training for net in _networks(state) for each in net.modules()] == modes
    assert [each.requires_grad for net in _networks(state) for each in net.parameters()] == needing


def test_training_is_the_same_with_and_without_looking(data: PreparedDataset) -> None:
    config = CONFIGS["dcgan"]()
    watched, alone = new_state(config, CPU), new_state(config, CPU)
    for _ in range(3):
        _train(watched, config, data, 1)
        look(watched, config, data)
        _train(alone, config, data, 1)
    for name, tensor in state_to_tensors(alone)[0].items():
        assert torch.equal(state_to_tensors(watched)[0][name], tensor), f"{name} depends on whether somebody looks"


def _networks(state: State) -> list[nn.Module]:
    return list(state.networks.by_name().values())


def _train(state: State, config: Config, data: PreparedDataset, steps: int) -> None:
    loader = Loader(data, config.seed)
    for _ in range(steps):
        pictures, labels = loader.batch(state.counters.images_seen, 8)
        random = torch.Generator().manual_seed(state.counters.step)
        material = make_batch(config, pictures, labels if config.classes else None, random, CPU)
        STEPS["sharpen" if config.autoencoder else "adversarial"](state, config, material)
        state.counters.step, state.counters.images_seen = state.counters.step + 1, state.counters.images_seen + 8


@pytest.mark.parametrize("kind", CONFIGS)
def test_counts_add_up(kind: str, data: PreparedDataset) -> None:
    config = CONFIGS[kind]()
    state = new_state(config, CPU)
    state.counters.step, state.counters.images_seen = 7, 56
    event = look(state, config, data)
    assert (event.step, event.images_seen) == (7, 56)
    assert len(event.real) == len(event.fake) == BINS
    assert sum(event.real) == sum(event.fake) == COUNT, "some logits lie outside of the histogram"
    assert event.low < event.high
    assert event.real[0] + event.fake[0] > 0, "the range begins below the least logit"
    assert event.real[-1] + event.fake[-1] > 0, "the range ends above the greatest logit"
    assert look(state, config, data) == event, "looking twice shows two things"
    assert from_json(to_json(event)) == event


class Judge(Discriminator):
    """Be a discriminator that a function plays."""

    def __init__(self, judge: Callable[..., Tensor]) -> None:
        super().__init__()
        self.judge = judge

    def forward(self, *given: Tensor) -> Tensor:
        return self.judge(*given)


class Black(Generator):
    """Be a generator of black pictures."""

    def forward(self, latents: Tensor, *_: Tensor) -> Tensor:
        return torch.full((len(latents), 3, 16, 16), -1.0)


def judged_by(judge: Callable[..., Tensor], data: PreparedDataset, **changes: object) -> LogitHistograms:
    config = tiny.config("dcgan", **changes)
    state = new_state(config, CPU)
    state.networks.discriminator, state.networks.generator = Judge(judge), Black()
    return look(state, config, data)


def test_a_winning_discriminator_is_seen_to_win(data: PreparedDataset) -> None:
    event = judged_by(lambda pictures: 3 * pictures.mean((1, 2, 3)), data)
    assert event.low == -3, "black pictures get -3"
    assert event.fake[0] == COUNT
    assert event.real[0] == 0, "real pictures are on white: real and fake are mixed up"
    assert sum(event.real[BINS // 2 :]) == COUNT


def test_a_fooled_discriminator_is_seen_to_be_fooled(data: PreparedDataset) -> None:
    event = judged_by(lambda pictures: torch.zeros(len(pictures)), data)
    assert event.low < 0 < event.high, "a range without width cannot be drawn"
    assert event.real == event.fake
    assert sum(event.real) == COUNT


def test_labels_reach_the_discriminator(data: PreparedDataset) -> None:
    event = judged_by(lambda _, labels: labels.float(), data, classes=("cats", "dogs"))
    assert event.real == event.fake, "fakes are made for the labels of the real pictures"
    assert event.real[0] + event.real[-1] == COUNT
    assert 0 < event.real[0] < COUNT


def test_fakes_are_augmented_like_real_pictures(data: PreparedDataset) -> None:
    plain = judged_by(lambda pictures: pictures.mean((1, 2, 3)), data)
    augmented = judged_by(lambda pictures: pictures.mean((1, 2, 3)), data, augment=("color",))
    assert max(plain.fake) == COUNT
    assert max(augmented.fake) < COUNT, "the discriminator never sees fakes as they are"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_broken_network_is_left_to_the_losses(value: float, data: PreparedDataset) -> None:
    event = judged_by(lambda pictures: torch.full((len(pictures),), value), data)
    assert math.isfinite(event.low)
    assert math.isfinite(event.high)
    assert sum(event.real) + sum(event.fake) == 0
