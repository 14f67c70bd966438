"""The discriminator of FastGAN (Liu et al. 2021): it judges pixels, and learns to reconstruct what it judges."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from .base import Discriminator
from .batch_norm import BatchNorm2d
from .conditional import ProjectionHead
from .equalized import LEAKY_SLOPE
from .layers import Shape, Widths


class _Down(nn.Module):
    """Halve the resolution on two paths and take their mean: strided convolutions, and pooling with a 1 x 1 one.

    Source: Liu et al. 2021, appendix, residual down-sampling.

    Args:
        before, after: channels.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            spectral_norm(nn.Conv2d(before, after, 4, 2, 1, bias=False)),
            BatchNorm2d(after),
            nn.LeakyReLU(LEAKY_SLOPE),
            spectral_norm(nn.Conv2d(after, after, 3, 1, 1, bias=False)),
            BatchNorm2d(after),
            nn.LeakyReLU(LEAKY_SLOPE),
        )
        self.direct = nn.Sequential(
            spectral_norm(nn.Conv2d(before, after, 1, bias=False)), BatchNorm2d(after), nn.LeakyReLU(LEAKY_SLOPE)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, after, h / 2, w / 2), rounded down, for (B, before, h, w)."""
        main: Tensor = self.main(features)
        direct: Tensor = self.direct(F.adaptive_avg_pool2d(features, (main.shape[2], main.shape[3])))
        return (main + direct) / 2


class _ReconstructionDecoder(nn.Module):
    """Draw an image from the discriminator's features, so that these have to describe all of it.

    Args:
        before: channels of the features.
        width: channels of its layers.
        channels: of the image.
        doublings: how often the resolution is doubled.
    """

    def __init__(self, before: int, width: int, channels: int, doublings: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index in range(doublings):
            layers += [
                nn.Upsample(scale_factor=2),
                nn.Conv2d(width if index else before, 2 * width, 3, padding=1, bias=False),
                BatchNorm2d(2 * width),
                nn.GLU(1),
            ]
        self.layers = nn.Sequential(
            *layers, nn.Conv2d(width if doublings else before, channels, 3, padding=1), nn.Tanh()
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return an image (B, channels, 2^doublings h, 2^doublings w)."""
        image: Tensor = self.layers(features)
        return image


class FastGANDiscriminator(Discriminator):
    """Judge images, and reconstruct real ones from the features that it judges by (section 3.2, self-supervision).

    Two decoders draw: one the whole image from the coarsest features, one a random quarter of it from the features
    before. What they miss is the loss besides the adversarial one. The paper compares by LPIPS; here it is the mean
    absolute error, which needs no further network.

    Args:
        widths: channels from the finest resolution to the coarsest.
        shape: (C, H, W) of the images.
        num_classes: 0, or their number.
    """

    has_auxiliary_loss = True
    can_pack = False  # a spectral norm cannot be spread over more inputs

    def __init__(self, widths: Widths, shape: Shape, num_classes: int = 0) -> None:
        super().__init__()
        channels, height, width = shape
        first, *_ = widths
        self.from_rgb = nn.Sequential(
            spectral_norm(nn.Conv2d(channels, first, 3, padding=1, bias=False)), nn.LeakyReLU(LEAKY_SLOPE)
        )
        self.blocks = nn.ModuleList(_Down(before, after) for before, after in pairwise(widths))
        doublings, last = len(widths) - 1, widths[-1]
        self.epilogue = nn.Sequential(
            spectral_norm(nn.Conv2d(last, last, 1, bias=False)),
            BatchNorm2d(last),
            nn.LeakyReLU(LEAKY_SLOPE),
            nn.Conv2d(last, last, (height >> doublings, width >> doublings), bias=False),
            nn.LeakyReLU(LEAKY_SLOPE),
            nn.Flatten(),
        )
        self.head = ProjectionHead(last, num_classes)
        self.decoder = _ReconstructionDecoder(last, first, channels, doublings)
        self.part_decoder = _ReconstructionDecoder(widths[-2], first, channels, doublings - 1)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (B,) for images (B, C, H, W) and labels (B,)."""
        logits: Tensor = self.head(self.epilogue(self._features(images)[-1]), labels)
        return logits

    def logits_and_auxiliary_loss(
        self, images: Tensor, labels: Tensor | None, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return logits (B,), and how far the reconstructions of the images are from them."""
        features = self._features(images)
        logits: Tensor = self.head(self.epilogue(features[-1]), labels)
        whole = self.decoder(features[-1])
        target = F.interpolate(images, whole.shape[2:], mode="area")
        loss = (whole - target).abs().mean()
        row, column = torch.randint(2, (2,), generator=rng, device=rng.device).tolist()
        rows, columns = (
            _half(side, chosen) for side, chosen in zip(features[-2].shape[2:], (row, column), strict=True)
        )
        part = self.part_decoder(features[-2][:, :, rows, columns])
        rows, columns = (
            _scaled(chosen, before, after)
            for chosen, before, after in zip((rows, columns), features[-2].shape[2:], images.shape[2:], strict=True)
        )
        target = F.interpolate(images[:, :, rows, columns], part.shape[2:], mode="area")
        return logits, loss + (part - target).abs().mean()

    def freezable_parameters(self) -> list[nn.Parameter]:
        """Return the parameters that lead to the logits; the decoders are none of them."""
        decoders = {id(each) for decoder in (self.decoder, self.part_decoder) for each in decoder.parameters()}
        return [each for each in self.parameters() if id(each) not in decoders]

    def _features(self, images: Tensor) -> list[Tensor]:
        """Return the features of each resolution, finest first."""
        features = [self.from_rgb(images)]
        for block in self.blocks:
            features.append(block(features[-1]))
        return features


def _half(side: int, second: int) -> slice:
    """Return the first or the second half of a side; of an odd one, without its middle."""
    start = second * (side - side // 2)
    return slice(start, start + side // 2)


def _scaled(part: slice, before: int, after: int) -> slice:
    """Return the same part of a side of another length."""
    return slice(part.start * after // before, part.stop * after // before)
