"""Prescriptions: each changes what it says, and nothing else."""

import dataclasses
from dataclasses import replace
from typing import Any

import pytest

import tiny
from ganvas.coach.treatment.prescription import DEFAULT_AUGMENT, KINDS, with_prescriptions
from ganvas.config import (
    AdaConfig,
    BalanceConfig,
    Config,
    OptimizerConfig,
    PenaltyConfig,
    PhaseConfig,
    from_dict,
    to_dict,
)
from ganvas.data import augment
from ganvas.errors import GanvasError
from ganvas.events import Prescription
from ganvas.planning.schedule import config_in_phase


def changed(config: Config, *prescriptions: Prescription) -> dict[str, Any]:
    """Return the fields that the prescriptions change, with their new values."""
    now = with_prescriptions(config, prescriptions)
    names = [field.name for field in dataclasses.fields(Config)]
    return {name: getattr(now, name) for name in names if getattr(now, name) != getattr(config, name)}


def test_nothing_prescribed_changes_nothing() -> None:
    config = tiny.config()
    assert with_prescriptions(config, ()) is config


PHASE = PhaseConfig("adversarial", 1.0, 8, steps=10)
AFTER_3 = replace(PHASE, steps=7, time_share=0.7)
CHANGES: dict[str, tuple[Prescription, dict[str, Any]]] = {
    "lr": (
        Prescription("lr", "discriminator", 0.5),
        {"optimizers": {"generator": OptimizerConfig(2e-4), "discriminator": OptimizerConfig(1e-4)}},
    ),
    "beta1": (
        Prescription("beta1", "generator", 0.0),
        {"optimizers": {"generator": OptimizerConfig(2e-4, 0.0), "discriminator": OptimizerConfig(2e-4)}},
    ),
    "d_skip": (Prescription("d_skip", value=0.3), {"balance": BalanceConfig(d_skip_below_loss=0.3)}),
    "n_critic": (Prescription("n_critic", value=2.0), {"balance": BalanceConfig(n_critic=2)}),
    "penalty": (Prescription("penalty", value=5.0, name="r1"), {"penalty": PenaltyConfig("r1", 5.0, 4)}),
    "loss": (Prescription("loss", name="hinge"), {"loss": "hinge"}),
    "augment": (
        Prescription("augment", value=0.4),
        {"augment": DEFAULT_AUGMENT, "balance": BalanceConfig(augment_p=0.4)},
    ),
    "instance_noise": (Prescription("instance_noise", value=0.1), {"balance": BalanceConfig(instance_noise_std=0.1)}),
    "grad_accum": (Prescription("grad_accum", value=4.0), {"balance": BalanceConfig(grad_accum_steps=4)}),
    "pac": (Prescription("pac", value=2.0), {"balance": BalanceConfig(pac=2)}),
    "restart_phase": (
        Prescription("restart_phase", step=3),
        {"phases": (replace(PHASE, steps=3, time_share=0.3), AFTER_3)},
    ),
    "reinitialize": (
        Prescription("reinitialize", step=3),
        {"phases": (replace(PHASE, steps=3, time_share=0.3), AFTER_3)},
    ),
    "pace": (
        Prescription("pace", value=2.0, step=3),
        {"phases": (replace(PHASE, steps=17),)},
    ),
    "extend": (
        Prescription("extend", value=5.0, step=10),
        {"phases": (PHASE, replace(PHASE, steps=5, time_share=0.5))},
    ),
    "batch_size": (
        Prescription("batch_size", value=14.0, step=3),
        {"phases": (replace(PHASE, steps=3, time_share=0.3), replace(AFTER_3, batch=14, steps=4))},
    ),
}


def test_every_kind_that_changes_the_configuration_is_tested_here() -> None:
    assert CHANGES.keys() == {name for name, kind in KINDS.items() if kind.change}


