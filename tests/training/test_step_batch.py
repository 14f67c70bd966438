"""What a step is made of: fakes of several styles or scales, reals that are grown so far, batches in parts."""

from dataclasses import replace

import pytest
import torch
from stepping import CPU, failing, material, prepared, same, weights
from torch import Tensor, nn

import tiny
from ganvas.coach.measurement.averages import LossAverage
from ganvas.config import AdaConfig, BalanceConfig, Config, PenaltyConfig, StyleGANConfig
from ganvas.data.loader import Loader
from ganvas.device import is_out_of_memory
from ganvas.errors import GanvasError
from ganvas.losses import zero_centered_gradient_penalty_from_logits
from ganvas.models.progressive import ProgressiveGenerator, at_level
from ganvas.models.stylegan2 import StyleGAN2Generator
from ganvas.phases import PHASES
from ganvas.planning.budget import with_images
from ganvas.planning.schedule import PhasePosition, config_at_step, ends_level, level_at
from ganvas.training.monitoring.logit_histograms import logit_histograms
from ganvas.training.phases import begin_step, set_level, take_step
from ganvas.training.state import new_state
from ganvas.training.state_io import load_state, state_to_tensors
from ganvas.training.steps.adversarial import adversarial_step, draw_fakes
from ganvas.training.steps.batch import Batch, augment_probability, generate
from ganvas.training.steps.d_input import d_input, pseudo_augment
from ganvas.training.steps.optimize import optimizer_step
from ganvas.training.steps.path_length import DECAY, path_length_penalty

NO_ROOM = torch.OutOfMemoryError("no room")


def first(sizes: list[int]) -> bool:
    """Tell whether a network is called for the first time."""
    return len(sizes) == 1


def third(sizes: list[int]) -> bool:
    """Tell whether it is the discriminator's third batch, after reals and fakes: the first of the generator's turn."""
    return len(sizes) == 3


def styled(**changes: object) -> tuple[Config, StyleGAN2Generator, Batch]:
    config = tiny.config("stylegan2", stylegan=StyleGANConfig(**changes))  # type: ignore[arg-type]
    generator = new_state(config, CPU).networks.generator
    assert isinstance(generator, StyleGAN2Generator)
    return config, generator, material(config, 64)


def test_styles_are_mixed_from_a_random_layer_on_with_their_probability() -> None:
    config, generator, drawn = styled(style_mixing_prob=0.5)
    assert config.stylegan
    found = generator.mixed_ws(drawn.z, drawn.labels, drawn.rng, config.stylegan.style_mixing_prob)
    own = generator.mapping(drawn.z)
    assert found.shape == (64, generator.num_ws, config.z_dim)
    of_own = (found == own[:, None]).all(2)
    assert of_own[:, 0].all(), "the first layer is always the picture's own"
    mixes = ~of_own.all(1)
    assert 16 < int(mixes.sum()) < 48
    for row in of_own[mixes]:
        first = int(row.logical_not().nonzero()[0])
        assert not row[first:].any(), "from one layer on, all are the other's"
    crossings = {int(row.logical_not().nonzero()[0]) for row in of_own[mixes]}
    assert len(crossings) > 2, "the layer is drawn anew for each picture"


def test_nothing_is_mixed_without_a_probability() -> None:
    config, generator, drawn = styled(style_mixing_prob=0.0)
    assert config.stylegan
    before = drawn.rng.get_state()
    ws = generator.mixed_ws(drawn.z, drawn.labels, drawn.rng, config.stylegan.style_mixing_prob)
    assert torch.equal(ws[:, -1], generator.mapping(drawn.z))
    assert torch.equal(drawn.rng.get_state(), before), "random numbers were drawn for nothing"


