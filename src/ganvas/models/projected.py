"""The discriminators of Projected GAN (Sauer et al. 2021): they judge a frozen network's features, not pixels.

EfficientNet-lite0 gives features at four scales. Random convolutions that are never trained mix their channels and pass
coarse scales on to fine ones, so that no discriminator can rely on a few features alone. Each scale has a small
discriminator of its own.
"""

import copy
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from .base import Discriminator
from .efficientnet import frozen_efficientnet_lite0
from .equalized import LEAKY_SLOPE
from .layers import Shape, Widths, resize_bilinear

STAGE_BLOCKS = ((0, 2), (2, 3), (3, 5), (5, 7))  # blocks of the network up to strides of 4, 8, 16 and 32
STAGE_CHANNELS = (24, 40, 112, 320)
PROJECTED_CHANNELS = (16, 24, 32, 64)  # channels after the random projection, fine to coarse
MIN_SIDE, MAX_SIDE = 64, 128  # pixels of the short side that the network gets: at 32 px it would see nothing coarse
LOGITS_SIDE = 4  # logits of each scale, in both directions
CHECKER_SIZE = 4  # pixels of the squares behind transparent images


class FrozenFeatures:
    """Frozen feature extractor; one network serves every discriminator on a device.

    Deliberately not an nn.Module: it must not appear in parameters(), state_dict() or deepcopy().
    """

    _networks: ClassVar[dict[torch.device, nn.Module]] = {}

    def __call__(self, images: Tensor) -> list[Tensor]:
        """Return features at four scales, fine to coarse, of RGB images in [-1, 1]."""
        device = images.device
        if device not in self._networks:
            network = frozen_efficientnet_lite0()
            self._networks[device] = network if device.type == "cpu" else _copy_to(network, device)
        body: Any = self._networks[device]
        normalized = (images * 127.5 + 0.5) / 128  # (RGB - 127) / 128, RGB from 0 to 255
        features = body.bn1(body.conv_stem(normalized.contiguous(memory_format=torch.channels_last)))
        scales = []
        for first, last in STAGE_BLOCKS:
            for block in body.blocks[first:last]:
                features = block(features)
            scales.append(features)
        return scales


def _copy_to(network: nn.Module, device: torch.device) -> nn.Module:
    with torch.inference_mode(False):
        return copy.deepcopy(network).to(device)


class RandomProjection(nn.Module):
    """Random convolutions that mix channels (CCM) and scales (CSM) and are never trained (section 3.2)."""

    def __init__(self) -> None:
        super().__init__()
        for scale, (in_channels, out_channels) in enumerate(zip(STAGE_CHANNELS, PROJECTED_CHANNELS, strict=True)):
            self.register_buffer(f"ccm{scale}", _random_conv(out_channels, in_channels, 1))
            if scale + 1 < len(PROJECTED_CHANNELS):
                self.register_buffer(f"csm{scale}", _random_conv(out_channels, PROJECTED_CHANNELS[scale + 1], 3))

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """Return mixed features (B, PROJECTED_CHANNELS, h, w), fine to coarse; coarse ones are added to finer ones."""
        mixed = [F.conv2d(scale, self.get_buffer(f"ccm{index}")) for index, scale in enumerate(features)]
        outputs = [mixed[-1]]
        for index in range(len(mixed) - 2, -1, -1):
            upsampled = F.interpolate(outputs[0], mixed[index].shape[2:], mode="bilinear")
            outputs.insert(0, mixed[index] + F.conv2d(upsampled, self.get_buffer(f"csm{index}"), padding=1))
        return outputs