@pytest.mark.parametrize("kind", CHANGES)
def test_each_changes_what_it_says_and_nothing_else(kind: str) -> None:
    config = replace(tiny.config("dcgan"), phases=(PHASE,))
    before = to_dict(config)
    prescription, expected = CHANGES[kind]
    assert changed(config, prescription) == expected
    assert to_dict(config) == before, "the run's own configuration was changed"
    assert changed(config, prescription) == expected, "the second time differs"


@pytest.mark.parametrize("kind", [name for name, each in KINDS.items() if each.change is None])
def test_one_time_changes_of_networks_leave_the_configuration_alone(kind: str) -> None:
    assert changed(tiny.config(), Prescription(kind, "generator", 1.0)) == {}
    assert KINDS[kind].once


def test_the_later_one_counts_and_learning_rates_multiply() -> None:
    config = tiny.config()
    halved = Prescription("lr", "generator", 0.5)
    now = with_prescriptions(
        config, [halved, halved, Prescription("instance_noise", value=0.1), Prescription("instance_noise", value=0.0)]
    )
    assert now.optimizers["generator"].lr == pytest.approx(5e-5)
    assert now.balance == BalanceConfig()


def test_a_recipes_own_augmentation_stays() -> None:
    config = tiny.config(augment=("color",))
    assert with_prescriptions(config, [Prescription("augment", value=0.5)]).augment == ("color",)


def test_an_adaptive_augmentation_goes_on_adapting_within_its_limits() -> None:
    config = tiny.config(augment=("ada",), ada=AdaConfig(max_p=0.85))
    for value, min_p in ((0.5, 0.5), (1.0, 0.85)):
        now = with_prescriptions(config, [Prescription("augment", value=value)])
        assert (now.augment, now.ada, now.balance) == (("ada",), AdaConfig(max_p=0.85, min_p=min_p), config.balance)


@pytest.mark.parametrize("policies", [("apa",), ("apa", "color"), ("apa", "ada")])
def test_apa_is_switched_off(policies: tuple[str, ...]) -> None:
    now = with_prescriptions(tiny.config(augment=policies, ada=AdaConfig()), [Prescription("augment", value=1.0)])
    assert "apa" not in now.augment, "nothing real would be left"
    assert now.augment == (policies[1:] or DEFAULT_AUGMENT)
    assert (now.ada is None) == ("ada" not in policies)


def test_the_default_augmentation_exists() -> None:
    assert set(DEFAULT_AUGMENT) <= set(augment.POLICIES)


@pytest.mark.parametrize(("recipe", "interval"), [("dcgan", 4), ("projected", 16), ("keen", 16)])
def test_an_expensive_penalty_is_applied_less_often(recipe: str, interval: int) -> None:
    r1 = Prescription("penalty", value=2.0, name="r1")
    assert with_prescriptions(tiny.config(recipe), [r1]).penalty == PenaltyConfig("r1", 2.0, interval)


def test_a_lazy_penalty_keeps_its_interval() -> None:
    config = replace(tiny.config(), penalty=PenaltyConfig("r1", 1.0, 16))
    r1 = Prescription("penalty", value=2.0, name="r1")
    assert with_prescriptions(config, [r1]).penalty == PenaltyConfig("r1", 2.0, 16)


def test_a_configuration_with_prescriptions_can_be_saved_and_read() -> None:
    config = with_prescriptions(tiny.config(), [prescription for prescription, _ in CHANGES.values()])
    assert from_dict(Config, to_dict(config)) == config


def test_unknown_kinds_and_optimizers_are_refused() -> None:
    with pytest.raises(GanvasError, match="Did you mean 'instance_noise'"):
        with_prescriptions(tiny.config(), [Prescription("instance_noize")])
    with pytest.raises(GanvasError, match="no optimizer 'decoder'"):
        with_prescriptions(tiny.config(), [Prescription("lr", "decoder", 0.5)])
    with pytest.raises(GanvasError, match="no optimizer 'encoder'"):
        with_prescriptions(tiny.config(), [Prescription("beta1", "encoder", 0.5)])


