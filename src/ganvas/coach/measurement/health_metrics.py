"""The signs of health: what is measured, and how. Each function takes tensors and networks of anybody's loop.

All are cheap: a batch of 64 samples, seen by a frozen network at 32 px, costs a tenth of a second on a processor.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...image_io import to_uint8
from ...metrics.features import to_rgb
from ...metrics.neighbours import near_duplicates
from ...metrics.networks import EfficientNetLite, load_network
from .modes import Modes, find_modes

COUNT = 64  # samples and as many real pictures of a look: one sheet
KNOWN = 512  # real pictures that are sorted into kinds
SIDE = 32  # pixels at which the frozen network looks: a ninth of the cost of the 96 of the scores
SATURATED = 0.99  # of the way to black or white
BLANK = 0.02  # standard deviation of a picture's values, black to white being 2, below which it shows nothing


@dataclass(frozen=True)
class Looks:
    """Hold what a batch of pictures looks like: features (N, D) of a frozen network, pixels, and near-copies.

    spread, pixel_spread: root mean square distance from the mean, in features and in pixels.
    saturated: share of values at black or white; near_copies: share of pictures with a near-copy in the batch;
    blank: share of pictures of one plain colour; detail: share of the pictures' variance that is lost at half the size.
    """

    features: Tensor
    spread: float
    pixel_spread: float
    saturated: float
    near_copies: float
    blank: float
    detail: float


@torch.no_grad()
def look(pictures: Tensor) -> Looks:
    """Look at pictures (N, C, H, W) in [-1, 1] on any device; values that are not finite count as grey."""
    clean = torch.nan_to_num(pictures.float(), 0.0, 0.0, 0.0).clamp(-1, 1)
    levels = to_uint8(clean).cpu().contiguous()
    flat = clean.flatten(1)
    features = _features(levels, clean.device)
    return Looks(
        features=features,
        spread=_spread(features),
        pixel_spread=_spread(flat),
        saturated=float((flat.abs() > SATURATED).float().mean()),
        near_copies=near_duplicates(levels).having / len(levels),
        blank=float((flat.std(1) < BLANK).float().mean()),
        detail=_detail(clean),
    )


def _detail(pictures: Tensor) -> float:
    """Return the share of the variance within pictures that is lost at half their size."""
    height, width = pictures.shape[2:]
    half = F.interpolate(pictures, (-(-height // 2), -(-width // 2)), mode="bilinear", antialias=True)
    lost = pictures - F.interpolate(half, (height, width), mode="bilinear")
    centred = pictures - pictures.mean((2, 3), keepdim=True)
    return float(lost.square().mean() / centred.square().mean().clamp(min=1e-9))


def _features(pictures: Tensor, device: torch.device) -> Tensor:
    """Return the features (N, 192) of uint8 pictures, seen small."""
    network = load_network("efficientnet-lite0").to(device)
    if not isinstance(network, EfficientNetLite):
        raise TypeError("The coach's eye is an EfficientNet-lite.")
    small = F.interpolate(to_rgb(pictures).to(device).float(), (SIDE, SIDE), mode="bilinear", antialias=True)
    seen = ((small - 127) / 128).contiguous(memory_format=torch.channels_last)
    features: Tensor = network.to_stage(seen).mean((2, 3))
    return features.float().cpu()


def _spread(rows: Tensor) -> float:
    return float((rows - rows.mean(0)).square().sum(1).mean().sqrt())


@dataclass(frozen=True)
class Reference:
    """Hold what real pictures look like, to compare samples with."""

    looks: Looks  # of as many real pictures as there are samples
    mean: Tensor  # (D,) of all features
    deviation: Tensor  # (D,)
    modes: Modes


def reference(pictures: Tensor) -> Reference:
    """Return what real pictures (N, C, H, W) in [-1, 1] look like; the first `COUNT` are a batch as samples are."""
    batches = [look(part) for part in torch.split(pictures, COUNT)]
    features = torch.cat([each.features for each in batches])
    return Reference(batches[0], features.mean(0), features.std(0, correction=0), find_modes(features))


def real_signs(known: Reference) -> dict[str, float]:
    """Return what is known of the real pictures themselves."""
    looks = known.looks
    return {"real_near_copies": looks.near_copies, "real_blank": looks.blank, "real_detail": looks.detail}


def sample_signs(samples: Tensor, known: Reference) -> dict[str, float]:
    """Return the signs in samples (N, C, H, W) in [-1, 1], compared with real pictures.

    `distance` is a Frechet distance between Gaussians without covariances, in units of the real pictures' variance:
    0 for equal, about 1 for samples that are all alike and typical, more for what is no such picture at all.
    """
    seen, real = look(samples), known.looks
    mean, deviation = seen.features.mean(0), seen.features.std(0, correction=0)
    apart = (mean - known.mean).square().sum() + (deviation - known.deviation).square().sum()
    return {
        "diversity": _ratio(seen.spread, real.spread),
        "pixel_diversity": _ratio(seen.pixel_spread, real.pixel_spread),
        "near_copies": seen.near_copies,
        "modes_lost": known.modes.lost(seen.features),
        "saturated": seen.saturated - real.saturated,
        "distance": _ratio(float(apart), float(known.deviation.square().sum())),
    }


def _ratio(value: float, unit: float) -> float:
    return value / unit if unit > 1e-4 else math.nan  # less is rounding: all real pictures are one


def logit_signs(real: Tensor, fake: Tensor, held_out: Tensor | None = None) -> dict[str, float]:
    """Return the signs in the discriminator's logits of real pictures, samples, and real pictures it never saw.

    Shares of pairs do not depend on the loss, which may leave the logits' zero and scale open.
    """
    real, fake = real.detach().float().flatten().cpu(), fake.detach().float().flatten().cpu()
    both = torch.cat([real, fake])
    signs = {
        "told_apart": _share_above(real, fake),
        "real_accepted": float((real > 0).float().mean()),
        "fake_accepted": float((fake > 0).float().mean()),
        "logit_size": float(both.abs().mean()),
        "logit_gap": float(real.mean() - fake.mean()),
    }
    if held_out is not None and len(held_out):
        signs["remembered"] = _share_above(real, held_out.detach().float().flatten().cpu())
    return signs


def _share_above(high: Tensor, low: Tensor) -> float:
    """Return the share of pairs in which the first is higher, ties counting half: 0.5 if they are all the same."""
    difference = high[:, None] - low[None]
    return float((difference > 0).float().mean() + (difference == 0).float().mean() / 2)


def optimiser_signs(side: str, optimiser: torch.optim.Optimizer) -> dict[str, float]:
    """Return the signs of how the optimiser of a side ("generator" or "discriminator") moves its weights."""
    return {
        f"{side}_update": update_size(optimiser),
        f"{side}_reach": reach(optimiser),
        f"{side}_gradient": gradient_size(optimiser),
    }


def gradient_size(optimiser: torch.optim.Optimizer) -> float:
    """Return the root mean square of the last gradients of the optimiser's weights; NaN if there are none.

    Adam's first moment is the mean of the last few gradients, and is there when the gradients are gone.
    """
    moments = _moments(optimiser)
    gradients = [each["exp_avg"] / (1 - _betas(optimiser)[0] ** float(each["step"])) for _, each in moments]
    if not moments:
        weights = (each for group in optimiser.param_groups for each in group["params"])
        gradients = [each.grad for each in weights if each.grad is not None]
    count = sum(each.numel() for each in gradients)
    return _norm(gradients) / math.sqrt(count) if count else math.nan


def update_size(optimiser: torch.optim.Optimizer) -> float:
    """Return by what part of their own size the weights moved in Adam's last step; NaN for another optimiser.

    It is computed from Adam's moments, so that no copy of the weights is needed.
    """
    moved, weights = [], []
    beta1, beta2 = _betas(optimiser)
    for parameter, moments in _moments(optimiser):
        step, group = float(moments["step"]), optimiser.param_groups[0]
        square = moments["exp_avg_sq"] / (1 - beta2**step)
        mean = moments["exp_avg"] / (1 - beta1**step)
        moved.append(float(group["lr"]) * mean / (square.sqrt() + group["eps"]))
        weights.append(parameter.detach())
    return _norm(moved) / max(_norm(weights), 1e-12) if moved else math.nan


def reach(optimiser: torch.optim.Optimizer) -> float:
    """Return how long Adam's steps may be at most, as a part of the weights' own size: rate over root mean square."""
    weights = [each.detach() for group in optimiser.param_groups for each in group["params"]]
    count = sum(each.numel() for each in weights)
    return float(optimiser.param_groups[0]["lr"]) * math.sqrt(count) / max(_norm(weights), 1e-12)


def _moments(optimiser: torch.optim.Optimizer) -> list[tuple[Tensor, dict[str, Tensor]]]:
    """Return the weights that Adam has moved, each with its moments; none for another optimiser."""
    needed = {"exp_avg", "exp_avg_sq", "step"}
    return [(weight, each) for weight, each in optimiser.state.items() if needed <= set(each)]


def _betas(optimiser: torch.optim.Optimizer) -> tuple[float, float]:
    betas: tuple[float, float] = optimiser.param_groups[0].get("betas", (0.0, 0.0))
    return betas


def finite(networks: Iterable[nn.Module], losses: Mapping[str, float]) -> float:
    """Return the share of networks and losses that hold finite numbers only."""
    whole = [all(bool(each.isfinite().all()) for each in network.parameters()) for network in networks]
    whole += [math.isfinite(value) for value in losses.values()]
    return sum(whole) / len(whole) if whole else 1.0


def _norm(tensors: list[Tensor]) -> float:
    norms = torch._foreach_norm(tensors)
    return float(torch.linalg.vector_norm(torch.stack(list(norms))))
