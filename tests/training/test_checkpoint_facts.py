"""What a stranger's checkpoint says: refused before anything is built from it, if no training writes that."""

import copy
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from stepping import CPU

import tiny
from ganvas.checkpoint import FACTS, Facts, checkpoint_path
from ganvas.coach.measurement.averages import LossAverage
from ganvas.config import Config
from ganvas.errors import GanvasError
from ganvas.events import Prescription
from ganvas.limits import MAX_PHASES
from ganvas.training.checkpoint_facts import checked_facts, identity, newest_facts
from ganvas.training.state import BestCheckpoint, CoachState, Counters, new_state
from ganvas.training.state_io import state_to_tensors

NAN, INFINITY, GOOGOLPLEX = float("nan"), float("inf"), 10**400


@pytest.fixture
def config() -> Config:
    return tiny.config("fc")


@pytest.fixture
def facts(config: Config) -> Facts:
    """Return facts in which everything that may be there is there."""
    state = new_state(config, CPU)
    state.counters = Counters(7, 56, 1.5, best=BestCheckpoint(3.5, 4), loss_averages={"generator": LossAverage()})
    state.coach = CoachState((Prescription("lr", "generator", 0.5, step=3),), (2, 4))
    facts = state_to_tensors(state)[1] | {"events": 9, "training": asdict(identity(config))}
    return json.loads(json.dumps(facts))  # type: ignore[no-any-return]


def test_what_a_training_writes_is_left_as_it_is(config: Config, facts: Facts, tmp_path: Path) -> None:
    assert checked_facts(config, copy.deepcopy(facts), tmp_path) == facts


def test_a_loss_that_was_no_number_is_no_fault_of_the_checkpoint(config: Config, facts: Facts, tmp_path: Path) -> None:
    facts["counters"]["loss_averages"]["generator"] = {"mean": NAN, "variance": NAN, "count": 3, "fast_mean": INFINITY}
    checked_facts(config, facts, tmp_path)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *((("counters",), value) for value in (None, [], 5, "x", {"step": 1, "later": 2})),
        *((("counters", "step"), value) for value in (-10, 15.5, "15", True, GOOGOLPLEX, None)),
        *((("counters", "images_seen"), value) for value in (-1, None)),
        *((("counters", "seconds"), value) for value in (NAN, INFINITY, -1.0, "x", GOOGOLPLEX)),
        (("counters", "ada_p"), 1.5),
        (("counters", "n_microbatches"), 0),
        *((("counters", "best"), value) for value in (5, [0.0, 9], {"distance": 0.0, "step": "../../x"})),
        (("counters", "best", "step"), -1),
        *((("counters", "loss_averages"), value) for value in ([], {"generator": [1, 2, 3]}, {"generator": {"x": 1}})),
        (("counters", "loss_averages", "generator", "count"), -1),
        (("counters", "loss_averages", "generator", "variance"), -1.0),
        *((("coach",), value) for value in (None, [], "x")),
        *((("coach", "healthy_checkpoints"), value) for value in (["x"], [-1], 5)),
        *((("coach", "aside"), value) for value in (5, [], {}, {"step": "../x", "distance": 1.0, "until": 1})),
        *((("coach", "aside"), {"step": 1, "distance": 1.0, "until": 1} | {name: -1}) for name in ("step", "until")),
        *((("coach", "aside"), {"step": 1, "distance": value, "until": 1}) for value in (NAN, INFINITY, -1.0)),
        *((("coach", "prescriptions"), value) for value in ([5], [{}], [{"kind": "zzz"}], [{"kind": "lr"}])),
        (("coach", "prescriptions"), [{"kind": "d_skip"}] * (MAX_PHASES + 1)),
        *((("coach", "prescriptions", 0, "value"), value) for value in (NAN, INFINITY, 1e300, GOOGOLPLEX)),
        (("coach", "prescriptions", 0, "value"), -1.0),  # and so the learning rate
        (("coach", "prescriptions", 0), {"kind": "n_critic", "value": 0}),
        (("coach", "prescriptions", 0), {"kind": "pac", "value": 1e9}),
        (("coach", "prescriptions"), [{"kind": "pace", "value": 1e18}] * 20),
        *((("scalers",), value) for value in (None, [], 5, {"generator": 5}, {"generator": {"scale": "x"}})),
        *((("events",), value) for value in (-1, 1.5, "x", None, GOOGOLPLEX)),
        *((("training",), value) for value in ([], 5, "x", {})),
    ],
    ids=str,
)
def test_what_no_training_writes_is_refused_with_a_way_out(
    place: tuple[Any, ...], value: Any, config: Config, facts: Facts, tmp_path: Path
) -> None:
    target: Any = facts
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    with pytest.raises(GanvasError) as caught:
        checked_facts(config, facts, tmp_path)
    assert str(tmp_path) in caught.value.message
    assert caught.value.hint


OF_0_1 = {"step": 7, "images": 56, "seconds": 1.5, "averages": {"generator": [0.5, 0.1, 7]}, "best": [3.5, 4]}


@pytest.mark.parametrize(
    "change",
    [
        *(
            {"averages": value}
            for value in ([], 5, {"generator": 5}, {"generator": [1]}, {"generator": ["x", "y", "z"]})
        ),
        *({"best": value} for value in (5, [1], ["x", "y"], [1.0, -10])),
        *({"step": value} for value in (-10, "x", None)),
        *({"prescriptions": value} for value in (5, [5], [{}], [{"kind": 5}], [{"kind": "zzz"}])),
        *({"parts": value} for value in (0, "x")),
        {"healthy": 5},
        {"scalers": []},
        {"events": -1},
    ],
    ids=str,
)
def test_so_are_facts_of_0_1(change: Facts, config: Config, tmp_path: Path) -> None:
    assert checked_facts(config, OF_0_1, tmp_path)["counters"]["step"] == 7
    with pytest.raises(GanvasError) as caught:
        checked_facts(config, OF_0_1 | change, tmp_path)
    assert caught.value.hint
    with pytest.raises(GanvasError, match="of no release of ganvas"):
        checked_facts(config, {}, tmp_path)


@pytest.mark.parametrize("text", ["[" * 200_000, "[]", "5", "{", "1" * 5000])
def test_facts_that_cannot_be_read_are_told_of_when_the_checkpoint_is_loaded(
    text: str, config: Config, tmp_path: Path
) -> None:
    assert newest_facts(config, tmp_path) is None
    checkpoint_path(tmp_path, 7).mkdir()
    (checkpoint_path(tmp_path, 7) / FACTS).write_text(text)
    assert newest_facts(config, tmp_path) is None
