"""The mapping from z to styles w as NVIDIA's networks have it: of any depth, with labels beside z."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .equalized import LEAKY_SLOPE, SQRT2, EqualLinear, PixelNorm

MAPPING_LR_MULTIPLIER = 0.01


class StyleMapping(nn.Module):
    """Normalized z, and the normalized embedding of the label beside it, through dense layers.

    Args:
        z_dim, w_dim: lengths of z and of w.
        num_layers: dense layers.
        num_classes: 0, or their number.
        lr_multiplier: of the dense layers, whose weights and biases are stored so many times larger.
    """

    def __init__(
        self, z_dim: int, w_dim: int, num_layers: int, num_classes: int, lr_multiplier: float = MAPPING_LR_MULTIPLIER
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.normalize = PixelNorm()
        self.embed = EqualLinear(num_classes, w_dim) if num_classes else None
        layers: list[nn.Module] = []
        for index in range(num_layers):
            in_features = w_dim if index else z_dim + (w_dim if num_classes else 0)
            layers += [EqualLinear(in_features, w_dim, SQRT2, lr_multiplier=lr_multiplier), nn.LeakyReLU(LEAKY_SLOPE)]
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """Return styles w (B, w_dim) for latents (B, z_dim) and labels (B,)."""
        features: Tensor = self.normalize(z)
        if self.embed is not None and labels is not None:
            one_hot = F.one_hot(labels, self.num_classes).to(features.dtype)
            features = torch.cat([features, self.normalize(self.embed(one_hot))], 1)
        w: Tensor = self.layers(features)
        return w
