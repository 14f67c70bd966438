"""The catalogue of sicknesses that nobody planted: settings that people use and that go wrong, and late accidents.

As in sickness.py, which names are right for a fault, and whether it can be cured, was written down before any of these
runs was made, from what textbooks say. Half of the cases, drawn by lot, are kept aside while rules are tuned. Beside
healthy trainings there are wild ones: their settings look wrong, but do no harm, so no verdict is right about them.

Rates, batches and budgets are written out here, whatever the recipes become.
"""

import random
from dataclasses import dataclass, replace

from ganvas.config import Config, DataConfig, NetworkConfig, OptimizerConfig, StyleGANConfig
from ganvas.data import PreparedDataset
from ganvas.data.split import held_out_count
from ganvas.planning.budget import with_images
from ganvas.recipes import RECIPES
from missteps import adam, balance, batch, betas, chain, narrower, no_norm, no_penalty, pair, set_to, wider
from planting import penalty_times, rates
from sickness import BOTH, BY_HEART, DATA, EITHER_WINS, NOISY, OVERPOWERED, OVERSHOOT, Case, Fault

LOT = 33  # the seed of the lot
Pair = tuple[str, str]  # pictures and recipe


@dataclass(frozen=True)
class Setting:
    """A healthy training by a recipe, about a third of a minute on a core that nobody shares.

    Args:
        widths: of generator and discriminator, half of the recipe's; of an encoder, those of the discriminator.
        images, batch: in all, and a step.
        checks: as many as `ganvas train` makes in a minute and a half on a laptop.
        optimizers: rates and betas.
    """

    widths: tuple[tuple[int, ...], tuple[int, ...]]
    images: int
    batch: int
    checks: int
    optimizers: dict[str, OptimizerConfig]


SETTINGS = {
    "dcgan": Setting(((64, 32), (32, 64)), 38_400, 32, 20, pair(4e-4, 0.5, 0.999, of_discriminator=2e-4)),
    "fc": Setting(((256, 512, 1024), (512, 256)), 50_000, 32, 20, pair(2e-4, 0.5, 0.999)),
    "residual": Setting(((32, 16), (16, 32)), 24_000, 32, 20, pair(1e-3, 0.0, 0.99)),
    "r3gan": Setting(((32, 32, 16), (16, 32, 32)), 5_600, 16, 10, pair(2e-3, 0.0, 0.9)),
    "stylegan2": Setting(((32, 32, 16), (16, 32, 32)), 7_200, 16, 12, pair(4e-3, 0.0, 0.99)),
    "projected": Setting(((64, 64, 32), (64, 64, 64, 64)), 2_880, 16, 5, pair(4e-4, 0.0, 0.99)),
    "progressive": Setting(((64, 64, 32), (32, 64, 64)), 10_000, 16, 14, pair(3e-3, 0.0, 0.99)),
    "quick": Setting(
        ((128, 64, 32), (32, 64)),
        16_000,
        32,
        12,
        pair(4e-4, 0.5, 0.99, of_discriminator=1e-3)
        | {"autoencoder": OptimizerConfig(2e-3, 0.9, 0.99), "prior": OptimizerConfig(5e-3, 0.9, 0.99)},
    ),
    "vae": Setting(((128, 64, 32), (32, 64)), 24_000, 32, 20, {"autoencoder": OptimizerConfig(2e-3, 0.9, 0.99)}),
}


@dataclass(frozen=True)
class Unplanned(Case):
    """A training of this catalogue."""

    @property
    def images(self) -> int:
        """Return the budget in pictures."""
        return SETTINGS[self.recipe].images

    @property
    def alike(self) -> tuple[str, str, int]:
        """Return what the healthy runs to compare with have in common with this one: pictures, recipe and budget."""
        recipe = INSTEAD.get((self.data, self.recipe), self.recipe)
        return self.data, recipe, SETTINGS[recipe].images


def configure(case: Case, data: PreparedDataset, pictures: DataConfig, coach: str) -> Config:
    """Return the complete configuration of a case; without scores on the way, as a run of a minute is."""
    held_out = held_out_count(data.count)
    setting, config = SETTINGS[case.recipe], RECIPES[case.recipe](pictures, data.count - held_out)
    judge = config.discriminator if config.encoder else NetworkConfig(config.discriminator.name, setting.widths[1])
    config = replace(
        config,
        generator=NetworkConfig(config.generator.name, setting.widths[0]),
        discriminator=judge,
        encoder=config.encoder and NetworkConfig(config.encoder.name, setting.widths[1]),
        autoencoder=config.autoencoder
        and replace(config.autoencoder, encoder=NetworkConfig(config.autoencoder.encoder.name, setting.widths[1])),
        optimizers=setting.optimizers,
    )
    config = replace(
        case.fault.change(batch(setting.batch)(config)),
        seed=case.seed,
        fingerprint=data.fingerprint,
        held_out=held_out,
        total_images=case.images,
        coach=coach,
        health_checks=setting.checks,
        sample_grids=2,
    )
    return with_images(config, case.images)


