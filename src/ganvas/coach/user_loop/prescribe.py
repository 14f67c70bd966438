"""What the coach prescribes in a user's loop, by the ladders of `ganvas train`.

Those ask for a configuration. A loop has none, so it is made up from what is known: optimizers, loss, penalty, latents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from torch.optim import Optimizer

from ...config import Config, DataConfig, NetworkConfig, OptimizerConfig, PenaltyConfig, PhaseConfig
from ...errors import check_choice
from ...events import Event, HealthCheck, Prescription, Treatment
from ...losses import LOSSES, PENALTIES
from ...translation import N_
from ..diagnosis.history import last_treated_at
from ..diagnosis.verdict import diagnose
from ..treatment.escalation import WORTHWHILE, Situation, prescribe
from ..treatment.prescription import KINDS, with_prescriptions
from ..treatment.wager import Wager
from .repair import Repairs

SEEN = {"lr", "beta1", "rollback", "reinitialize"}  # in optimizers and networks; other prescriptions are remembered
NETWORK = NetworkConfig("dcgan", ())  # unknown; of this kind, everything can be advised


@dataclass(frozen=True)
class LoopSettings:
    """What a loop trains with, as far as its optimizers do not tell.

    Args:
        loss: key of `ganvas.losses.LOSSES`; "" if it is none of them, or not known.
        penalty: on the discriminator.
        latent_dim: numbers in z; 0 if they are not known.
    """

    loss: str = ""
    penalty: PenaltyConfig = field(default_factory=PenaltyConfig)
    latent_dim: int = 0

    def __post_init__(self) -> None:
        """Raise GanvasError for a loss or a penalty that Ganvas does not know."""
        if self.loss:
            check_choice(self.loss, LOSSES, N_("loss"))
        if self.penalty.name != "none":
            check_choice(self.penalty.name, PENALTIES, N_("penalty"))


def situation(
    history: Sequence[Event],
    repairs: Repairs,
    settings: LoopSettings,
    step: int,
    total_steps: int | None,
    wager: Wager,
    by_hand: bool = False,
) -> Situation:
    """Return what a treatment is chosen and judged by now.

    Args:
        total_steps: None if they are not known.
        by_hand: whether a treatment may need what `repairs` cannot do.
    """
    given = [event for event in history if isinstance(event, Treatment) and not event.outcome]
    if not by_hand:  # with a loss of which nothing is known, no remedy counts on it
        settings = replace(settings, loss="")
    return Situation(
        config=loop_config(repairs.optimizers, settings, [each for event in given for each in event.prescriptions]),
        healthy_steps=repairs.healthy_steps,
        steps_left=None if total_steps is None else max(0, total_steps - step),
        enough_budget=total_steps is None or 1 - step / total_steps >= WORTHWHILE,
        wager=wager,
        kinds=frozenset(KINDS) if by_hand else repairs.kinds,
    )


def treatments(history: Sequence[Event], now: Situation) -> list[Treatment]:
    """Return the outcome of the last treatment once it can be judged, and the next treatment if one is due.

    Nothing before there has been a health check since the last treatment, and nothing after the last rung.
    """
    given = [event for event in history if isinstance(event, Treatment) and not event.outcome]
    checked_at = max((event.step for event in history if isinstance(event, HealthCheck)), default=-1)
    if checked_at <= last_treated_at(history) or (given and given[-1].prescriptions[-1].kind == "stop"):
        return []
    return list(prescribe(history, diagnose(history), now))


def loop_config(
    optimizers: Mapping[str, Optimizer], settings: LoopSettings, prescribed: Sequence[Prescription]
) -> Config:
    """Return what the loop trains with now; what was left to the user so far is taken as done."""
    config = Config(
        recipe="",
        data=DataConfig(""),
        generator=NETWORK,
        discriminator=NETWORK,
        optimizers={side: _adam_settings(each) for side, each in optimizers.items()},
        phases=(PhaseConfig("adversarial", time_share=1.0, batch=1),),
        loss=settings.loss,
        penalty=settings.penalty,
    )
    if settings.latent_dim:
        config = replace(config, z_dim=settings.latent_dim)
    return with_prescriptions(config, (each for each in prescribed if each.kind not in SEEN))


def _adam_settings(optimizer: Optimizer) -> OptimizerConfig:
    """Return the settings of Adam or its kin; of others there is no momentum that could be lowered."""
    group = optimizer.param_groups[0]
    return OptimizerConfig(float(group["lr"]), *map(float, group.get("betas", (0.0, 0.0))[:2]))
