"""Rules of the diagnosis: each finds one problem in a phase's history, or nothing.

The limits were found on recorded runs, some healthy and some with planted faults; see benchmarks/NOTES.md.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from ...events import Evidence, HealthCheck
from ...phases import is_blurry
from .history import CLOSE, MIN_STEPS_APART, PhaseHistory, above, all_of, below, value_of

SURE = 0.6  # confidence from which a finding becomes a verdict
CERTAIN = 0.9  # confidence from which a finding replaces another problem that is still there
MIN_DATASET_SIZE = 16
WARMUP_STEPS = 200  # of new weights: at usual learning rates, they have not moved by their own size before
MAX_LR_TO_WEIGHT_RATIO = 0.2  # three times the highest of healthy trainings
MIN_LR_TO_WEIGHT_RATIO = 0.004  # half the lowest of healthy trainings
SATURATED_SHARE = 0.08  # of black or white values, beyond that of the real pictures: healthy samples have none
DIVERSITY_LEFT = 0.75  # of the highest so far: blurry samples of varied photographs never have all of it
SMALL_LOGIT_GAP = 0.3  # tells the generator nothing; slow healthy trainings were seen at 0.36
MIN_BATCH_SIZE = 8  # with fewer, each step undoes much of the one before
MIN_LATENT_DIM = 4  # with fewer, samples lie on a line or a surface, but pictures do not
SMALL_DATASET = 640  # with fewer, nothing is held out, and a discriminator that is never wrong counts as memorizing
PROGRESS = 0.1  # of the feature distance over three checks: the training works, whatever else is measured
HARDLY = 0.05  # of the feature distance, since half of the images had been seen: the training works no more
FALLEN_BACK = 1.3  # times the smallest distance so far: the samples were better before
MIN_REACH = 4.0  # learning rate relative to the weights, times the steps: with less, no training came far
LATE_PROGRESS = 0.5  # share of the budget after which too little is left to start from scratch, or to catch up
ONLY_PHASES = ("adversarial", "vae")  # of recipes that learn everything in one phase
FAR = 0.45  # feature distance above which samples plainly do not look like the real pictures


@dataclass(frozen=True)
class Finding:
    """What a rule has found: the diagnosis by name, the confidence in [0, 1], and the evidence."""

    name: str
    confidence: float
    evidence: tuple[Evidence, ...]
    modes_lost: float | None = None


def confidence_after(checks: int, needed: int, most: float = 0.95) -> float:
    """Return a confidence that is just sure after `needed` health checks in a row, and grows with each further one."""
    return min(most, SURE + 0.1 * (checks - needed)) if checks >= needed else 0.0


def wrong_data(phase: PhaseHistory) -> Finding | None:
    """Find pictures that teach nothing: too few, copies of each other, blank, or enlarged from a few pixels."""
    for metric, limit in {"real_near_copies": 0.5, "real_blank": 0.2}.items():
        share = phase.last_value(metric)
        if share > limit:
            confidence = min(1.0, 0.7 + 0.3 * (share - limit) / (1 - limit))
            return Finding("wrong data", confidence, (phase.evidence(metric, len(phase.checks)),))
    for metric, limit in {"dataset_size": MIN_DATASET_SIZE, "real_detail": 0.002}.items():
        if phase.last_value(metric) < limit:
            return Finding("wrong data", 0.8, (phase.evidence(metric, len(phase.checks)),))
    return None


def not_finite(phase: PhaseHistory) -> Finding | None:
    """Find losses or weights that are NaN or infinite."""
    if phase.last_value("finite") < 1:
        return Finding("diverging", 1.0, (phase.evidence("finite", 1),))
    return None


def mode_collapse(phase: PhaseHistory) -> Finding | None:
    """Find samples that are all alike."""
    checks = phase.streak(lambda check: value_of(check, "near_copies") > 0.5 or value_of(check, "diversity") < 0.2)
    return _collapse(phase, "mode collapse", checks, confidence_after(checks, needed=2))


def partial_mode_collapse(phase: PhaseHistory) -> Finding | None:
    """Find lost modes, or repeated samples, though single samples are good."""
    repeats = all_of(above("near_copies", 0.2), lambda check: value_of(check, "real_near_copies") < 0.1)
    highest = max((value_of(check, "diversity") for check in phase.checks), default=math.nan)
    less_diverse = all_of(below("diversity", min(0.55, DIVERSITY_LEFT * highest)), below("feature_distance", 2.0))
    checks = max(phase.streak(repeats), phase.streak(less_diverse) - 1)
    return _collapse(phase, "partial mode collapse", checks, confidence_after(checks, needed=3))


def _collapse(phase: PhaseHistory, name: str, checks: int, confidence: float) -> Finding | None:
    """Return the finding of a collapse; none while new networks draw one blot for every z, which many do at first."""
    if not confidence or (phase.age < WARMUP_STEPS and phase.minimum("feature_distance") > FAR):
        return None
    evidence = (phase.evidence("near_copies", checks), phase.evidence("diversity", checks))
    return Finding(name, confidence, evidence, phase.last_value("modes_lost"))


def discriminator_memorizes(phase: PhaseHistory) -> Finding | None:
    """Find a discriminator that knows its training pictures: it finds held-out ones less real, or is never wrong."""
    name, checks = "discriminator memorises", phase.streak(above("d_train_vs_heldout", 0.65))
    if phase.recent_median("d_train_vs_heldout") > 0.75 and checks >= 2:
        return Finding(name, confidence_after(checks, 2), (phase.evidence("d_train_vs_heldout", checks),))
    seen_often = phase.last.images_seen > 50 * phase.last_value("dataset_size")
    never_wrong = phase.streak(all_of(above("d_pair_accuracy", 0.93), below("dataset_size", SMALL_DATASET)))
    if seen_often and never_wrong >= 3:
        evidence = (phase.evidence("d_pair_accuracy", never_wrong), phase.evidence("dataset_size", 1))
        return Finding(name, confidence_after(never_wrong, 3), evidence)
    return None


def discriminator_wins(phase: PhaseHistory) -> Finding | None:
    """Find a discriminator that is never wrong while the samples no longer improve."""
    never_wrong = all_of(above("d_pair_accuracy", 0.99), above("feature_distance", CLOSE))
    vanishing = phase.streak(all_of(never_wrong, _vanishing_gradient))
    if vanishing >= 2:
        evidence = (phase.evidence("generator_update_ratio", vanishing), phase.evidence("logit_gap", vanishing))
        return Finding("discriminator wins", confidence_after(vanishing, 2), evidence)
    confident = phase.recent_median("logit_gap") > 8 or 0 <= phase.recent_median("discriminator_loss") < 0.05
    checks = phase.streak(never_wrong) if confident else 0
    return _if_no_progress(phase, "discriminator wins", "logit_gap", checks)


def _vanishing_gradient(check: HealthCheck) -> bool:
    """Tell whether hardly any gradient reaches the generator: its updates are far smaller than its learning rate."""
    return value_of(check, "generator_update_ratio") < 0.02 * value_of(check, "generator_lr_to_weight_ratio")


def _if_no_progress(phase: PhaseHistory, name: str, metric: str, checks: int, needed: int = 3) -> Finding | None:
    """Return the finding `name` if `metric` has shown it for `needed` checks and the samples do not improve."""
    if checks < needed or not phase.progress_over_half("feature_distance") < HARDLY or _too_early(phase, 3):
        return None
    evidence = (phase.evidence(metric, checks), phase.evidence("feature_distance", checks))
    return Finding(name, confidence_after(checks, needed), evidence)


def _too_early(phase: PhaseHistory, checks: int) -> bool:
    """Tell whether it is too early to expect progress over the last `checks` health checks.

    Some kinds of network need tens of thousands of pictures to get going. None moves far in its first steps, at a low
    learning rate, or between checks that are close together.
    """
    slow_start = phase.last.images_seen < phase.last_value("slow_start_images")
    early = phase.age < WARMUP_STEPS or phase.reach() < MIN_REACH
    return slow_start or early or phase.steps_over(checks) < MIN_STEPS_APART


def generator_wins(phase: PhaseHistory) -> Finding | None:
    """Find a discriminator that cannot tell bad samples from real pictures, or ranks them the wrong way round."""
    far, close = above("feature_distance", FAR), above("feature_distance", CLOSE)
    reversed_order = phase.streak(all_of(below("d_pair_accuracy", 0.2), far))
    if reversed_order >= 3 and not _too_early(phase, 3):
        evidence = (phase.evidence("d_pair_accuracy", reversed_order),)
        return Finding("generator wins", confidence_after(reversed_order, 3), evidence)
    small_gap = phase.streak(all_of(lambda check: abs(value_of(check, "logit_gap")) < SMALL_LOGIT_GAP, far))
    fooled = phase.streak(all_of(below("d_pair_accuracy", 0.65), close))
    return _if_no_progress(phase, "generator wins", "logit_gap", max(small_gap, fooled), needed=6)


def exploding_losses(phase: PhaseHistory) -> Finding | None:
    """Find losses larger than in any working training. A loss that goes below 0 has no such bound."""
    losses = ("generator_loss", "discriminator_loss")
    if min(phase.minimum(loss) for loss in losses) < 0:
        return None
    for metric in (*losses, "generator_loss_std", "discriminator_loss_std"):
        checks = phase.streak(above(metric, 20.0))
        if checks >= 2 or phase.last_value(metric) > 100:
            return Finding("diverging", confidence_after(checks, 1), (phase.evidence(metric, checks),))
    return None


def diverging(phase: PhaseHistory) -> Finding | None:
    """Find samples that get worse and worse. In the first steps that is normal: plain grey can beat first shapes."""
    if phase.age < WARMUP_STEPS:
        return None
    best = phase.minimum("feature_distance")
    checks = phase.streak(above("feature_distance", max(2 * best, best + 0.5)))
    confidence = confidence_after(checks, needed=2)
    return Finding("diverging", confidence, (phase.evidence("feature_distance", checks),)) if confidence else None


def oscillating(phase: PhaseHistory) -> Finding | None:
    """Find a tiny batch, learning rates far too high, samples that were better before, or losses that vary widely.

    The samples do not improve in any of these.
    """
    far = above("feature_distance", CLOSE)
    tiny = phase.streak(all_of(above("batch_size", 0), below("batch_size", MIN_BATCH_SIZE), far))
    if tiny >= 4 and phase.improvement("feature_distance", 3) < 0.15:
        evidence = (phase.evidence("batch_size", 1), phase.evidence("feature_distance", 3))
        return Finding("oscillating", confidence_after(tiny, 4), evidence)
    for metric in ("generator_lr_to_weight_ratio", "discriminator_lr_to_weight_ratio"):
        too_high = phase.streak(above(metric, MAX_LR_TO_WEIGHT_RATIO))
        if too_high and len(phase.checks) > 1 and not phase.comes_nearer(PROGRESS):
            evidence = (phase.evidence(metric, too_high), phase.evidence("feature_distance", 3))
            return Finding("oscillating", confidence_after(too_high, 1), evidence)
    best = phase.minimum("feature_distance")
    fallen_back = phase.streak(above("feature_distance", max(FALLEN_BACK * best, FAR)))
    if fallen_back >= 3 and not _too_early(phase, 3):
        return Finding("oscillating", confidence_after(fallen_back, 3), (phase.evidence("feature_distance", 3),))
    checks = phase.streak(all_of(above("generator_loss_std", 1.0), _large_updates, far))
    return _if_no_progress(phase, "oscillating", "generator_loss_std", checks)


def _large_updates(check: HealthCheck) -> bool:
    """Tell whether a network changes faster than any that was seen to learn."""
    return above("generator_update_ratio", 0.012)(check) or above("discriminator_update_ratio", 0.012)(check)


def stalled(phase: PhaseHistory) -> Finding | None:
    """Find samples that stay bad, or a generator of which a large part is dead."""
    dead = phase.streak(above("generator_dead_units", 0.3))
    if dead >= 2 or phase.last_value("generator_dead_units") > 0.6:
        return Finding("stalled", confidence_after(dead, 1), (phase.evidence("generator_dead_units", dead),))
    if weights_too_large(phase):
        saturated = phase.streak(above("saturated", SATURATED_SHARE))
        evidence = tuple(phase.evidence(metric, saturated) for metric in ("saturated", "generator_lr_to_weight_ratio"))
        return Finding("stalled", confidence_after(saturated, 3), evidence)
    checks = phase.streak(above("feature_distance", FAR))
    few_dimensions = phase.last_value("latent_dim") < MIN_LATENT_DIM
    if few_dimensions and checks >= 3 and phase.improvement("feature_distance", 3) < 0.1:
        evidence = (phase.evidence("latent_dim", 1), phase.evidence("feature_distance", 3))
        return Finding("stalled", confidence_after(checks, 3), evidence)
    flat = checks >= 5 and phase.progress_over_half("feature_distance") < 0.02
    if not flat or is_blurry(phase.last.phase) or _too_early(phase, 4):
        return None
    return Finding("stalled", confidence_after(checks, 5, most=0.8), (phase.evidence("feature_distance", 4),))


def too_slow(phase: PhaseHistory) -> Finding | None:
    """Find learning rates so low that the steps of the whole training cannot take the weights far enough.

    Adam moves a weight by about the learning rate in a step, so the rate relative to the weights times the number of
    steps bounds how far they come: the reach. Recipes that begin slowly, and those of several phases, have their own
    scales.
    """
    progress, ratio = phase.last.progress, phase.last_value("generator_lr_to_weight_ratio")
    if phase.started_at or phase.is_treated or progress > LATE_PROGRESS or len(phase.checks) < 2:
        return None
    if phase.last.phase not in ONLY_PHASES:
        return None
    before = phase.checks[-2]
    is_rising = ratio > 1.1 * value_of(before, "generator_lr_to_weight_ratio")  # to what it will be
    if phase.last_value("slow_start_images") > 0 or is_rising or progress <= before.progress:
        return None
    steps_left = (1 - progress) * (phase.last.step - before.step) / (progress - before.progress)
    if not ratio * (phase.last.step + steps_left) < MIN_REACH or phase.recent_median("feature_distance") < FAR:
        return None
    evidence = (phase.evidence("generator_lr_to_weight_ratio", 2), phase.evidence("feature_distance", 2))
    return Finding("too slow", confidence_after(len(phase.checks), 2), evidence)


def weights_too_large(phase: PhaseHistory) -> bool:
    """Tell whether weights are so large that every pixel saturates and no step can move them.

    Not before the learning rate's warmup is over.
    """
    saturated = phase.streak(above("saturated", SATURATED_SHARE)) >= 3
    highest = max((value_of(check, "generator_lr_to_weight_ratio") for check in phase.checks), default=math.nan)
    return saturated and highest < MIN_LR_TO_WEIGHT_RATIO and phase.age >= WARMUP_STEPS


Rule = Callable[[PhaseHistory], Finding | None]
RULES: tuple[Rule, ...] = (
    not_finite, wrong_data, too_slow, generator_wins, mode_collapse, exploding_losses, discriminator_memorizes,
    partial_mode_collapse, diverging, discriminator_wins, oscillating, stalled,
)  # fmt: skip
# The others count only while the samples do not come nearer to the real pictures.
REGARDLESS_OF_PROGRESS: tuple[Rule, ...] = (not_finite, wrong_data, too_slow, discriminator_memorizes)


def find_problems(phase: PhaseHistory) -> list[Finding]:
    """Return what the rules are sure of, the most important first."""
    all_alike = phase.last_value("near_copies") > 0.5 and phase.last_value("diversity") < 0.2
    rules = REGARDLESS_OF_PROGRESS if phase.comes_nearer(PROGRESS) and not all_alike else RULES
    return [finding for rule in rules if (finding := rule(phase)) is not None and finding.confidence >= SURE]
