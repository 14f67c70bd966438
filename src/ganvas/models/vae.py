"""The encoder of a variational autoencoder; its decoder is that of the `quick` recipe."""

import torch
from torch import Tensor, nn

from .layers import Shape, Widths, down_convs


class GaussianEncoder(nn.Module):
    """Encoder to a Gaussian over codes for each image, with independent dimensions.

    Args:
        code_dim: length of a code.
        widths: channels from the finest resolution to the coarsest.
        shape: (C, H, W) of the images.
    """

    def __init__(self, code_dim: int, widths: Widths, shape: Shape) -> None:
        super().__init__()
        self.layers = down_convs(widths, shape, 2 * code_dim, norm=True)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return means and log variances, each (B, code_dim), for images (B, C, H, W)."""
        mean, log_variance = self.layers(images).chunk(2, dim=1)
        return mean, torch.clamp(log_variance, -20, 10)  # so that exp does not overflow
