"""The networks of StyleGAN2 (Karras et al. 2020): styles decide what is drawn, and learned noise adds detail.

Dense layers map z to a style w, which scales the channels that each convolution sees: scaled input, one shared
convolution, scaled output. That is a convolution per image (section 2.2 there), in a fraction of the time on a CPU.
"""

from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..distributed import own_rows
from .base import Discriminator
from .conditional import ClassConditionalGenerator, ClassConditionalLatent, ProjectionHead
from .equalized import LEAKY_SLOPE, SQRT2, EqualConv2d, EqualLinear, PixelNorm
from .layers import Shape, Widths, resize_bilinear
from .precision import at_least_float32
from .progan_layers import epilogue, from_rgb

MAPPING_LAYERS = 2  # dense layers from z to w, as in StyleGAN2-ADA's small presets; the first paper's 8 learn slower
NOISE_LR_MULTIPLIER = 0.1
MAPPING_LR_MULTIPLIER = 0.01


def binomial_filter(gain: float) -> Tensor:
    """Return the filter [1, 3, 3, 1] in both directions, (4, 4), whose sum is `gain`."""
    line = torch.tensor([1.0, 3.0, 3.0, 1.0])
    return line[:, None] * line * gain / 64


class Blur(nn.Module):
    """Convolution of each channel with [1, 3, 3, 1], zero-padded.

    Args:
        gain: sum of the filter.
        padding: zeros on each side.
        stride: 2 halves the size.
    """

    kernel: Tensor

    def __init__(self, gain: float = 1.0, padding: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.register_buffer("kernel", binomial_filter(gain), persistent=False)
        self.padding, self.stride = padding, stride

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, C, H', W') for (B, C, H, W)."""
        channels = features.shape[1]
        kernel = self.kernel.expand(channels, 1, 4, 4)
        return F.conv2d(features, kernel, None, self.stride, self.padding, groups=channels)


class ModulatedConv2d(nn.Module):
    """Convolution whose input channels are scaled by a style, and whose output keeps its size (demodulation).

    w'_ijk = s_i w_ijk, divided by sqrt(sum_ik w'_ijk^2 + 1e-8) if it demodulates (eq. 1 and 3).

    Args:
        in_channels, out_channels: channels.
        kernel_size: side of the kernel, odd.
        w_dim: length of w.
        upsample: whether the size is doubled, by a transposed convolution and the filter [1, 3, 3, 1].
        demodulate: whether the output's standard deviation is brought back to 1; not for RGB.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        w_dim: int,
        upsample: bool = False,
        demodulate: bool = True,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.affine = EqualLinear(w_dim, in_channels, bias=1.0)
        self.scale = 1 / (in_channels * kernel_size**2) ** 0.5
        self.blur = Blur(4.0) if upsample else None
        self.demodulate = demodulate

    def forward(self, features: Tensor, w: Tensor) -> Tensor:
        """Return (B, out_channels, H', W') for features (B, in_channels, H, W) and styles (B, w_dim)."""
        styles, weight = self.affine(w), self.weight * self.scale
        scaled = features * styles[:, :, None, None]
        output: Tensor
        if self.blur is None:
            output = F.conv2d(scaled, weight, padding=weight.shape[2] // 2)
        else:
            output = self.blur(F.conv_transpose2d(scaled, weight.transpose(0, 1), stride=2))
        if not self.demodulate:
            return output
        with torch.autocast(output.device.type, enabled=False):
            energy = at_least_float32(weight).square().sum((2, 3))
            factors: Tensor = (at_least_float32(styles).square() @ energy.T + 1e-8).rsqrt()
        return output * factors[:, :, None, None].to(output.dtype)


class SynthesisLayer(nn.Module):
    """Modulated convolution, noise of learned strength, bias and leaky ReLU.

    The strength learns at a tenth of the learning rate. At the full rate, short trainings drew nothing but noise.

    Args:
        in_channels, out_channels: channels.
        size: (H, W) of the output.
        w_dim: length of w.
        upsample: whether the input has half that size.
    """

    noise_const: Tensor

    def __init__(self, in_channels: int, out_channels: int, size: tuple[int, int], w_dim: int, upsample: bool) -> None:
        super().__init__()
        self.conv = ModulatedConv2d(in_channels, out_channels, 3, w_dim, upsample)
        self.register_buffer("noise_const", torch.randn(size))
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(out_channels, 1, 1))
        self.activation = nn.LeakyReLU(LEAKY_SLOPE)

    def forward(self, features: Tensor, w: Tensor, rng: torch.Generator | None) -> Tensor:
        """Return (B, out_channels, *size); the noise is drawn from `rng`, or is always the same without it."""
        features = self.conv(features, w)
        noise = self.noise_const
        if rng is not None:
            shape = (len(features), 1, *noise.shape)
            noise = own_rows(torch.randn, shape, generator=rng, device=noise.device, dtype=noise.dtype)
        noise = noise * (NOISE_LR_MULTIPLIER * self.noise_strength)
        output: Tensor = self.activation(features + (noise + self.bias)) * SQRT2
        return output


