"""The diagnoses: the names that a verdict can have, each with what it is, why it happens, and what to do about it.

The words are for someone who has had one lesson on GANs: a forger (the generator) and an expert (the discriminator).
They are stored in English; whoever shows them translates them.
"""

from dataclasses import dataclass

from ...translation import N_


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
    N_("healthy"): Diagnosis(
        N_("Healthy"),
        N_("Generator and discriminator learn from each other, and the samples are as varied as they should be."),
        N_("Neither network has run away from the other."),
        N_("Nothing to do. Give it more time if you want better pictures."),
        healthy=True,
    ),
    N_("warming up"): Diagnosis(
        N_("Warming up"),
        N_("The samples do not look like pictures yet. Every training begins like this."),
        N_("The discriminator has to learn what to look at before the generator can learn from it."),
        N_("Just wait."),
        healthy=True,
    ),
    N_("mode collapse"): Diagnosis(
        N_("Mode collapse"),
        N_("The generator draws the same picture again and again, whatever its input."),
        N_("It found one picture that fools the discriminator for now, and nothing rewards it for drawing others."),
        N_("Use --loss relativistic --penalty r1_r2, or halve the generator's learning rate (--g-lr)."),
    ),
    N_("partial mode collapse"): Diagnosis(
        N_("Partial mode collapse"),
        N_("Some kinds of picture are missing from the samples."),
        N_("The generator is rewarded for being believed, not for drawing everything, so it leaves out what is hard."),
        N_("Use --loss relativistic --penalty r1_r2, or train longer with a lower learning rate (--g-lr)."),
    ),
    N_("discriminator wins"): Diagnosis(
        N_("The discriminator wins"),
        N_("The discriminator recognises every sample, so the generator does not learn how to improve."),
        N_("It is too large or learns too fast for this generator, and nothing holds it back."),
        N_("Hold it back with --penalty r1, or give it a lower learning rate (--d-lr)."),
    ),
    N_("generator wins"): Diagnosis(
        N_("The generator wins"),
        N_("The discriminator can no longer tell samples from real pictures, although the samples are still bad."),
        N_("It is too weak, learns too slowly, or is held back too strongly, so it has nothing to teach."),
        N_("Weaken the penalty (--gamma), or raise the discriminator's learning rate (--d-lr)."),
    ),
    N_("discriminator memorises"): Diagnosis(
        N_("The discriminator memorises"),
        N_("The discriminator knows your pictures by heart instead of knowing what makes them look real."),
        N_("There are few pictures, and it saw each many times, so memorising was easier than understanding."),
        N_("Add --augment translation, collect more pictures, or stop earlier."),
    ),
    N_("diverging"): Diagnosis(
        N_("Diverging"),
        N_("Losses or weights grow without bound, and the samples get worse instead of better."),
        N_("The learning rates are too high: each step overshoots, and the next one overshoots further."),
        N_("Lower the learning rates (--g-lr, --d-lr), and add --penalty r1."),
    ),
    N_("oscillating"): Diagnosis(
        N_("Oscillating"),
        N_("The two networks chase each other in circles, and the samples change without getting better."),
        N_("Each step undoes the one before: the learning rates are too high, or the batch is too small."),
        N_("Lower the learning rates (--g-lr, --d-lr), or take a larger batch (--batch)."),
    ),
    N_("stalled"): Diagnosis(
        N_("Stalled"),
        N_("The samples are bad and no longer get better."),
        N_(
            "Too little of the discriminator's feedback reaches the generator: units are dead, "
            "learning rates are too low, or z has too few numbers."
        ),
        N_("Start again with a higher learning rate or the recipe's own settings; check dead units and the size of z."),
    ),
    N_("too slow"): Diagnosis(
        N_("Too slow"),
        N_("The samples get better, but so slowly that they will still be bad when the training ends."),
        N_("The learning rates are too low for so few steps: the weights cannot move far enough."),
        N_("Raise the learning rates (--g-lr, --d-lr), take a smaller batch (--batch), or give it more time."),
    ),
    N_("converged"): Diagnosis(
        N_("Converged"),
        N_("The samples are about as good as this recipe makes them, and have stopped changing for the better."),
        N_("What could be learned from these pictures by these networks has been learned."),
        N_("Stop here, or use a larger size, a larger recipe, or more pictures."),
        healthy=True,
    ),
    N_("wrong data"): Diagnosis(
        N_("Wrong data"),
        N_("The pictures themselves are the problem: they are nearly all alike, or many of them show nothing."),
        N_(
            "A GAN learns what its pictures have in common and how they differ; from copies or "
            "blank pictures there is nothing to learn."
        ),
        N_("Check them with: ganvas inspect PICTURES. Remove copies and blank pictures."),
    ),
}

HEALTHY_VERDICTS = frozenset(name for name, diagnosis in DIAGNOSES.items() if diagnosis.healthy)
