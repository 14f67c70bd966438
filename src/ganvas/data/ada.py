"""Augmentations of StyleGAN2-ADA, and the rule that adapts their probability to the discriminator.

All geometric transforms of an image are one matrix and one resampling; all colour transforms are another matrix and
one product (Karras et al. 2020, appendix B: pixel blitting, geometry and colour, the recommended set; image-space
filtering and corruptions are left out).

Differences from the paper: resampling is bicubic, where the paper filters at twice the size. (At 32 and 64 pixels,
bicubic kept 83 to 85 % of the power of a rotated image's detail finer than four pixels, bilinear half of it. Images
that shrink are not low-pass filtered.) Reflection at the edges repeats the outermost pixels. Oblong images are rotated
by multiples of 180 degrees, where square images are rotated by multiples of 90.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..distributed import own_rows

MAX_SHIFT = 0.125  # of a side: maximum of integer translations, standard deviation of fractional ones
SCALE_STD = 0.2  # of the base-2 logarithm
BRIGHTNESS_STD, CONTRAST_STD, SATURATION_STD = 0.2, 0.5, 1.0  # the last two of base-2 logarithms
NUM_GEOMETRY, NUM_ROTATIONS, NUM_COLOR = 6, 2, 5  # transforms, each applied with the probability
BICUBIC, REFLECTION = 2, 2  # ATen's numbers of the modes


def ada_augment(images: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Return images (B, C, H, W) in [-1, 1] with each geometric and colour transform applied with `probability`.

    Each transform is drawn independently; an image without any comes back unchanged, to the last bit. From the same
    state of `generator`, a higher probability transforms the same images and more. Differentiable twice. A fourth
    channel is alpha: it gets the geometric transforms only. Grey images get brightness, contrast and luma flip only.
    The result may leave [-1, 1], as in the paper.

    Args:
        probability: of each transform, in [0, 1].

    Raises:
        ValueError: the probability is above 1.
    """
    device, count = images.device, len(images)
    num_gates = NUM_GEOMETRY + NUM_ROTATIONS + NUM_COLOR
    gates = own_rows(torch.rand, (count, num_gates), generator=generator, device=device)
    uniform = own_rows(torch.rand, (count, 8), generator=generator, device=device)
    # the same number of draws at any probability
    normal = own_rows(torch.randn, (count, 7), generator=generator, device=device)
    geometry = geometry_matrices(gates, uniform, normal, probability, (images.shape[2], images.shape[3]))
    moved = (geometry != torch.eye(3, device=device)).flatten(1).any(1)
    augmented = images
    if bool(moved.any()):
        grid = sampling_grid(geometry.to(images.dtype), images)
        # torch has no bicubic sampling on Apple's GPUs, and no fallback for it.
        sampling_device = torch.device("cpu") if device.type == "mps" else device
        resampled = resample(images.to(sampling_device), grid.to(sampling_device)).to(device)
        augmented = torch.where(moved[:, None, None, None], resampled, images)
    color = color_matrices(gates, uniform, normal, probability, gray=images.shape[1] == 1)
    return apply_color(augmented, color.to(images.dtype))


def update_probability(
    probability: float, mean_sign: float, images: int, target: float, speed_images: int, max_probability: float
) -> float:
    """Return the probability after `images` more images: higher if `mean_sign` is above `target`, else lower.

    Source: Karras et al. 2020, section 3.1.

    Args:
        mean_sign: of the discriminator's logits of real images (r_t in the paper): 0 for chance, 1 if always right.
        images: since the last update.
        speed_images: number of images in which the probability would go from 0 to 1.
        max_probability: upper limit. Without it, the probability keeps rising where augmentation does not help.
    """
    step = images / speed_images
    return min(max_probability, max(0.0, probability + (step if mean_sign > target else -step)))


