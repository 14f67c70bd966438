"""StyleGAN3's generator (Karras et al. 2021, "Alias-Free Generative Adversarial Networks"), for networks of NVIDIA's.

It draws from Fourier features on a canvas somewhat larger than the picture. Each layer is a modulated convolution and
a leaky ReLU at a higher sampling rate, between two low-pass filters, so that nothing sticks to the pixels. Networks T
convolve 3 x 3; networks R convolve 1 x 1 and filter radially, so that what they draw turns as well as it moves.

The filters are stored with the weights. They are not designed anew.
"""

import math
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .base import Generator
from .equalized import LEAKY_SLOPE, SQRT2, EqualLinear
from .filtered_lrelu import filtered_lrelu
from .layers import Shape, Widths
from .style_mapping import MAPPING_LR_MULTIPLIER, StyleMapping
from .stylegan3_geometry import DEFAULTS, Geometry, Stage

SETTINGS = frozenset(
    {"w_dim", "mapping_layers", "mapping_lr_multiplier", "clamp", "kernel", "radial", "output_scale", *DEFAULTS}
)


class FourierInput(nn.Module):
    """Sines over the canvas, turned and shifted by the style, and mixed by a learned matrix.

    Args:
        channels: sines, and features.
        geometry: of the network.
        w_dim: length of w.
    """

    freqs: Tensor
    phases: Tensor
    transform: Tensor

    def __init__(self, channels: int, geometry: Geometry, w_dim: int) -> None:
        super().__init__()
        first = geometry.stages[0]
        self.size, self.rate, self.bandwidth = first.in_size, float(first.in_rate), geometry.first_cutoff
        self.affine = EqualLinear(w_dim, 4)
        self.weight = nn.Parameter(torch.randn(channels, channels))
        self.register_buffer("freqs", torch.zeros(channels, 2))
        self.register_buffer("phases", torch.zeros(channels))
        self.register_buffer("transform", torch.eye(3))

    def forward(self, w: Tensor) -> Tensor:
        """Return features (B, channels, size, size) for styles (B, w_dim)."""
        turn = self.affine(w)
        cos, sin, x, y = (turn / turn[:, :2].norm(dim=1, keepdim=True)).unbind(1)
        one, zero = torch.ones_like(x), torch.zeros_like(x)
        rotation = torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], 1).view(-1, 3, 3)
        shift = torch.stack([one, zero, -x, zero, one, -y, zero, zero, one], 1).view(-1, 3, 3)
        moves = rotation @ shift @ self.transform
        phases = self.phases + (self.freqs @ moves[:, :2, 2:]).squeeze(2)
        freqs = self.freqs @ moves[:, :2, :2]
        # Frequencies that such a move takes beyond the band fade out.
        loudness = 1 - (freqs.norm(dim=2) - self.bandwidth) / (self.rate / 2 - self.bandwidth)
        places = (torch.arange(self.size, device=w.device, dtype=w.dtype) + 0.5 - self.size / 2) / self.rate
        grid = torch.stack(torch.meshgrid(places, places, indexing="xy"), -1)  # (H, W, 2): x, y
        waves = torch.sin(2 * math.pi * (grid @ freqs.transpose(1, 2)[:, None] + phases[:, None, None]))
        mixing = self.weight / self.weight.shape[0] ** 0.5
        features: Tensor = (waves * loudness.clamp(0, 1)[:, None, None]) @ mixing.T
        return features.permute(0, 3, 1, 2)


@dataclass(frozen=True)
class LayerKind:
    """What all layers share.

    Args:
        w_dim: length of w.
        kernel: side of the convolutions.
        clamp: the most that a layer gives; 0 for no bound.
    """

    w_dim: int
    kernel: int
    clamp: float


class FilteredLayer(nn.Module):
    """Modulated convolution, then a filtered leaky ReLU; the last one gives RGB, without either filter.

    Args:
        in_channels, out_channels: channels.
        stage: its sizes, sampling rates and filters.
        kind: what all layers share.
    """

    up_filter: Tensor | None
    down_filter: Tensor | None
    magnitude_ema: Tensor

    def __init__(self, in_channels: int, out_channels: int, stage: Stage, kind: LayerKind) -> None:
        super().__init__()
        self.stage, self.clamp, self.kernel = stage, kind.clamp, 1 if stage.is_rgb else kind.kernel
        self.affine = EqualLinear(kind.w_dim, in_channels, bias=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, self.kernel, self.kernel))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.register_buffer("magnitude_ema", torch.ones(()))
        self.register_buffer("up_filter", torch.zeros(stage.up_taps) if stage.up_taps > 1 else None)
        down = (stage.down_taps,) * (2 if stage.is_radial else 1)
        self.register_buffer("down_filter", torch.zeros(down) if stage.down_taps > 1 else None)

    def forward(self, features: Tensor, w: Tensor) -> Tensor:
        """Return (B, out_channels, out_size, out_size) for (B, in_channels, in_size, in_size) and w (B, w_dim)."""
        styles, stage = self.affine(w), self.stage
        weight: Tensor = self.weight
        if stage.is_rgb:
            factors = 1 / weight.shape[1] ** 0.5 * torch.ones_like(styles[:, :1])
        else:
            weight = weight * weight.square().mean((1, 2, 3), keepdim=True).rsqrt()
            styles = styles * styles.square().mean(1, keepdim=True).rsqrt()
            factors = (styles.square() @ weight.square().sum((2, 3)).T + 1e-8).rsqrt()
        factors = factors * self.magnitude_ema.rsqrt()
        drawn = F.conv2d(features * styles[:, :, None, None], weight, padding=self.kernel - 1)
        return filtered_lrelu(
            drawn * factors[:, :, None, None] + self.bias[:, None, None],
            up=(self.up_filter, stage.up),
            down=(self.down_filter, stage.down),
            padding=stage.padding,
            gain=1.0 if stage.is_rgb else SQRT2,
            slope=1.0 if stage.is_rgb else LEAKY_SLOPE,
            clamp=self.clamp,
        )


