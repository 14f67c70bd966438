"""Textures drawn by program, with random palettes: styles to train on that belong to nobody."""

import colorsys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Array = NDArray[np.float64]
Rng = np.random.Generator


def draw_texture(rng: Rng, size: int) -> Image.Image:
    """Return a texture of `size` x `size` pixels, RGB, of a random kind, maybe on a canvas whose grain shows."""
    kinds = list(KINDS.values())
    drawn = kinds[rng.integers(len(kinds))](rng, 2 * size, random_palette(rng))
    pixels = np.asarray(drawn.resize((size, size), Image.Resampling.LANCZOS), np.float64)
    if rng.random() < 0.5:
        grain = smooth_noise(rng, size, size // int(rng.integers(1, 4)))[..., None]
        pixels = pixels * (1 + rng.uniform(0.02, 0.15) * grain)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def random_palette(rng: Rng) -> Array:
    """Return 3 to 7 colours (n, 3) in [0, 255]: of neighbouring hues, of two that are far apart, of any, or gray."""
    count, hue, kind = int(rng.integers(3, 8)), rng.random(), rng.integers(4)
    spread = (0.12, 0.08, 1.0, 0.3)[kind]
    hues = hue + spread * rng.uniform(-0.5, 0.5, count) + (0.5 * rng.integers(0, 2, count) if kind == 1 else 0)
    saturations = rng.uniform(0, 1, count) ** (1.0 if rng.random() < 0.8 else 4.0)
    values = np.sort(rng.uniform(0.05, 1, count)) ** rng.uniform(0.6, 1.6)
    colors = [
        colorsys.hsv_to_rgb(h % 1, s, v) for h, s, v in zip(hues, saturations, rng.permutation(values), strict=True)
    ]
    return 255 * np.array(colors)


def smooth_noise(rng: Rng, size: int, cells: int) -> Array:
    """Return noise (size, size) of mean 0 and standard deviation 1, with about `cells` bumps along a side."""
    cells = max(2, min(cells, size))
    coarse = Image.fromarray(rng.standard_normal((cells, cells)).astype(np.float32))
    field = np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC), np.float64)
    return (field - field.mean()) / (field.std() + 1e-9)


def octaves(rng: Rng, size: int, cells: int, decay: float) -> Array:
    """Return noise of several scales, each twice as fine as the one before and weaker by `decay`."""
    total = sum(decay**step * smooth_noise(rng, size, cells << step) for step in range(5))
    return np.asarray((total - np.mean(total)) / (np.std(total) + 1e-9))


def in_palette(values: Array, palette: Array, smooth: bool) -> Image.Image:
    """Return an image where each value is a colour of the palette, from lowest to highest; smooth or in steps."""
    ranks = values.ravel().argsort().argsort().reshape(values.shape) / values.size * (len(palette) - 1e-6)
    if not smooth:
        return Image.fromarray(palette[ranks.astype(int)].astype(np.uint8))
    position = np.clip(ranks - 0.5, 0, len(palette) - 1)
    below = position.astype(int)
    share = (position - below)[..., None]
    mixed = palette[below] * (1 - share) + palette[np.minimum(below + 1, len(palette) - 1)] * share
    return Image.fromarray(mixed.astype(np.uint8))


def draw_noise(rng: Rng, size: int, palette: Array) -> Image.Image:
    """Return clouds, or a map with levels."""
    field = octaves(rng, size, int(rng.integers(2, 24)), rng.uniform(0.3, 0.9))
    return in_palette(field, palette, rng.random() < 0.5)


def draw_waves(rng: Rng, size: int, palette: Array) -> Image.Image:
    """Return stripes, rings or swirls, bent by noise."""
    rows, columns = np.mgrid[:size, :size] / size
    angle = rng.uniform(0, np.pi)
    along = rows * np.sin(angle) + columns * np.cos(angle)
    around = np.hypot(rows - rng.random(), columns - rng.random())
    phase = (along if rng.random() < 0.5 else around) * rng.uniform(4, 40)
    phase = phase + rng.uniform(0, 2.5) * octaves(rng, size, int(rng.integers(2, 8)), 0.5)
    return in_palette(np.sin(phase * np.pi), palette, rng.random() < 0.6)


def draw_strokes(rng: Rng, size: int, palette: Array) -> Image.Image:
    """Return brush strokes that follow a field of directions."""
    image = in_palette(octaves(rng, size, 3, 0.6), palette, True)
    draw = ImageDraw.Draw(image)
    turns, tone = octaves(rng, size, int(rng.integers(2, 6)), 0.4), octaves(rng, size, int(rng.integers(3, 12)), 0.6)
    tone = tone.ravel().argsort().argsort().reshape(tone.shape) / tone.size * (len(palette) - 1e-6)
    length, width = rng.uniform(0.02, 0.12) * size, rng.uniform(0.006, 0.03) * size
    bend, jitter, mixed = rng.uniform(0.3, 2.0), rng.uniform(5, 40), rng.uniform(0, 1.2)
    for _stroke in range(min(2500, int(1.6 * size**2 / (length * width)))):
        row, column = rng.uniform(0, size, 2)
        color = palette[int(np.clip(tone[int(row), int(column)] + mixed * rng.standard_normal(), 0, len(palette) - 1))]
        color = color + jitter * rng.standard_normal(3) * (0.5, 0.5, 0.5) + jitter * rng.standard_normal()
        points = [(column, row)]
        for _step in range(4):
            direction = bend * turns[int(row) % size, int(column) % size]
            row, column = row + length / 4 * np.sin(direction), column + length / 4 * np.cos(direction)
            points.append((column, row))
        thick = max(1, round(width * rng.uniform(0.6, 1.4)))
        draw.line(points, fill=tuple(int(c) for c in color.clip(0, 255)), width=thick, joint="curve")
    return image


