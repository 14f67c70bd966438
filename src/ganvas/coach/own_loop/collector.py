"""An onlooker in somebody's own loop: takes the signs of what is there to be seen, and leaves no trace."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ...device import random_at
from ...errors import pick
from ..measurement import health_metrics
from ..measurement.dead_units import dead_share
from ..measurement.health_metrics import COUNT, KNOWN
from . import validate
from .probe import answer, copy_of, unnoticed

FEWEST_SAMPLES = 8  # of fewer, nobody can say how varied they are
SIDES = {"generator": "generator", "discriminator": "discriminator"}
NO_JUDGE = "Leave out discriminator=, and give observe() the real_logits and fake_logits that your loop has anyway."
NO_ARTIST = "Leave out latents=, and give observe() samples."


class Onlooker:
    """Hold what a user has given once: see `Coach` for what each of it is."""

    def __init__(
        self,
        real: Tensor | None,
        held_out: Tensor | None,
        generator: nn.Module | None,
        latents: Tensor | None,
        discriminator: nn.Module | None,
        optimisers: Mapping[str, Optimizer],
    ) -> None:
        self._artist, self._judge = generator, discriminator
        self._latents = None if latents is None else latents.detach()[:COUNT]
        self._optimisers = {pick(SIDES, name, "optimiser"): each for name, each in optimisers.items()}
        self._known: health_metrics.Reference | None = None
        self.shown: Tensor | None = None
        self._held_out: Tensor | None = None
        self._facts = {} if latents is None else {"latent": float(latents[:1].numel())}
        if real is not None:
            self._know(validate.pictures("The real pictures", real, least=1))
        if held_out is not None:
            unseen = validate.pictures("The held-out pictures", held_out, like=self.shown)[:COUNT]
            self._held_out = validate.in_range("The held-out pictures", unseen)

    def _know(self, real: Tensor) -> None:
        """Look at some of the real pictures, always the same ones of a set."""
        order = torch.randperm(len(real), generator=random_at("coach"))[:KNOWN]
        chosen = validate.in_range("The real pictures", real[order.to(real.device)])
        with unnoticed([chosen]):
            self._known = health_metrics.reference(chosen)
        self.shown = chosen[:COUNT]
        self._facts |= health_metrics.real_signs(self._known)

    def look(self, seen: Mapping[str, Tensor], losses: Mapping[str, float]) -> dict[str, float]:
        """Return all signs but those of the losses' course.

        Args:
            seen: samples, real_logits, fake_logits, held_out_logits of the loop; what lacks is asked for.
            losses: the last ones.
        """
        values = dict(self._facts)
        for side, optimiser in self._optimisers.items():
            values |= health_metrics.optimiser_signs(side, optimiser)
        with unnoticed(self._places(seen)):
            seen = self._asked(seen) | dict(seen)
            values |= self._drawn(seen.get("samples")) | _judged(seen)
        wholes = {name: 0.0 if bool(each.isfinite().all()) else math.nan for name, each in seen.items()}
        values["finite"] = health_metrics.finite(self._weights(), {**losses, **wholes})
        return values

    def _asked(self, seen: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return samples and logits, of what was not seen, as the networks give them."""
        found: dict[str, Tensor] = {}
        if self._artist is not None and self._latents is not None and "samples" not in seen:
            made = answer("generator", self._artist, self._latents, instead=NO_ARTIST)
            found["samples"] = validate.pictures("The generator's samples", made, like=self.shown)
        if self._judge is None or "real_logits" in seen:
            return found
        shown = {"real": self.shown, "fake": seen.get("samples", found.get("samples")), "held_out": self._held_out}
        for name, each in shown.items():
            if each is not None and len(each):
                made = answer("discriminator", self._judge, each, instead=NO_JUDGE)
                found[f"{name}_logits"] = validate.logits("discriminator's logits", made)
        return found

    def _drawn(self, samples: Tensor | None) -> dict[str, float]:
        """Return the signs in samples, compared with real pictures if some are known, and the dead units."""
        found: dict[str, float] = {}
        if samples is not None and len(samples) >= FEWEST_SAMPLES:
            if self._known is None:
                found["near_copies"] = health_metrics.look(samples).near_copies
            else:
                found |= health_metrics.sample_signs(samples, self._known)
        if self._artist is not None and self._latents is not None:
            plain = copy_of(self._artist)
            found["generator_dead"] = dead_share(plain, self._latents.to(next(plain.parameters(), self._latents)))
        return found

    def _weights(self) -> list[nn.Module]:
        """Return what holds the weights: the networks, or lists of what their optimisers move."""
        networks = {"generator": self._artist, "discriminator": self._judge}
        found = {name: each for name, each in networks.items() if each is not None}
        for side, optimiser in self._optimisers.items():
            weights = (each for group in optimiser.param_groups for each in group["params"])
            found.setdefault(side, nn.ParameterList(weights))
        return list(found.values())

    def _places(self, seen: Mapping[str, Tensor]) -> list[Tensor]:
        """Return a tensor on each device that a look works on."""
        weights = [next(each.parameters(), None) for each in self._weights()]
        return [each for each in (self.shown, self._latents, *seen.values(), *weights) if each is not None]


def _judged(seen: Mapping[str, Tensor]) -> dict[str, float]:
    """Return the signs in logits, if there are some of real pictures and of samples."""
    real, fake = seen.get("real_logits"), seen.get("fake_logits")
    if real is None or fake is None or not len(real) or not len(fake):
        return {}
    return health_metrics.logit_signs(real, fake, seen.get("held_out_logits"))
