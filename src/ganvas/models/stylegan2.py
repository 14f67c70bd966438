"""The networks of StyleGAN2 (Karras et al. 2020): styles decide what is drawn, and learned noise adds detail.

Dense layers map z to a style w, which scales the channels that each convolution sees (`stylegan2_layers`).
"""

from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn

from ..distributed import own_rows
from .base import Discriminator
from .conditional import ClassConditionalGenerator, ClassConditionalLatent, ProjectionHead
from .equalized import LEAKY_SLOPE, SQRT2, EqualConv2d, EqualLinear, PixelNorm
from .layers import Shape, Widths, resize_bilinear
from .progan_layers import epilogue, from_rgb
from .stylegan2_layers import Blur, ModulatedConv2d, SynthesisLayer

MAPPING_LAYERS = 2  # dense layers from z to w, as in StyleGAN2-ADA's small presets; the first paper's 8 learn slower
MAPPING_LR_MULTIPLIER = 0.01


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