# Steps too short for their number: nothing is wrong but that the end comes too soon.
SLOW = frozenset({"too slow", "stalled"})
# A judge that may not change its mind, is not taught any more or sees nothing has nothing to teach.
IDLE_JUDGE = frozenset({"generator wins"}) | SLOW
# What no one can draw from is missing from the samples.
MISSING = frozenset({"partial mode collapse"})

CD, PD, CQ, IQ, PR, GR, MF, IR, ES, EP, CP, EV = PAIRS = (
    ("clothes", "dcgan"), ("photos", "dcgan"), ("clothes", "quick"), ("icons", "quick"), ("photos", "residual"),
    ("glyphs", "residual"), ("mnist", "fc"), ("icons", "r3gan"), ("people", "stylegan2"), ("people", "projected"),
    ("clothes", "progressive"), ("people", "vae"),
)  # fmt: skip
MP = ("mnist", "projected")
INSTEAD = {MP: "fc"}  # with what a recipe that is not made for such pictures is compared

LESSON = chain(no_norm, batch(256), adam(2e-4))
CLIPPING = chain(no_norm, set_to(loss="wasserstein"), adam(5e-5, 0.0), balance(n_critic=5))  # Arjovsky et al. 2017
HEAVY = chain(rates(25, *BOTH), betas(0.95))

