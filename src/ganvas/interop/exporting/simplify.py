"""Networks as exporters understand them: what is computed from weights alone is computed once, and becomes a weight."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...models.layers import ResizeConv
from ...models.stylegan2_layers import Blur


def simplified(network: nn.Module) -> nn.Module:
    """Return `network`, in which modules that exporters do not know are replaced by ones that do the same."""
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, ResizeConv):
                setattr(parent, name, CroppedConv(child))
            elif isinstance(child, Blur):
                setattr(parent, name, FixedBlur(child))
            elif isinstance(child, nn.AdaptiveAvgPool2d):
                setattr(parent, name, MatrixPool(child))
    return network


class CroppedConv(nn.Module):
    """A `ResizeConv` whose kernel is summed already: a transposed convolution, and a crop to its size."""

    def __init__(self, conv: ResizeConv) -> None:
        super().__init__()
        self.size = conv.size
        self.weight = nn.Parameter(4 * F.avg_pool2d(F.pad(conv.weight.detach(), (1, 1, 1, 1)), 2, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Return features (B, out_channels, H, W) for features (B, in_channels, h, w)."""
        doubled = F.conv_transpose2d(features, self.weight, stride=2, padding=1)
        return doubled if self.size is None else doubled[:, :, : self.size[0], : self.size[1]]


class FixedBlur(nn.Module):
    """A `Blur` whose number of channels is a constant, as that of an ONNX convolution's kernel has to be."""

    def __init__(self, blur: Blur) -> None:
        super().__init__()
        self.register_buffer("kernel", blur.kernel.clone())
        self.padding, self.stride = blur.padding, blur.stride

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C, H', W') for (B, C, H, W)."""
        channels = int(features.shape[1])
        kernel = self.get_buffer("kernel").expand(channels, 1, -1, -1)
        return F.conv2d(features, kernel, None, self.stride, self.padding, groups=channels)


class MatrixPool(nn.Module):
    """An `AdaptiveAvgPool2d` as two products with constant matrices: ONNX pools to factors of a size only."""

    def __init__(self, pool: nn.AdaptiveAvgPool2d) -> None:
        super().__init__()
        size: int | tuple[int | None, ...] | None = pool.output_size
        self.height, self.width = size if isinstance(size, tuple) else (size, size)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C, height, width) for (B, C, H, W)."""
        rows = _means(int(features.shape[2]), int(self.height or features.shape[2]))
        columns = _means(int(features.shape[3]), int(self.width or features.shape[3]))
        return rows @ features @ columns.T


def _means(size: int, parts: int) -> Tensor:
    """Return the matrix (parts, size) of adaptive pooling's means, from floor(i n / p) to ceil((i + 1) n / p)."""
    windows = [(part * size // parts, -(-(part + 1) * size // parts)) for part in range(parts)]
    return torch.tensor([[(first <= at < end) / (end - first) for at in range(size)] for first, end in windows])
