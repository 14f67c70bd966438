"""Health metrics, computed from the tensors, networks and optimizers of any training loop.

All are cheap: a frozen network measures 64 samples at 32 px in a tenth of a second on a CPU.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...image_io import to_uint8
from ...metrics import DEFAULT_NETWORK
from ...metrics.distances import frechet_distance
from ...metrics.features import to_rgb
from ...metrics.neighbors import count_near_duplicates
from ...metrics.networks import EfficientNetLite, load_network
from .modes import Modes, find_modes

SAMPLE_COUNT = 64  # samples of a health check, and as many real pictures
DISTANCE_COUNT = 256  # samples for the distance that treatments are judged by
REFERENCE_COUNT = 512  # real pictures that samples are compared with; their features are clustered into modes
INPUT_SIZE = 32  # side of the frozen network's input: a ninth of the cost of the 96 pixels that scores take
SATURATED_ABOVE = 0.99  # absolute value in [-1, 1] that counts as black or white
BLANK_BELOW = 0.02  # standard deviation of a picture's values in [-1, 1]; below it, the picture shows nothing


@dataclass(frozen=True)
class ImageStats:
    """Statistics of a batch of pictures.

    features: (N, D) of a frozen network.
    feature_spread, pixel_spread: root mean square distance from the mean, of features and of pixels.
    saturated: share of values that are black or white.
    near_copies: share of the pictures that have a near-copy in the batch.
    blank: share of the pictures that are a single plain colour.
    detail: share of the pictures' variance that is lost at half their size.
    """

    features: Tensor
    feature_spread: float
    pixel_spread: float
    saturated: float
    near_copies: float
    blank: float
    detail: float


@torch.no_grad()
def measure_images(images: Tensor) -> ImageStats:
    """Return the statistics of images (N, C, H, W) in [-1, 1] on any device; NaN and infinity count as grey."""
    images = torch.nan_to_num(images.float(), 0.0, 0.0, 0.0).clamp(-1, 1)
    pixels = to_uint8(images).cpu().contiguous()
    flat = images.flatten(1)
    features = _features(pixels, images.device)
    return ImageStats(
        features=features,
        feature_spread=_spread(features),
        pixel_spread=_spread(flat),
        saturated=float((flat.abs() > SATURATED_ABOVE).float().mean()),
        near_copies=count_near_duplicates(pixels).with_duplicate / len(pixels),
        blank=float((flat.std(1) < BLANK_BELOW).float().mean()),
        detail=_detail(images),
    )


def _detail(images: Tensor) -> float:
    """Return the share of the variance within the images that is lost at half their size."""
    height, width = images.shape[2:]
    half = F.interpolate(images, (-(-height // 2), -(-width // 2)), mode="bilinear", antialias=True)
    lost = images - F.interpolate(half, (height, width), mode="bilinear")
    centered = images - images.mean((2, 3), keepdim=True)
    return float(lost.square().mean() / centered.square().mean().clamp(min=1e-9))


def _features(images: Tensor, device: torch.device) -> Tensor:
    """Return the features (N, 192) of uint8 images, resized to `INPUT_SIZE`."""
    network = load_network(DEFAULT_NETWORK)
    if not isinstance(network, EfficientNetLite):
        raise TypeError("The coach measures by an EfficientNet-lite.")
    if next(network.parameters()).device != device:  # to look at each of its tensors takes milliseconds
        network.to(device)
    small = F.interpolate(to_rgb(images).to(device).float(), (INPUT_SIZE, INPUT_SIZE), mode="bilinear", antialias=True)
    inputs = ((small - 127) / 128).contiguous(memory_format=torch.channels_last)
    features: Tensor = network.to_intermediate(inputs).mean((2, 3))
    return features.float().cpu()


def _spread(rows: Tensor) -> float:
    """Return the root mean square distance of the rows (N, D) from their mean."""
    return float((rows - rows.mean(0)).square().sum(1).mean().sqrt())


@dataclass(frozen=True)
class RealStats:
    """Statistics of real pictures, which samples are compared with."""

    stats: ImageStats  # of `SAMPLE_COUNT` real pictures, as many as there are samples
    mean: Tensor  # (D,) of the features of all
    std: Tensor  # (D,) of the features of all
    features: Tensor  # (N, D) of all
    modes: Modes


def measure_reals(images: Tensor, features: Tensor | None = None) -> RealStats:
    """Return the statistics of real images (N, C, H, W) in [-1, 1], the first `SAMPLE_COUNT` also as a batch.

    Args:
        images: the first `SAMPLE_COUNT` are enough where the features are known.
        features: (M, D) of all of them, as `image_features` returns them.
    """
    stats = measure_images(images[:SAMPLE_COUNT])
    features = image_features(images) if features is None else features
    return RealStats(stats, features.mean(0), features.std(0, correction=0), features, find_modes(features))


@torch.no_grad()
def image_features(images: Tensor) -> Tensor:
    """Return the features (N, D) of images (N, C, H, W) in [-1, 1]; NaN and infinity count as grey."""
    parts = torch.split(torch.nan_to_num(images.float(), 0.0, 0.0, 0.0).clamp(-1, 1), SAMPLE_COUNT)
    return torch.cat([_features(to_uint8(part).cpu().contiguous(), part.device) for part in parts])


def real_metrics(reals: RealStats) -> dict[str, float]:
    """Return the metrics of the real pictures themselves."""
    stats = reals.stats
    return {"real_near_copies": stats.near_copies, "real_blank": stats.blank, "real_detail": stats.detail}


def sample_metrics(samples: Tensor, reals: RealStats) -> dict[str, float]:
    """Return the metrics of samples (N, C, H, W) in [-1, 1], compared with real pictures.

    `feature_distance` is the Frechet distance between Gaussians with diagonal covariances, divided by the real
    pictures' variance. It is 0 for equal distributions, about 1 for identical typical samples, and more for samples
    that look nothing like the real pictures.
    """
    fake, real = measure_images(samples), reals.stats
    mean, std = fake.features.mean(0), fake.features.std(0, correction=0)
    distance = (mean - reals.mean).square().sum() + (std - reals.std).square().sum()
    return {
        "diversity": _ratio(fake.feature_spread, real.feature_spread),
        "pixel_diversity": _ratio(fake.pixel_spread, real.pixel_spread),
        "near_copies": fake.near_copies,
        "modes_lost": reals.modes.share_lost(fake.features),
        "saturated": fake.saturated - real.saturated,
        "feature_distance": _ratio(float(distance), float(reals.std.square().sum())),
    }


def sample_distance(samples: Tensor, reals: RealStats) -> float:
    """Return the Frechet distance of samples (N, C, H, W) in [-1, 1] from real pictures.

    NaN and infinity count as grey. It rests on the covariances of all the features, so that it is surer than the
    `feature_distance` of a few samples. Compare only values of the same number of samples.
    """
    return frechet_distance(image_features(samples), reals.features)


def _ratio(value: float, unit: float) -> float:
    return value / unit if unit > 1e-4 else math.nan  # below this it is rounding: the real pictures are all the same


def logit_metrics(real: Tensor, fake: Tensor, held_out: Tensor | None = None) -> dict[str, float]:
    """Return the metrics of the discriminator's logits for real pictures, samples, and held-out real pictures.

    Pair accuracies mean the same for every loss. With some losses the zero and the scale of the logits mean nothing.
    """
    real, fake = real.detach().float().flatten().cpu(), fake.detach().float().flatten().cpu()
    both = torch.cat([real, fake])
    metrics = {
        "d_pair_accuracy": pair_accuracy(real, fake),
        "real_accepted": float((real > 0).float().mean()),
        "fake_accepted": float((fake > 0).float().mean()),
        "logit_magnitude": float(both.abs().mean()),
        "logit_gap": float(real.mean() - fake.mean()),
    }
    if held_out is not None and len(held_out):
        metrics["d_train_vs_heldout"] = pair_accuracy(real, held_out.detach().float().flatten().cpu())
    return metrics


def pair_accuracy(high: Tensor, low: Tensor) -> float:
    """Return the share of all pairs in which `high` is above `low`; ties count half, so 0.5 means chance."""
    difference = high[:, None] - low[None]
    return float((difference > 0).float().mean() + (difference == 0).float().mean() / 2)


def optimizer_metrics(side: str, optimizer: torch.optim.Optimizer) -> dict[str, float]:
    """Return the metrics of an optimizer's gradients and updates; `side` is "generator" or "discriminator"."""
    return {
        f"{side}_update_ratio": update_ratio(optimizer),
        f"{side}_lr_to_weight_ratio": lr_to_weight_ratio(optimizer),
        f"{side}_gradient_rms": gradient_rms(optimizer),
    }


