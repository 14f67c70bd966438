"""The networks of StyleGAN2 (Karras et al. 2020): what is drawn is a matter of styles, where it is of learned noise.

A dense mapping turns z into a style w; w scales, layer by layer, the channels that convolutions see. All in plain
PyTorch. A modulated convolution is written as scaled input, one shared convolution, scaled output: the same numbers as
with a convolution of its own for every picture (section 2.2 there, grouped), and on a processor several times as fast.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .conditional import LabelledLatent, Verdict
from .equalized import ROOT, SLOPE, EqualConv2d, EqualLinear, PixelNorm
from .layers import Shape, resampled, wide
from .progressive import ending, from_rgb

MAPPING = 2  # dense layers from z to w, as in StyleGAN2-ADA's small presets; the first paper's 8 learn slower
NOISE_RATE = 0.1  # of the other layers' learning rate
MAPPING_RATE = 0.01  # of the other layers' learning rate


def _filter(gain: float) -> Tensor:
    """Return the filter [1, 3, 3, 1] in both directions, (4, 4), its sum `gain`."""
    line = torch.tensor([1.0, 3.0, 3.0, 1.0])
    return line[:, None] * line * gain / 64


class Blur(nn.Module):
    """Convolve each channel with [1, 3, 3, 1], with zeros around, and keep every `stride`-th pixel.

    Args:
        gain: sum of the filter.
        padding: zeros on each side.
        stride: 2 halves the grid.
    """

    kernel: Tensor

    def __init__(self, gain: float = 1.0, padding: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.register_buffer("kernel", _filter(gain), persistent=False)
        self.padding, self.stride = padding, stride

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C, H', W') for (B, C, H, W)."""
        channels = features.shape[1]
        kernel = self.kernel.expand(channels, 1, 4, 4)
        return F.conv2d(features, kernel, None, self.stride, self.padding, groups=channels)


class ModulatedConv2d(nn.Module):
    """Be a convolution whose input channels are weighed by a style, and whose output keeps its size (demodulation).

    w'_ijk = s_i w_ijk, divided by sqrt(sum_ik w'_ijk^2 + 1e-8) where it demodulates (eq. 1 and 3).

    Args:
        before, after: channels.
        kernel: its side, odd.
        style: length of w.
        doubles: whether the grid is doubled, by a transposed convolution and the filter [1, 3, 3, 1].
        demodulates: whether outputs are brought back to size 1; not where they are colours.
    """

    def __init__(
        self, before: int, after: int, kernel: int, style: int, doubles: bool = False, demodulates: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(after, before, kernel, kernel))
        self.affine = EqualLinear(style, before, bias=1.0)
        self.scale = 1 / (before * kernel**2) ** 0.5
        self.blur = Blur(4.0) if doubles else None
        self.demodulates = demodulates

    def forward(self, features: Tensor, w: Tensor) -> Tensor:
        """Return (B, after, H', W') for (B, before, H, W) and styles (B, style)."""
        styles, weight = self.affine(w), self.weight * self.scale
        scaled = features * styles[:, :, None, None]
        out: Tensor
        if self.blur is None:
            out = F.conv2d(scaled, weight, padding=weight.shape[2] // 2)
        else:
            out = self.blur(F.conv_transpose2d(scaled, weight.transpose(0, 1), stride=2))
        if not self.demodulates:
            return out
        with torch.autocast(out.device.type, enabled=False):
            size: Tensor = (wide(styles).square() @ wide(weight).square().sum((2, 3)).T + 1e-8).rsqrt()
        return out * size[:, :, None, None].to(out.dtype)


class StyledLayer(nn.Module):
    """Convolve by style, add noise of learned strength, rectify.

    The strength is learned at a tenth of the rate: at the full one, noise was all that short trainings drew.

    Args:
        before, after: channels.
        grid: (H, W) of what is returned.
        style: length of w.
        doubles: whether the grid before was half as fine.
    """

    noise: Tensor

    def __init__(self, before: int, after: int, grid: tuple[int, int], style: int, doubles: bool) -> None:
        super().__init__()
        self.convolution = ModulatedConv2d(before, after, 3, style, doubles)
        self.register_buffer("noise", torch.randn(grid))
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(after, 1, 1))
        self.rectify = nn.LeakyReLU(SLOPE)

    def forward(self, features: Tensor, w: Tensor, random: torch.Generator | None) -> Tensor:
        """Return (B, after, *grid); the noise is drawn from `random`, or always the same."""
        features = self.convolution(features, w)
        noise = self.noise
        if random is not None:
            shape = (len(features), 1, *noise.shape)
            noise = torch.randn(shape, generator=random, device=noise.device, dtype=noise.dtype)
        out: Tensor = self.rectify(features + (noise * (NOISE_RATE * self.strength) + self.bias)) * ROOT
        return out


