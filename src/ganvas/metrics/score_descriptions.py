"""Names, meanings and plain-language remarks of the scores."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

NOTABLE_DIFFERENCE = 0.1  # relative to real pictures; smaller differences are hardly visible


class ScoreDescription(NamedTuple):
    """What a score is called and what it means.

    name: shown to users, and written into events.jsonl and scores.json; the report finds older scores by it.
    better: "lower", "higher" or "near real".
    description: one sentence for a beginner.
    """

    name: str
    better: str
    description: str


SCORE_DESCRIPTIONS: Mapping[str, ScoreDescription] = {
    "frechet": ScoreDescription(
        "Frechet distance",
        "lower",
        "Distance between the samples and the real pictures as a whole, corrected for the number of pictures: about 0 "
        "for real pictures.",
    ),
    "frechet_plain": ScoreDescription(
        "Frechet distance, plain",
        "lower",
        "The Frechet distance as usually published. It falls with the number of pictures: compare only equal numbers.",
    ),
    "kid": ScoreDescription(
        "Kernel distance (KID)",
        "lower",
        "Another distance between the two sets, unbiased for small sets: about 0 for real pictures.",
    ),
    "precision": ScoreDescription(
        "Precision",
        "higher",
        "Share of the samples that are as close to real pictures as real pictures are to each other.",
    ),
    "recall": ScoreDescription(
        "Recall",
        "higher",
        "Share of the real pictures that are as close to samples as samples are to each other.",
    ),
    "density": ScoreDescription(
        "Density", "higher", "How densely the samples lie around real pictures: about 1 for real pictures."
    ),
    "coverage": ScoreDescription(
        "Coverage",
        "higher",
        "Share of the real pictures that have a sample close by: low if some kinds of pictures are missing.",
    ),
    "diversity": ScoreDescription(
        "Diversity",
        "near real",
        "How much the samples differ from each other, with real pictures at 1: low if they all look alike.",
    ),
    "nearest": ScoreDescription(
        "Distance to the nearest training picture",
        "near real",
        "Median distance of the samples to their nearest training picture, with unseen real pictures at 1: well below "
        "1, the samples resemble training pictures.",
    ),
    "near_duplicates": ScoreDescription(
        "Near-duplicates", "near real", "Share of the samples that have a near-copy among the other samples."
    ),
    "support": ScoreDescription(
        "Different pictures (birthday estimate)",
        "higher",
        "About how many different pictures the generator can make, estimated from how often two samples are nearly the "
        "same.",
    ),
    "clipped": ScoreDescription(
        "Clipped values", "near real", "Share of the colour values that are at the limits, black or white."
    ),
    "brightness": ScoreDescription("Brightness", "near real", "Mean of all values, 0 to 255."),
    "colour": ScoreDescription("Colour", "near real", "How far the pictures are from grey, 0 to 255."),
    "detail": ScoreDescription(
        "Fine detail", "near real", "Share of fine detail: lower in blurred samples, higher in noisy ones."
    ),
    "checkerboard": ScoreDescription(
        "Checkerboard",
        "near real",
        "Strength of a pattern with a period of two pixels, which some upsampling layers leave.",
    ),
}


class Remark(NamedTuple):
    """A sentence for a score that differs from that of real pictures.

    key: of `SCORE_DESCRIPTIONS`.
    direction: -1 if the score is below that of real pictures, 1 if it is above.
    text: the sentence, with {value} and {real}.
    min_value: the score must also be at least this, so that a person can see it.
    """

    key: str
    direction: int
    text: str
    min_value: float = -math.inf


REMARKS = (
    Remark(
        "precision",
        -1,
        "{value:.0%} of the samples are as close to real pictures as these are to each other; other real pictures "
        "reach {real:.0%}.",
    ),
    Remark(
        "recall",
        -1,
        "{value:.0%} of the real pictures are as close to samples as these are to each other; other real pictures "
        "reach {real:.0%}.",
    ),
    Remark(
        "coverage",
        -1,
        "{value:.0%} of the real pictures have a sample close by; with other real pictures it would be {real:.0%}.",
    ),
    Remark(
        "diversity", -1, "The samples differ less from each other than real pictures do ({value:.2f} times as much)."
    ),
    Remark(
        "near_duplicates",
        1,
        "{value:.0%} of the samples are near-copies of other samples; among real pictures it is {real:.0%}.",
    ),
    Remark(
        "nearest",
        -1,
        "The samples are only {value:.2f} times as far from the nearest training picture as new real pictures are.",
    ),
    Remark("detail", -1, "The samples are blurred: {value:.1%} of fine detail, real pictures have {real:.1%}."),
    Remark(
        "detail", 1, "The samples are noisy or too sharp: {value:.1%} of fine detail, real pictures have {real:.1%}."
    ),
    Remark(
        "checkerboard",
        1,
        "The samples have a checkerboard pattern (strength {value:.2f}, real pictures {real:.2f}).",
        min_value=1.0,
    ),
    Remark(
        "colour",
        -1,
        "The samples are paler than real pictures ({value:.0f} of 255 from grey, real pictures {real:.0f}).",
    ),
    Remark(
        "colour",
        1,
        "The samples are more colourful than real pictures ({value:.0f} of 255 from grey, real pictures {real:.0f}).",
    ),
    Remark(
        "brightness",
        -1,
        "The samples are darker than real pictures (mean {value:.0f} of 255, real pictures {real:.0f}).",
    ),
    Remark(
        "brightness",
        1,
        "The samples are brighter than real pictures (mean {value:.0f} of 255, real pictures {real:.0f}).",
    ),
)


@dataclass(frozen=True)
class Score:
    """One score of a set of samples; the field names are keys in scores.json.

    Args:
        key: of `SCORE_DESCRIPTIONS`.
        value: the score.
        low, high: its 95 % interval; `high` is None if there is no upper bound.
        network: name of the network whose features were used; empty for pixel scores.
        real: the score of real images, if known.
    """

    key: str
    value: float
    low: float
    high: float | None
    network: str = ""
    real: float | None = None

    @property
    def deviation_sign(self) -> int:
        """Return -1 or 1 if the score is below or above that of real images, significantly and by over 10 %; else 0."""
        if self.real is None or abs(self.value - self.real) <= NOTABLE_DIFFERENCE * abs(self.real):
            return 0
        below = self.high is not None and self.high < self.real
        return 1 if self.low > self.real else -1 if below else 0

    @property
    def name(self) -> str:
        """Return the name to show; only the Frechet distance on Inception features is called FID."""
        name = SCORE_DESCRIPTIONS[self.key].name
        return name.replace("Frechet distance", "FID") if self.network == "inception-v3" else name

    @property
    def better(self) -> str:
        """Return "lower", "higher" or "near real"."""
        return SCORE_DESCRIPTIONS[self.key].better

    @property
    def description(self) -> str:
        """Return one sentence that explains the score to a beginner."""
        return SCORE_DESCRIPTIONS[self.key].description


def summarize(scores: Sequence[Score]) -> tuple[str, ...]:
    """Return plain sentences about the scores that differ clearly from those of real images, or one that none does."""
    by_key = {score.key: score for score in scores}
    remarks = [
        remark.text.format(value=score.value, real=score.real)
        for remark in REMARKS
        if (score := by_key.get(remark.key))
        and score.deviation_sign == remark.direction
        and score.value >= remark.min_value
    ]
    return tuple(remarks) or ("No score differs clearly from that of real pictures.",)
