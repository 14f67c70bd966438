"""The coach for a user's own training loop: it takes losses, samples and logits, and returns verdicts."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from ...atomic_write import write_atomically
from ...config import PenaltyConfig
from ...deprecation import accepts_old_names, warn_renamed
from ...distributed import world_size
from ...errors import GanvasError
from ...event_log import from_json, to_json
from ...events import Event, HealthCheck, Treatment, Verdict
from ...translation import _
from ..describe import in_words
from ..diagnosis.check_times import MIN_STEPS, gap_factor
from ..diagnosis.diagnoses import DIAGNOSES, HEALTHY_VERDICTS
from ..diagnosis.history import last_treated_at, last_verdict
from ..diagnosis.verdict import diagnose
from ..measurement.averages import loss_metrics
from ..measurement.health_metrics import SAMPLE_COUNT
from ..measurement.ranks import average_over_ranks
from ..treatment.wager import is_restart
from . import validate
from .collector import Collector
from .loss_record import LossRecord
from .prescribe import LoopSettings
from .repair import Repairs
from .treatment_runner import TreatmentRunner

CHECK_EVERY = 200  # steps between health checks, at least,
CHECK_EVERY_SHARE = 0.05  # and this share of the steps so far, since a long training changes slowly
TOTAL_CHECKS = 40  # of a training whose length is known


# Arguments of release 0.1.
OLD_ARGUMENTS = {
    "optimisers": "optimizers",
    "pictures": "dataset_size",
    "batch": "batch_size",
    "every": "check_every",
}


class Coach:
    """Watches a GAN in your own PyTorch training loop, and says when something goes wrong, and why.

    It changes nothing in your training: no weights, modes, statistics or gradients, and it draws no random numbers.
    Only `apply` does, with what `prescribe` returns. docs/own-loop.md shows a whole loop.

    With torch.distributed, every process makes its own Coach, calls it at the same steps, and gets the same verdicts.

    Example:
        >>> import ganvas
        >>> import torch
        >>> coach = ganvas.Coach()
        >>> for step in range(3):
        ...     losses = {"generator": torch.tensor(0.7), "discriminator": torch.tensor(float("nan"))}
        ...     verdict = coach.observe(losses)
        ...     if verdict:  # another one than before
        ...         print(f"{step}: {verdict.name}. {verdict.what}")
        0: diverging. Losses or weights grow without bound, and the samples get worse instead of better.
        >>> coach.healthy
        False
    """

    @accepts_old_names(OLD_ARGUMENTS)
    def __init__(
        self,
        real: Tensor | None = None,
        *,
        held_out: Tensor | None = None,
        generator: nn.Module | None = None,
        latents: Tensor | None = None,
        discriminator: nn.Module | None = None,
        optimizers: Mapping[str, Optimizer] | None = None,
        dataset_size: int | None = None,
        batch_size: int | None = None,
        total_steps: int | None = None,
        check_every: int | None = None,
        repair: bool = False,
        loss: str = "",
        penalty: tuple[str, float] = ("none", 0.0),
    ) -> None:
        """Take what is known before the first step. Everything is optional; the more is given, the more is found.

        Args:
            real: real pictures (N, C, H, W) in [-1, 1], at least 64; up to 512 of them, drawn at random, are used.
            held_out: real pictures that are never trained on; with `discriminator`, they show whether it memorizes.
            generator: its weights are checked; with `latents`, also its samples and its dead units.
            latents: fixed inputs (64, ...) of the generator; with `repair` 256 are better, to compare samples by.
            discriminator: called with pictures alone, it returns logits; its weights are checked.
            optimizers: by "generator" and "discriminator", for the sizes of gradients, updates and weights.
            dataset_size: number of training pictures.
            batch_size: real pictures per step over all processes; by default as many as there are samples or logits.
            total_steps: length of the training, if known; there will be about 40 health checks then.
            check_every: steps between health checks; the first ones come sooner. By default 200, and later a twentieth
                of the steps so far. A check takes about 0.2 seconds on a CPU.
            repair: whether `prescribe` and `apply` will be called. The coach then keeps copies in memory: of the first
                weights, of the last two healthy moments, and of the state before the last treatment.
            loss: by its name in `ganvas.losses.LOSSES`, if it is one of those; for treatments by hand.
            penalty: its name in `ganvas.losses.PENALTIES` and its gamma, if there is one; for the same.

        Raises:
            GanvasError: an argument has a wrong shape, range or name, or a network cannot be run.
        """
        if min(check_every or 1, total_steps or 1, batch_size or 1) < 1:
            raise GanvasError(
                _("check_every, total_steps and batch_size must be 1 or more."),
                _("Leave them out to use the defaults."),
            )
        self.step, self.history = 0, list[Event]()
        self._collector = Collector(real, held_out, generator, latents, discriminator, optimizers or {})
        self._collector.collect({}, {})  # networks that cannot be run are better found now than at step 200
        self._facts = {} if dataset_size is None else {"dataset_size": float(dataset_size)}
        self._batch_size, self._total_steps, self._check_every = batch_size, total_steps, check_every
        self._losses = LossRecord()
        self._tensors: dict[str, Tensor] = {}  # the newest samples and logits
        settings = LoopSettings(loss, PenaltyConfig(*penalty), 0 if latents is None else latents[:1].numel())
        self._treatments: TreatmentRunner | None = None
        if repair:
            networks = {"generator": generator, "discriminator": discriminator}
            repairs = Repairs({side: each for side, each in networks.items() if each is not None}, optimizers or {})
            self._treatments = TreatmentRunner(self.history, repairs, settings, total_steps, self._collector.distance)
        self._next_check = self._step_of_next_check()

    @property
    def due(self) -> bool:
        """Tell whether the next `observe` runs a health check; samples are only needed for those."""
        return self.step + 1 >= self._next_check

    @property
    def verdict(self) -> Verdict | None:
        """Return the present verdict; None before the first health check."""
        verdict = last_verdict(self.history)
        return None if verdict is None else in_words(verdict)

    @property
    def healthy(self) -> bool:
        """Tell whether no problem is known."""
        return self.verdict is None or self.verdict.name in HEALTHY_VERDICTS

    @property
    def sound(self) -> bool:
        """The old name of `healthy`."""
        warn_renamed("Coach.sound", "Coach.healthy")
        return self.healthy

    def advice(self) -> str:
        """Return what you can do about the present verdict."""
        return "" if self.verdict is None else _(DIAGNOSES[self.verdict.name].advice)

    def observe(
        self,
        losses: Mapping[str, float | Tensor] | None = None,
        *,
        samples: Tensor | None = None,
        real_logits: Tensor | None = None,
        fake_logits: Tensor | None = None,
        held_out_logits: Tensor | None = None,
    ) -> Verdict | None:
        """Record a training step, run a health check when one is due, and return the verdict if it has changed.

        Between health checks it costs next to nothing. If a loss is NaN or infinite, a check runs at once, or up to 10
        steps later where losses are on a GPU or there are several processes.

        Args:
            losses: one number each; the rules use "generator" and "discriminator", others are recorded.
            samples: pictures (N, C, H, W) in [-1, 1] from different latents, at least 8; up to 64 are used.
            real_logits: the discriminator's output (N, ...) for training pictures.
            fake_logits: its output for samples.
            held_out_logits: its output for real pictures that it is not trained on.

        Raises:
            GanvasError: an argument has a wrong shape or type.
        """
        self.step += 1
        if losses:
            self._losses.add(losses)
        if samples is not None:
            self._tensors["samples"] = validate.images(_("The samples"), samples, like=self._collector.real)[
                :SAMPLE_COUNT
            ]
        logits = {"real_logits": real_logits, "fake_logits": fake_logits, "held_out_logits": held_out_logits}
        self._tensors |= {name: validate.logits(name, each) for name, each in logits.items() if each is not None}
        self._batch_size = self._batch_size or max(map(len, self._tensors.values()), default=0) * world_size() or None
        turned_bad = self._losses.read(self.step, self.step >= self._next_check)
        if self.step < self._next_check and not turned_bad:
            return None
        self.history.append(self._measure())
        self._next_check = self._step_of_next_check()
        verdict, before = diagnose(self.history), self.verdict
        changed = before is None or verdict.name != before.name
        if changed:
            self.history.append(verdict)
        if self._treatments is not None:
            self._treatments.judge(verdict, self.step)
        return in_words(verdict) if changed else None

    def prescribe(self, by_hand: bool = False) -> Treatment | None:
        """Return what to do now about the present verdict, by the ladders of `ganvas train`; None if nothing is due.

        One thing is tried at a time. After `apply` nothing more is prescribed until the next health checks have told
        whether it helped. At the top of the ladder it prescribes to stop, and says what was tried.

        Args:
            by_hand: whether it may be something that only you can do, such as another loss. Then do it when `apply`
                tells you to.

        Raises:
            GanvasError: the coach was made without `repair=True`.
        """
        return self._treatments_or_error().prescribe(self.step, by_hand)

    def apply(self, treatment: Treatment) -> list[str]:
        """Do what `prescribe` returned, and return what is left to you, a sentence each. Call it between two steps.

        Learning rates and beta1 are changed in the optimizers. Weights, buffers and the optimizers' memory go back to
        a healthy moment or to the beginning, in place. What else your loop has stays as it is: averaged weights,
        schedulers, scalers, counters.

        Raises:
            GanvasError: this is not what `prescribe` returned last, or it has been applied already.
        """
        left = self._treatments_or_error().apply(treatment, self.step)
        if treatment.outcome or is_restart(treatment.prescriptions):
            self._losses, self._tensors = LossRecord(), {}
        self._next_check = self._step_of_next_check()
        return left

    def _treatments_or_error(self) -> TreatmentRunner:
        """Return what treats the loop.

        Raises:
            GanvasError: it was not asked for.
        """
        if self._treatments is None:
            raise GanvasError(_("This coach only watches."), _("Make it with ganvas.Coach(..., repair=True)."))
        return self._treatments

    def _step_of_next_check(self) -> int:
        """Return the step of the next health check; if the training's length is known, the last one is at its end."""
        treated_at = last_treated_at(self.history)  # what was changed is looked at soon
        factor = gap_factor(sum(isinstance(each, HealthCheck) and each.step > treated_at for each in self.history))
        if self._check_every:
            gap = max(1, round(self._check_every * factor))
        else:
            by_default = max(CHECK_EVERY, CHECK_EVERY_SHARE * self.step)
            usual = self._total_steps / TOTAL_CHECKS if self._total_steps else by_default
            gap = max(MIN_STEPS, round(usual * factor))
        end = self._total_steps or 0
        return min(self.step + gap, end) if self.step < end else self.step + gap

    def _measure(self) -> HealthCheck:
        """Run a health check, averaged over all processes."""
        metrics = self._facts | loss_metrics(self._losses.averages, self._losses.averages)
        metrics |= self._collector.collect(self._tensors, self._losses.last)
        metrics["batch_size"] = float(self._batch_size or math.nan)
        metrics = average_over_ranks(metrics)
        images_seen = self.step * round(metrics["batch_size"]) if math.isfinite(metrics["batch_size"]) else self.step
        progress = min(1.0, self.step / self._total_steps) if self._total_steps else math.nan
        return HealthCheck(self.step, images_seen, progress, "adversarial", metrics)

    def save(self, path: str | Path) -> None:
        """Write all health checks and verdicts to a file that `ganvas doctor FILE` reads, one line of JSON each."""
        write_atomically(Path(path), "".join(f"{to_json(event)}\n" for event in self.history).encode())

    def state_dict(self) -> dict[str, Any]:
        """Return the coach's state as plain data and tensors, for your own checkpoints.

        With `repair=True` it has the copies to go back to, several times the size of the networks.
        """
        history = [to_json(event) for event in self.history]
        averages = self._losses.state_dict()
        copies = {} if self._treatments is None else {"copies": self._treatments.repairs.state_dict()}
        return {"step": self.step, "next": self._next_check, "averages": averages, "history": history} | copies

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from the state of another Coach."""
        self.step, self._next_check = state["step"], state["next"]
        self._losses.load_state_dict(state["averages"])
        self.history[:] = [from_json(line) for line in state["history"]]
        if self._treatments is not None and "copies" in state:
            self._treatments.repairs.load_state_dict(state["copies"])
