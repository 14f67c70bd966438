"""A made-up training that is checked and treated, for tests of the treatment."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import tiny
from ganvas.coach.treatment.escalation import Situation, prescribe
from ganvas.coach.treatment.prescription import with_prescriptions
from ganvas.coach.treatment.wager import Aside, Wager
from ganvas.config import BalanceConfig, Config, PenaltyConfig
from ganvas.events import Event, Prescription, Treatment
from ganvas.recipes import RECIPES
from histories import Curve, health_check, verdict

CONFIGS: list[Config] = [
    replace(tiny.config(recipe), **changes)
    for recipe in RECIPES
    for changes in (
        {},
        {"classes": ("a", "b")},
        {"loss": "saturating", "penalty": PenaltyConfig("r1", 1000.0, 1)},
        {"loss": "relativistic", "penalty": PenaltyConfig("r1_r2", 1e-6, 2)},
        {"loss": "wasserstein", "penalty": PenaltyConfig("gradient", 10.0, 1), "augment": ("color",)},
        {"balance": BalanceConfig(2, 0.3, 0.5, 0.2, 4, 2)},
        {"z_dim": 1},
    )
]


STEPS_LEFT = 2000


class Clinic:
    """A training with a given verdict at each health check, which the coach treats.

    Its samples do not get better, since the coach leaves alone what gets better by itself.
    """

    def __init__(
        self,
        config: Config | None = None,
        healthy: Sequence[int] = (50,),
        enough_budget: bool = True,
        can_restart_phase: bool = False,
        **curves: Curve,
    ) -> None:
        self.config, self.healthy, self.curves = config or tiny.config(), healthy, curves
        self.enough_budget, self.can_restart_phase = enough_budget, can_restart_phase
        self.phase = "adversarial"
        self.history: list[Event] = []
        self.now = self.config
        self.index = 0
        self.aside: Aside | None = None
        self.distance, self.phase_ends = math.nan, False

    @property
    def given(self) -> list[Treatment]:
        return [event for event in self.history if isinstance(event, Treatment) and not event.outcome]

    @property
    def outcomes(self) -> list[Treatment]:
        return [event for event in self.history if isinstance(event, Treatment) and event.outcome]

    @property
    def prescriptions(self) -> list[Prescription]:
        return [prescription for event in self.given for prescription in event.prescriptions]

    @property
    def stopped(self) -> bool:
        return any(prescription.kind == "stop" for prescription in self.prescriptions)

    def visit(self, name: str, confidence: float = 0.9) -> list[Treatment]:
        """Run a health check with the verdict `name`, and return what was done."""
        metrics = {key: curve(self.index) if callable(curve) else curve for key, curve in self.curves.items()}
        check = health_check(self.index, self.phase, **metrics)
        self.index += 1
        found = verdict(check, name, confidence)
        self.history += [check, found]
        done = []
        for event in prescribe(self.history, found, self.situation()):
            done.append(event)
            self.history.append(event)
        self.now = with_prescriptions(self.config, self.prescriptions)
        return done

    def situation(self) -> Situation:
        """Return what a treatment is chosen and judged by now."""
        return Situation(
            self.now,
            tuple(self.healthy),
            self.can_restart_phase,
            STEPS_LEFT,
            enough_budget=self.enough_budget,
            wager=Wager(self.aside, lambda: self.distance, self.phase_ends),
        )

    def until(self, name: str, over: Callable[[], bool], most: int = 200) -> None:
        """Repeat the verdict `name` until something is over."""
        for _ in range(most):
            if over():
                return
            self.visit(name)
        raise AssertionError(f"after {most} health checks: {[event.text for event in self.given]}")
