"""The generator of lucidrains' lightweight-gan, a kind of FastGAN (Liu et al. 2021), for networks that come from there.

Layers double the size by pixel shuffle, a blur, a convolution and a gated unit. Small layers tell large ones which
channels matter (skip-layer excitation), and some have attention. Its noise is drawn once and kept, so that a latent has
one image; the images are in [0, 1] there.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .base import Generator
from .batch_norm import BatchNorm2d
from .layers import Shape, Widths

SETTINGS = frozenset({"attention"})
HEADS, HEAD_DIM = 8, 64
FIRST = 4  # side of what the latent is turned into
EXCITES = range(3, 7)  # levels of layers that excite larger ones
EXCITED_BEHIND = 3  # layers from one that excites to the one that is excited


def blur(features: Tensor) -> Tensor:
    """Return features (B, C, H, W) filtered by [1, 2, 1] / 4 in both directions, mirrored at the borders."""
    line = torch.tensor([0.25, 0.5, 0.25], dtype=features.dtype, device=features.device)
    channels = features.shape[1]
    kernel = (line[:, None] * line).expand(channels, 1, 3, 3)
    return F.conv2d(F.pad(features, (1, 1, 1, 1), mode="reflect"), kernel, groups=channels)


class ChannelNorm(nn.Module):
    """Each pixel's features with mean 0 and variance 1, scaled and shifted.

    Args:
        channels: features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.g = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.b = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C, H, W) for (B, C, H, W)."""
        variance, mean = torch.var_mean(features, 1, correction=0, keepdim=True)
        return (features - mean) / (variance + 1e-5).sqrt() * self.g + self.b


class Attention(nn.Module):
    """Linear attention over all pixels, beside attention over the 3 x 3 pixels around each; added to its input.

    Args:
        channels: features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = HEADS * HEAD_DIM
        self.norm = ChannelNorm(channels)
        self.to_lin_q = nn.Conv2d(channels, inner, 1, bias=False)
        self.to_lin_kv = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
            nn.Conv2d(channels, 2 * inner, 1, bias=False),
        )
        self.to_q = nn.Conv2d(channels, inner, 1, bias=False)
        self.to_kv = nn.Conv2d(channels, 2 * inner, 1, bias=False)
        self.to_out = nn.Conv2d(2 * inner, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C, H, W) for (B, C, H, W)."""
        normed = self.norm(features)
        heads = (len(features), HEADS, HEAD_DIM, -1)
        q, (k, v) = self.to_lin_q(normed), self.to_lin_kv(normed).chunk(2, 1)
        q, k, v = (each.reshape(heads) for each in (q, k, v))  # (B, heads, dim, pixels)
        context = k.softmax(-1) @ v.transpose(2, 3)
        everywhere = context.transpose(2, 3) @ (q.softmax(2) * HEAD_DIM**-0.5)
        around = self._around(normed)
        joined = torch.cat([F.gelu(everywhere.reshape(around.shape)), around], 1)
        out: Tensor = self.to_out(joined) + features
        return out

    def _around(self, normed: Tensor) -> Tensor:
        """Return what attention to the pixels around each gives (B, heads * dim, H, W)."""
        q, (k, v) = self.to_q(normed), self.to_kv(normed).chunk(2, 1)
        pixels = (len(normed), HEADS, HEAD_DIM, 9, -1)
        k, v = (F.unfold(each, 3, padding=1).reshape(pixels) for each in (k, v))
        q = q.reshape(len(normed), HEADS, HEAD_DIM, 1, -1) * HEAD_DIM**-0.5
        weights = (q * k).sum(2, keepdim=True).softmax(3)
        around: Tensor = (weights * v).sum(3).reshape(len(normed), HEADS * HEAD_DIM, *normed.shape[2:])
        return around


class GlobalContext(nn.Module):
    """How much each channel of a larger layer matters, from a smaller layer's features, pooled by attention.

    Args:
        in_channels, out_channels: of the smaller and of the larger layer.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        between = max(3, out_channels // 2)
        self.to_k = nn.Conv2d(in_channels, 1, 1)
        self.net = nn.Sequential(
            nn.Conv2d(in_channels, between, 1), nn.LeakyReLU(0.1), nn.Conv2d(between, out_channels, 1), nn.Sigmoid()
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return factors (B, out_channels, 1, 1) for features (B, in_channels, H, W)."""
        weights = self.to_k(features).flatten(2).softmax(-1)
        pooled = (features.flatten(2) @ weights.transpose(1, 2))[..., None]
        factors: Tensor = self.net(pooled)
        return factors


class LightweightLayer(nn.Module):
    """Doubles the size.

    Args:
        in_channels, out_channels: channels.
        side: of its output.
        excited: channels of the layer that it excites; 0 for none.
        attends: whether attention comes first.
    """

    noise_const: Tensor

    def __init__(self, in_channels: int, out_channels: int, side: int, excited: int, attends: bool) -> None:
        super().__init__()
        self.attention = Attention(in_channels) if attends else None
        self.expand = nn.Conv2d(in_channels, in_channels * 4, 1)
        self.conv = nn.Conv2d(in_channels, out_channels * 2, 4)
        self.noise_strength = nn.Parameter(torch.zeros(1))
        self.register_buffer("noise_const", torch.randn(side, side))
        self.norm = BatchNorm2d(out_channels * 2)
        self.excite = GlobalContext(out_channels, excited) if excited else None

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, out_channels, 2H, 2W) for (B, in_channels, H, W)."""
        if self.attention is not None:
            features = self.attention(features)
        larger = blur(F.pixel_shuffle(F.silu(self.expand(features)), 2))
        drawn = self.conv(F.pad(larger, (2, 1, 2, 1))) + self.noise_strength * self.noise_const
        return F.glu(self.norm(drawn), 1)


class LightweightGenerator(Generator):
    """Layers from 4 x 4 on, each of which doubles the size.

    Args:
        z_dim: length of z.
        widths: channels of each layer's output.
        shape: (C, H, W) of the images, which are square.
        attention: sum of the sides of the features that attention is given to, each a power of two.
    """

    def __init__(self, z_dim: int, widths: Widths, shape: Shape, attention: float = 0) -> None:
        super().__init__()
        channels, resolution, _width = shape
        self.first = nn.ConvTranspose2d(z_dim, z_dim * 2, FIRST)
        self.first_norm = BatchNorm2d(z_dim * 2)
        levels = math.log2(resolution)
        layers = []
        for index, (before, after) in enumerate(zip((z_dim, *widths[:-1]), widths, strict=True)):
            level = index + 2  # of its input, which has 2^level pixels a side
            excites = level in EXCITES and level + 4 <= levels
            excited = widths[index + EXCITED_BEHIND] if excites else 0
            attends = bool(int(attention) & 1 << level)
            layers.append(LightweightLayer(before, after, 2 << level, excited, attends))
        self.layers = nn.ModuleList(layers)
        self.to_rgb = nn.Conv2d(widths[-1], channels, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """Return images (B, C, H, W), about in [-1, 1], for latents (B, z_dim)."""
        features = F.normalize(F.glu(self.first_norm(self.first(z[:, :, None, None])), 1), dim=1)
        factors: dict[int, Tensor] = {}
        for index, layer in enumerate(self.layers):
            features = layer(features)
            if layer.excite is not None:
                factors[index + EXCITED_BEHIND] = layer.excite(features)  # type: ignore[operator]
            if index in factors:
                features = features * factors[index]
        images: Tensor = 2 * self.to_rgb(features) - 1
        return images