def test_path_lengths_against_finite_differences() -> None:
    config, generator, drawn = styled()
    generator, drawn = generator.double(), replace(drawn, z=drawn.z[:8].double())
    with torch.no_grad():
        generator.pl_mean.fill_(0.25)
        for layer in generator.layers:
            layer.noise_strength.fill_(0.1)  # noise that stays the same is no part of the path

    def randn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=drawn.rng, dtype=torch.float64)

    start = drawn.rng.get_state()
    found = path_length_penalty(generator, drawn)
    mean = float(generator.pl_mean)
    drawn.rng.set_state(start)
    styles = generator.mapping(randn(4, config.z_dim))[:, None].expand(-1, generator.num_ws, -1).detach()
    noise = drawn.rng.get_state()
    y = randn(*generator.synthesis(styles, drawn.rng).shape)

    def told(at: Tensor) -> Tensor:
        drawn.rng.set_state(noise)
        return (generator.synthesis(at, drawn.rng) * y).sum((1, 2, 3)).detach() / 16  # the root of 16 * 16 pixels

    squares = torch.zeros(4, generator.num_ws, dtype=torch.float64)
    for layer in range(generator.num_ws):
        for number in range(config.z_dim):
            step = torch.zeros_like(styles)
            step[:, layer, number] = 1e-5
            squares[:, layer] += ((told(styles + step) - told(styles - step)) / 2e-5).square()
    lengths = squares.mean(1).sqrt()
    assert mean == pytest.approx(0.25 + DECAY * (float(lengths.mean()) - 0.25), rel=1e-5)
    assert float(found.detach()) == pytest.approx(float((lengths - mean).square().mean()), rel=1e-4)


def test_the_path_penalty_is_taken_in_its_turn() -> None:
    config, _, _ = styled(pl_interval=3)
    state, drawn = new_state(config, CPU), material(config)
    told = []
    for state.counters.step in range(6):
        told.append("path" in adversarial_step(state, config, drawn))
    assert told == [True, False, False, True, False, False]


def test_fakes_of_all_scales_and_reals_to_match() -> None:
    config = tiny.config("multiscale")
    state, drawn = new_state(config, CPU), material(config)
    made, real = draw_fakes(state, config, drawn), state.networks.generator.match_reals(drawn.real)
    assert made.shape == real.shape == (8, 3 * len(config.generator.widths), 16, 16)
    torch.testing.assert_close(made[:, -3:], generate(state.networks.generator, drawn.z, None))
    assert torch.equal(real[:, -3:], drawn.real)


def test_reals_are_as_coarse_as_what_is_grown() -> None:
    config = tiny.config("progressive")
    state, drawn = new_state(config, CPU), material(config)
    set_level(state, level_at(PhasePosition(config.phases[0], 0)))
    real = state.networks.generator.match_reals(drawn.real)
    assert torch.equal(real, at_level(drawn.real, 0, len(config.phases)))
    assert not torch.equal(real, drawn.real)
    pictures = generate(state.networks.generator, drawn.z, None)
    torch.testing.assert_close(pictures, at_level(pictures, 0, len(config.phases)))


def test_growth_fades_in_and_then_stays() -> None:
    phase = replace(tiny.config("progressive").phases[1], steps=8, fade_in=0.5)
    assert [level_at(PhasePosition(phase, step)) for step in range(8)] == [0.25, 0.5, 0.75, 1, 1, 1, 1, 1]
    first = replace(phase, level=0)
    assert level_at(PhasePosition(first, 0)) == 0, "there is nothing to fade the coarsest grid in from"


