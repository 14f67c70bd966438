"""The diagnoses: the names that a verdict can have, each with what it is, why it happens, and what to do about it.

The words are for someone who has had one lesson on GANs: a forger (the generator) and an expert (the discriminator).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnosis:
    """What a verdict means, in plain words.

    title: at the beginning of a line; what, why: a sentence each; advice: what a person can do, as commands or choices.
    healthy: nothing has to be done.
    """

    title: str
    what: str
    why: str
    advice: str
    healthy: bool = False


DIAGNOSES: dict[str, Diagnosis] = {
    "healthy": Diagnosis(
        "Healthy",
        "Generator and discriminator learn from each other, and the samples are as varied as they should be.",
        "Neither network has run away from the other.",
        "Nothing to do. Give it more time if you want better pictures.",
        healthy=True,
    ),
    "warming up": Diagnosis(
        "Warming up",
        "The samples do not look like pictures yet. Every training begins like this.",
        "The discriminator has to learn what to look at before the generator can learn from it.",
        "Just wait.",
        healthy=True,
    ),
    "mode collapse": Diagnosis(
        "Mode collapse",
        "The generator draws the same picture again and again, whatever its input.",
        "It found one picture that fools the discriminator for now, and nothing rewards it for drawing others.",
        "Use --loss relativistic --penalty r1_r2, or halve the generator's learning rate (--g-lr).",
    ),
    "partial mode collapse": Diagnosis(
        "Partial mode collapse",
        "Some kinds of picture are missing from the samples.",
        "The generator is rewarded for being believed, not for drawing everything, so it leaves out what is hard.",
        "Use --loss relativistic --penalty r1_r2, or train longer with a lower learning rate (--g-lr).",
    ),
    "discriminator wins": Diagnosis(
        "The discriminator wins",
        "The discriminator recognises every sample, so the generator does not learn how to improve.",
        "It is too large or learns too fast for this generator, and nothing holds it back.",
        "Hold it back with --penalty r1, or give it a lower learning rate (--d-lr).",
    ),
    "generator wins": Diagnosis(
        "The generator wins",
        "The discriminator can no longer tell samples from real pictures, although the samples are still bad.",
        "It is too weak, learns too slowly, or is held back too strongly, so it has nothing to teach.",
        "Weaken the penalty (--gamma), or raise the discriminator's learning rate (--d-lr).",
    ),
    "discriminator memorises": Diagnosis(
        "The discriminator memorises",
        "The discriminator knows your pictures by heart instead of knowing what makes them look real.",
        "There are few pictures, and it saw each many times, so memorising was easier than understanding.",
        "Add --augment translation, collect more pictures, or stop earlier.",
    ),
    "diverging": Diagnosis(
        "Diverging",
        "Losses or weights grow without bound, and the samples get worse instead of better.",
        "The learning rates are too high: each step overshoots, and the next one overshoots further.",
        "Lower the learning rates (--g-lr, --d-lr), and add --penalty r1.",
    ),
    "oscillating": Diagnosis(
        "Oscillating",
        "The two networks chase each other in circles, and the samples change without getting better.",
        "Each step undoes the one before: the learning rates are too high, or the batch is too small.",
        "Lower the learning rates (--g-lr, --d-lr), or take a larger batch (--batch).",
    ),
    "stalled": Diagnosis(
        "Stalled",
        "The samples are bad and no longer get better.",
        "Too little of the discriminator's feedback reaches the generator: units are dead, learning rates are too "
        "low, or z has too few numbers.",
        "Start again with a higher learning rate or the recipe's own settings; check dead units and the size of z.",
    ),
    "too slow": Diagnosis(
        "Too slow",
        "The samples get better, but so slowly that they will still be bad when the training ends.",
        "The learning rates are too low for so few steps: the weights cannot move far enough.",
        "Raise the learning rates (--g-lr, --d-lr), take a smaller batch (--batch), or give it more time.",
    ),
    "converged": Diagnosis(
        "Converged",
        "The samples are about as good as this recipe makes them, and have stopped changing for the better.",
        "What could be learned from these pictures by these networks has been learned.",
        "Stop here, or use a larger size, a larger recipe, or more pictures.",
        healthy=True,
    ),
    "wrong data": Diagnosis(
        "Wrong data",
        "The pictures themselves are the problem: they are nearly all alike, or many of them show nothing.",
        "A GAN learns what its pictures have in common and how they differ; from copies or blank pictures there is "
        "nothing to learn.",
        "Check them with: ganvas inspect PICTURES. Remove copies and blank pictures.",
    ),
}

HEALTHY_VERDICTS = frozenset(name for name, diagnosis in DIAGNOSES.items() if diagnosis.healthy)
