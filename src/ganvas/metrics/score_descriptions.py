"""Names, meanings and plain-language remarks of the scores."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..translation import N_, _

FID_NAMES = {"Frechet distance": "FID", "Frechet distance, plain": N_("FID, plain")}  # on Inception features
NOTABLE_DIFFERENCE = 0.1  # relative to real pictures; smaller differences are hardly visible


class ScoreDescription(NamedTuple):
    """What a score is called and what it means.

    name: shown to users, translated, and written into events.jsonl and scores.json as it is; the report finds older
        scores by it.
    better: "lower", "higher" or "near real".
    description: one sentence for a beginner.
    """

    name: str
    better: str
    description: str


SCORE_DESCRIPTIONS: Mapping[str, ScoreDescription] = {
    "frechet": ScoreDescription(
        N_("Frechet distance"),
        "lower",
        N_(
            "Distance between the samples and the real pictures as a whole, corrected for the number of "
            "pictures: about 0 for real pictures."
        ),
    ),
    "frechet_plain": ScoreDescription(
        N_("Frechet distance, plain"),
        "lower",
        N_(
            "The Frechet distance as usually published. It falls with the number of pictures: compare only "
            "equal numbers."
        ),
    ),
    "kid": ScoreDescription(
        N_("Kernel distance (KID)"),
        "lower",
        N_("Another distance between the two sets, unbiased for small sets: about 0 for real pictures."),
    ),
    "precision": ScoreDescription(
        N_("Precision"),
        "higher",
        N_("Share of the samples that are as close to real pictures as real pictures are to each other."),
    ),
    "recall": ScoreDescription(
        N_("Recall"),
        "higher",
        N_("Share of the real pictures that are as close to samples as samples are to each other."),
    ),
    "density": ScoreDescription(
        N_("Density"), "higher", N_("How densely the samples lie around real pictures: about 1 for real pictures.")
    ),
    "coverage": ScoreDescription(
        N_("Coverage"),
        "higher",
        N_("Share of the real pictures that have a sample close by: low if some kinds of pictures are missing."),
    ),
    "diversity": ScoreDescription(
        N_("Diversity"),
        "near real",
        N_("How much the samples differ from each other, with real pictures at 1: low if they all look alike."),
    ),
    "nearest": ScoreDescription(
        N_("Distance to the nearest training picture"),
        "near real",
        N_(
            "Median distance of the samples to their nearest training picture, with unseen real pictures at "
            "1: well below 1, the samples resemble training pictures."
        ),
    ),
    "near_duplicates": ScoreDescription(
        N_("Near-duplicates"), "near real", N_("Share of the samples that have a near-copy among the other samples.")
    ),
    "support": ScoreDescription(
        N_("Different pictures (birthday estimate)"),
        "higher",
        N_(
            "About how many different pictures the generator can make, estimated from how often two samples "
            "are nearly the same."
        ),
    ),
    "clipped": ScoreDescription(
        N_("Clipped values"), "near real", N_("Share of the colour values that are at the limits, black or white.")
    ),
    "brightness": ScoreDescription(N_("Brightness"), "near real", N_("Mean of all values, 0 to 255.")),
    "colour": ScoreDescription(N_("Colour"), "near real", N_("How far the pictures are from grey, 0 to 255.")),
    "detail": ScoreDescription(
        N_("Fine detail"), "near real", N_("Share of fine detail: lower in blurred samples, higher in noisy ones.")
    ),
    "checkerboard": ScoreDescription(
        N_("Checkerboard"),
        "near real",
        N_("Strength of a pattern with a period of two pixels, which some upsampling layers leave."),
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
        N_(
            "{value:.0%} of the samples are as close to real pictures as these are to each other; other real "
            "pictures reach {real:.0%}."
        ),
    ),
    Remark(
        "precision",
        1,
        N_(
            "{value:.0%} of the samples are as close to real pictures as these are to each other, more than other real "
            "pictures ({real:.0%}). That is no good sign: blurred samples lie in the middle of all."
        ),
    ),
    Remark(
        "recall",
        -1,
        N_(
            "{value:.0%} of the real pictures are as close to samples as these are to each other; other real "
            "pictures reach {real:.0%}."
        ),
    ),
    Remark(
        "coverage",
        -1,
        N_("{value:.0%} of the real pictures have a sample close by; with other real pictures it would be {real:.0%}."),
    ),
    Remark(
        "diversity",
        -1,
        N_("The samples differ less from each other than real pictures do ({value:.2f} times as much)."),
    ),
    Remark(
        "near_duplicates",
        1,
        N_("{value:.0%} of the samples are near-copies of other samples; among real pictures it is {real:.0%}."),
    ),
    Remark(
        "nearest",
        -1,
        N_("The samples are only {value:.2f} times as far from the nearest training picture as new real pictures are."),
    ),
    Remark("detail", -1, N_("The samples are blurred: {value:.1%} of fine detail, real pictures have {real:.1%}.")),
    Remark(
        "detail",
        1,
        N_("The samples are noisy or too sharp: {value:.1%} of fine detail, real pictures have {real:.1%}."),
    ),
    Remark(
        "checkerboard",
        1,
        N_("The samples have a checkerboard pattern (strength {value:.2f}, real pictures {real:.2f})."),
        min_value=1.0,
    ),
    Remark(
        "colour",
        -1,
        N_("The samples are paler than real pictures ({value:.0f} of 255 from grey, real pictures {real:.0f})."),
    ),
    Remark(
        "colour",
        1,
        N_(
            "The samples are more colourful than real pictures ({value:.0f} of 255 from grey, real pictures "
            "{real:.0f})."
        ),
    ),
    Remark(
        "brightness",
        -1,
        N_("The samples are darker than real pictures (mean {value:.0f} of 255, real pictures {real:.0f})."),
    ),
    Remark(
        "brightness",
        1,
        N_("The samples are brighter than real pictures (mean {value:.0f} of 255, real pictures {real:.0f})."),
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
        return FID_NAMES.get(name, name) if self.network == "inception-v3" else name

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
        _(remark.text).format(value=score.value, real=score.real)
        for remark in REMARKS
        if (score := by_key.get(remark.key))
        and score.deviation_sign == remark.direction
        and score.value >= remark.min_value
    ]
    return tuple(remarks) or (_("No score differs clearly from that of real pictures."),)