class ScaleDiscriminator(nn.Module):
    """Discriminator of one scale's features: it halves them until few pixels are left, and gives each a logit.

    Args:
        in_channels: of the features.
        width: channels of its layers.
        halvings: how often the size is halved.
        num_classes: 0, or their number.
    """

    def __init__(self, in_channels: int, width: int, halvings: int, num_classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index in range(halvings):
            convolution = nn.Conv2d(width if index else in_channels, width, 4, 2, 1)
            layers += [spectral_norm(convolution), nn.LeakyReLU(LEAKY_SLOPE)]
        if not halvings:
            layers = [spectral_norm(nn.Conv2d(in_channels, width, 1)), nn.LeakyReLU(LEAKY_SLOPE)]
        self.layers = nn.Sequential(*layers)
        self.logit = spectral_norm(nn.Conv2d(width, 1, 3, padding=1))
        self.embedding = nn.Embedding(num_classes, width) if num_classes else None

    def forward(self, features: Tensor, labels: Tensor | None) -> Tensor:
        """Return logits (B, LOGITS_SIDE^2) for features (B, in_channels, h, w) and labels (B,)."""
        hidden = self.layers(features)
        logits = self.logit(hidden)
        if self.embedding is not None and labels is not None:
            embedded = self.embedding(labels)[:, :, None, None]
            logits = logits + (embedded * hidden).sum(1, keepdim=True) / hidden.shape[1] ** 0.5
        divisible = F.interpolate(logits, scale_factor=LOGITS_SIDE)  # else pooling would count some pixels twice
        return F.adaptive_avg_pool2d(divisible, LOGITS_SIDE).flatten(1)


class ProjectedDiscriminator(Discriminator):
    """Small discriminators on a frozen network's features at four scales.

    Args:
        widths: channels of the discriminators' layers, fine to coarse.
        shape: (C, H, W) of the images. Gray ones become RGB, transparent ones lie on a checkerboard, so that alpha can
            be seen.
        num_classes: 0, or their number.
    """

    can_pack = False
    can_freeze = False
    penalty_interval = 16  # a penalty goes through the frozen network: every fourth step would double the time

    def __init__(self, widths: Widths, shape: Shape, num_classes: int = 0) -> None:
        super().__init__()
        _, height, width = shape
        factor = min(max(MIN_SIDE, min(height, width)), MAX_SIDE) / min(height, width)
        self.size = round(factor * height), round(factor * width)
        self.features, self.projection = FrozenFeatures(), RandomProjection()
        sides = [min(self.size) // stride for stride in (4, 8, 16, 32)]
        self.heads = nn.ModuleList(
            ScaleDiscriminator(channels, head_width, max(0, (side // LOGITS_SIDE).bit_length() - 1), num_classes)
            for channels, head_width, side in zip(PROJECTED_CHANNELS, widths, sides, strict=True)
        )

    @property
    def judges_features(self) -> bool:
        """It does."""
        return True

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (B, 4 * LOGITS_SIDE^2), each scale's in turn, for images (B, C, H, W) and labels (B,)."""
        return self.logits_of(self.features_of(images), labels)

    def features_of(self, images: Tensor) -> list[Tensor]:
        """Return the frozen network's features at four scales, fine to coarse, of images (B, C, H, W)."""
        return self.features(resize_bilinear(to_rgb_on_checkerboard(images), self.size))

    def logits_of(self, features: list[Tensor], labels: Tensor | None) -> Tensor:
        """Return logits (B, 4 * LOGITS_SIDE^2) for what `features_of` returns and labels (B,)."""
        scales = self.projection(features)
        return torch.cat([head(each, labels) for head, each in zip(self.heads, scales, strict=True)], 1)


def perceptual_distance(one: list[Tensor], other: list[Tensor]) -> Tensor:
    """Return how far apart two batches of images look (), at least 0, by their features at several scales.

    Features of each place are scaled to length 1 and compared, as in LPIPS without its learned weights (Zhang et al.
    2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", eq. 1).
    """
    distances = [
        (F.normalize(a, dim=1) - F.normalize(b, dim=1)).square().sum(1).mean() for a, b in zip(one, other, strict=True)
    ]
    return torch.stack(distances).mean()


def to_rgb_on_checkerboard(images: Tensor) -> Tensor:
    """Return RGB images for gray ones, RGB ones, and those with alpha, which are put on a checkerboard."""
    channels, height, width = images.shape[1:]
    if channels < 4:
        return images.expand(-1, 3, -1, -1)
    rows, columns = (torch.arange(side, device=images.device) // CHECKER_SIZE for side in (height, width))
    checkerboard = ((rows[:, None] + columns) % 2).to(images) * 2 - 1
    alpha = (images[:, 3:] + 1) / 2
    rgb: Tensor = images[:, :3] * alpha + checkerboard * (1 - alpha)
    return rgb


def _random_conv(out_channels: int, in_channels: int, kernel_size: int) -> Tensor:
    """Return random weights of a convolution that is never trained (He et al. 2015)."""
    weight = torch.empty(out_channels, in_channels, kernel_size, kernel_size)
    return nn.init.kaiming_normal_(weight)