def geometry_matrices(
    gates: Tensor, uniform: Tensor, normal: Tensor, probability: float, size: tuple[int, int]
) -> Tensor:
    """Return the matrices (B, 3, 3) from output to source positions, in pixels from the image centre.

    Args:
        gates: (B, 13) in [0, 1): a transform is applied where its number is below the probability.
        uniform, normal: (B, 8) in [0, 1) and (B, 7) from N(0, 1): parameters of the transforms.
        probability: of each transform; of the two free rotations together.
        size: (H, W). Square images are rotated by multiples of 90 degrees, oblong ones by multiples of 180.
    """
    height, width = size
    enabled = gates[:, :NUM_GEOMETRY] < probability
    rotations_enabled = gates[:, NUM_GEOMETRY : NUM_GEOMETRY + NUM_ROTATIONS] < 1 - math.sqrt(1 - probability)
    one, zero = torch.ones_like(uniform[:, 0]), torch.zeros_like(uniform[:, 0])

    def gated(index: int, value: Tensor, otherwise: Tensor) -> Tensor:
        return torch.where(enabled[:, index], value, otherwise)

    mirror = 1 - 2 * (uniform[:, 0] * 2).floor()
    quarter_turns = (uniform[:, 1] * 4).floor() if height == width else 2 * (uniform[:, 1] * 2).floor()
    integer_shift = [
        ((2 * uniform[:, 2 + axis] - 1) * MAX_SHIFT * side).round() for axis, side in enumerate((width, height))
    ]
    fractional_shift = [normal[:, axis] * MAX_SHIFT * side for axis, side in enumerate((width, height))]
    scale = torch.exp2(SCALE_STD * normal[:, 2])
    aspect = torch.exp2(SCALE_STD * normal[:, 3])
    angles = [
        torch.where(rotations_enabled[:, turn], (2 * uniform[:, 4 + turn] - 1) * math.pi, zero) for turn in range(2)
    ]
    stretched, scaled = gated(4, aspect, one), gated(3, scale, one)
    return (
        _scale_matrices(gated(0, mirror, one), one)
        @ _rotation_matrices(gated(1, quarter_turns * (math.pi / 2), zero))
        @ _translation_matrices(gated(2, integer_shift[0], zero), gated(2, integer_shift[1], zero))
        @ _scale_matrices(scaled, scaled)
        @ _rotation_matrices(angles[0])
        @ _scale_matrices(stretched, 1 / stretched)
        @ _rotation_matrices(angles[1])
        @ _translation_matrices(gated(5, fractional_shift[0], zero), gated(5, fractional_shift[1], zero))
    )


def color_matrices(gates: Tensor, uniform: Tensor, normal: Tensor, probability: float, gray: bool) -> Tensor:
    """Return the matrices (B, 4, 4) that multiply (red, green, blue, 1).

    Args:
        gates, uniform, normal, probability: as for `geometry_matrices`.
        gray: without hue and saturation.
    """
    enabled = gates[:, NUM_GEOMETRY + NUM_ROTATIONS :] < probability
    brightness, contrast, luma_flip, hue, saturation = enabled.unbind(1)
    batch, device = len(gates), gates.device
    eye = torch.eye(4, device=device).expand(batch, 4, 4)
    luma_axis = torch.tensor([1.0, 1.0, 1.0, 0.0], device=device) / 3**0.5
    luma_projection = luma_axis[:, None] * luma_axis

    def gated(chosen: Tensor, transform: Tensor) -> Tensor:
        return torch.where(chosen[:, None, None], transform, eye)

    shift = eye.clone()
    shift[:, :3, 3] = (BRIGHTNESS_STD * normal[:, 4])[:, None]
    gain = torch.diag_embed(F.pad(torch.exp2(CONTRAST_STD * normal[:, 5])[:, None].expand(-1, 3), (0, 1), value=1.0))
    matrix = gated(contrast, gain) @ gated(brightness, shift)
    matrix = gated(luma_flip & (uniform[:, 6] < 0.5), (eye - 2 * luma_projection)) @ matrix
    if not gray:
        angle = (2 * uniform[:, 7] - 1) * math.pi
        matrix = gated(hue, _axis_rotation_matrices(luma_axis, angle)) @ matrix
        scale = torch.exp2(SATURATION_STD * normal[:, 6])[:, None, None]
        matrix = gated(saturation, luma_projection + (eye - luma_projection) * scale) @ matrix
    return matrix