FAULTS = (
    # Without norms and with a tenth of the usual steps the judge is soon sure, and the forger hardly moves.
    Fault("lesson's DCGAN", OVERPOWERED | SLOW, (CD, PD), LESSON),
    Fault("lesson's DCGAN, 300 pictures", OVERPOWERED | SLOW | BY_HEART, (CD, PD), LESSON, spoil="300"),
    # statistics of eight images differ from step to step
    Fault("tutorial's DCGAN, batch 8", NOISY | OVERPOWERED, (CD, PD), chain(batch(8), adam(2e-4))),
    Fault("tutorial's DCGAN, batch 512", SLOW, (PD,), chain(batch(512), adam(2e-4))),
    Fault("tutorial's DCGAN, batch 256", SLOW, (CD,), chain(batch(256), adam(2e-4))),
    # The clipped critic is nearly linear and its gradients are tiny (Gulrajani et al. 2017, section 3); it stays so.
    Fault("weights clipped", SLOW | OVERPOWERED | {"generator wins"}, (CD,), CLIPPING, during="clip", curable=False),
    # nothing bounds the critic's slope
    Fault("Wasserstein, no penalty", EITHER_WINS, (PR, CP), chain(no_penalty, set_to(loss="wasserstein"))),
    Fault("hinge, no norm", OVERPOWERED | OVERSHOOT, (CD,), chain(no_norm, set_to(loss="hinge"))),
    Fault("hinge, no penalty", OVERPOWERED | OVERSHOOT, (PR,), chain(no_penalty, set_to(loss="hinge"))),
    Fault("discriminator x10 as wide", OVERPOWERED | BY_HEART, (MF,), chain(wider(10), batch(128))),
    Fault("generator a tenth as wide", OVERPOWERED, (MF,), narrower(10), curable=False),
    # its frozen network has never seen a digit (Sauer et al. 2021 advise against such pictures)
    Fault("projected on digits", OVERPOWERED | {"oscillating"}, (MP,), curable=False),
    Fault("gamma x100", IDLE_JUDGE, (ES, IR, CP), penalty_times(100)),
    Fault("gamma a hundredth", OVERPOWERED | OVERSHOOT | BY_HEART, (ES,), penalty_times(0.01)),
    Fault("60 pictures", BY_HEART | DATA, (CD, GR, IQ), spoil="60"),
    Fault("rates x25, beta1 0.95", EITHER_WINS, (CQ, IQ, CD), HEAVY),
    Fault("judge's rate x30, no penalty", EITHER_WINS, (PR, GR), chain(rates(30, "discriminator"), no_penalty)),
    Fault("rates x30", EITHER_WINS, (ES, EP, IR), rates(30, *BOTH)),
    Fault("rates x50", EITHER_WINS | {"stalled"}, (MF, EV), rates(50, *BOTH)),
    Fault("generator's rate x30", EITHER_WINS, (IR,), rates(30, "generator")),
    Fault("judge's rate x30", EITHER_WINS, (IQ,), rates(30, "discriminator")),
    Fault("Adam's defaults", EITHER_WINS, (CD, PD), adam(1e-3, 0.9)),
    Fault("rates a thirtieth", SLOW, (PR, GR, CQ, ES, IR, EV), rates(1 / 30, *BOTH)),
    Fault("rates a tenth, batch 256", SLOW, (MF,), chain(rates(0.1, *BOTH), batch(256))),
    Fault("generator's rate jumps x40", EITHER_WINS, (CD, GR), during="generator's rate jumps", onset=0.5),
    # a judge that has stopped is soon deceived, and stays so
    Fault("judge stops at half", IDLE_JUDGE | OVERSHOOT, (PR,), during="discriminator stops", onset=0.5, curable=False),
    Fault("warm restart x15", EITHER_WINS, (CQ,), during="warm restart", onset=0.6),
    Fault("rates creep to x100", EITHER_WINS, (CD, ES), during="rates creep", onset=0.5),
    Fault("penalty ends at half", OVERPOWERED | OVERSHOOT | BY_HEART, (PR,), during="penalty ends", onset=0.5),
    # no prescription brings back what can no longer be read
    Fault("a kind lost at half", MISSING, (CD, PR), during="kind lost", onset=0.5, curable=False),
    Fault(
        "generator dies under its average",
        OVERPOWERED,
        (PD,),
        set_to(ema_half_life=2.0),
        during="dead under the average",
        onset=0.5,
    ),
    # the average still holds the first weights at the end; there is no prescription for it
    Fault("average far too long", SLOW, (PR,), set_to(ema_half_life=20.0), curable=False),
    Fault("a third of another kind", DATA | MISSING, (MF, IQ), spoil="mixed", curable=False),
    Fault("n_critic 20", SLOW | {"discriminator wins"}, (CP,), balance(n_critic=20)),
    Fault("noise of 2 on what is judged", IDLE_JUDGE, (GR,), balance(instance_noise_std=2.0)),
    Fault("judge skipped below 1.3", IDLE_JUDGE | MISSING, (PD,), balance(d_skip_below_loss=1.3)),
    Fault("saturating loss", frozenset({"discriminator wins", "stalled"}), (MF,), set_to(loss="saturating")),
)
HEALTHY = Fault("healthy", frozenset(), PAIRS)
WILD = tuple(
    Fault(kind, frozenset(), pairs, change, wild=True)
    for kind, pairs, change in (
        ("60 times the lesson's rates, batch 256", (CD,), chain(batch(256), adam(1.2e-2))),
        ("20 times the lesson's rates, batch 256", (PD,), chain(batch(256), adam(4e-3))),
        ("two time scales", (CD,), set_to(optimizers=pair(1e-4, 0.0, 0.9, of_discriminator=4e-4))),  # Heusel et al.
        ("rates x3", (CQ, EV), rates(3, *BOTH)),
        ("batch 16", (IQ,), batch(16)),
        ("no mixing, path lengths, average", (ES,), set_to(stylegan=StyleGANConfig(0.0, 0.0), ema_half_life=0.0)),
        ("beta1 0.5", (IR,), betas(0.5)),
        ("gamma x10", (PR,), penalty_times(10)),
        ("gamma a tenth", (GR,), penalty_times(0.1)),
        ("rates x5", (MF,), adam(1e-3)),
        ("no augmentation", (EP,), set_to(augment=())),
        ("n_critic 2", (CP,), balance(n_critic=2)),
    )
)


def _cases() -> tuple[Case, ...]:
    """Return all cases, half of the sick, of the healthy and of the wild ones drawn by lot to be kept aside."""
    sick = [(fault, pair, seed) for fault in FAULTS for seed, pair in enumerate(fault.pairs, 1)]
    sound = [(HEALTHY, pair, seed) for pair in PAIRS for seed in ((1,) if pair in (EP, CP, EV) else (1, 2))]
    wild = [(fault, pair, seed) for fault in WILD for seed, pair in enumerate(fault.pairs, 1)]
    lot = random.Random(LOT)
    cases = []
    for group in (sick, sound, wild):
        aside = set(lot.sample(range(len(group)), len(group) // 2))
        for number, (fault, (data, recipe), seed) in enumerate(group):
            words = "".join(c for c in fault.kind if c.isalnum() or c in " ").split()
            name = "-".join([*words, data, recipe, str(seed)])
            cases.append(Unplanned(name, fault, data, recipe, seed, number in aside))
    return tuple(cases)


CASES = _cases()
