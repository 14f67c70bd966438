"""The phases that a training is made of: what each trains, what a restart draws anew, how its losses are shown.

What a step of a phase does stands in `ganvas.training.phases.STEPS`, by the same names. The rest stands here, below
training, since coach and report know phases from recorded events alone.
"""

from dataclasses import dataclass

from .translation import N_


@dataclass(frozen=True, kw_only=True)
class LossChart:
    """Losses that belong in one chart, its heading, and how to read it."""

    losses: tuple[str, ...]
    heading: str
    about: str


@dataclass(frozen=True, kw_only=True)
class PhaseSpec:
    """One kind of phase.

    Args:
        optimizers: those that take a step; all but "discriminator" belong to the generator's side.
        resets: networks, or parts of them, that a restart of the phase draws anew: what it trains and what later phases
            will, but not what earlier ones have learned.
        charts: of its losses, in the order in which they are shown.
        progress: losses that a person sees while it trains.
        is_blurry: whether its samples stay a blur, far from real pictures, however well it learns.
    """

    optimizers: tuple[str, ...]
    resets: tuple[str, ...]
    charts: tuple[LossChart, ...]
    progress: tuple[str, ...]
    is_blurry: bool = False

    @property
    def has_discriminator(self) -> bool:
        """Return whether a discriminator takes part."""
        return "discriminator" in self.optimizers


RECONSTRUCTION = LossChart(
    losses=("reconstruction",),
    heading=N_("Reconstruction error"),
    about=N_("How far reconstructed pictures differ from the real ones."),
)
DIVERGENCE = LossChart(
    losses=("divergence",),
    heading=N_("Divergence"),
    about=N_("How much a code tells about its picture beyond noise, in nats."),
)
UPSAMPLING = LossChart(
    losses=("upsampling", "perceptual"),
    heading=N_("Error of enlarging"),
    about=N_("How far real pictures, made small, come back different: pixel by pixel, and to a network that sees."),
)
PRIOR = LossChart(
    losses=("prior",),
    heading=N_("Prior"),
    about=N_("How well noise is carried to where the pictures' codes lie. It falls, then levels off."),
)
PENALTY = LossChart(
    losses=("penalty",),
    heading=N_("Penalty"),
    about=N_("How steep the discriminator is; the penalty keeps this down."),
)
BOTH_LOSSES = LossChart(
    losses=("generator", "discriminator"),
    heading=N_("Generator and discriminator"),
    about=N_("Two players: neither should run away from the other. Level lines are good news."),
)
MEAN_LOGITS = LossChart(
    losses=("real_logits", "fake_logits"),
    heading=N_("Mean logits, real and fake"),
    about=N_("How real the discriminator thinks each is. If they are far apart, it sees through the fakes."),
)

SELF_SUPERVISION = LossChart(
    losses=("d_reconstruction",),
    heading=N_("Reconstruction by the discriminator"),
    about=N_("How far real pictures differ from what the discriminator's features tell of them."),
)

_GAN = PhaseSpec(
    optimizers=("generator", "discriminator"),
    resets=("generator", "discriminator"),
    charts=(PENALTY, SELF_SUPERVISION, BOTH_LOSSES, MEAN_LOGITS),
    progress=("generator", "discriminator"),
)

PHASES: dict[str, PhaseSpec] = {
    "adversarial": _GAN,
    "grow": _GAN,
    "autoencode": PhaseSpec(
        optimizers=("autoencoder",),
        resets=("generator", "discriminator", "encoder"),
        charts=(RECONSTRUCTION,),
        progress=("reconstruction",),
    ),
    "prior": PhaseSpec(
        optimizers=("prior",),
        resets=("generator.prior", "discriminator"),
        charts=(PRIOR,),
        progress=(),
    ),
    "sharpen": PhaseSpec(
        optimizers=("generator", "discriminator"),
        resets=("discriminator",),
        charts=(RECONSTRUCTION, PENALTY, BOTH_LOSSES, MEAN_LOGITS),
        progress=("generator", "discriminator", "reconstruction"),
    ),
    "vae": PhaseSpec(
        optimizers=("autoencoder",),
        resets=("generator", "encoder"),
        charts=(RECONSTRUCTION, DIVERGENCE),
        progress=("reconstruction",),
        is_blurry=True,
    ),
    "upsample": PhaseSpec(
        optimizers=("upsampler",),
        resets=("generator.upsampler", "discriminator.large"),
        charts=(UPSAMPLING,),
        progress=("upsampling",),
    ),
    "refine": PhaseSpec(
        optimizers=("refiner", "discriminator"),
        resets=("discriminator.large",),
        charts=(UPSAMPLING, BOTH_LOSSES, MEAN_LOGITS),
        progress=("generator", "discriminator", "upsampling"),
    ),
}

LOSS_CHARTS = tuple(dict.fromkeys(chart for phase in PHASES.values() for chart in phase.charts))


def optimizers_of(phase: str) -> tuple[str, ...]:
    """Return the optimizers of a phase by its recorded name; none of a phase that this release does not know."""
    return PHASES[phase].optimizers if phase in PHASES else ()


def progress_losses(phase: str) -> tuple[str, ...]:
    """Return the losses that a person sees while a phase trains, by its recorded name."""
    return PHASES[phase].progress if phase in PHASES else ()


def is_blurry(phase: str) -> bool:
    """Return whether the samples of a phase stay a blur, by its recorded name."""
    return phase in PHASES and PHASES[phase].is_blurry


def side_of(optimizer: str) -> str:
    """Return whose side an optimizer is on: "discriminator", or "generator" for all others."""
    return "discriminator" if optimizer == "discriminator" else "generator"