def apply_color(images: Tensor, matrices: Tensor) -> Tensor:
    """Return images (B, C, H, W) with their colours multiplied by matrices (B, 4, 4); alpha stays."""
    colors, alpha = images[:, :3], images[:, 3:]
    gray = colors.shape[1] == 1  # as three equal channels, of which one is kept
    mixed = matrices[:, :1, :3].sum(2, keepdim=True) if gray else matrices[:, :3, :3]
    result = torch.einsum("bij,bjhw->bihw", mixed, colors) + matrices[:, : colors.shape[1], 3, None, None]
    unchanged = (matrices == torch.eye(4, device=matrices.device, dtype=matrices.dtype)).flatten(1).all(1)
    result = torch.where(unchanged[:, None, None, None], colors, result)
    return torch.cat([result, alpha], 1) if alpha.shape[1] else result


def sampling_grid(matrices: Tensor, images: Tensor) -> Tensor:
    """Return the source position of each pixel (B, H, W, 2), from -1 to 1 over the image, as for `F.grid_sample`."""
    height, width = images.shape[2:]
    unit = matrices.new_tensor([width / 2, height / 2, 1.0])
    return F.affine_grid((matrices * unit / unit[:, None])[:, :2], list(images.shape), align_corners=False)


def resample(images: Tensor, grid: Tensor) -> Tensor:
    """Return images (B, C, H, W) sampled bicubically at positions (B, H, W, 2), with reflection at the edges."""
    sampled: Tensor = _Resample.apply(images, grid)
    return sampled


class _Resample(torch.autograd.Function):
    """Sampling at fixed positions, differentiable twice, which older torch's own is not. It is linear in the images."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.shape = images.shape
        return F.grid_sample(images, grid, mode="bicubic", padding_mode="reflection", align_corners=False)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        (grid,) = ctx.saved_tensors
        return _ResampleAdjoint.apply(gradient, grid, ctx.shape), None


class _ResampleAdjoint(torch.autograd.Function):
    """Transpose of `_Resample`, which is its gradient: adds each sample back to its source pixels."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, grid: Tensor, shape: torch.Size) -> Tensor:
        ctx.save_for_backward(grid)
        template = gradient.new_zeros(shape)
        input_gradient: Tensor = torch.ops.aten.grid_sampler_2d_backward(
            gradient.contiguous(), template, grid, BICUBIC, REFLECTION, False, [True, False]
        )[0]
        return input_gradient

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        (grid,) = ctx.saved_tensors
        return _Resample.apply(gradient, grid), None, None


def _scale_matrices(across: Tensor, down: Tensor) -> Tensor:
    """Return matrices (B, 3, 3) that scale by (B,) horizontally and vertically."""
    return torch.diag_embed(torch.stack([across, down, torch.ones_like(down)], 1))


def _rotation_matrices(angle: Tensor) -> Tensor:
    """Return matrices (B, 3, 3) that rotate by (B,) radians; exact at multiples of 90 degrees."""
    cosine, sine = (part.where(part.abs() > 1e-6, 0.0) for part in (angle.cos(), angle.sin()))
    matrix = torch.eye(3, device=angle.device).repeat(len(angle), 1, 1)
    matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 0], matrix[:, 1, 1] = cosine, -sine, sine, cosine
    return matrix


def _translation_matrices(across: Tensor, down: Tensor) -> Tensor:
    """Return matrices (B, 3, 3) that translate by (B,) pixels horizontally and vertically."""
    matrix = torch.eye(3, device=across.device).repeat(len(across), 1, 1)
    matrix[:, 0, 2], matrix[:, 1, 2] = across, down
    return matrix


def _axis_rotation_matrices(axis: Tensor, angle: Tensor) -> Tensor:
    """Return matrices (B, 4, 4) that rotate colours by (B,) radians around a unit axis (4,) (Rodrigues' formula)."""
    x, y, z = axis[:3].tolist()
    cross = axis.new_tensor([[0, -z, y, 0], [z, 0, -x, 0], [-y, x, 0, 0], [0, 0, 0, 0]])
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    eye = torch.eye(4, device=axis.device)
    return eye + sine * cross + (1 - cosine) * (cross @ cross)
