"""The augmentations of StyleGAN2-ADA, and the rule by which their probability follows the discriminator.

All moves of a picture are one matrix and done as one resampling, all changes of its colours another and done as one
product (Karras et al. 2020, appendix B: pixel blitting, geometry and colour, the set that is recommended there; filters
and corruptions are left out).

What departs from the paper: the resampling is bicubic, where the paper filters at twice the size (at 32 and 64 pixels
bicubic kept 83 to 85 % of the power of a turned picture's detail finer than four pixels, bilinear a half; what is made
smaller is not smoothed first). Beyond the edges a picture is mirrored with its outermost pixels, not without them.
Oblong pictures are turned by halves where square ones are turned by quarters.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

SHIFT = 0.125  # of a side: integer translations at most, fractional ones as standard deviation
STRETCH = 0.2  # standard deviation of the logarithm to base 2 of scales
BRIGHTNESS, CONTRAST, SATURATION = 0.2, 0.5, 1.0  # standard deviations, the last two of logarithms to base 2
MOVES, TURNS, COLOURS = 6, 2, 5  # transforms that are taken or not: of places, free rotations, of colours
BICUBIC, REFLECTION = 2, 2  # as torch numbers them


def ada(pictures: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Return pictures (B, C, H, W) in [-1, 1], each moved and recoloured by transforms that come with `probability`.

    Every transform is drawn for itself; a picture that none moves comes back as it was, to the last bit. The same state
    of `generator` with a higher probability transforms the same pictures, and more. Differentiable twice. A fourth
    channel is alpha, which is moved and not recoloured; grey pictures know brightness, contrast and luma flip alone.
    What comes back may leave [-1, 1], as in the paper.

    Args:
        probability: of each transform, in [0, 1].

    Raises:
        ValueError: the probability is above 1.
    """
    device, count = pictures.device, len(pictures)
    taken = torch.rand((count, MOVES + TURNS + COLOURS), generator=generator, device=device)
    how = torch.rand((count, 8), generator=generator, device=device)
    normal = torch.randn((count, 7), generator=generator, device=device)  # always as many: what comes is nested
    moves = geometry(taken, how, normal, probability, (pictures.shape[2], pictures.shape[3]))
    moved = (moves != torch.eye(3, device=device)).flatten(1).any(1)
    shown = pictures
    if bool(moved.any()):
        grid = sampling_grid(moves.to(pictures.dtype), pictures)
        # Apple's GPUs have no bicubic sampling in torch, and no fallback for it.
        where = torch.device("cpu") if device.type == "mps" else device
        resampled = resample(pictures.to(where), grid.to(where)).to(device)
        shown = torch.where(moved[:, None, None, None], resampled, pictures)
    matrices = colour(taken, how, normal, probability, grey=pictures.shape[1] == 1)
    return recolour(shown, matrices.to(pictures.dtype))


def adapted(probability: float, sign: float, pictures: int, target: float, pictures_to_one: int, most: float) -> float:
    """Return the probability after so many more pictures: up where `sign` is above `target`, else down.

    Source: Karras et al. 2020, section 3.1.

    Args:
        sign: mean sign of the discriminator's logits of real pictures: 0 if it knows nothing, 1 if it is always right.
        pictures_to_one: pictures in which the probability would go from 0 to 1.
        most: probability at most. Left alone, it would go on rising where augmentation does not help.
    """
    step = pictures / pictures_to_one
    return min(most, max(0.0, probability + (step if sign > target else -step)))


def geometry(taken: Tensor, how: Tensor, normal: Tensor, probability: float, size: tuple[int, int]) -> Tensor:
    """Return the matrices (B, 3, 3) that say where a picture's pixels come from, in pixels from its middle.

    Args:
        taken: (B, 13) in [0, 1): a transform is taken where its number is below the probability.
        how, normal: (B, 8) in [0, 1) and (B, 7) from N(0, 1): what it does.
        probability: of each transform; of the two free rotations together.
        size: (H, W). Quarter turns are for squares; oblong pictures are turned by halves.
    """
    height, width = size
    takes = taken[:, :MOVES] < probability
    turns = taken[:, MOVES : MOVES + TURNS] < 1 - math.sqrt(1 - probability)
    one, none = torch.ones_like(how[:, 0]), torch.zeros_like(how[:, 0])

    def drawn(index: int, value: Tensor, otherwise: Tensor) -> Tensor:
        return torch.where(takes[:, index], value, otherwise)

    mirror = 1 - 2 * (how[:, 0] * 2).floor()
    quarters = (how[:, 1] * 4).floor() if height == width else 2 * (how[:, 1] * 2).floor()
    blit = [((2 * how[:, 2 + axis] - 1) * SHIFT * side).round() for axis, side in enumerate((width, height))]
    drift = [normal[:, axis] * SHIFT * side for axis, side in enumerate((width, height))]
    scale = torch.exp2(STRETCH * normal[:, 2])
    stretch = torch.exp2(STRETCH * normal[:, 3])
    angles = [torch.where(turns[:, turn], (2 * how[:, 4 + turn] - 1) * math.pi, none) for turn in range(2)]
    stretched, scaled = drawn(4, stretch, one), drawn(3, scale, one)
    return (
        _scaling(drawn(0, mirror, one), one)
        @ _turning(drawn(1, quarters * (math.pi / 2), none))
        @ _shifting(drawn(2, blit[0], none), drawn(2, blit[1], none))
        @ _scaling(scaled, scaled)
        @ _turning(angles[0])
        @ _scaling(stretched, 1 / stretched)
        @ _turning(angles[1])
        @ _shifting(drawn(5, drift[0], none), drawn(5, drift[1], none))
    )


