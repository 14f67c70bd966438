"""The discriminators of Projected GAN (Sauer et al. 2021): they judge what a frozen network sees, not the pixels.

EfficientNet-lite0 looks at the pictures at four scales. Random convolutions that are never trained mix its channels and
hand what is coarse down to what is fine, so that no discriminator can rest on a few features alone. On each scale a
small discriminator of its own looks for faults.
"""

import copy
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from .efficientnet import frozen_lite
from .equalized import SLOPE
from .layers import Shape, resampled

STAGES = ((0, 2), (2, 3), (3, 5), (5, 7))  # blocks of the network up to strides of 4, 8, 16 and 32
CHANNELS = (24, 40, 112, 320)
MIXED = (16, 24, 32, 64)  # channels after mixing, fine to coarse
LEAST, MOST = 64, 128  # pixels of the short side that the network looks at: at 32 px it would see nothing coarse
SIDE = 4  # logits of each head, in both directions
SQUARE = 4  # pixels of the squares that transparent pictures lie on


class Eye:
    """Look through the frozen network. It is no module, so that it is neither trained nor saved nor copied.

    One network serves every discriminator on a device.
    """

    _networks: ClassVar[dict[torch.device, nn.Module]] = {}

    def __call__(self, pictures: Tensor) -> list[Tensor]:
        """Return features at four scales, fine to coarse, of RGB pictures in [-1, 1]."""
        device = pictures.device
        if device not in self._networks:
            network = frozen_lite()
            self._networks[device] = network if device.type == "cpu" else _copied(network, device)
        body: Any = self._networks[device]
        seen = (pictures * 127.5 + 0.5) / 128  # (RGB - 127) / 128, RGB from 0 to 255
        features = body.bn1(body.conv_stem(seen.contiguous(memory_format=torch.channels_last)))
        found = []
        for first, last in STAGES:
            for block in body.blocks[first:last]:
                features = block(features)
            found.append(features)
        return found


def _copied(network: nn.Module, device: torch.device) -> nn.Module:
    with torch.inference_mode(False):
        return copy.deepcopy(network).to(device)


class Mixing(nn.Module):
    """Mix channels and scales by random convolutions that stay as they are drawn (section 3.2, CCM and CSM)."""

    def __init__(self) -> None:
        super().__init__()
        for scale, (before, after) in enumerate(zip(CHANNELS, MIXED, strict=True)):
            self.register_buffer(f"channels{scale}", _random(after, before, 1))
            if scale + 1 < len(MIXED):
                self.register_buffer(f"scales{scale}", _random(after, MIXED[scale + 1], 3))

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """Return mixed features (B, MIXED, h, w), fine to coarse; the coarser ones are enlarged and added."""
        mixed = [F.conv2d(each, self.get_buffer(f"channels{scale}")) for scale, each in enumerate(features)]
        found = [mixed[-1]]
        for scale in range(len(mixed) - 2, -1, -1):
            larger = F.interpolate(found[0], mixed[scale].shape[2:], mode="bilinear")
            found.insert(0, mixed[scale] + F.conv2d(larger, self.get_buffer(f"scales{scale}"), padding=1))
        return found


class Head(nn.Module):
    """Judge the features of one scale: halve them until few places are left, and give each a logit.

    Args:
        before: channels of the features.
        width: of the layers.
        halvings: how often the grid is halved.
        classes: 0, or their number.
    """

    def __init__(self, before: int, width: int, halvings: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index in range(halvings):
            layers += [spectral_norm(nn.Conv2d(before if index == 0 else width, width, 4, 2, 1)), nn.LeakyReLU(SLOPE)]
        if not halvings:
            layers = [spectral_norm(nn.Conv2d(before, width, 1)), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers)
        self.verdict = spectral_norm(nn.Conv2d(width, 1, 3, padding=1))
        self.embedding = nn.Embedding(classes, width) if classes else None

    def forward(self, features: Tensor, labels: Tensor | None) -> Tensor:
        """Return logits (B, SIDE^2) for features (B, before, h, w) and labels (B,)."""
        judged = self.layers(features)
        logits = self.verdict(judged)
        if self.embedding is not None and labels is not None:
            wanted = self.embedding(labels)[:, :, None, None]
            logits = logits + (wanted * judged).sum(1, keepdim=True) / judged.shape[1] ** 0.5
        divisible = F.interpolate(logits, scale_factor=SIDE)  # else pooling would count some places twice
        return F.adaptive_avg_pool2d(divisible, SIDE).flatten(1)


class ProjectedDiscriminator(nn.Module):
    """Judge what the frozen network sees of pictures, at four scales.

    Args:
        widths: of the heads' layers, fine to coarse.
        shape: (C, H, W) of the pictures. Grey ones are shown as three equal colours, transparent ones on squares of
            black and white, so that alpha tells.
        classes: 0, or their number.
    """

    def __init__(self, widths: tuple[int, ...], shape: Shape, classes: int = 0) -> None:
        super().__init__()
        _, height, width = shape
        factor = min(max(LEAST, min(height, width)), MOST) / min(height, width)
        self.size = round(factor * height), round(factor * width)
        self.eye, self.mixing = Eye(), Mixing()
        sides = [min(self.size) // stride for stride in (4, 8, 16, 32)]
        self.heads = nn.ModuleList(
            Head(before, width, max(0, (side // SIDE).bit_length() - 1), classes)
            for before, width, side in zip(MIXED, widths, sides, strict=True)
        )

    def forward(self, pictures: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (B, 4 * SIDE^2), as many of each head, for pictures (B, C, H, W) and labels (B,)."""
        features = self.mixing(self.eye(resampled(opaque(pictures), self.size)))
        return torch.cat([head(each, labels) for head, each in zip(self.heads, features, strict=True)], 1)


def opaque(pictures: Tensor) -> Tensor:
    """Return RGB pictures for grey ones, RGB ones, and those with alpha, which are put on squares."""
    channels, height, width = pictures.shape[1:]
    if channels < 4:
        return pictures.expand(-1, 3, -1, -1)
    rows, columns = (torch.arange(side, device=pictures.device) // SQUARE for side in (height, width))
    squares = ((rows[:, None] + columns) % 2).to(pictures) * 2 - 1
    alpha = (pictures[:, 3:] + 1) / 2
    seen: Tensor = pictures[:, :3] * alpha + squares * (1 - alpha)
    return seen


def _random(after: int, before: int, kernel: int) -> Tensor:
    """Draw a convolution that is to stay (He et al. 2015)."""
    drawn = torch.empty(after, before, kernel, kernel)
    return nn.init.kaiming_normal_(drawn)
