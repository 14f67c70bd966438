"""The part of a picture that is kept where it has another shape than the target."""

import numpy as np
from PIL import Image

LONG_SIDE = 128  # pixels of the small copy in which it is looked for what there is to see
GRAY_LEVELS = 16  # that are told apart there
NEARLY = 0.998  # of the most: a part nearer to the middle is taken if it has as much


def crop_box(image: Image.Image, target: tuple[int, int], fit: str) -> tuple[float, float, float, float]:
    """Return the largest box (left, top, right, bottom) of an image with the aspect ratio of `target`.

    Args:
        image: mode L, RGB or RGBA.
        target: (width, height).
        fit: "crop" for the middle, "top" for the upper part, "entropy" for the part with the most to see.
    """
    scale = min(image.width / target[0], image.height / target[1])
    width, height = target[0] * scale, target[1] * scale
    # Rounding may give a tiny negative number.
    spare_x, spare_y = max(image.width - width, 0), max(image.height - height, 0)
    across, down = 0.5, 0.0 if fit == "top" else 0.5
    if fit == "entropy":
        across, down = busiest_place(image, width / image.width, 1), busiest_place(image, height / image.height, 0)
    left, top = across * spare_x, down * spare_y
    return left, top, min(left + width, image.width), min(top + height, image.height)


def busiest_place(image: Image.Image, share: float, axis: int) -> float:
    """Return where along a side the part with the most to see lies: 0 at its beginning, 1 at its end.

    That is the part whose gray levels have the highest Shannon entropy: -sum p log p, p being the share of a level.

    Args:
        share: length of the part along this side, in (0, 1].
        axis: 0 from the top down, 1 from left to right.
    """
    if share >= 1:
        return 0.5
    scale = min(1, LONG_SIDE / max(image.size))
    size = max(1, round(scale * image.width)), max(1, round(scale * image.height))
    small = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    if small.mode == "RGBA":
        small = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small)
    levels = np.asarray(small.convert("L"), np.int64) * GRAY_LEVELS // 256
    lines = levels.T if axis else levels
    part = max(1, round(share * len(lines)))
    counts = np.stack([np.bincount(line, minlength=GRAY_LEVELS) for line in lines])
    summed = np.concatenate([np.zeros((1, GRAY_LEVELS), np.int64), np.cumsum(counts, 0)])
    p = (summed[part:] - summed[:-part]) / (part * lines.shape[1])  # (places, levels)
    entropy = -(p * np.log(np.where(p > 0, p, 1))).sum(1)
    middle = (len(entropy) - 1) / 2
    good = np.flatnonzero(entropy >= NEARLY * entropy.max())
    return float(good[np.abs(good - middle).argmin()] / (2 * middle)) if middle else 0.5
