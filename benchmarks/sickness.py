"""The catalogue of planted sicknesses: trainings on real pictures that are healthy but for one fault each.

Which names are right for a fault, and whether it can be cured, was written down before any of these runs was made, from
what textbooks say. Half of the cases, drawn by lot, are kept aside while rules are tuned.
"""

import random
from dataclasses import dataclass, replace

from ganvas.config import Config, DataConfig
from ganvas.data import PreparedDataset
from ganvas.data.split import held_out_count
from ganvas.planning.budget import with_images
from ganvas.recipes import RECIPES
from planting import (
    Change,
    batch_of_two,
    fast_and_heavy,
    large_critic,
    penalty_times,
    rates,
    saturating,
    thin_latent,
    untouched,
)  # fmt: skip

IMAGES = {"dcgan": 70_000, "quick": 30_000, "residual": 60_000}  # about a minute on one core
TWO_IMAGES = {"dcgan": 20_000, "quick": 5_000, "residual": 10_000}  # as long, two pictures a step
LOT = 20  # the seed of the lot


@dataclass(frozen=True)
class Fault:
    """Describe one way in which a training goes wrong.

    Args:
        kind: what is wrong, in a few words.
        right: verdicts that are right about it; none for a healthy training.
        pairs: (data, recipe) it is planted in, the n-th with seed n.
        change: of the configuration.
        spoil: what is done to the pictures, a key of `planting.SPOILT`.
        during: what is planted while it trains, a key of `planting.PLANTS`.
        onset: the share of the budget after which something is wrong.
        curable: whether a training can come to good samples in spite of it; if not, it is enough to say so.
        small: whether its batches are of two pictures, and fewer pictures take as long.
        wild: no fault, but settings that look like one; nothing is compared with it.
    """

    kind: str
    right: frozenset[str]
    pairs: tuple[tuple[str, str], ...]
    change: Change = untouched
    spoil: str = "whole"
    during: str = ""
    onset: float = 0.0
    curable: bool = True
    small: bool = False
    wild: bool = False


@dataclass(frozen=True)
class Case:
    """Name one training: a fault, the pictures, the recipe and the seed; `aside` if no rule may be tuned on it."""

    name: str
    fault: Fault
    data: str
    recipe: str
    seed: int
    aside: bool

    @property
    def sick(self) -> bool:
        """Tell whether a fault is planted."""
        return bool(self.fault.right)

    @property
    def images(self) -> int:
        """Return the budget in pictures."""
        return (TWO_IMAGES if self.fault.small else IMAGES)[self.recipe]

    @property
    def alike(self) -> tuple[str, str, int]:
        """Return what the healthy runs to compare with have in common with this one: pictures, recipe and budget."""
        return self.data, self.recipe, self.images


def configure(case: Case, data: PreparedDataset, pictures: DataConfig, coach: str) -> Config:
    """Return the complete configuration of a case; without scores on the way, as a run of one minute is."""
    held_out = held_out_count(data.count)
    config = RECIPES[case.recipe](pictures, data.count - held_out)
    if case.recipe == "dcgan":  # 2,200 small steps in place of 270 make pictures in a minute
        config = rates(2, "generator")(config)
        config = replace(config, phases=tuple(replace(phase, batch=32) for phase in config.phases))
    config = replace(
        case.fault.change(config),
        seed=case.seed,
        fingerprint=data.fingerprint,
        held_out=held_out,
        total_images=case.images,
        coach=coach,
        health_checks=IMAGES[case.recipe] // config.images_per_health_check,
        sample_grids=6,
    )
    return with_images(config, case.images)


# A step too long overshoots: losses and weights explode, or swing without end, and what is left of the generator draws
# one thing; its wreck is easily told from a picture. Which of these comes first depends on chance.
OVERSHOOT = frozenset({"diverging", "oscillating", "mode collapse", "partial mode collapse", "discriminator wins"})
# A generator that learns too fast also outruns its judge; a judge that learns too fast wins, or wrecks itself and can
# tell nothing, and then the generator wins.
EITHER_WINS = OVERSHOOT | {"generator wins"}
# A judge that is too strong leaves no gradient: the generator stands still or draws one thing.
OVERPOWERED = frozenset({"discriminator wins", "mode collapse", "partial mode collapse", "stalled"})
# Few pictures are known by heart, and whoever knows them wins.
BY_HEART = frozenset({"discriminator memorises", "discriminator wins"})
NOISY = frozenset({"oscillating", "diverging", "stalled", "mode collapse", "partial mode collapse"})
DATA = frozenset({"wrong data"})