def colour(taken: Tensor, how: Tensor, normal: Tensor, probability: float, grey: bool) -> Tensor:
    """Return the matrices (B, 4, 4) that (red, green, blue, 1) are multiplied by.

    Args:
        taken, how, normal, probability: as for `geometry`.
        grey: leave hue and saturation alone.
    """
    bright, strong, flipped, turned, vivid = (taken[:, MOVES + TURNS :] < probability).unbind(1)
    batch, device = len(taken), taken.device
    eye = torch.eye(4, device=device).expand(batch, 4, 4)
    luma = torch.tensor([1.0, 1.0, 1.0, 0.0], device=device) / 3**0.5
    onto = luma[:, None] * luma

    def where(chosen: Tensor, matrix: Tensor) -> Tensor:
        return torch.where(chosen[:, None, None], matrix, eye)

    shift = eye.clone()
    shift[:, :3, 3] = (BRIGHTNESS * normal[:, 4])[:, None]
    gain = torch.diag_embed(F.pad(torch.exp2(CONTRAST * normal[:, 5])[:, None].expand(-1, 3), (0, 1), value=1.0))
    found = where(strong, gain) @ where(bright, shift)
    found = where(flipped & (how[:, 6] < 0.5), (eye - 2 * onto)) @ found
    if not grey:
        angle = (2 * how[:, 7] - 1) * math.pi
        found = where(turned, _around(luma, angle)) @ found
        much = torch.exp2(SATURATION * normal[:, 6])[:, None, None]
        found = where(vivid, onto + (eye - onto) * much) @ found
    return found


def recolour(pictures: Tensor, matrices: Tensor) -> Tensor:
    """Return pictures (B, C, H, W) whose colours are multiplied by matrices (B, 4, 4); alpha stays."""
    colours, alpha = pictures[:, :3], pictures[:, 3:]
    grey = colours.shape[1] == 1  # three equal colours, of which one is kept
    mixed = matrices[:, :1, :3].sum(2, keepdim=True) if grey else matrices[:, :3, :3]
    turned = torch.einsum("bij,bjhw->bihw", mixed, colours) + matrices[:, : colours.shape[1], 3, None, None]
    same = (matrices == torch.eye(4, device=matrices.device, dtype=matrices.dtype)).flatten(1).all(1)
    turned = torch.where(same[:, None, None, None], colours, turned)
    return torch.cat([turned, alpha], 1) if alpha.shape[1] else turned


def sampling_grid(matrices: Tensor, pictures: Tensor) -> Tensor:
    """Return where each pixel comes from (B, H, W, 2), as torch counts places: from -1 to 1 over the picture."""
    height, width = pictures.shape[2:]
    unit = matrices.new_tensor([width / 2, height / 2, 1.0])
    return F.affine_grid((matrices * unit / unit[:, None])[:, :2], list(pictures.shape), align_corners=False)


def resample(pictures: Tensor, grid: Tensor) -> Tensor:
    """Return pictures (B, C, H, W) sampled bicubically at places (B, H, W, 2), mirrored beyond their edges."""
    found: Tensor = _Resample.apply(pictures, grid)
    return found


class _Resample(torch.autograd.Function):
    """Sample at fixed places. Older torch cannot differentiate its own twice; this is linear, and its gradient easy."""

    @staticmethod
    def forward(ctx: Any, pictures: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.shape = pictures.shape
        return F.grid_sample(pictures, grid, mode="bicubic", padding_mode="reflection", align_corners=False)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        (grid,) = ctx.saved_tensors
        return _Adjoint.apply(gradient, grid, ctx.shape), None


class _Adjoint(torch.autograd.Function):
    """Bring what was sampled back to where it came from: the transpose of `_Resample`, which is its gradient."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, grid: Tensor, shape: torch.Size) -> Tensor:
        ctx.save_for_backward(grid)
        like = gradient.new_zeros(shape)
        back: Tensor = torch.ops.aten.grid_sampler_2d_backward(
            gradient.contiguous(), like, grid, BICUBIC, REFLECTION, False, [True, False]
        )[0]
        return back

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        (grid,) = ctx.saved_tensors
        return _Resample.apply(gradient, grid), None, None


def _scaling(across: Tensor, down: Tensor) -> Tensor:
    """Return matrices (B, 3, 3) that scale by (B,) across and down."""
    return torch.diag_embed(torch.stack([across, down, torch.ones_like(down)], 1))


def _turning(angle: Tensor) -> Tensor:
    """Return matrices (B, 3, 3) that turn by (B,) radians; exact at no turn and at quarters."""
    cosine, sine = (part.where(part.abs() > 1e-6, 0.0) for part in (angle.cos(), angle.sin()))
    matrix = torch.eye(3, device=angle.device).repeat(len(angle), 1, 1)
    matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 0], matrix[:, 1, 1] = cosine, -sine, sine, cosine
    return matrix


def _shifting(across: Tensor, down: Tensor) -> Tensor:
    """Return matrices (B, 3, 3) that shift by (B,) pixels across and down."""
    matrix = torch.eye(3, device=across.device).repeat(len(across), 1, 1)
    matrix[:, 0, 2], matrix[:, 1, 2] = across, down
    return matrix


def _around(axis: Tensor, angle: Tensor) -> Tensor:
    """Return matrices (B, 4, 4) that turn colours by (B,) radians around an axis (4,) of length one (Rodrigues)."""
    x, y, z = axis[:3].tolist()
    cross = axis.new_tensor([[0, -z, y, 0], [z, 0, -x, 0], [-y, x, 0, 0], [0, 0, 0, 0]])
    sine, cosine = angle.sin()[:, None, None], angle.cos()[:, None, None]
    eye = torch.eye(4, device=axis.device)
    return eye + sine * cross + (1 - cosine) * (cross @ cross)
