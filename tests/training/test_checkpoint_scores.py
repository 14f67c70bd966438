"""Scores on the way tell good samples from bad, are always taken alike, and leave the training as it was."""

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

import tiny
from ganvas.config import Config
from ganvas.data import PreparedDataset
from ganvas.data.split import split
from ganvas.event_log import from_json, to_json
from ganvas.events import Score
from ganvas.metrics.score_descriptions import SCORE_DESCRIPTIONS
from ganvas.models.base import Generator
from ganvas.training.monitoring import checkpoint_scores
from ganvas.training.monitoring.checkpoint_scores import RANKED_BY, CheckpointScorer
from ganvas.training.state import State, new_state
from ganvas.training.state_io import state_to_tensors

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
MANY = 24  # samples; the usual 512 would only take longer


class Copier(Generator):
    """Be a generator that gives the training pictures back."""

    def __init__(self, pictures: Tensor) -> None:
        super().__init__()
        self.pictures = pictures

    def forward(self, z: Tensor, *_: Tensor) -> Tensor:
        return self.pictures[torch.arange(len(z)) % len(self.pictures)]


@pytest.fixture
def data(pictures: Path) -> PreparedDataset:
    return tiny.prepared(pictures)


@pytest.fixture
def config() -> Config:
    return tiny.config("dcgan")


@pytest.fixture(autouse=True)
def _few_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_scores, "REPLICATES", 3)


def state_at(config: Config, step: int = 7) -> State:
    state = new_state(config, CPU)
    state.counters.step, state.counters.images_seen = step, 8 * step
    return state


def copies(data: PreparedDataset) -> Copier:
    return Copier(torch.from_numpy(data.images.copy()).float().div(127.5).sub(1))


def test_good_samples_are_told_from_bad(data: PreparedDataset, config: Config) -> None:
    state = state_at(config)
    scorer = CheckpointScorer(config, data, CPU, MANY)
    poor, good = scorer.score(state, state.networks.g_ema), scorer.score(state, copies(data))
    for key in ("frechet", "frechet_plain", "kid"):
        assert good[key].value < poor[key].value / 10, f"{key}: copies of the pictures should be far nearer than noise"
    for key in ("precision", "recall", "coverage"):
        assert good[key].value > poor[key].value, f"{key}: noise looks as real as copies of the pictures"


def test_samples_all_alike_have_no_rank_unless_the_pictures_are_so_too(data: PreparedDataset, config: Config) -> None:
    state, one = state_at(config), data.images[:1]
    collapsed = copies(replace(data, images=one))
    scorer = CheckpointScorer(config, data, CPU, MANY)
    assert scorer.rank(scorer.score(state, collapsed)) is None
    various = scorer.score(state, copies(data))
    assert scorer.rank(various) == various[RANKED_BY].value
    same = CheckpointScorer(config, replace(data, images=one.repeat(len(data.images), 0)), CPU, MANY)
    found = same.score(state, collapsed)
    assert same.rank(found) == found[RANKED_BY].value, "nothing else can be learned from such pictures"


def test_each_score_is_an_event(data: PreparedDataset, config: Config) -> None:
    state = state_at(config)
    found = CheckpointScorer(config, data, CPU, MANY).score(state, copies(data))
    assert RANKED_BY in found
    for key, event in found.items():
        assert event.score == SCORE_DESCRIPTIONS[key][0]
        assert (event.step, event.images_seen, event.count) == (7, 56, MANY)
        assert event.low is not None
        assert event.high is not None
        assert event.low <= event.value <= event.high
        assert from_json(to_json(event)) == event
    assert found["frechet"].network == "efficientnet-lite0"
    assert {event.score for event in found.values()} >= {"Frechet distance", "Kernel distance (KID)", "Coverage"}


def test_scoring_twice_gives_the_same(data: PreparedDataset, config: Config) -> None:
    state = state_at(config)
    first = CheckpointScorer(config, data, CPU, MANY).score(state, state.networks.g_ema)
    torch.manual_seed(3)
    scorer = CheckpointScorer(config, data, CPU, MANY)
    assert scorer.score(state, state.networks.g_ema) == first, "checkpoints are not compared alike"
    assert scorer.score(state, state.networks.g_ema) == first
    later = scorer.score(state_at(config, 8), state.networks.g_ema)
    assert {key: event.value for key, event in later.items()} == {key: event.value for key, event in first.items()}


def test_scoring_leaves_the_training_alone(data: PreparedDataset, config: Config) -> None:
    state = state_at(config)
    before = copy.deepcopy(state_to_tensors(state))
    torch.manual_seed(5)
    CheckpointScorer(config, data, CPU, MANY).score(state, state.networks.g_ema.eval())
    drawn = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(1)), "scoring used up random numbers that training may want"
    tensors, facts = state_to_tensors(state)
    assert facts == before[1]
    for name, tensor in tensors.items():
        assert torch.equal(tensor, before[0][name]), f"scoring changed {name}"


def test_the_real_pictures_are_looked_at_once(data: PreparedDataset, config: Config) -> None:
    state, samples = state_at(config), copies(data)
    found = CheckpointScorer(config, data, CPU, MANY).score(state, samples)
    unseen = replace(data, images=data.images * 0)  # under the same fingerprint
    assert CheckpointScorer(config, unseen, CPU, MANY).score(state, samples) == found, (
        "features of the real pictures should be computed once, and kept"
    )


def test_held_out_pictures_are_not_compared_with(data: PreparedDataset, config: Config) -> None:
    """They are for telling learning from learning by heart, and the best checkpoint must not be chosen by them."""
    hidden = split(tiny.COUNT, 6).held_out
    blackened = data.images.copy()
    blackened[hidden] = 0
    state, config = state_at(config), replace(config, held_out=6)
    found = [
        CheckpointScorer(config, each, CPU, MANY).score(state, copies(data))
        for each in (data, replace(data, images=blackened, fingerprint="blackened"))
    ]
    assert found[0] == found[1]


def test_labelled_runs_are_scored(data: PreparedDataset, config: Config) -> None:
    config = replace(config, classes=("cats", "dogs"))
    state = state_at(config)
    assert CheckpointScorer(config, data, CPU, MANY).score(state, state.networks.g_ema)[RANKED_BY].value > 0


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (4, "RGBA")])
def test_grey_and_transparent_pictures_are_scored(channels: int, mode: str, tmp_path: Path) -> None:
    config = tiny.config("dcgan", channels=channels)
    state = state_at(config)
    data = tiny.prepared(tiny.write_pictures(tmp_path / mode, mode=mode))
    pictures = torch.from_numpy(data.images.copy()[:, :1]).expand(-1, channels, -1, -1).numpy()
    found = CheckpointScorer(config, replace(data, images=pictures), CPU, MANY).score(state, state.networks.g_ema)
    assert isinstance(found[RANKED_BY], Score)