DP, DM, QP, QM, RP, RM = PAIRS = (
    ("people", "dcgan"), ("mnist", "dcgan"), ("people", "quick"), ("mnist", "quick"), ("people", "residual"),
    ("mnist", "residual"),
)  # fmt: skip
BOTH = ("generator", "discriminator")

FAULTS = (
    Fault("rates x20", EITHER_WINS, (DP, RM), rates(20, *BOTH)),
    Fault("rates x100", EITHER_WINS, (DM, QP), rates(100, *BOTH)),
    Fault("generator's rate x20", EITHER_WINS, (RP, QM), rates(20, "generator")),
    Fault("generator's rate x100", EITHER_WINS, (DP, RM), rates(100, "generator")),
    Fault("discriminator's rate x20", EITHER_WINS, (DM, RP), rates(20, "discriminator")),
    Fault("discriminator's rate x100", EITHER_WINS, (DP, QM), rates(100, "discriminator")),
    # twice as wide is four times the weights and the work; wider ones would take longer than three minutes
    Fault("large discriminator", OVERPOWERED | {"discriminator memorises"}, (DP, RM), large_critic),
    Fault("50 pictures", BY_HEART | DATA, (DP, RP), spoil="50"),
    Fault("200 pictures", BY_HEART, (DM, RP), spoil="200"),
    Fault("batch of 2", NOISY, (DM, QP), batch_of_two, small=True),  # noise in each step; batch norms over two
    Fault("beta1 0.9, rates x5", OVERSHOOT, (DP, RM), fast_and_heavy),
    # a judge that may not change its mind can tell nothing
    Fault("penalty x1000", frozenset({"generator wins", "stalled"}), (RP, RM), penalty_times(1000)),
    Fault("no penalty", OVERPOWERED | BY_HEART | {"oscillating", "diverging"}, (RP, RM), penalty_times(0)),
    # tanh and logits saturate from the first step on
    Fault("weights from N(0, 0.5)", OVERSHOOT | {"stalled"}, (DP, QM), during="wild weights"),
    # no gradient where the judge is sure (Goodfellow 2014, section 3)
    Fault("saturating loss", frozenset({"discriminator wins", "stalled"}), (DM, RP), saturating),
    Fault("dead ReLUs from the start", OVERPOWERED, (DP, DM), during="dead from the start"),
    Fault("dead ReLUs at a third", OVERPOWERED, (DP, DM), during="dead at a third", onset=1 / 3),
    Fault("NaN in a gradient", frozenset({"diverging"}), (DM, QP), during="NaN", onset=0.4),
    Fault("one picture 1,000 times", DATA, (DP, QM), spoil="one", curable=False),
    Fault("ten pictures 100 times", DATA, (RM, QP), spoil="ten", curable=False),
    # a line cannot fill a space: what lies off it is missing, and gives the samples away
    Fault("z of one dimension", OVERPOWERED, (DM, QP), thin_latent, curable=False),
    Fault("rates jump x50", EITHER_WINS, (DM, RP, QM), during="jump", onset=0.5),
    # no prescription can know that black pictures are not wanted
    Fault("half the pictures black", DATA, (DM, RP, QP), spoil="black", curable=False),
)
HEALTHY = Fault("healthy", frozenset(), PAIRS)
# What batches of two pictures are compared with: the usual batch, and as many pictures.
HEALTHY_SMALL = Fault("healthy small budget", frozenset(), (DM, QP), small=True)


def _cases() -> tuple[Case, ...]:
    """Return all cases, half of the sick and half of the healthy ones drawn by lot to be kept aside."""
    sick = [(fault, pair, seed) for fault in FAULTS for seed, pair in enumerate(fault.pairs, 1)]
    sound = [(HEALTHY, pair, seed) for pair in PAIRS for seed in (1, 2, 3)] + [(HEALTHY, DP, 4), (HEALTHY, QM, 4)]
    small = [(HEALTHY_SMALL, pair, seed) for pair in HEALTHY_SMALL.pairs for seed in (1, 2, 3)]
    lot = random.Random(LOT)
    cases = []
    for group in (sick, sound, small):
        aside = set(lot.sample(range(len(group)), len(group) // 2))
        for number, (fault, (data, recipe), seed) in enumerate(group):
            words = "".join(c for c in fault.kind if c.isalnum() or c == " ").split()
            name = "-".join([*words, data, recipe, str(seed)])
            cases.append(Case(name, fault, data, recipe, seed, number in aside))
    return tuple(cases)


CASES = _cases()
