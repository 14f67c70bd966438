"""What a user asks for instead of a recipe's choice, put into its configuration."""

from dataclasses import replace

from ..config import AdaConfig, Config, NetworkConfig, OptimizerConfig, PenaltyConfig, TrainOptions
from ..config.train_options import flag
from ..errors import GanvasError
from ..models import DISCRIMINATORS
from ..translation import _
from .resolutions import r1_gamma_heuristic
from .upsampling import small_data

ADAPTIVE = frozenset({"ada", "apa"})  # augmentations whose probability adapts to the discriminator
COLOR_POLICIES = frozenset({"color", "ada"})  # those that need images with colors
GRADIENT_PENALTY_WEIGHT = 10.0  # Gulrajani et al. 2017
GENERATOR_OPTIMIZERS = ("generator", "autoencoder")  # a recipe without the first trains its generator by the second


def apply_options(config: Config, options: TrainOptions) -> Config:
    """Return `config` with the options about networks, losses and regularization that were given.

    The Wasserstein loss brings the gradient penalty along. Without --gamma, a penalty of the same kind as the recipe's
    has the recipe's weight; else the gradient penalty has 10 (Gulrajani et al. 2017), and the others follow StyleGAN2's
    rule of thumb, 0.0002 * H * W / batch.

    Raises:
        GanvasError: the recipe has nothing that an option is about.
    """
    _check_opponent(config, options)
    if options.flip is not None:
        config = replace(config, flip=options.flip == "yes")
    if options.turn is not None:
        config = replace(config, turn=options.turn == "yes")
    if options.channel_mult not in (None, 1):
        config = _widened(config, options.channel_mult)
    if options.batch is not None:
        config = with_batch(config, options.batch)
    config = replace(config, freeze_d=options.freeze or 0.0)
    if options.loss is not None:
        config = replace(config, loss=options.loss)
    config = _with_penalty(config, options)
    if options.augment is not None:
        config = _augmented(config, tuple(name for name in options.augment if name != "none"))
    if options.ema_half_life is not None:
        config = replace(config, ema_half_life=options.ema_half_life)
    config = _with_lr(config, "g_lr", options.g_lr, GENERATOR_OPTIMIZERS)
    return _with_lr(config, "d_lr", options.d_lr, ("discriminator",))


def _check_opponent(config: Config, options: TrainOptions) -> None:
    """Refuse options about a discriminator where there is none."""
    names = ("loss", "penalty", "gamma", "penalty_interval", "augment", "d_lr")
    given = [flag(name) for name in names if getattr(options, name) is not None]
    if given and not DISCRIMINATORS[config.discriminator.name].network.is_opponent:
        raise GanvasError(
            _("Recipe {recipe} has no discriminator, which {options} would be about.").format(
                recipe=config.recipe, options=_(" and ").join(given)
            ),
            _("Leave it out, or take another recipe: --recipe quick"),
        )


def _with_penalty(config: Config, options: TrainOptions) -> Config:
    """Return `config` with the penalty that was asked for, or that the loss needs."""
    name: str | None = options.penalty
    if name is None and options.loss == "wasserstein":
        name = "gradient"
    if options.gamma is not None or options.penalty_interval is not None:
        name = name or config.penalty.name
        if name == "none":
            raise GanvasError(_("There is no penalty to set a weight or an interval for."), _("Name one: --penalty r1"))
    if name is None:
        return config
    usual = _usual_penalty(name, config)
    gamma = usual.gamma if options.gamma is None else options.gamma
    return replace(config, penalty=PenaltyConfig(name, gamma, options.penalty_interval or usual.interval))


def _usual_penalty(name: str, config: Config) -> PenaltyConfig:
    """Return a penalty with the weight and interval of the recipe's own of the same kind, else by the rule."""
    if name == "none":
        return PenaltyConfig()
    if _kind(name) == _kind(config.penalty.name):
        return config.penalty
    drawn = small_data(config.data, config.upsampling.factor if config.upsampling else 1)
    gamma = r1_gamma_heuristic(drawn, config.phases[-1].batch)
    return PenaltyConfig(name, GRADIENT_PENALTY_WEIGHT if name == "gradient" else gamma)


def _kind(penalty: str) -> str:
    """Return the kind of a penalty, within which weights mean the same: all but two are zero-centered."""
    return penalty if penalty in ("none", "gradient") else "zero-centered"


def _widened(config: Config, factor: float) -> Config:
    """Return `config` with that many times as many channels, in multiples of eight."""

    def wider(network: NetworkConfig) -> NetworkConfig:
        return replace(network, widths=tuple(max(8, 8 * round(factor * width / 8)) for width in network.widths))

    autoencoder, upsampling = config.autoencoder, config.upsampling
    return replace(
        config,
        channel_mult=factor,
        generator=wider(config.generator),
        discriminator=wider(config.discriminator),
        encoder=config.encoder and wider(config.encoder),
        autoencoder=autoencoder and replace(autoencoder, encoder=wider(autoencoder.encoder)),
        upsampling=upsampling and replace(upsampling, upsampler=wider(upsampling.upsampler)),
    )


def with_batch(config: Config, batch: int) -> Config:
    """Return `config` with that many images a step; a zero-centered penalty weighs less, the larger the batch is."""
    phases, before = [], batch
    for phase in config.phases:
        if phase.batch:
            before = phase.batch
            cost, bound = phase.relative_step_cost * batch / before, round(phase.max_steps * before / batch)
            phases.append(replace(phase, batch=batch, relative_step_cost=cost, max_steps=bound))
        else:  # its bound depends on the steps of the phase before, which are other ones now
            phases.append(replace(phase, max_steps_until=round(phase.max_steps_until * before / batch)))
    penalty = config.penalty
    if penalty.name not in {"none", "gradient"}:
        penalty = replace(penalty, gamma=penalty.gamma * config.phases[-1].batch / batch)
    return replace(config, phases=tuple(phases), penalty=penalty)


def _augmented(config: Config, augment: tuple[str, ...]) -> Config:
    """Return `config` with these augmentations.

    Raises:
        GanvasError: the discriminator sees all scales stacked as channels, whose colors cannot be changed so.
    """
    refused = COLOR_POLICIES & set(augment)
    if refused and not DISCRIMINATORS[config.discriminator.name].network.augments_color:
        raise GanvasError(
            _("Recipe {recipe} cannot be augmented by {kinds}.").format(
                recipe=config.recipe, kinds=_(" and ").join(sorted(refused))
            ),
            _("Try: --augment translation"),
        )
    return replace(config, augment=augment, ada=AdaConfig() if ADAPTIVE & set(augment) else None)


def _with_lr(config: Config, option: str, lr: float | None, optimizers: tuple[str, ...]) -> Config:
    """Return `config` with the learning rate of the first of these optimizers that it has."""
    if lr is None:
        return config
    name = next((name for name in optimizers if name in config.optimizers), None)
    if name is None:
        raise GanvasError(
            _("Recipe {recipe} has nothing that {option} is about.").format(recipe=config.recipe, option=flag(option)),
            _("Leave it out."),
        )
    changed: dict[str, OptimizerConfig] = {name: replace(config.optimizers[name], lr=lr)}
    return replace(config, optimizers=config.optimizers | changed)