def gradient_rms(optimizer: torch.optim.Optimizer) -> float:
    """Return the root mean square of the last gradients of the optimizer's parameters; NaN if there are none.

    With Adam, the first moment is taken: it averages the last few gradients and outlives `zero_grad`.
    """
    moments = _adam_moments(optimizer)
    gradients = [each["exp_avg"] / (1 - _betas(optimizer)[0] ** float(each["step"])) for _, each in moments]
    if not moments:
        weights = (each for group in optimizer.param_groups for each in group["params"])
        gradients = [each.grad for each in weights if each.grad is not None]
    count = sum(each.numel() for each in gradients)
    return _norm(gradients) / math.sqrt(count) if count else math.nan


def update_ratio(optimizer: torch.optim.Optimizer) -> float:
    """Return the norm of Adam's last update divided by the norm of the weights; NaN for other optimizers.

    It is computed from Adam's moments, so that no copy of the weights is needed.
    """
    updates, weights = [], []
    beta1, beta2 = _betas(optimizer)
    for parameter, moments in _adam_moments(optimizer):
        step, group = float(moments["step"]), optimizer.param_groups[0]
        square = moments["exp_avg_sq"] / (1 - beta2**step)
        mean = moments["exp_avg"] / (1 - beta1**step)
        updates.append(float(group["lr"]) * mean / (square.sqrt() + group["eps"]))
        weights.append(parameter.detach())
    return _norm(updates) / max(_norm(weights), 1e-12) if updates else math.nan


