"""Made-up histories of trainings: plainly healthy, or with one plain problem, whatever the limits of the rules are."""

from collections.abc import Callable, Sequence

from ganvas.coach.diagnosis.diagnoses import DIAGNOSES
from ganvas.coach.diagnosis.verdict import diagnose
from ganvas.events import Event, HealthCheck, Prescription, Treatment, Verdict

Curve = Callable[[int], float] | float

STEPS = 100  # from one health check to the next
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
    "generator_lr_to_weight_ratio": 0.008,
    "discriminator_lr_to_weight_ratio": 0.008,
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
    """Return a distance that falls by a fifth from one health check to the next."""
    return float(2 * 0.8**index)


def health_check(index: int, phase: str = "adversarial", **metrics: float) -> HealthCheck:
    """Return health check number `index`: healthy except for `metrics`."""
    step = STEPS * (index + 1)
    values = HEALTHY_METRICS | {"feature_distance": 1.0} | metrics
    return HealthCheck(step, BATCH * step, min(1.0, 0.01 * (index + 1)), phase, values)


def health_checks(count: int, start: int = 0, **curves: Curve) -> list[HealthCheck]:
    """Return `count` health checks; each of `curves` is a constant, or a function of the check's number."""
    curves = {"feature_distance": falling} | curves
    return [
        health_check(index, **{name: curve(index) if callable(curve) else curve for name, curve in curves.items()})
        for index in range(start, start + count)
    ]


def verdict(of: HealthCheck, name: str, confidence: float = 0.9) -> Verdict:
    """Return the verdict `name` on a health check."""
    return Verdict(of.step, of.images_seen, name, confidence, (), DIAGNOSES[name].what, DIAGNOSES[name].why)


def treatment(at: HealthCheck, *prescriptions: Prescription) -> Treatment:
    """Return a treatment at a health check: half the generator's learning rate, unless something else is given."""
    prescriptions = prescriptions or (Prescription("lr", "generator", 0.5),)
    return Treatment(at.step, at.images_seen, "mode collapse", prescriptions, "", "Did.", 1)


COLLAPSED: dict[str, Curve] = {"near_copies": 0.95, "diversity": 0.03, "modes_lost": 0.9, "feature_distance": 1.0}


def curve_of(values: Sequence[float]) -> Callable[[int], float]:
    """Return the curve that takes these values one after the other, and stays at the last."""
    return lambda index: values[min(index, len(values) - 1)]


def live(history: Sequence[Event]) -> list[Verdict]:
    """Return the verdict at each health check; changes are added to the history, as in a training."""
    seen: list[Event] = []
    verdicts: list[Verdict] = []
    for event in history:
        seen.append(event)
        if isinstance(event, HealthCheck):
            verdicts.append(diagnose(seen))
            if len(verdicts) < 2 or verdicts[-1].name != verdicts[-2].name:
                seen.append(verdicts[-1])
    return verdicts


GROSS: dict[str, dict[str, Curve]] = {
    "mode collapse": COLLAPSED,
    "partial mode collapse": {"near_copies": 0.35, "diversity": 0.4, "modes_lost": 0.6, "feature_distance": 0.5},
    "discriminator wins": {
        "d_pair_accuracy": 1.0,
        "logit_gap": 40.0,
        "logit_magnitude": 20.0,
        "generator_loss": 15.0,
        "generator_loss_slow": 15.0,
        "discriminator_loss": 1e-6,
        "discriminator_loss_slow": 1e-6,
        "fake_accepted": 0.0,
        "real_accepted": 1.0,
        "generator_update_ratio": 1e-8,
        "generator_gradient_rms": 1e-9,
        "feature_distance": 1.0,
    },
    "generator wins": {
        "d_pair_accuracy": 0.5,
        "logit_gap": 0.0,
        "logit_magnitude": 1e-3,
        "generator_loss": 0.69,
        "discriminator_loss": 1.39,
        "feature_distance": 1.2,
    },
    "discriminator memorises": {
        "dataset_size": 400.0,
        "d_pair_accuracy": 1.0,
        "d_train_vs_heldout": 0.99,
        "logit_gap": 6.0,
    },
    "diverging": {
        "feature_distance": curve_of([1.0, 0.3, 3.0, 9.0, 27.0, 80.0]),
        "generator_loss": curve_of([1.0, 1.0, 1e3, 1e5, 1e7]),
        "discriminator_loss": curve_of([1.0, 1.0, 1e3, 1e5, 1e7]),
        "generator_loss_std": curve_of([0.1, 0.1, 1e3, 1e5, 1e7]),
    },
    "oscillating": {
        "generator_loss_std": 8.0,
        "discriminator_loss_std": 8.0,
        "generator_update_ratio": 0.2,
        "discriminator_update_ratio": 0.2,
        "d_pair_accuracy": lambda index: (0.95, 0.3)[index % 2],
        "feature_distance": 1.0,
    },
    "stalled": {"generator_dead_units": 0.9, "generator_update_ratio": 1e-4, "feature_distance": 1.2},
    "wrong data": {"real_near_copies": 1.0, "near_copies": 0.9},
    "converged": {"feature_distance": 0.05},
}
