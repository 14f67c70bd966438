"""Remedies: each prescribes what can be done, and only where it applies."""

import math
from dataclasses import replace

import pytest
from clinic import CONFIGS, Clinic
from hypothesis import given, settings
from hypothesis import strategies as st

import tiny
from ganvas.coach.diagnosis.history import present_phase
from ganvas.coach.treatment.escalation import LADDERS
from ganvas.coach.treatment.prescription import KINDS, with_prescriptions
from ganvas.coach.treatment.remedies import LARGER_BATCH
from ganvas.coach.treatment.remedy_context import RemedyContext
from ganvas.config import AdaConfig, Config
from ganvas.losses import LOSSES, PENALTIES
from ganvas.models import build_discriminator
from histories import HEALTHY_METRICS, health_check


def test_weights_that_were_too_large_from_the_beginning_are_reinitialized() -> None:
    clinic = Clinic(saturated=0.3, generator_lr_to_weight_ratio=0.001)
    for _ in range(2):
        clinic.visit("warming up")
    (first,) = clinic.visit("stalled")
    assert [each.kind for each in first.prescriptions] == ["reinitialize"], "it went back to weights that were as large"


@pytest.mark.parametrize("name", LADDERS)
def test_in_a_phase_without_a_discriminator_no_remedy_is_for_one(name: str) -> None:
    clinic = Clinic(tiny.config("vae"))
    clinic.phase = "vae"
    clinic.until(name, lambda: clinic.stopped)
    kinds = {each.kind for each in clinic.prescriptions}
    assert not kinds & {"loss", "penalty", "pac", "d_skip", "n_critic", "augment", "instance_noise"}
    assert {each.network for each in clinic.prescriptions} <= {
        "",
        "autoencoder",
        "generator",
    }


def test_augmentation_is_never_lowered() -> None:
    clinic = Clinic(replace(tiny.config(), augment=("color",)))
    (first,) = clinic.visit("discriminator memorises")
    assert "augment" not in {each.kind for each in first.prescriptions}


def test_an_adaptive_augmentation_is_raised_once_to_each_level() -> None:
    clinic = Clinic(replace(tiny.config(), augment=("ada",), ada=AdaConfig(max_p=0.8)))
    clinic.until("discriminator memorises", lambda: clinic.stopped)
    levels = [each.value for each in clinic.prescriptions if each.kind == "augment"]
    assert levels == [0.5, 0.8], "more than its maximum would change nothing"


def test_a_tiny_batch_becomes_larger() -> None:
    clinic = Clinic(batch_size=2.0)
    (first,) = clinic.visit("oscillating")
    assert [each.kind for each in first.prescriptions] == ["reinitialize", "batch_size"]
    config = replace(clinic.config, phases=(replace(clinic.config.phases[0], batch=2, steps=1000),))
    now = with_prescriptions(config, first.prescriptions)
    assert [(phase.steps, phase.batch) for phase in now.phases] == [(100, 2), (112, LARGER_BATCH)]


metrics = st.dictionaries(
    st.sampled_from([*HEALTHY_METRICS, "feature_distance"]), st.one_of(st.floats(), st.floats(0, 1)), max_size=8
)
checkpoints = st.sampled_from([(), (30,), (30, 50)])


@settings(max_examples=60)
@given(metrics, checkpoints, st.booleans(), st.frozensets(st.sampled_from(list(KINDS))), st.sampled_from(CONFIGS))
def test_every_remedy_prescribes_what_can_be_done(
    metrics: dict[str, float], healthy: tuple[int, ...], can_restart_phase: bool, tried: frozenset[str], config: Config
) -> None:
    phase = present_phase([health_check(0, **metrics)])
    assert phase is not None
    context = RemedyContext(phase, config, healthy, 0, can_restart_phase, tried, 500)
    for name, ladder in LADDERS.items():
        for remedy in ladder:
            prescriptions = remedy(context)
            now = with_prescriptions(config, prescriptions)
            assert {each.kind for each in prescriptions} <= KINDS.keys(), name
            assert (now.loss in LOSSES, now.penalty.name in {"none", *PENALTIES}) == (True, True), name
            assert all(each.network in ("", "generator", "discriminator") for each in prescriptions), name
            assert all(math.isfinite(each.value) for each in prescriptions), f"{name}: {prescriptions}"
            assert all(0 < each.lr < 1 for each in now.optimizers.values()), f"{name}: {prescriptions}"
            assert all(0 <= each.beta1 < 1 for each in now.optimizers.values())
            balance = now.balance
            assert min(balance.n_critic, balance.grad_accum_steps, balance.pac) >= 1, f"{name}: {prescriptions}"
            assert 0 <= balance.augment_p <= 1


@pytest.mark.parametrize("config", CONFIGS, ids=range(len(CONFIGS)))
def test_a_packed_discriminator_can_be_built(config: Config) -> None:
    clinic = Clinic(config)
    clinic.until("mode collapse", lambda: clinic.stopped)
    build_discriminator(clinic.now)
