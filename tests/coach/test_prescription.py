"""Prescriptions: each changes what it says, and nothing else."""

import dataclasses
from dataclasses import replace
from typing import Any

import pytest

import tiny
from ganvas.coach.prescription import KINDS, POLICIES, treated
from ganvas.config import BalanceConfig, Config, OptimiserConfig, PenaltyConfig, from_dict, to_dict
from ganvas.data import augment
from ganvas.errors import GanvasError
from ganvas.events import Prescription


def changed(config: Config, *orders: Prescription) -> dict[str, Any]:
    """Return the fields that are not as they were."""
    now = treated(config, orders)
    names = [each.name for each in dataclasses.fields(Config)]
    return {name: getattr(now, name) for name in names if getattr(now, name) != getattr(config, name)}


def test_nothing_prescribed_changes_nothing() -> None:
    config = tiny.config()
    assert treated(config, ()) is config


CHANGES: dict[str, tuple[Prescription, dict[str, Any]]] = {
    "rate": (
        Prescription("rate", "discriminator", 0.5),
        {"optimisers": {"generator": OptimiserConfig(2e-4), "discriminator": OptimiserConfig(1e-4)}},
    ),
    "beta1": (
        Prescription("beta1", "generator", 0.0),
        {"optimisers": {"generator": OptimiserConfig(2e-4, 0.0), "discriminator": OptimiserConfig(2e-4)}},
    ),
    "skip": (Prescription("skip", value=0.3), {"balance": BalanceConfig(skip_below=0.3)}),
    "critic": (Prescription("critic", value=2.0), {"balance": BalanceConfig(critic=2)}),
    "penalty": (Prescription("penalty", value=5.0, name="r1"), {"penalty": PenaltyConfig("r1", 5.0, 4)}),
    "loss": (Prescription("loss", name="hinge"), {"loss": "hinge"}),
    "augment": (
        Prescription("augment", value=0.4),
        {"augment": POLICIES, "balance": BalanceConfig(augmented=0.4)},
    ),
    "noise": (Prescription("noise", value=0.1), {"balance": BalanceConfig(noise=0.1)}),
    "accumulate": (Prescription("accumulate", value=4.0), {"balance": BalanceConfig(accumulate=4)}),
    "pack": (Prescription("pack", value=2.0), {"balance": BalanceConfig(pack=2)}),
}


def test_every_kind_that_changes_the_configuration_is_tested_here() -> None:
    assert CHANGES.keys() == {name for name, kind in KINDS.items() if kind.change}


@pytest.mark.parametrize("kind", CHANGES)
def test_each_changes_what_it_says_and_nothing_else(kind: str) -> None:
    config = tiny.config("dcgan")
    before = to_dict(config)
    order, expected = CHANGES[kind]
    assert changed(config, order) == expected
    assert to_dict(config) == before, "the run's own configuration was changed"
    assert changed(config, order) == expected, "the same twice"


@pytest.mark.parametrize("kind", [name for name, each in KINDS.items() if each.change is None])
def test_what_is_done_once_leaves_the_configuration_alone(kind: str) -> None:
    assert changed(tiny.config(), Prescription(kind, "generator", 1.0)) == {}
    assert KINDS[kind].once


def test_the_later_one_counts_and_rates_multiply() -> None:
    config = tiny.config()
    order = Prescription("rate", "generator", 0.5)
    now = treated(config, [order, order, Prescription("noise", value=0.1), Prescription("noise", value=0.0)])
    assert now.optimisers["generator"].learning_rate == pytest.approx(5e-5)
    assert now.balance == BalanceConfig()


def test_a_recipes_own_augmentation_stays() -> None:
    config = tiny.config(augment=("color",))
    assert treated(config, [Prescription("augment", value=0.5)]).augment == ("color",)


def test_the_policies_are_those_that_there_are() -> None:
    assert set(POLICIES) <= set(augment.POLICIES)


def test_a_lazy_penalty_stays_as_lazy() -> None:
    config = replace(tiny.config(), penalty=PenaltyConfig("r1", 1.0, 16))
    assert treated(config, [Prescription("penalty", value=2.0, name="r1")]).penalty == PenaltyConfig("r1", 2.0, 16)


def test_a_treated_configuration_is_one_like_any_other() -> None:
    config = treated(tiny.config(), [order for order, _ in CHANGES.values()])
    assert from_dict(Config, to_dict(config)) == config


def test_what_nobody_knows_is_refused_by_its_name() -> None:
    with pytest.raises(GanvasError, match="Did you mean 'noise'"):
        treated(tiny.config(), [Prescription("noize")])
    with pytest.raises(GanvasError, match="no optimiser 'decoder'"):
        treated(tiny.config(), [Prescription("rate", "decoder", 0.5)])
    with pytest.raises(GanvasError, match="no optimiser 'encoder'"):
        treated(tiny.config(), [Prescription("beta1", "encoder", 0.5)])
