"""Courses of trainings made up by hand: grossly healthy, or sick in one way, whatever the limits of the rules are."""

from collections.abc import Callable, Sequence

from ganvas.coach.diagnosis.diagnoses import DIAGNOSES
from ganvas.events import HealthCheck, Prescription, Treatment, Verdict

Curve = Callable[[int], float] | float

STEPS = 100  # from one examination to the next
BATCH = 64

HEALTHY_METRICS: dict[str, float] = {
    "dataset_size": 5000.0,
    "batch_size": float(BATCH),
    "latent_dim": 100.0,
    "real_near_copies": 0.0,
    "real_blank": 0.0,
    "real_detail": 0.1,
    "d_pair_accuracy": 0.85,
    "d_train_vs_heldout": 0.5,
    "real_accepted": 0.7,
    "fake_accepted": 0.3,
    "logit_magnitude": 1.0,
    "logit_gap": 1.5,
    "generator_loss": 1.2,
    "discriminator_loss": 1.0,
    "generator_loss_slow": 1.2,
    "discriminator_loss_slow": 1.0,
    "generator_loss_std": 0.2,
    "discriminator_loss_std": 0.2,
    "generator_gradient_rms": 1e-3,
    "discriminator_gradient_rms": 1e-3,
    "generator_lr_to_weight_ratio": 0.004,
    "discriminator_lr_to_weight_ratio": 0.004,
    "generator_update_ratio": 0.002,
    "discriminator_update_ratio": 0.002,
    "generator_dead_units": 0.0,
    "discriminator_dead_units": 0.0,
    "finite": 1.0,
    "diversity": 0.95,
    "pixel_diversity": 0.95,
    "near_copies": 0.0,
    "modes_lost": 0.0,
    "saturated": 0.0,
}


def falling(index: int) -> float:
    """Return a distance that falls by a fifth from one examination to the next."""
    return float(2 * 0.8**index)


def health_check(index: int, phase: str = "adversarial", **metrics: float) -> HealthCheck:
    """Return the examination number `index`: healthy, but for `values`."""
    step = STEPS * (index + 1)
    return HealthCheck(
        step, BATCH * step, min(1.0, 0.01 * (index + 1)), phase, HEALTHY_METRICS | {"feature_distance": 1.0} | metrics
    )


def health_checks(count: int, start: int = 0, **curves: Curve) -> list[HealthCheck]:
    """Return so many examinations; each of `courses` is a constant, or a function of the examination's number."""
    signs = {"feature_distance": falling} | curves
    return [
        health_check(index, **{name: each(index) if callable(each) else each for name, each in signs.items()})
        for index in range(start, start + count)
    ]


def verdict(of: HealthCheck, name: str, confidence: float = 0.9) -> Verdict:
    """Return the verdict `name` on an examination."""
    return Verdict(of.step, of.images_seen, name, confidence, (), DIAGNOSES[name].what, DIAGNOSES[name].why)


def treatment(at: HealthCheck, *orders: Prescription, sickness: str = "mode collapse", rung: int = 1) -> Treatment:
    """Return what was prescribed at an examination: half the generator's rate, if nothing else."""
    return Treatment(
        at.step, at.images_seen, sickness, orders or (Prescription("lr", "generator", 0.5),), "", "Did.", rung
    )


COLLAPSED: dict[str, Curve] = {"near_copies": 0.95, "diversity": 0.03, "modes_lost": 0.9, "feature_distance": 1.0}


def worsening(values: Sequence[float]) -> Callable[[int], float]:
    """Return the course that takes these values one after the other, and stays at the last."""
    return lambda index: values[min(index, len(values) - 1)]