class StyleGAN3Generator(Generator):
    """Synthesis from Fourier features, layer by layer, toward finer ones.

    Args:
        z_dim: length of z.
        widths: channels of each layer but the last, which gives RGB.
        shape: (C, H, W) of the images, which are square.
        num_classes: 0, or their number.
        w_dim: length of w.
        mapping_layers, mapping_lr_multiplier: of the `StyleMapping`.
        clamp: the most that a layer gives; 0 for no bound.
        kernel: side of the convolutions: 3 in networks T, 1 in R.
        radial: whether filters that reduce are radial, but for the last layers'.
        output_scale: of the images.
        num_critical: last layers without a margin in frequency.
        first_cutoff, first_stopband, last_stopband_rel, margin, filter_size, lrelu_upsampling: of the `Geometry`.
    """

    w_avg: Tensor

    def __init__(
        self,
        z_dim: int,
        widths: Widths,
        shape: Shape,
        num_classes: int = 0,
        *,
        w_dim: float = 512,
        mapping_layers: float = 2,
        mapping_lr_multiplier: float = MAPPING_LR_MULTIPLIER,
        clamp: float = 256,
        kernel: float = 3,
        radial: float = 0,
        output_scale: float = 0.25,
        **geometry: float,
    ) -> None:
        super().__init__()
        channels, resolution, _width = shape
        rooms = Geometry.of(resolution, len(widths), int(kernel), bool(radial), geometry)
        kind = LayerKind(int(w_dim), int(kernel), clamp)
        self.style_mapping = StyleMapping(z_dim, kind.w_dim, int(mapping_layers), num_classes, mapping_lr_multiplier)
        self.input = FourierInput(widths[0], rooms, kind.w_dim)
        ins, outs = (widths[0], *widths), (*widths, channels)
        self.layers = nn.ModuleList(map(partial(FilteredLayer, kind=kind), ins, outs, rooms.stages))
        self.output_scale = output_scale
        self.register_buffer("w_avg", torch.zeros(kind.w_dim))

    @property
    def sample_batch(self) -> int:
        """Few: these networks are large, and one image keeps all cores busy."""
        return 1

    @property
    def has_mapping(self) -> bool:
        """It has."""
        return True

    @property
    def num_ws(self) -> int:
        """Number of styles of an image: one for the input, and one for each layer."""
        return len(self.layers) + 1

    def forward(self, z: Tensor, labels: Tensor | None = None, truncation: float = 1.0) -> Tensor:
        """Return images (B, C, H, W), about in [-1, 1], for latents (B, z_dim), labels (B,), truncated in w."""
        return self.synthesize(self.map(z, labels, truncation))

    def map(self, z: Tensor, labels: Tensor | None, truncation: float = 1.0) -> Tensor:
        """Return styles w (B, num_ws, w_dim), truncated in w."""
        w = torch.lerp(self.w_avg, self.style_mapping(z, labels), truncation)
        return w[:, None].expand(-1, self.num_ws, -1)

    def synthesize(self, w: Tensor) -> Tensor:
        """Return images (B, C, H, W) drawn from styles w (B, num_ws, w_dim)."""
        features: Tensor = self.input(w[:, 0])
        for index, layer in enumerate(self.layers, start=1):
            features = layer(features, w[:, index])
        return features * self.output_scale

    def style_weights(self) -> list[Tensor]:
        """Return the weights (styles, w_dim) of the input's and of each layer's styles: as many as `num_ws`."""
        parts = [self.input, *self.layers]
        return [each.affine.weight * each.affine.scale for each in parts]

    @torch.no_grad()
    def update_statistics(self, z: Tensor, labels: Tensor | None) -> None:
        """Set the mean of w, toward which sampling truncates."""
        self.w_avg.copy_(self.style_mapping(z, labels).mean(0))
