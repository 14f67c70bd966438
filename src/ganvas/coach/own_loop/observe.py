"""The coach in somebody's own loop: it is told what happens there, and tells how the training is."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from ...errors import GanvasError
from ...events import Event, HealthCheck, Verdict, from_json, to_json
from ...image_io import write_atomically
from ..diagnosis.check_times import MIN_STEPS, gap_factor
from ..diagnosis.diagnoses import DIAGNOSES, HEALTHY_VERDICTS
from ..diagnosis.history import last_verdict
from ..diagnosis.verdict import diagnose
from ..measurement.averages import LossAverage, loss_metrics
from ..measurement.health_metrics import SAMPLE_COUNT
from ..measurement.ranks import average_over_ranks, world_size
from . import validate
from .collector import Collector

CHECK_EVERY = 200  # steps from one look to the next,
CHECK_EVERY_SHARE = (
    0.05  # and at least this part of the steps so far: the longer a training has run, the slower it changes
)
TOTAL_CHECKS = 40  # in a training whose length is known
READ_EVERY = 10  # steps that a loss may wait to be read, where reading it means waiting for a device or other processes


class Coach:
    """Watch over a GAN that is trained in your own PyTorch loop, and say when something goes wrong, and why.

        coach = ganvas.Coach(real_pictures, optimisers={"generator": opt_g, "discriminator": opt_d})
        for real in loader:
            ...  # your step
            losses = {"generator": loss_g, "discriminator": loss_d}
            verdict = coach.observe(losses, samples=fake, real_logits=real_logits, fake_logits=fake_logits)
            if verdict:
                print(verdict.name, verdict.what, verdict.why, coach.advice())

    Nothing of yours is changed: no weight, mode, statistic or gradient, and no random number is drawn. Under
    torch.distributed every process makes its own Coach, calls it at the same steps, and gets the same verdicts.
    """

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
    ) -> None:
        """Take what is known before the first step; each is optional, and each lets more be seen.

        Args:
            real: real pictures (N, C, H, W) in [-1, 1]: 64 or more at random, up to 512 are looked at.
            held_out: more of them, which are never trained on; with `discriminator` they show what it remembers.
            generator: its weights are watched; with `latents` it is asked for samples, and for its dead units.
            latents: fixed inputs (64, ...) of the generator.
            discriminator: called with pictures alone, it gives logits; its weights are watched.
            optimisers: "generator" and "discriminator": sizes of gradients and updates; the weights are watched.
            pictures: how many are trained on.
            batch: real pictures of a step, over all processes; if not given, as many as samples or logits were.
            total_steps: of the whole training, if that is known: it is looked at about 40 times then.
            every: steps from one look to the next; the first looks come sooner. If not given, 200, and later a
                twentieth of the steps so far. A look costs about 0.2 seconds on a processor.

        Raises:
            GanvasError: something has another shape, range or name than it should, or a network cannot be asked.
        """
        if min(check_every or 1, total_steps or 1, batch_size or 1) < 1:
            raise GanvasError("Steps and pictures are counted from 1.", "Leave out every, total_steps and batch.")
        self.step, self.history = 0, list[Event]()
        self._collector = Collector(real, held_out, generator, latents, discriminator, optimizers or {})
        self._collector.collect({}, {})  # what cannot be asked is better found now than at step 200
        self._facts = {} if dataset_size is None else {"dataset_size": float(dataset_size)}
        self._batch_size, self._total_steps, self._check_every = batch_size, total_steps, check_every
        self._averages: dict[str, LossAverage] = {}
        self._unread_losses: list[dict[str, Tensor | float]] = []  # losses that were not read yet
        self._losses: dict[str, float] = {}  # the last that were read
        self._tensors: dict[str, Tensor] = {}  # the newest samples and logits
        self._not_finite = False
        self._next_check = self._step_of_next_check()

    @property
    def due(self) -> bool:
        """Tell whether the next `observe` will look, so that samples need only be made for it then."""
        return self.step + 1 >= self._next_check

    @property
    def verdict(self) -> Verdict | None:
        """Return the present verdict; None before the first look."""
        return last_verdict(self.history)

    @property
    def healthy(self) -> bool:
        """Tell whether nothing is known to be wrong."""
        return self.verdict is None or self.verdict.name in HEALTHY_VERDICTS

    def advice(self) -> str:
        """Return what a person can do about the present verdict."""
        return "" if self.verdict is None else DIAGNOSES[self.verdict.name].advice

    def observe(
        self,
        losses: Mapping[str, float | Tensor] | None = None,
        *,
        samples: Tensor | None = None,
        real_logits: Tensor | None = None,
        fake_logits: Tensor | None = None,
        held_out_logits: Tensor | None = None,
    ) -> Verdict | None:
        """Take note of a step, look now and then, and return the verdict if it is another than before.

        It costs next to nothing but at the steps at which it looks. When a loss is no finite number it looks at once,
        or up to 10 steps later where another device or other processes have to be waited for.

        Args:
            losses: a number each; the rules go by "generator" and "discriminator", others are kept in the history.
            samples: pictures (N, C, H, W) in [-1, 1] from different latents; 8 at least, 64 are looked at.
            real_logits: what the discriminator says (N, ...) about pictures that it is trained on.
            fake_logits: about samples.
            held_out_logits: about real pictures that it is not trained on.

        Raises:
            GanvasError: something has another shape or type than it should.
        """
        self.step += 1
        if losses:
            self._unread_losses.append({name: validate.loss(name, each) for name, each in losses.items()})
        if samples is not None:
            self._tensors["samples"] = validate.images("The samples", samples, like=self._collector.real)[:SAMPLE_COUNT]
        logits = {"real_logits": real_logits, "fake_logits": fake_logits, "held_out_logits": held_out_logits}
        self._tensors |= {name: validate.logits(name, each) for name, each in logits.items() if each is not None}
        self._batch_size = self._batch_size or max(map(len, self._tensors.values()), default=0) * world_size() or None
        alarm = self._read_losses()
        if self.step < self._next_check and not alarm:
            return None
        self.history.append(self._measure())
        self._next_check = self._step_of_next_check()
        verdict, before = diagnose(self.history), self.verdict
        if before is not None and verdict.name == before.name:
            return None
        self.history.append(verdict)
        return verdict

    def _step_of_next_check(self) -> int:
        """Return the step of the next look; the last one of a training whose length is known is at its end."""
        usual = (
            self._total_steps / TOTAL_CHECKS if self._total_steps else max(CHECK_EVERY, CHECK_EVERY_SHARE * self.step)
        )
        share = gap_factor(sum(isinstance(event, HealthCheck) for event in self.history))
        gap = max(1, round(self._check_every * share)) if self._check_every else max(MIN_STEPS, round(usual * share))
        end = self._total_steps or 0
        return min(self.step + gap, end) if self.step < end else self.step + gap

    def _read_losses(self) -> bool:
        """Take the losses that wait into their averages; tell whether one is no finite number, and none was before."""
        on_other_device = any(
            isinstance(each, Tensor) and not each.is_cpu for losses in self._unread_losses for each in losses.values()
        )
        if (on_other_device or world_size() > 1) and self.step < self._next_check and self.step % READ_EVERY:
            return False
        if self._unread_losses:
            self._losses = {}
        for losses in self._unread_losses:
            for name, each in losses.items():
                value, average = float(each), self._averages.setdefault(name, LossAverage())
                if math.isfinite(value):
                    average.add(value)
                if math.isfinite(self._losses.get(name, 0.0)):
                    self._losses[name] = value
        self._unread_losses.clear()
        not_finite = any(not math.isfinite(value) for value in self._losses.values())
        before, self._not_finite = self._not_finite, average_over_ranks({"broken": float(not_finite)})["broken"] > 0
        return self._not_finite and not before

    def _measure(self) -> HealthCheck:
        """Examine everything that there is to see, together with the other processes."""
        metrics = self._facts | loss_metrics(self._averages, self._averages)
        metrics |= self._collector.collect(self._tensors, self._losses)
        metrics["batch_size"] = float(self._batch_size or math.nan)
        metrics = average_over_ranks(metrics)
        images_seen = self.step * round(metrics["batch_size"]) if math.isfinite(metrics["batch_size"]) else self.step
        progress = min(1.0, self.step / self._total_steps) if self._total_steps else math.nan
        return HealthCheck(self.step, images_seen, progress, "adversarial", metrics)

    def save(self, path: str | Path) -> None:
        """Write all looks and verdicts to a file that `ganvas doctor FILE` reads, a line of JSON each."""
        write_atomically(Path(path), "".join(f"{to_json(event)}\n" for event in self.history).encode())

    def state_dict(self) -> dict[str, Any]:
        """Return what is known so far, as plain data for a checkpoint of yours."""
        averages = {
            name: [each.mean, each.variance, each.count, each.fast_mean] for name, each in self._averages.items()
        }
        history = [to_json(event) for event in self.history]
        return {"step": self.step, "next": self._next_check, "averages": averages, "history": history}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another Coach was."""
        self.step, self._next_check = state["step"], state["next"]
        self._averages = {name: LossAverage(*each) for name, each in state["averages"].items()}
        self.history = [from_json(line) for line in state["history"]]