def lr_to_weight_ratio(optimizer: torch.optim.Optimizer) -> float:
    """Return the learning rate divided by the root mean square of the weights.

    Adam moves a weight by about the learning rate at most, so this bounds the relative change per step.
    """
    weights = [each.detach() for group in optimizer.param_groups for each in group["params"]]
    count = sum(each.numel() for each in weights)
    return float(optimizer.param_groups[0]["lr"]) * math.sqrt(count) / max(_norm(weights), 1e-12)


def _adam_moments(optimizer: torch.optim.Optimizer) -> list[tuple[Tensor, dict[str, Tensor]]]:
    """Return the parameters that Adam has updated, each with its moments; none for other optimizers."""
    needed = {"exp_avg", "exp_avg_sq", "step"}
    return [(weight, each) for weight, each in optimizer.state.items() if needed <= set(each)]


def _betas(optimizer: torch.optim.Optimizer) -> tuple[float, float]:
    betas: tuple[float, float] = optimizer.param_groups[0].get("betas", (0.0, 0.0))
    return betas


def finite_share(networks: Iterable[nn.Module], losses: Mapping[str, float]) -> float:
    """Return the share of the networks and losses that hold only finite numbers."""
    finite = [_is_finite(list(network.parameters())) for network in networks]
    finite += [math.isfinite(value) for value in losses.values()]
    return sum(finite) / len(finite) if finite else 1.0


def _is_finite(tensors: list[Tensor]) -> bool:
    """Return whether all numbers in the tensors are finite: the largest of each is, and it is NaN if one is."""
    largest = [torch.linalg.vector_norm(each.detach(), torch.inf) for each in tensors if each.numel()]
    return all(bool(each.isfinite()) for each in largest)


def _norm(tensors: list[Tensor]) -> float:
    """Return the Euclidean norm over all the tensors."""
    norms = torch._foreach_norm(tensors)
    return float(torch.linalg.vector_norm(torch.stack(list(norms))))