class StyleGAN2Generator(nn.Module):
    """Draw pictures by styles from a learned constant on; each grid adds its colours to those of the one before.

    Args:
        latent: length of z and of w.
        widths: channels from the coarsest grid to the finest, each twice as fine as the one before.
        shape: (C, H, W) of the pictures.
        classes: 0, or their number.
    """

    mean_style: Tensor
    path_mean: Tensor

    def __init__(self, latent: int, widths: tuple[int, ...], shape: Shape, classes: int = 0) -> None:
        super().__init__()
        channels, height, width = shape
        finest = len(widths) - 1
        sides = [(height >> finest - level, width >> finest - level) for level in range(len(widths))]
        self.latents = LabelledLatent(latent, classes)
        mapping: list[nn.Module] = [PixelNorm()]
        for index in range(MAPPING):
            length = latent if index else self.latents.length
            mapping += [EqualLinear(length, latent, ROOT, rate=MAPPING_RATE), nn.LeakyReLU(SLOPE)]
        self.mapping = nn.Sequential(*mapping)
        self.constant = nn.Parameter(torch.randn(widths[0], *sides[0]))
        layers = [StyledLayer(widths[0], widths[0], sides[0], latent, False)]
        for (before, after), grid in zip(pairwise(widths), sides[1:], strict=True):
            layers += [StyledLayer(before, after, grid, latent, True), StyledLayer(after, after, grid, latent, False)]
        self.layers = nn.ModuleList(layers)
        self.colours = nn.ModuleList(ModulatedConv2d(each, channels, 1, latent, demodulates=False) for each in widths)
        self.background = nn.Parameter(torch.zeros(channels, 1, 1))
        self.register_buffer("mean_style", torch.zeros(latent))  # measured before it is sampled from
        self.register_buffer(
            "path_mean", torch.zeros(())
        )  # of the path lengths, see `ganvas.training.steps.stylegan2_regularizers`

    @property
    def depth(self) -> int:
        """Count the styles that a picture is drawn by: one a layer, and one for the finest colours."""
        return len(self.layers) + 1

    def style(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return styles w (B, latent) for latents (B, latent) and labels (B,)."""
        styles: Tensor = self.mapping(self.latents(z, labels))
        return styles

    def draw(self, styles: Tensor, random: torch.Generator | None = None) -> Tensor:
        """Return pictures (B, C, H, W), about in [-1, 1], for styles (B, depth, latent).

        Args:
            random: of the noise; without it, the noise is always the same.
        """
        features = self.constant.expand(len(styles), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        pictures: Tensor = self.background
        for level, colour in enumerate(self.colours):
            for index in (2 * level - 1, 2 * level) if level else (0,):
                features = self.layers[index](features, styles[:, index], random)
            added = colour(features, styles[:, 2 * level + 1])
            before = resampled(pictures, (added.shape[2], added.shape[3])) if level else pictures
            pictures = added + before
        return pictures

    def forward(self, z: Tensor, labels: Tensor | None = None, truncation: float = 1.0) -> Tensor:
        """Return pictures (B, C, H, W), about in [-1, 1], for latents (B, latent) and labels (B,).

        Args:
            truncation: 1 draws by the styles as they are, 0 by their mean.
        """
        styles = torch.lerp(self.mean_style, self.style(z, labels), truncation)
        return self.draw(styles[:, None].expand(-1, self.depth, -1))


class StyleGAN2Block(nn.Module):
    """Halve the grid by two convolutions beside a shortcut, the sum brought back to size.

    Args:
        before, after: channels.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.keep = nn.Sequential(EqualConv2d(before, before, 3), nn.LeakyReLU(SLOPE))
        self.blur = Blur(padding=2)
        self.halve = EqualConv2d(before, after, 3, stride=2)
        self.rectify = nn.LeakyReLU(SLOPE)
        self.thin = Blur(stride=2)
        self.shortcut = EqualConv2d(before, after, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, after, H / 2, W / 2) for (B, before, H, W)."""
        kept = self.keep(features) * ROOT
        judged: Tensor = self.rectify(self.halve(self.blur(kept)))  # times the root as a layer, over it in the sum
        passed: Tensor = self.shortcut(self.thin(features)) / ROOT
        return judged + passed


class StyleGAN2Discriminator(nn.Module):
    """Judge pictures by residual blocks that halve them, and by how much the pictures of a batch differ.

    Args:
        widths: channels from the finest grid to the coarsest.
        shape: (C, H, W) of the pictures, divisible by two as often as there are grids to go.
        classes: 0, or their number.
    """

    def __init__(self, widths: tuple[int, ...], shape: Shape, classes: int = 0) -> None:
        super().__init__()
        channels, height, width = shape
        halvings, last = len(widths) - 1, widths[-1]
        self.from_rgb = from_rgb(channels, widths[0])
        self.blocks = nn.Sequential(*(StyleGAN2Block(*pair) for pair in pairwise(widths)))
        self.gather = ending(last, last, (height >> halvings, width >> halvings))
        self.verdict = Verdict(last, classes)

    def forward(self, pictures: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (B,) for pictures (B, C, H, W) and labels (B,)."""
        logits: Tensor = self.verdict(self.gather(self.blocks(self.from_rgb(pictures))), labels)
        return logits
