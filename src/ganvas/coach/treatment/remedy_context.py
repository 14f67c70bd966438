"""What a remedy is chosen by: the health of the phase, what is trained with, and what there is to go back to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...config import Config
from ...events import HealthCheck, Prescription
from ...phases import optimizers_of, side_of
from ..diagnosis.history import PhaseHistory, value_of
from ..diagnosis.rules import LATE_PROGRESS, MIN_REACH

SAFE_RATIO = 0.015  # learning rate relative to the weights with which no measured training overshot
HIGH_RATIO = 0.04  # from here on the learning rate may be the problem


@dataclass(frozen=True)
class RemedyContext:
    """What a remedy is chosen by.

    history: health checks of the present phase.
    config: with all prescriptions so far.
    healthy_steps: steps of the phase's healthy checkpoints, oldest first, without those whose rollback failed.
    failed_rollbacks: how many rollbacks did not help.
    can_restart_phase: whether there is a checkpoint of the phase's beginning, after healthy phases.
    tried: kinds of what was prescribed so far in this training.
    steps_left: of the present phase; None if that is not known.
    """

    history: PhaseHistory
    config: Config
    healthy_steps: tuple[int, ...]
    failed_rollbacks: int
    can_restart_phase: bool
    tried: frozenset[str]
    steps_left: int | None = None

    def restart(self) -> tuple[Prescription, ...]:
        """Go back to the last healthy checkpoint, else to the phase's beginning, else start with new weights."""
        if self.healthy_steps:
            name = f"step {self.healthy_steps[-1]:,}"
            step = self.healthy_steps[-1]
            return (Prescription("rollback", value=self.failed_rollbacks + 1.0, name=name, step=step),)
        return self.begin_again()

    def begin_again(self) -> tuple[Prescription, ...]:
        """Go back to the phase's beginning, or start with new weights."""
        if self.can_restart_phase:
            return (Prescription("restart_phase", step=self.history.last.step),)
        return self.reinitialize()

    def can_restart(self, prescriptions: Sequence[Prescription]) -> bool:
        """Tell whether a restart can pay: to go back to what was trained well, few steps are enough."""
        return bool(self.healthy_steps) or self.reaches_far(prescriptions)

    def reaches_far(self, prescriptions: Sequence[Prescription]) -> bool:
        """Tell whether new weights can come far enough in the steps that are left, at the rates that are prescribed.

        Where a phase begins with what an earlier one has learned, they need not.
        """
        if self.can_restart_phase or self.steps_left is None or self.history.last_value("slow_start_images") > 0:
            return True
        reaches = []
        for name in (each for each in self.optimizers if side_of(each) == "generator"):
            ratios = [value_of(check, "generator_lr_to_weight_ratio") for check in self.history.checks]
            factors = [each.value for each in prescriptions if each.kind == "lr" and each.network == name]
            reaches += [self.steps_left * ratio * math.prod(factors) for ratio in ratios if math.isfinite(ratio)]
        return not reaches or max(reaches) >= MIN_REACH / 2  # weights that have grown tell too little of new ones

    def reinitialize(self) -> tuple[Prescription, ...]:
        """Start the phase with new weights."""
        return (Prescription("reinitialize", step=self.history.last.step),)

    def lower_lr_for_restart(self, default_factor: float = 0.3) -> tuple[Prescription, ...]:
        """Lower the learning rates for a restart, by the present ratio, or for new weights by the highest so far."""
        return self.lower_lr(self.history.checks[-1:] if self.healthy_steps else self.history.checks, default_factor)

    def stop(self, not_finite: bool) -> tuple[Prescription, ...]:
        """Stop; if weights are not finite, with those of a restart, since they cannot be kept."""
        return (*(self.restart() if not_finite else ()), Prescription("stop"))

    def lower_lr(self, checks: Sequence[HealthCheck], default_factor: float = 0.3) -> tuple[Prescription, ...]:
        """Lower the learning rates that were far too high in `checks`; if none was, all of them by `default_factor`.

        Not so in the first half of the budget where the weights would come nowhere any more.
        """
        prescriptions = []
        for name in self.optimizers:
            ratios = [value_of(check, f"{side_of(name)}_lr_to_weight_ratio") for check in checks]
            high = [ratio for ratio in ratios if ratio > HIGH_RATIO]
            if high:
                prescriptions.append(Prescription("lr", name, one_digit(max(SAFE_RATIO / max(high), 0.02))))
        lower = tuple(Prescription("lr", name, default_factor) for name in self.optimizers)
        is_worth_it = self.history.last.progress > LATE_PROGRESS or self.reaches_far(lower)
        return tuple(prescriptions) or (lower if is_worth_it else ())

    @property
    def optimizers(self) -> tuple[str, ...]:
        """Return the optimizers of the present phase; those of other phases cannot be the cause."""
        return tuple(name for name in optimizers_of(self.history.last.phase) if name in self.config.optimizers)


def one_digit(factor: float) -> float:
    """Round to one significant digit, as a person would choose it."""
    return float(f"{factor:.1g}")
