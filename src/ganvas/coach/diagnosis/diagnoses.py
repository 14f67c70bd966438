"""How a training can be: the names of verdicts, each with what it is, why it happens, and what to do by hand.

The words are for someone who has had one lesson on GANs: a forger (the generator) and an expert (the discriminator).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sickness:
    """Say in plain words what a verdict means.

    title: as it opens a line; what, why: a sentence each; by_hand: what a person can do, as commands or choices.
    sound: nothing has to be done.
    """

    title: str
    what: str
    why: str
    by_hand: str
    sound: bool = False


SICKNESSES: dict[str, Sickness] = {
    "healthy": Sickness(
        "Healthy",
        "Generator and discriminator learn from each other, and the samples are as varied as they should be.",
        "Neither of the two has got away from the other.",
        "Nothing. Give it more time if you want better pictures.",
        sound=True,
    ),
    "warming up": Sickness(
        "Warming up",
        "The samples are not pictures yet; that is how every training begins.",
        "The discriminator has to learn what to look at before the generator can learn from it.",
        "Nothing but wait.",
        sound=True,
    ),
    "mode collapse": Sickness(
        "Mode collapse",
        "The generator draws the same picture again and again, whatever it is asked for.",
        "It found one picture that fools the discriminator at the moment, and nothing rewards it for drawing others.",
        "Take --loss relativistic --penalty r1_r2, or halve the generator's learning rate (in config.json).",
    ),
    "partial mode collapse": Sickness(
        "Partial mode collapse",
        "Some kinds of your pictures no longer occur among the samples.",
        "The generator is paid for being believed, not for drawing everything; what is hard to draw, it leaves out.",
        "Take --loss relativistic --penalty r1_r2, or train longer with a lower learning rate (in config.json).",
    ),
    "discriminator wins": Sickness(
        "The discriminator wins",
        "The discriminator tells every sample from a real picture, so the generator gets no hint what to do better.",
        "It is too large or learns too fast for this generator, and nothing holds it back.",
        "Hold it back with --penalty r1, or give it a lower learning rate or fewer channels (in config.json).",
    ),
    "generator wins": Sickness(
        "The generator wins",
        "The discriminator can no longer tell samples from real pictures, although they are still bad.",
        "It is too weak, learns too slowly, or is held back too hard, and a bad judge teaches nothing.",
        "Weaken the penalty (--gamma), or raise the discriminator's learning rate (in config.json).",
    ),
    "discriminator memorises": Sickness(
        "The discriminator memorises",
        "The discriminator knows your pictures by heart instead of knowing what makes them look real.",
        "There are few of them and each was seen many times, so remembering was easier than understanding.",
        "Add --augment translation, collect more pictures, or stop earlier.",
    ),
    "diverging": Sickness(
        "Diverging",
        "Losses or weights grow without bound, and the samples get worse instead of better.",
        "The steps are too long: each one overshoots, and the next one overshoots further.",
        "Lower the learning rates (in config.json), and add --penalty r1.",
    ),
    "oscillating": Sickness(
        "Oscillating",
        "The two networks swing back and forth around each other, and the samples change without getting better.",
        "Each step undoes what the other one did: the learning rates are too high, or the batch is too small.",
        "Lower the learning rates or beta1, or take a larger batch (all in config.json).",
    ),
    "stalled": Sickness(
        "Stalled",
        "The samples are bad and no longer get better.",
        "Too little of the discriminator's opinion reaches the generator: units are dead, steps are too short, or z is "
        "too small to tell pictures apart.",
        "Start again with a higher learning rate or the usual recipe; look at dead units and at the size of z.",
    ),
    "converged": Sickness(
        "Converged",
        "The samples are about as good as this recipe makes them, and have stopped changing for the better.",
        "What could be learned from these pictures by these networks has been learned.",
        "Stop here, or take a larger size, a larger recipe, or more pictures.",
        sound=True,
    ),
    "wrong data": Sickness(
        "Wrong data",
        "The pictures themselves are the trouble: they are all alike, or many of them show nothing.",
        "A GAN learns what its pictures have in common and how they differ; from copies or blank pictures there is "
        "nothing to learn.",
        "Look at them with: ganvas inspect PICTURES; take away copies and blank pictures.",
    ),
}

SOUND = frozenset(name for name, sickness in SICKNESSES.items() if sickness.sound)
