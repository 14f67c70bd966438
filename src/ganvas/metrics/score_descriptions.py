"""What a score is, what it means to a beginner, and which sentence it deserves when it stands out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

NOTABLE = 0.1  # of what real pictures get: a difference from which on a person may see it

# key -> (name, which way is better, one sentence for a beginner)
MEANING: Mapping[str, tuple[str, str, str]] = {
    "frechet": (
        "Frechet distance",
        "lower",
        "How far the samples as a whole are from the real pictures, freed of what the number of pictures adds: "
        "about 0 for real pictures.",
    ),
    "frechet_plain": (
        "Frechet distance, plain",
        "lower",
        "The same as it is usually published: it falls with the number of pictures, so compare only equal numbers.",
    ),
    "kid": (
        "Kernel distance (KID)",
        "lower",
        "Another distance of the two sets, fair to small ones: about 0 for real pictures.",
    ),
    "precision": (
        "Precision",
        "higher",
        "Share of the samples that lie as close to real pictures as these lie to each other.",
    ),
    "recall": (
        "Recall",
        "higher",
        "Share of the real pictures that lie as close to samples as these lie to each other.",
    ),
    "density": ("Density", "higher", "How thickly the samples lie where real pictures are: about 1 for real ones."),
    "coverage": (
        "Coverage",
        "higher",
        "Share of the real pictures that have a sample close by: low when kinds are missing.",
    ),
    "diversity": (
        "Diversity",
        "near real",
        "How much the samples differ from each other, real pictures being 1: low when they are all alike.",
    ),
    "nearest": (
        "Distance to the nearest training picture",
        "near real",
        "Half of the samples are nearer than this, real pictures that were not trained on being 1: "
        "well below, samples lean on what was seen.",
    ),
    "near_duplicates": ("Near-duplicates", "near real", "Share of the samples that have a near-copy among the others."),
    "support": (
        "Different pictures (birthday estimate)",
        "higher",
        "About how many different pictures there are to draw from, judged by how often two are nearly the same.",
    ),
    "clipped": ("Clipped values", "near real", "Share of the colour values that are black or white to the limit."),
    "brightness": ("Brightness", "near real", "Mean of all values, 0 to 255."),
    "colour": ("Colour", "near real", "How far from grey the pictures are, 0 to 255."),
    "detail": ("Fine detail", "near real", "Share of fine detail: blurred samples have less, noisy ones more."),
    "checkerboard": ("Checkerboard", "near real", "Strength of a pattern of two pixels, which faulty networks paint."),
}


class Remark(NamedTuple):
    """Say what it means when a score lies below (-1) or above (1) what real pictures get.

    least: what the score must reach besides, for a person to see it.
    """

    key: str
    side: int
    text: str
    least: float = -math.inf


REMARKS = (
    Remark(
        "precision",
        -1,
        "{value:.0%} of the samples lie as close to real pictures as these to each other; of real ones {real:.0%} do.",
    ),
    Remark(
        "recall",
        -1,
        "{value:.0%} of the real pictures lie as close to samples as these to each other; of real ones {real:.0%} do.",
    ),
    Remark("coverage", -1, "{value:.0%} of the real pictures have a sample close by, where {real:.0%} would."),
    Remark("diversity", -1, "The samples differ less from each other than real pictures do ({value:.2f} of it)."),
    Remark(
        "near_duplicates",
        1,
        "{value:.0%} of the samples are near-copies of each other; of real pictures {real:.0%} are.",
    ),
    Remark(
        "nearest",
        -1,
        "The samples lie {value:.2f} times as far from the nearest training picture as new real pictures do.",
    ),
    Remark("detail", -1, "The samples are blurred: {value:.1%} of fine detail, where real pictures have {real:.1%}."),
    Remark(
        "detail",
        1,
        "The samples are noisy or too sharp: {value:.1%} of fine detail, where real pictures have {real:.1%}.",
    ),
    Remark(
        "checkerboard", 1, "The samples have a checkerboard pattern ({value:.2f}, real pictures {real:.2f}).", least=1.0
    ),
    Remark(
        "colour", -1, "The samples are paler than real pictures ({value:.0f}, real ones {real:.0f} of 255 from grey)."
    ),
    Remark(
        "colour",
        1,
        "The samples are more colourful than real pictures ({value:.0f}, real ones {real:.0f} of 255 from grey).",
    ),
    Remark("brightness", -1, "The samples are darker than real pictures ({value:.0f}, real ones {real:.0f} of 255)."),
    Remark("brightness", 1, "The samples are brighter than real pictures ({value:.0f}, real ones {real:.0f} of 255)."),
)


@dataclass(frozen=True)
class Score:
    """Hold one score of a set of samples.

    Args:
        key: of `MEANING`, where its name and its meaning are.
        value: the score.
        low, high: its 95 % interval; None for no bound.
        network: whose features it was computed in; empty for none.
        real: what real pictures get, where it is known.
    """

    key: str
    value: float
    low: float
    high: float | None
    network: str = ""
    real: float | None = None

    @property
    def off(self) -> int:
        """Return -1 or 1 if it lies below or above what real pictures get, for certain and by a tenth; else 0."""
        if self.real is None or abs(self.value - self.real) <= NOTABLE * abs(self.real):
            return 0
        below = self.high is not None and self.high < self.real
        return 1 if self.low > self.real else -1 if below else 0

    @property
    def name(self) -> str:
        """Return what people call it; only Inception's Frechet distance is FID."""
        name = MEANING[self.key][0]
        return name.replace("Frechet distance", "FID") if self.network == "inception-v3" else name

    @property
    def better(self) -> str:
        """Return "lower", "higher" or "near real"."""
        return MEANING[self.key][1]

    @property
    def about(self) -> str:
        """Return one sentence for a beginner."""
        return MEANING[self.key][2]


def summarise(scores: Sequence[Score]) -> tuple[str, ...]:
    """Return what stands out, in plain sentences, each with its numbers; one that says so if nothing does."""
    by_key = {each.key: each for each in scores}
    found = [
        remark.text.format(value=score.value, real=score.real)
        for remark in REMARKS
        if (score := by_key.get(remark.key)) and score.off == remark.side and score.value >= remark.least
    ]
    return tuple(found) or ("No score tells the samples from real pictures by more than a tenth.",)
