"""The encoder of a variational autoencoder; its decoder is that of `quick`."""

import torch
from torch import Tensor, nn

from .layers import Shape, halving


class GaussianEncoder(nn.Module):
    """Say which codes a picture may have: a Gaussian for each picture, independent in each number of the code.

    Args:
        code: length of a code.
        widths: channels from the finest grid to the coarsest.
        shape: (C, H, W) of the pictures.
    """

    def __init__(self, code: int, widths: tuple[int, ...], shape: Shape) -> None:
        super().__init__()
        self.layers = halving(widths, shape, 2 * code, norm=True)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and logarithms of variances, each (B, code), for pictures (B, C, H, W)."""
        mean, log_variance = self.layers(pictures).chunk(2, dim=1)
        return mean, torch.clamp(log_variance, -20, 10)  # beyond it exp has no room