THREE = (
    PhaseConfig("autoencode", 0.6, 32, steps=100),
    PhaseConfig("prior", 0.2, 0, steps=400),
    PhaseConfig("sharpen", 0.2, 32, steps=40),
)


@pytest.mark.parametrize(
    ("step", "phases"),
    [
        (50, [("autoencode", 50, 0.3), ("autoencode", 70, 0.42), ("prior", 280, 0.14), ("sharpen", 28, 0.14)]),
        (100, [("autoencode", 100, 0.6), ("autoencode", 40, 0.24), ("prior", 160, 0.08), ("sharpen", 16, 0.08)]),
        (300, [("autoencode", 100, 0.6), ("prior", 200, 0.1), ("prior", 300, 0.15), ("sharpen", 30, 0.15)]),
        (530, [("autoencode", 100, 0.6), ("prior", 400, 0.2), ("sharpen", 30, 0.15), ("sharpen", 10, 0.05)]),
    ],
)  # fmt: skip
def test_a_restarted_phase_shares_the_rest_with_later_phases(step: int, phases: list[tuple[str, int, float]]):
    config = replace(tiny.config("quick"), phases=THREE)
    found = with_prescriptions(config, [Prescription("restart_phase", step=step)]).phases
    assert [(each.name, each.steps) for each in found] == [each[:2] for each in phases]
    assert [each.time_share for each in found] == pytest.approx([each[2] for each in phases])


@pytest.mark.parametrize("step", [0, 540, 9999])
def test_nothing_is_restarted_before_the_beginning_or_after_the_end(step: int) -> None:
    assert changed(replace(tiny.config("quick"), phases=THREE), Prescription("restart_phase", step=step)) == {}


def test_a_phase_can_be_restarted_several_times() -> None:
    config = replace(tiny.config("quick"), phases=THREE)
    found = with_prescriptions(config, [Prescription("reinitialize", step=step) for step in (20, 60, 90)]).phases
    assert [each.steps for each in found[:3]] == [20, 40, 30]
    assert sum(each.time_share for each in found) == pytest.approx(1)


def test_a_larger_batch_sees_as_many_pictures() -> None:
    config = replace(tiny.config("quick"), phases=tuple(replace(each, batch=min(2, each.batch)) for each in THREE))
    found = with_prescriptions(config, [Prescription("batch_size", value=16.0, step=20)])
    assert [each.batch for each in found.phases] == [2, 16, 0, 16]
    assert found.images == pytest.approx(config.images, rel=0.1)


def test_what_a_finished_run_is_given_has_no_bound_and_fades_nothing_in() -> None:
    last = replace(PHASE, max_steps=10, max_steps_until=5, min_max_steps=3, level=2, fade_in=0.5)
    config = replace(tiny.config("dcgan"), phases=(last,))
    given = [Prescription("extend", value=500.0, step=10), Prescription("pace", value=1.02, step=20)]
    now = with_prescriptions(config, given)
    assert [phase.steps for phase in now.phases] == [10, 10 + round(1.02 * 490)]
    assert now.phases[-1].fade_in == 0


def test_at_full_size_the_coach_changes_what_holds_there() -> None:
    config = tiny.upsampled("quick")
    refine = config.phases[-1]
    now = with_prescriptions(
        config, [Prescription("loss", name="relativistic"), Prescription("penalty", value=1.0, name="r1")]
    )
    for settings in (now, config_in_phase(now, refine)):
        assert settings.loss == "relativistic"
        assert settings.penalty.name == "r1"
    assert config_in_phase(config, refine).loss == "hinge"
    halved = with_prescriptions(config, [Prescription("augment", value=0.5)])
    assert config_in_phase(halved, refine).balance.augment_p == 1, "what is always augmented is not augmented less"