def test_all_networks_grow_together_and_a_checkpoint_knows_how_far() -> None:
    config = with_images(tiny.config("progressive"), 800)
    state = new_state(config, CPU)
    middle = PhasePosition(config.phases[1], config.phases[1].steps // 4)
    set_level(state, level_at(middle))
    levels = {
        float(each.level) for each in (state.networks.generator, state.networks.g_ema, state.networks.discriminator)
    }  # type: ignore[arg-type]
    assert len(levels) == 1
    assert 0 < levels.pop() < 1
    again = load_state(config, *state_to_tensors(state), CPU)
    assert isinstance(again.networks.generator, ProgressiveGenerator)
    assert float(again.networks.generator.level) == float(state.networks.generator.level)  # type: ignore[arg-type]
    z = torch.randn(2, config.z_dim)
    assert torch.equal(again.networks.generator(z), state.networks.generator(z))


def test_a_stage_ends_where_the_next_level_begins() -> None:
    config = with_images(tiny.config("progressive"), 800)
    ends = [step for step in range(config.steps + 1) if ends_level(config, step)]
    adversarial = [phase.steps for phase in config.phases]
    assert ends == [sum(adversarial[:n]) for n in range(1, len(adversarial))]


def test_settings_go_along_a_cosine() -> None:
    config = with_images(tiny.config("r3gan"), 800)
    assert config.anneal
    config = replace(config, balance=replace(config.balance, augment_p=0.5))
    start, half, end = (config_at_step(config, step) for step in (0, config.steps // 2, config.steps))
    rate, gamma = config.optimizers["generator"].lr, config.penalty.gamma
    rates = [each.optimizers["generator"].lr for each in (start, half, end)]
    assert rates == pytest.approx([rate, rate * (1 + config.anneal.lr_factor) / 2, rate * config.anneal.lr_factor])
    assert [each.optimizers["discriminator"].beta2 for each in (start, end)] == pytest.approx([0.9, 0.99])
    assert [each.penalty.gamma for each in (start, end)] == pytest.approx([gamma, gamma * config.anneal.gamma_factor])
    assert [each.balance.augment_p for each in (start, half, end)] == pytest.approx([0, 0.25, 0.5])
    quarter = config_at_step(config, config.steps // 4).balance.augment_p / 0.5
    assert quarter == pytest.approx((1 - 0.5**0.5) / 2, abs=0.03)
    other = tiny.config("dcgan")
    assert config_at_step(other, 5) is other


def test_pseudo_augmentation_passes_fakes_off_as_reals_in_their_share() -> None:
    config = tiny.config(augment=("apa",))
    drawn = replace(material(config, 400), augment_p=0.3)
    fake = torch.full_like(drawn.real, 5.0)
    real = pseudo_augment(config, drawn, fake).real
    passed = (real == 5).flatten(1).all(1)
    assert 80 < int(passed.sum()) < 160
    assert torch.equal(real[~passed], drawn.real[~passed])
    assert pseudo_augment(replace(config, augment=()), drawn, fake) is drawn


def test_ada_is_applied_with_the_probability_of_the_step() -> None:
    config = tiny.config(augment=("ada",))
    drawn = material(config, 64)
    for probability, least, most in ((0.0, 0, 0), (0.1, 10, 60), (1.0, 64, 64)):
        shown = d_input(config, replace(drawn, augment_p=probability), drawn.real)
        changed = int((shown != drawn.real).flatten(1).any(1).sum())
        assert least <= changed <= most, probability


def test_the_probability_follows_the_discriminator_into_the_checkpoint() -> None:
    config = tiny.config(augment=("ada",), ada=AdaConfig(speed_images=80, max_p=0.85))
    state, loader = new_state(config, CPU), Loader(prepared(config), 0)
    sure = [0.1, 0.2, 0.3, 0.4]
    for wanted in sure:
        state.counters.loss_averages["real_sign"] = LossAverage()
        state.counters.loss_averages["real_sign"].add(1.0)
        losses = take_step(config.phases[0], state, config, loader)
        assert state.counters.ada_p == pytest.approx(wanted)
        assert -1 <= float(losses["real_sign"]) <= 1
    assert load_state(config, *state_to_tensors(state), CPU).counters.ada_p == state.counters.ada_p
    state.counters.loss_averages["real_sign"].add(-1.0)
    take_step(config.phases[0], state, replace(config, ada=AdaConfig(speed_images=80, min_p=0.7)), loader)
    assert state.counters.ada_p == 0.7, "it is not below what the coach has prescribed"


@pytest.mark.parametrize("recipe", ["fc", "stylegan2", "r3gan"])
def test_a_batch_that_does_not_fit_is_taken_in_parts(recipe: str) -> None:
    config = tiny.config(recipe)
    loader = Loader(prepared(config), 0)
    state = new_state(config, CPU)
    taken = failing(state.networks.discriminator, NO_ROOM, lambda sizes: sizes[-1] > 4)
    before = weights(state.networks.generator)
    losses = take_step(config.phases[0], state, config, loader)
    assert (taken[0], {*taken[1:]}) == (8, {4})
    assert state.counters.n_microbatches == 2
    assert (state.counters.step, state.counters.images_seen) == (1, 8)
    assert not same(state.networks.generator, before)
    assert all(torch.isfinite(each) for each in losses.values())
    take_step(config.phases[0], state, config, loader)
    assert taken.count(8) == 1, "it is not tried again with all"
    assert load_state(config, *state_to_tensors(state), CPU).counters.n_microbatches == 2


def test_parts_of_a_larger_batch_leave_a_smaller_one_pairs() -> None:
    """The autoencoder of keen takes more pictures a step; a single one has nothing to hold on to while sharpening."""
    config = tiny.config("keen")
    state = new_state(config, CPU)
    state.counters.n_microbatches = 8
    sharpen = replace(config.phases[2], batch=4)
    losses = take_step(sharpen, state, config, Loader(prepared(config), 0))
    assert state.counters.n_microbatches == 2
    assert all(torch.isfinite(each) for each in losses.values())


def after_a_step(config: Config, loader: Loader, parts: int) -> dict[str, list[Tensor]]:
    """Return both networks' weights after a step down the plain gradient."""
    state = new_state(config, CPU)
    state.counters.n_microbatches = parts
    for name in ("discriminator", "generator"):
        state.optimizers[name] = torch.optim.SGD(state.networks.by_name()[name].parameters(), 0.5)  # type: ignore[assignment]
    take_step(config.phases[0], state, config, loader)
    return {name: weights(state.networks.by_name()[name]) for name in ("discriminator", "generator")}


def test_parts_add_up_to_the_whole_batch() -> None:
    """The networks of r3gan know nothing of a batch, so halves give what the whole gives, the generator's turn after
    the discriminator's."""
    config = replace(tiny.config("r3gan"), augment=(), flip=False)
    config = replace(config, penalty=replace(config.penalty, name="r1"))
    loader = Loader(prepared(config), 0)
    whole, *others = [after_a_step(config, loader, parts) for parts in (1, 2, 4)]
    before = weights(new_state(config, CPU).networks.generator)
    assert max(float((one - other).abs().max()) for one, other in zip(whole["generator"], before, strict=True)) > 1e-3
    for other in others:
        for name in whole:
            for mine, its in zip(other[name], whole[name], strict=True):
                torch.testing.assert_close(mine, its, rtol=1e-4, atol=1e-6)


def test_memory_that_holds_no_picture_is_said() -> None:
    config = tiny.config()
    state = new_state(config, CPU)
    error = RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")
    tried = failing(state.networks.discriminator, error, lambda sizes: True)
    with pytest.raises(GanvasError, match="memory of cpu is full") as caught:
        take_step(config.phases[0], state, config, Loader(prepared(config), 0))
    assert "--size" in caught.value.hint
    assert "--channel-mult" in caught.value.hint
    assert tried == [8, 4, 2], "of a single picture there is no mean and no pair"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB)"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_want_of_memory_is_known_on_every_device(error: Exception) -> None:
    assert is_out_of_memory(error)
    assert not is_out_of_memory(ValueError(str(error) or "out of memory"))


def test_other_errors_are_not_taken_for_want_of_memory() -> None:
    config = tiny.config()
    state = new_state(config, CPU)
    failing(state.networks.discriminator, RuntimeError("shapes do not match"), lambda sizes: True)
    with pytest.raises(RuntimeError, match="shapes"):
        take_step(config.phases[0], state, config, Loader(prepared(config), 0))


@pytest.mark.parametrize("recipe", ["dcgan", "stylegan2"])
def test_memory_may_run_out_in_the_generators_turn(recipe: str) -> None:
    config = tiny.config(recipe)
    loader, state = Loader(prepared(config), 0), new_state(config, CPU)
    judged = failing(state.networks.discriminator, NO_ROOM, third)
    losses = take_step(config.phases[0], state, config, loader)
    assert state.counters.n_microbatches == 2
    moments = state.optimizers["discriminator"].state.values()
    assert {int(each["step"]) for each in moments} == {1}, "the discriminator had had its turn"
    assert {int(each["step"]) for each in state.optimizers["generator"].state.values()} == {1}
    assert judged == [8, 8, 8, 4, 4], "once with all, then with two halves"
    assert all(torch.isfinite(each) for each in losses.values())
    assert all(each.requires_grad for each in state.networks.discriminator.parameters()), "left frozen"


def test_what_the_discriminator_accumulated_outlives_a_generators_turn_without_room() -> None:
    config = tiny.config(balance=BalanceConfig(grad_accum_steps=2))
    loader, state = Loader(prepared(config), 0), new_state(config, CPU)
    drawn: list[int] = []
    state.networks.generator.register_forward_pre_hook(lambda module, given: drawn.append(len(given[0])))
    failing(state.networks.discriminator, NO_ROOM, third)
    take_step(config.phases[0], state, config, loader)
    assert drawn == [8, 4, 4], "the fakes of the whole batch serve both turns, and are made anew in halves"
    assert not state.optimizers["discriminator"].state, "it learns in the next step"
    assert all(each.grad is not None for each in state.networks.discriminator.parameters())
    take_step(config.phases[0], state, config, loader)
    for name in ("discriminator", "generator"):
        assert {int(each["step"]) for each in state.optimizers[name].state.values()} == {1}


@pytest.mark.parametrize("recipe", ["quick", "vae"])
def test_every_turn_is_taken_in_halves_where_memory_is_short(recipe: str) -> None:
    config = tiny.config(recipe)
    state, data = new_state(config, CPU), prepared(config)
    phase = config.phases[0]
    begin_step(state, config, PhasePosition(phase, 0), data)
    assert state.networks.encoder
    taken = failing(state.networks.encoder, NO_ROOM, first)
    losses = take_step(phase, state, config, Loader(data, 0))
    (name,) = PHASES[phase.name].optimizers
    assert taken == [8, 4, 4], "once with all, then with two halves"
    assert state.counters.n_microbatches == 2
    assert {int(each["step"]) for each in state.optimizers[name].state.values()} == {1}, "one step, down the mean"
    assert all(torch.isfinite(each) for each in losses.values())


def test_a_step_without_pictures_cannot_be_taken_in_parts() -> None:
    config = tiny.config("quick")
    state, data = new_state(config, CPU), prepared(config)
    begin_step(state, config, PhasePosition(config.phases[1], 0), data)
    failing(state.networks.generator.prior.in_proj, NO_ROOM, first)
    with pytest.raises(GanvasError, match="memory of cpu is full"):
        take_step(config.phases[1], state, config, Loader(data, 0))


def test_the_probability_of_an_augmentation_is_annealed_or_adapted() -> None:
    config = with_images(tiny.config("r3gan", augment=("ada",)), 800)
    state = new_state(config, CPU)
    assert augment_probability(state, config_at_step(config, 0)) == 0
    assert augment_probability(state, config_at_step(config, config.steps)) == 1
    state.counters.ada_p = 0.25
    assert augment_probability(state, replace(config, anneal=None, ada=AdaConfig())) == 0.25


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_looks_are_taken_at_the_probability_of_the_training(probability: float) -> None:
    balance = BalanceConfig(augment_p=1 - probability)  # not what counts where it adapts
    config = tiny.config("dcgan", augment=("ada",), ada=AdaConfig(), balance=balance)
    state, loader = new_state(config, CPU), Loader(prepared(config), 0)
    state.counters.ada_p = probability
    shown: list[Tensor] = []
    state.networks.discriminator.register_forward_pre_hook(lambda module, given: shown.append(given[0]))
    logit_histograms(state, config, loader, CPU)
    logit_histograms(state, replace(config, augment=(), ada=None), loader, CPU)
    for augmented, plain in zip(shown[: len(shown) // 2], shown[len(shown) // 2 :], strict=True):
        changed = (augmented != plain).flatten(1).any(1)
        assert changed.all() if probability else not changed.any()


@pytest.mark.parametrize("recipe", ["progressive", "stylegan2", "r3gan", "residual"])
def test_mixed_precision_goes_with_augmentation_and_penalties(recipe: str) -> None:
    penalty = PenaltyConfig("gradient", 1.0) if recipe == "progressive" else PenaltyConfig("r1", 1.0)
    config = tiny.config(recipe, precision="bfloat16", augment=("ada",), ada=None, anneal=None, penalty=penalty)
    state, loader = new_state(config, CPU), Loader(prepared(config), 0)
    for _ in range(2):
        losses = take_step(config.phases[-1], state, config, loader)
        assert all(torch.isfinite(each) for each in losses.values())


def test_a_penalty_is_of_pictures_not_of_each_of_their_logits() -> None:
    pictures = torch.randn(3, 1, 2, 2, dtype=torch.float64, requires_grad=True)

    def judge(of: Tensor) -> Tensor:
        return of.square().sum((1, 2, 3))

    one = zero_centered_gradient_penalty_from_logits(judge(pictures), pictures)
    many = zero_centered_gradient_penalty_from_logits(judge(pictures)[:, None].expand(-1, 64), pictures)
    torch.testing.assert_close(one, many)


def test_parts_are_the_batch() -> None:
    config = tiny.config(classes=("a", "b"))
    drawn = material(config, 7)
    parts = list(drawn.microbatches(3))
    assert [len(each.real) for each in parts] == [3, 2, 2]
    assert torch.equal(torch.cat([each.real for each in parts]), drawn.real)
    assert torch.equal(torch.cat([each.labels for each in parts]), drawn.labels)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("recipe", ["dcgan", "stylegan2", "r3gan", "quick"])
def test_mixed_precision_trains_float32_weights(recipe: str, precision: str) -> None:
    config = tiny.config(recipe, precision=precision)
    loader = Loader(prepared(config), 0)
    state = new_state(config, CPU)
    before = weights(state.networks.generator)
    dtypes: set[torch.dtype] = set()
    for module in state.networks.generator.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(lambda module, given, output: dtypes.add(output.dtype))
    phase = config.phases[0]
    for _ in range(3):
        losses = take_step(phase, state, config, loader)
        assert all(torch.isfinite(each) for each in losses.values())
    assert getattr(torch, precision) in dtypes or recipe == "stylegan2"
    assert not same(state.networks.generator, before)
    assert all(each.dtype == torch.float32 for each in state.networks.generator.parameters())
    if precision == "float16":
        again = load_state(config, *state_to_tensors(state), CPU)
        assert {*state.scalers} == {*state.optimizers}
        for name, scaler in state.scalers.items():
            assert again.scalers[name].state_dict() == scaler.state_dict()


def test_gradients_that_float16_would_lose_are_scaled() -> None:
    config = tiny.config("fc", precision="float16")
    state = new_state(config, CPU)
    scaler, parameter = state.scalers["generator"], nn.Parameter(torch.ones(()))
    state.optimizers["generator"] = torch.optim.SGD([parameter], 1.0)  # type: ignore[assignment]
    optimizer_step(state, config, "generator", parameter * 0.25)
    assert float(parameter.detach()) == pytest.approx(0.75), "scaled on the way back, and back again for the step"
    scale = scaler.get_scale()
    optimizer_step(state, config, "generator", parameter * torch.inf)
    assert float(parameter.detach()) == pytest.approx(0.75), "a step that overflows is left out"
    assert scaler.get_scale() < scale


def test_what_is_gathered_is_of_one_scale_whatever_another_network_does() -> None:
    config = tiny.config("fc", precision="float16", balance=BalanceConfig(grad_accum_steps=2))
    state = new_state(config, CPU)
    parameters = {name: nn.Parameter(torch.ones(())) for name in ("generator", "discriminator")}
    state.optimizers = {name: torch.optim.SGD([each], 1.0) for name, each in parameters.items()}  # type: ignore[misc]
    optimizer_step(state, config, "generator", parameters["generator"] * 0.25)
    state.counters.step = 1
    optimizer_step(state, config, "discriminator", parameters["discriminator"] * torch.inf)  # is scaled less from now
    optimizer_step(state, config, "generator", parameters["generator"] * 0.25)
    assert float(parameters["generator"].detach()) == pytest.approx(0.75)


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[nn.Module]:
    """Have torch's compiler, which takes minutes, do nothing but list what it is given."""
    given: list[nn.Module] = []
    monkeypatch.setattr(nn.Module, "compile", lambda module: given.append(module))
    return given


@pytest.mark.parametrize(
    ("penalty", "both"), [("none", True), ("r1", False), ("approximate_r1", True), ("gradient", False)]
)
def test_what_is_gone_back_through_twice_is_not_compiled(penalty: str, both: bool, compiled: list[nn.Module]) -> None:
    config = tiny.config("dcgan", compile=True, penalty=PenaltyConfig(penalty, 1.0), coach="watch")
    state = new_state(config, CPU)
    assert compiled == [state.networks.generator, state.networks.discriminator][: 1 + both]
    assert not any("_orig_mod" in name for name in state_to_tensors(state)[0]), "files of weights know nothing of it"
    compiled.clear()
    state = new_state(replace(config, coach="act"), CPU)
    assert compiled == [state.networks.generator], "a coach that acts may prescribe a penalty"
    compiled.clear()
    new_state(replace(config, compile=False), CPU)
    assert not compiled


@pytest.mark.parametrize("recipe", ["vae", "quick", "multiscale", "stylegan2"])
def test_what_is_compiled_is_what_a_training_calls(recipe: str, compiled: list[nn.Module]) -> None:
    config = tiny.config(recipe, compile=True)
    state, loader = new_state(config, CPU), Loader(prepared(config), 0)
    called: set[nn.Module] = set()
    for each in compiled:
        each.register_forward_hook(lambda module, given, made: called.add(module))
    take_step(config.phases[0], state, config, loader)
    assert called == set(compiled)
    assert bool(compiled) == (recipe != "stylegan2"), "its paths are gone back through twice"
