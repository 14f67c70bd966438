"""StyleGAN2 and 3 as their papers say it, image by image and without any of our layers: to compare with."""

import math

import torch
import torch.nn.functional as F
from foreign_modules import STAGES3, Tensors, padding3
from torch import Tensor

SQRT2 = 2**0.5


def resample(x: Tensor, kernel: Tensor, up: int, down: int, padding: tuple[int, int], gain: float) -> Tensor:
    """Return images with zeros put in between, padded or cut, convolved with `kernel`, and then some pixels of them."""
    _batch, channels, height, width = x.shape
    wide = torch.zeros(*x.shape[:2], height * up, width * up, dtype=x.dtype)
    wide[:, :, ::up, ::up] = x
    wide = F.pad(wide, (*padding, *padding))
    weight = kernel.flip((0, 1)).expand(channels, 1, *kernel.shape) * gain
    return F.conv2d(wide, weight, groups=channels)[:, :, ::down, ::down]


def map_latents(t: Tensors, z: Tensor, labels: Tensor | None) -> Tensor:
    """Return w."""

    def normal(x: Tensor) -> Tensor:
        return x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()

    x = normal(z)
    if labels is not None:
        embed = t["mapping.embed.weight"]
        x = torch.cat([x, normal(embed.T[labels] / embed.shape[1] ** 0.5 + t["mapping.embed.bias"])], 1)
    index = 0
    while f"mapping.fc{index}.weight" in t:
        weight, bias = t[f"mapping.fc{index}.weight"], t[f"mapping.fc{index}.bias"]
        x = F.leaky_relu(x @ weight.T * 0.01 / weight.shape[1] ** 0.5 + bias * 0.01, 0.2) * SQRT2
        index += 1
    return x


def style(t: Tensors, name: str, w: Tensor) -> Tensor:
    """Return the styles of a layer for one w."""
    weight = t[f"{name}.affine.weight"]
    return weight @ w / weight.shape[1] ** 0.5 + t[f"{name}.affine.bias"]


def clamped(x: Tensor, clamp: float | None) -> Tensor:
    """Return x within its bounds."""
    return x if clamp is None else x.clamp(-clamp, clamp)


def draw_stylegan2(t: Tensors, w: Tensor, clamp: float | None) -> Tensor:
    """Return the image of one w."""
    line = torch.tensor([1.0, 3, 3, 1], dtype=w.dtype)
    kernel = torch.outer(line, line) / 64

    def layer(x: Tensor, name: str, up: int) -> Tensor:
        weight = t[f"{name}.weight"] * style(t, name, w)[None, :, None, None]
        weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        if up == 2:
            x = resample(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), kernel, 1, 1, (1, 1), 4)
        else:
            x = F.conv2d(x, weight, padding=1)
        x = x + t[f"{name}.noise_const"] * t[f"{name}.noise_strength"] + t[f"{name}.bias"][:, None, None]
        return clamped(F.leaky_relu(x, 0.2) * SQRT2, clamp)

    x, image, side = t["synthesis.b4.const"][None], None, 4
    while (block := f"synthesis.b{side}") + ".conv1.weight" in t:
        x = layer(x, f"{block}.conv0", 2) if side > 4 else x
        x = layer(x, f"{block}.conv1", 1)
        weight = t[f"{block}.torgb.weight"]
        scaled = style(t, f"{block}.torgb", w) / weight.shape[1] ** 0.5
        rgb = F.conv2d(x, weight * scaled[None, :, None, None]) + t[f"{block}.torgb.bias"][:, None, None]
        image = clamped(rgb, clamp) + (0 if image is None else resample(image, kernel, 2, 1, (2, 1), 4))
        side *= 2
    assert image is not None
    return image


def draw_stylegan3(t: Tensors, w: Tensor, radial: bool) -> Tensor:
    """Return the image of one w."""
    x = fourier_features(t, w)
    names = sorted({name.split(".")[1] for name in t if name.startswith("synthesis.L")})
    for name, stage in zip(names, STAGES3, strict=True):
        place, is_rgb = f"synthesis.{name}", name == names[-1]
        weight, scale = t[f"{place}.weight"], style(t, place, w)
        size = weight.shape[2]
        if is_rgb:
            weight = weight * scale[None, :, None, None] / weight.shape[1] ** 0.5
        else:
            weight = weight / weight.square().mean((1, 2, 3), keepdim=True).sqrt()
            weight = weight * (scale / scale.square().mean().sqrt())[None, :, None, None]
            weight = weight / (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        x = (
            F.conv2d(x, weight / t[f"{place}.magnitude_ema"].sqrt(), padding=size - 1)
            + t[f"{place}.bias"][:, None, None]
        )
        low, high = padding3(stage, size)[:2]
        one = torch.ones(1, 1, dtype=w.dtype)
        up, down = (t.get(f"{place}.{each}_filter") for each in ("up", "down"))
        up_kernel = one if up is None else torch.outer(up, up)
        down_kernel = one if down is None else down if down.ndim == 2 else torch.outer(down, down)
        x = resample(x, up_kernel, stage["up"], 1, (low, high), stage["up"] ** 2)
        x = (x if is_rgb else F.leaky_relu(x, 0.2) * SQRT2).clamp(-256, 256)
        x = resample(x, down_kernel, 1, stage["down"], (0, 0), 1)
    return x * 0.25


def fourier_features(t: Tensors, w: Tensor) -> Tensor:
    """Return the features that a StyleGAN3 begins with, for one w, pixel by pixel."""
    c, s, x0, y0 = (lambda v: v / v[:2].norm())(style(t, "synthesis.input", w))
    freqs, phases = t["synthesis.input.freqs"], t["synthesis.input.phases"]
    size, rate, bandwidth = 36, 16, 2.0
    turn = torch.stack([torch.stack([c, -s]), torch.stack([s, c])])
    phases = phases + freqs @ (turn @ torch.stack([-x0, -y0]))
    freqs = freqs @ turn
    loudness = (1 - (freqs.norm(dim=1) - bandwidth) / (rate / 2 - bandwidth)).clamp(0, 1)
    features = torch.zeros(len(freqs), size, size, dtype=w.dtype)
    for row in range(size):
        for column in range(size):
            place = torch.tensor([(column + 0.5 - size / 2) / rate, (row + 0.5 - size / 2) / rate], dtype=w.dtype)
            features[:, row, column] = torch.sin(2 * math.pi * (freqs @ place + phases)) * loudness
    mixing = t["synthesis.input.weight"] / len(freqs) ** 0.5
    return torch.einsum("oc,chw->ohw", mixing, features)[None]