def draw_hatching(rng: Rng, size: int, palette: Array) -> Image.Image:
    """Return ink lines of one to three directions on paper, closer where it is dark."""
    paper, ink = palette[palette.sum(1).argmax()], palette[palette.sum(1).argmin()]
    image = Image.new("RGB", (size, size), tuple(int(c) for c in 0.5 * paper + 120))
    draw = ImageDraw.Draw(image)
    dark = octaves(rng, size, int(rng.integers(2, 6)), 0.5)
    gap, width, length = rng.uniform(0.012, 0.03) * size, max(1, round(rng.uniform(0.002, 0.008) * size)), 0.06 * size
    for level, angle in enumerate(rng.uniform(0, np.pi, int(rng.integers(1, 4)))):
        step = np.array([np.sin(angle), np.cos(angle)])
        across = np.array([step[1], -step[0]])
        for offset in np.arange(-size, size, gap):
            for start in np.arange(-size, size, length):
                row, column = size / 2 + across * offset + step * start + rng.uniform(-gap / 4, gap / 4, 2)
                inside = 0 <= row < size and 0 <= column < size
                if inside and dark[int(row), int(column)] > level - 1:
                    end = (column + length * step[1], row + length * step[0])
                    draw.line([(column, row), end], fill=tuple(int(c) for c in ink), width=width)
    return image


def draw_dots(rng: Rng, size: int, palette: Array) -> Image.Image:
    """Return points of colour, as in pointillism or in print."""
    image = in_palette(octaves(rng, size, 3, 0.5), palette, True)
    draw = ImageDraw.Draw(image)
    tone = octaves(rng, size, int(rng.integers(2, 8)), 0.5)
    tone = tone.ravel().argsort().argsort().reshape(tone.shape) / tone.size * (len(palette) - 1e-6)
    gap, loose, mixed = rng.uniform(0.015, 0.06) * size, rng.uniform(0, 0.6), rng.uniform(0, 1.5)
    radius = gap * rng.uniform(0.3, 0.7)
    for row in np.arange(0, size, gap):
        for column in np.arange(0, size, gap):
            y, x = np.clip(np.array([row, column]) + loose * gap * rng.standard_normal(2), 0, size - 1)
            index = int(np.clip(tone[int(y), int(x)] + mixed * rng.standard_normal(), 0, len(palette) - 1))
            r = radius * rng.uniform(0.7, 1.2)
            draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(int(c) for c in palette[index]))
    return image


def draw_mosaic(rng: Rng, size: int, palette: Array) -> Image.Image:
    """Return stones of plain colours, with or without a dark line between them."""
    small = size // 2
    count = int(rng.integers(20, 260))
    places = rng.uniform(0, small, (count, 2))
    grid = np.stack(np.mgrid[:small, :small], -1).reshape(-1, 2)
    distances = (grid**2).sum(1)[:, None] - 2 * grid @ places.T + (places**2).sum(1)
    nearest, second = np.partition(distances, 1, axis=1)[:, :2].T
    colors = palette[rng.integers(0, len(palette), count)] + 18 * rng.standard_normal((count, 1))
    pixels = colors[distances.argmin(1)]
    if rng.random() < 0.7:
        width = rng.uniform(0.5, 3.0)
        near = np.sqrt(np.abs(second)) - np.sqrt(np.abs(nearest)) < width
        pixels[near] = palette[palette.sum(1).argmin()] * 0.5
    image = Image.fromarray(pixels.reshape(small, small, 3).clip(0, 255).astype(np.uint8))
    return image.resize((size, size), Image.Resampling.BICUBIC)


def draw_shapes(rng: Rng, size: int, palette: Array) -> Image.Image:
    """Return flat shapes over each other, as in a collage."""
    image = Image.new("RGB", (size, size), tuple(int(c) for c in palette[0]))
    draw = ImageDraw.Draw(image)
    outline = tuple(int(c) for c in palette[-1] * 0.4) if rng.random() < 0.5 else None
    corners = int(rng.integers(3, 9))
    for _shape in range(int(rng.integers(15, 120))):
        center, radius = rng.uniform(0, size, 2), rng.uniform(0.03, 0.25) * size
        angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
        points = [(center[0] + radius * np.cos(a), center[1] + radius * np.sin(a)) for a in angles]
        fill = tuple(int(c) for c in palette[rng.integers(len(palette))])
        draw.polygon(points, fill=fill, outline=outline, width=max(1, size // 120))
    return image


KINDS: dict[str, Callable[[Rng, int, Array], Image.Image]] = {
    "noise": draw_noise,
    "waves": draw_waves,
    "strokes": draw_strokes,
    "strokes again": draw_strokes,  # most like paintings
    "hatching": draw_hatching,
    "dots": draw_dots,
    "mosaic": draw_mosaic,
    "shapes": draw_shapes,
}