class StyleGAN2Generator(ClassConditionalGenerator):
    """Synthesis from a learned constant, modulated by styles; each resolution adds its RGB image to the one before.

    Args:
        z_dim: length of z and of w.
        widths: channels from the coarsest resolution to the finest, each twice as fine as the one before.
        shape: (C, H, W) of the images.
        num_classes: 0, or their number.
    """

    w_avg: Tensor
    pl_mean: Tensor

    def __init__(self, z_dim: int, widths: Widths, shape: Shape, num_classes: int = 0) -> None:
        super().__init__()
        channels, height, width = shape
        halvings = len(widths) - 1
        sizes = [(height >> halvings - level, width >> halvings - level) for level in range(len(widths))]
        self.conditional_latent = ClassConditionalLatent(z_dim, num_classes)
        mapping: list[nn.Module] = [PixelNorm()]
        for index in range(MAPPING_LAYERS):
            in_features = z_dim if index else self.conditional_latent.dim
            linear = EqualLinear(in_features, z_dim, SQRT2, lr_multiplier=MAPPING_LR_MULTIPLIER)
            mapping += [linear, nn.LeakyReLU(LEAKY_SLOPE)]
        self.mapping_layers = nn.Sequential(*mapping)
        self.const = nn.Parameter(torch.randn(widths[0], *sizes[0]))
        layers = [SynthesisLayer(widths[0], widths[0], sizes[0], z_dim, upsample=False)]
        for (coarse, fine), size in zip(pairwise(widths), sizes[1:], strict=True):
            layers.append(SynthesisLayer(coarse, fine, size, z_dim, upsample=True))
            layers.append(SynthesisLayer(fine, fine, size, z_dim, upsample=False))
        self.layers = nn.ModuleList(layers)
        self.to_rgb = nn.ModuleList(
            ModulatedConv2d(features, channels, 1, z_dim, demodulate=False) for features in widths
        )
        self.rgb_bias = nn.Parameter(torch.zeros(channels, 1, 1))
        self.register_buffer("w_avg", torch.zeros(z_dim))  # measured before sampling
        # mean path length, see `ganvas.training.steps.path_length`
        self.register_buffer("pl_mean", torch.zeros(()))

    @property
    def num_ws(self) -> int:
        """Number of styles of an image: one for each layer, and one for the finest RGB."""
        return len(self.layers) + 1

    def mapping(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return styles w (B, z_dim) for latents (B, z_dim) and labels (B,)."""
        w: Tensor = self.mapping_layers(self.conditional_latent(z, labels))
        return w

    def synthesis(self, ws: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Return images (B, C, H, W), about in [-1, 1], for styles (B, num_ws, z_dim).

        Args:
            ws: one style for each layer.
            rng: source of the noise; without it, the noise is always the same.
        """
        features = self.const.expand(ws.shape[0], -1, -1, -1).contiguous(memory_format=torch.channels_last)
        images: Tensor = self.rgb_bias
        for level, to_rgb in enumerate(self.to_rgb):
            for index in (2 * level - 1, 2 * level) if level else (0,):
                features = self.layers[index](features, ws[:, index], rng)
            rgb = to_rgb(features, ws[:, 2 * level + 1])
            coarser = resize_bilinear(images, (rgb.shape[2], rgb.shape[3])) if level else images
            images = rgb + coarser
        return images

    def forward(self, z: Tensor, labels: Tensor | None = None, truncation: float = 1.0) -> Tensor:
        """Return images (B, C, H, W), about in [-1, 1], for latents (B, z_dim), labels (B,), truncated in w."""
        return self.synthesize(self.map(z, labels, truncation))

    @property
    def has_mapping(self) -> bool:
        """It has."""
        return True

    def map(self, z: Tensor, labels: Tensor | None, truncation: float = 1.0) -> Tensor:
        """Return styles w (B, num_ws, z_dim), truncated in w and not in z (Karras et al. 2019, appendix B)."""
        w = torch.lerp(self.w_avg, self.mapping(z, labels), truncation)
        return w[:, None].expand(-1, self.num_ws, -1)

    def synthesize(self, w: Tensor) -> Tensor:
        """Return images (B, C, H, W) drawn from styles w (B, num_ws, z_dim); the noise is always the same."""
        return self.synthesis(w)

    def mixed_ws(self, z: Tensor, labels: Tensor | None, rng: torch.Generator, probability: float) -> Tensor:
        """Return styles (B, num_ws, z_dim) of z, mixed with a probability with those of another, random z.

        From a random layer on the styles are the other z's. So layers learn not to rely on each other (style mixing:
        Karras et al. 2019, section 3.1).
        """
        ws = self.mapping(z, labels)[:, None].expand(-1, self.num_ws, -1)
        if probability == 0:
            return ws
        other_z = own_rows(torch.randn, z.shape, generator=rng, device=z.device)
        crossover = own_rows(partial(torch.randint, 1, self.num_ws), (len(z), 1), generator=rng, device=z.device)
        is_mixed = own_rows(torch.rand, (len(z), 1), generator=rng, device=z.device) < probability
        is_later = torch.arange(self.num_ws, device=z.device) >= crossover
        return torch.where((is_mixed & is_later)[:, :, None], self.mapping(other_z, labels)[:, None], ws)

    def fakes(self, z: Tensor, labels: Tensor | None, rng: torch.Generator, style_mixing: float = 0.0) -> Tensor:
        """Return images (B, C, H, W) with mixed styles and fresh noise."""
        return self.synthesis(self.mixed_ws(z, labels, rng, style_mixing), rng)

    def style_weights(self) -> list[Tensor]:
        """Return the weights (styles, w_dim) of each layer's styles, and of the finest RGB's: as many as `num_ws`."""
        convolutions = [*(layer.get_submodule("conv") for layer in self.layers), self.to_rgb[-1]]
        return [each.affine.weight * each.affine.scale for each in convolutions if isinstance(each, ModulatedConv2d)]

    @torch.no_grad()
    def update_statistics(self, z: Tensor, labels: Tensor | None) -> None:
        """Set the mean of w, toward which sampling truncates."""
        self.w_avg.copy_(self.mapping(z, labels).mean(0))

    def compile_parts(self) -> list[nn.Module]:
        """Return nothing: path lengths are differentiated twice, which torch.compile cannot do."""
        return []


class StyleGAN2Block(nn.Module):
    """Residual block that halves the size: two convolutions beside a shortcut.

    Args:
        in_channels, out_channels: channels.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv0 = nn.Sequential(EqualConv2d(in_channels, in_channels, 3), nn.LeakyReLU(LEAKY_SLOPE))
        self.blur = Blur(padding=2)
        self.conv1 = EqualConv2d(in_channels, out_channels, 3, stride=2)
        self.activation = nn.LeakyReLU(LEAKY_SLOPE)
        self.skip_blur = Blur(stride=2)
        self.skip = EqualConv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, out_channels, H / 2, W / 2) for (B, in_channels, H, W)."""
        hidden = self.conv0(features) * SQRT2
        # The activation's gain sqrt(2) and the sum's factor 1 / sqrt(2) cancel.
        branch: Tensor = self.activation(self.conv1(self.blur(hidden)))
        shortcut: Tensor = self.skip(self.skip_blur(features)) / SQRT2
        return branch + shortcut


class StyleGAN2Discriminator(Discriminator):
    """Residual blocks that halve the image, then the minibatch standard deviation and dense layers.

    Args:
        widths: channels from the finest resolution to the coarsest.
        shape: (C, H, W) of the images; H and W must be divisible by 2 ** (len(widths) - 1).
        num_classes: 0, or their number.
    """

    def __init__(self, widths: Widths, shape: Shape, num_classes: int = 0) -> None:
        super().__init__()
        channels, height, width = shape
        halvings, last = len(widths) - 1, widths[-1]
        self.from_rgb = from_rgb(channels, widths[0])
        self.blocks = nn.Sequential(*(StyleGAN2Block(*pair) for pair in pairwise(widths)))
        self.epilogue = epilogue(last, last, (height >> halvings, width >> halvings))
        self.head = ProjectionHead(last, num_classes)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits (B,) for images (B, C, H, W) and labels (B,)."""
        logits: Tensor = self.head(self.epilogue(self.blocks(self.from_rgb(images))), labels)
        return logits
