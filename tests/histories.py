"""Courses of trainings made up by hand: grossly healthy, or sick in one way, whatever the limits of the rules are."""

from collections.abc import Callable, Sequence

from ganvas.coach.diagnosis.diagnoses import SICKNESSES
from ganvas.events import Prescription, Signs, Treated, Verdict

Course = Callable[[int], float] | float

STEPS = 100  # from one examination to the next
BATCH = 64

HEALTHY: dict[str, float] = {
    "pictures": 5000.0,
    "batch": float(BATCH),
    "latent": 100.0,
    "real_near_copies": 0.0,
    "real_blank": 0.0,
    "real_detail": 0.1,
    "told_apart": 0.85,
    "remembered": 0.5,
    "real_accepted": 0.7,
    "fake_accepted": 0.3,
    "logit_size": 1.0,
    "logit_gap": 1.5,
    "generator_loss": 1.2,
    "discriminator_loss": 1.0,
    "generator_loss_slow": 1.2,
    "discriminator_loss_slow": 1.0,
    "generator_swing": 0.2,
    "discriminator_swing": 0.2,
    "generator_gradient": 1e-3,
    "discriminator_gradient": 1e-3,
    "generator_reach": 0.004,
    "discriminator_reach": 0.004,
    "generator_update": 0.002,
    "discriminator_update": 0.002,
    "generator_dead": 0.0,
    "discriminator_dead": 0.0,
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


def look(index: int, phase: str = "adversarial", **values: float) -> Signs:
    """Return the examination number `index`: healthy, but for `values`."""
    step = STEPS * (index + 1)
    return Signs(step, BATCH * step, min(1.0, 0.01 * (index + 1)), phase, HEALTHY | {"distance": 1.0} | values)


def looks(count: int, start: int = 0, **courses: Course) -> list[Signs]:
    """Return so many examinations; each of `courses` is a constant, or a function of the examination's number."""
    signs = {"distance": falling} | courses
    return [
        look(index, **{name: each(index) if callable(each) else each for name, each in signs.items()})
        for index in range(start, start + count)
    ]


def verdict(of: Signs, name: str, confidence: float = 0.9) -> Verdict:
    """Return the verdict `name` on an examination."""
    return Verdict(of.step, of.images, name, confidence, (), SICKNESSES[name].what, SICKNESSES[name].why)


def treatment(at: Signs, *orders: Prescription, sickness: str = "mode collapse", rung: int = 1) -> Treated:
    """Return what was prescribed at an examination: half the generator's rate, if nothing else."""
    return Treated(at.step, at.images, sickness, orders or (Prescription("rate", "generator", 0.5),), "", "Did.", rung)


COLLAPSED: dict[str, Course] = {"near_copies": 0.95, "diversity": 0.03, "modes_lost": 0.9, "distance": 1.0}


def worsening(values: Sequence[float]) -> Callable[[int], float]:
    """Return the course that takes these values one after the other, and stays at the last."""
    return lambda index: values[min(index, len(values) - 1)]
