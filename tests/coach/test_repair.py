"""The coach repairs a user's own loop: what it prescribes, what `apply` changes, what it leaves to the user."""

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from own_loop import LATENT, Loop
from torch import Tensor, nn

import ganvas
from ganvas.coach.doctor import examine
from ganvas.coach.treatment.prescription import KINDS
from ganvas.coach.treatment.wager import Aside
from ganvas.coach.user_loop import treatment_runner
from ganvas.coach.user_loop.by_hand import by_hand
from ganvas.coach.user_loop.prescribe import LoopSettings, loop_config
from ganvas.coach.user_loop.repair import COPIES, Repairs
from ganvas.errors import GanvasError
from ganvas.events import Prescription, Treatment

LR_OF_G = Prescription("lr", "generator", 0.5)


def everything(loop: Loop) -> list[Tensor]:
    """Return the weights, buffers and moments of a loop, copied."""
    states = [loop.generator.state_dict(), loop.discriminator.state_dict()]
    moments = [state for each in loop.optimizers.values() for state in each.state.values()]
    return [torch.as_tensor(value).clone() for state in [*states, *moments] for value in state.values()]


def same(one: list[Tensor], other: list[Tensor]) -> bool:
    return len(one) == len(other) and all(map(torch.equal, one, other))


def repairs_of(loop: Loop) -> Repairs:
    return Repairs({"generator": loop.generator, "discriminator": loop.discriminator}, loop.optimizers)


def repaired(loop: Loop, **options: object) -> ganvas.Coach:
    """Return a coach that may repair the whole loop."""
    networks = {"generator": loop.generator, "discriminator": loop.discriminator}
    return loop.coach(**networks, latents=torch.ones(9, LATENT), repair=True, **options)


def steps(loop: Loop, count: int) -> None:
    for _ in range(count):
        loop.step()


@pytest.fixture
def loop(discs: Tensor) -> Loop:
    return Loop(discs)


def test_learning_rates_and_beta1_are_set_in_the_optimizers(loop: Loop) -> None:
    steps(loop, 2)
    before, rng = everything(loop), torch.get_rng_state()
    left = repairs_of(loop).apply([LR_OF_G, Prescription("beta1", "discriminator", 0.0)], 2)
    assert left == []
    (group,) = loop.optimizers["generator"].param_groups
    assert group["lr"] == pytest.approx(1e-3), "the learning rate was not halved"
    assert loop.optimizers["discriminator"].param_groups[0]["betas"] == (0.0, 0.99)
    assert same(before, everything(loop)), "weights or moments were touched"
    assert torch.equal(rng, torch.get_rng_state())


def test_a_rollback_puts_back_weights_buffers_and_moments_but_keeps_the_learning_rates(loop: Loop) -> None:
    repairs = repairs_of(loop)
    steps(loop, 2)
    repairs.keep(2)
    healthy = everything(loop)
    steps(loop, 2)
    with torch.no_grad():
        loop.generator[1].weight.fill_(math.nan)
    repairs.apply([LR_OF_G, Prescription("rollback", value=1.0)], 4)
    assert same(healthy, everything(loop))
    assert loop.optimizers["generator"].param_groups[0]["lr"] == pytest.approx(1e-3), "it went back too"
    steps(loop, 1)
    repairs.apply([Prescription("rollback", value=1.0)], 5)
    assert same(healthy, everything(loop)), "the copy was trained on"


def test_the_one_before_the_last_can_be_gone_back_to(loop: Loop) -> None:
    repairs, kept = repairs_of(loop), []
    for step in range(1, 4):
        steps(loop, 1)
        repairs.keep(step)
        kept.append(everything(loop))
    assert repairs.healthy_steps == (2, 3), "copies pile up"
    repairs.apply([Prescription("rollback", value=2.0)], 3)
    assert same(kept[1], everything(loop))
    assert repairs.apply([Prescription("rollback", value=3.0)], 3) == by_hand(Prescription("rollback"))
    assert len(kept) == COPIES + 1


def test_a_restart_begins_with_the_weights_of_the_beginning(loop: Loop) -> None:
    with torch.no_grad():
        loop.generator[1].weight.fill_(0.3)  # an initialization of the user's own
    first, repairs = everything(loop), repairs_of(loop)
    steps(loop, 2)
    repairs.keep(2)
    repairs.apply([Prescription("reinitialize"), LR_OF_G], 2)
    assert same(first, everything(loop)), "other weights, or moments of a game that is over"
    assert repairs.healthy_steps == ()


def test_where_only_the_weights_can_be_the_cause_they_are_drawn_anew(loop: Loop) -> None:
    first, repairs, rng = everything(loop), repairs_of(loop), torch.get_rng_state()
    repairs.apply([Prescription("reinitialize")], 7)
    drawn = everything(loop)
    assert not torch.equal(first[0], drawn[0])
    assert torch.equal(rng, torch.get_rng_state()), "random numbers of the training were used"
    repairs.apply([Prescription("reinitialize")], 7)
    assert same(drawn, everything(loop)), "processes of a distributed training would draw other weights"


class Plain(nn.Module):
    """A layer that cannot draw its weights."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs * self.scale


def test_a_coach_that_came_later_says_which_weights_it_cannot_draw(loop: Loop) -> None:
    loop.generator.append(Plain())
    loop.optimizers["generator"] = torch.optim.Adam(loop.generator.parameters(), 1e-3)
    steps(loop, 1)
    (left,) = repairs_of(loop).apply([Prescription("reinitialize"), LR_OF_G], 1)
    assert "Plain" in left


def test_a_treatment_can_be_undone(loop: Loop) -> None:
    repairs = repairs_of(loop)
    with pytest.raises(GanvasError, match="no treatment"):
        repairs.undo()
    steps(loop, 2)
    before = everything(loop)
    repairs.put_aside(Aside(2, 1.0, 32))
    repairs.apply([Prescription("reinitialize"), LR_OF_G, Prescription("beta1", "generator", 0.0)], 2)
    steps(loop, 1)
    repairs.undo()
    assert repairs.aside is None
    assert same(before, everything(loop))
    (group,) = loop.optimizers["generator"].param_groups
    assert (group["lr"], group["betas"]) == (2e-3, (0.5, 0.99))


def test_what_cannot_be_done_is_left_to_the_user_in_words(loop: Loop) -> None:
    orders = [Prescription("loss", name="relativistic"), Prescription("augment", value=0.5)]
    before = everything(loop)
    left = repairs_of(loop).apply(orders, 0)
    assert len(left) == 2
    assert "relativistic loss" in left[0]
    assert "50" in left[1]
    assert same(before, everything(loop))
    only_rates = Repairs({}, loop.optimizers)
    assert only_rates.apply([Prescription("reinitialize")], 0) == ["Begin again with new weights."]


def test_everything_that_can_be_prescribed_has_words() -> None:
    not_for_loops = {"stop", "pace", "extend", "restart_phase"}
    silent = {kind for kind in KINDS if not by_hand(Prescription(kind, "generator", 2.0, "r1"))}
    assert silent == not_for_loops


def test_a_scheduler_is_told(loop: Loop) -> None:
    torch.optim.lr_scheduler.LambdaLR(loop.optimizers["generator"], lambda step: 1.0)
    (left,) = repairs_of(loop).apply([LR_OF_G], 0)
    assert "scheduler" in left
    assert repairs_of(loop).apply([replace(LR_OF_G, network="discriminator")], 0) == []


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        (lambda loop: None, {"lr", "beta1", "rollback", "reinitialize"}),
        (lambda loop: setattr(loop, "generator", None), {"lr", "beta1"}),
        (lambda loop: loop.optimizers.update(generator=torch.optim.SGD(loop.generator.parameters(), 0.1)),
         {"lr", "rollback", "reinitialize"}),
        (lambda loop: loop.optimizers.pop("discriminator"), {"lr", "beta1"}),
    ],
    ids=["all", "no generator", "SGD", "one optimizer"],
)  # fmt: skip
def test_only_what_can_be_done_is_offered(loop: Loop, change: Callable[[Loop], object], kinds: set[str]) -> None:
    change(loop)
    networks = {"generator": loop.generator, "discriminator": loop.discriminator}
    repairs = Repairs({side: each for side, each in networks.items() if each is not None}, loop.optimizers)
    assert repairs.kinds == kinds


def test_a_loop_is_described_by_its_optimizers_and_what_was_done(loop: Loop) -> None:
    loop.optimizers["discriminator"] = torch.optim.SGD(loop.discriminator.parameters(), 0.1)
    config = loop_config(loop.optimizers, LoopSettings("hinge", latent_dim=8), [LR_OF_G])
    assert config.optimizers["generator"].lr == 2e-3, "what stands in the optimizer was counted twice"
    assert config.optimizers["generator"].beta1 == 0.5
    assert config.optimizers["discriminator"].beta1 == 0
    assert (config.loss, config.z_dim) == ("hinge", 8)
    assert loop_config(loop.optimizers, LoopSettings(), [Prescription("loss", name="bce")]).loss == "bce"


@pytest.mark.slow
def test_a_loop_far_too_fast_is_repaired_and_judged(discs: Tensor, tmp_path: Path) -> None:
    loop = Loop(discs, generator_lr=2.0)
    coach = repaired(loop, check_every=20)
    assert coach.prescribe() is None, "a treatment before the first health check"
    given: list[Treatment] = []
    for _ in range(160):
        coach.observe(**loop.step())  # type: ignore[arg-type]
        treatment = coach.prescribe()
        if treatment:
            assert coach.apply(treatment) == []
            assert coach.prescribe() is None, "a second treatment before the first was judged"
            with pytest.raises(GanvasError, match="not due"):
                coach.apply(treatment)
            given.append(treatment)
    assert given, "nothing was prescribed"
    assert loop.optimizers["generator"].param_groups[0]["lr"] < 0.5
    coach.save(tmp_path / "events.jsonl")
    told = examine(tmp_path / "events.jsonl").treatments
    assert [each.treatment.prescriptions for each in told] == [each.prescriptions for each in given]
    assert told[0].outcome, "the treatment was never judged"
    assert {each.kind for event in given for each in event.prescriptions} <= {"lr", "beta1", "reinitialize", "rollback"}


def test_a_coach_that_may_repair_changes_nothing_before_it_does(discs: Tensor) -> None:
    alone, other = Loop(discs), Loop(discs)
    torch.manual_seed(1)
    steps(alone, 6)
    torch.manual_seed(1)
    coach = repaired(other, check_every=2)
    for _ in range(6):
        coach.observe(**other.step())  # type: ignore[arg-type]
        coach.prescribe()
        coach.prescribe(by_hand=True)
    assert same(everything(alone), everything(other))


def test_weights_that_are_not_finite_go_back_to_a_healthy_moment(loop: Loop) -> None:
    coach = repaired(loop)
    assert coach._treatments
    arguments = loop.step()
    coach._treatments.repairs.keep(1)
    healthy = everything(loop)
    with torch.no_grad():
        loop.generator[1].weight.fill_(math.nan)
    coach.observe(arguments["losses"] | {"generator": math.nan})  # type: ignore[operator]
    treatment = coach.prescribe()
    assert treatment
    assert treatment.prescriptions[0].kind == "rollback"
    coach.apply(treatment)
    assert same(healthy, everything(loop))
    coach.observe(**loop.step())  # type: ignore[arg-type]
    assert coach.healthy or coach.verdict, "it cannot go on"
    assert all(bool(each.isfinite().all()) for each in everything(loop))


def test_what_only_the_user_can_do_is_prescribed_where_that_is_wanted(discs: Tensor) -> None:
    loop = Loop(discs)
    coach = loop.coach(check_every=1, dataset_size=10**6, repair=True)
    for _ in range(8):
        loop.step()
        coach.observe(samples=discs[:16], real_logits=torch.ones(8) + torch.rand(8), fake_logits=torch.zeros(8),
                      held_out_logits=torch.zeros(8))  # fmt: skip
    assert coach.verdict
    assert coach.verdict.name == "discriminator memorises"
    assert coach.prescribe() is None, "nothing that it could do, and a reason to end, so early"
    treatment = coach.prescribe(by_hand=True)
    assert treatment
    (left,) = coach.apply(treatment)
    assert left.startswith("Augment")


def test_a_bad_treatment_is_undone_when_it_is_prescribed(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    coach = repaired(loop, check_every=1)
    treatment = Treatment(1, 16, "oscillating", (LR_OF_G,), "", "Halved.", 1)
    for each in (treatment, replace(treatment, outcome="undone")):
        coach.observe(**loop.step())  # type: ignore[arg-type]
        monkeypatch.setattr(treatment_runner, "treatments", lambda *_, each=each: [each])
        due = coach.prescribe()
        assert due == each
        coach.apply(due)
    assert loop.optimizers["generator"].param_groups[0]["lr"] == 2e-3
    assert coach.history[-1] == replace(treatment, outcome="undone", distance=None)


def test_copies_go_through_a_checkpoint(discs: Tensor) -> None:
    one, other = Loop(discs), Loop(discs)
    first = repaired(one)
    assert first._treatments
    beginning = everything(one)
    steps(one, 2)
    first._treatments.repairs.keep(2)
    first._treatments.repairs.put_aside(Aside(2, 1.0, 64))
    healthy = everything(one)
    saved = copy.deepcopy(first.state_dict())
    steps(other, 5)
    second = repaired(other)
    second.load_state_dict(saved)
    assert second._treatments
    assert second._treatments.repairs.aside == Aside(2, 1.0, 64)
    second._treatments.repairs.apply([Prescription("rollback", value=1.0)], 5)
    assert same(healthy, everything(other))
    second._treatments.repairs.undo()
    assert same(healthy, everything(other))
    second._treatments.repairs.apply([Prescription("reinitialize"), LR_OF_G], 5)
    assert same(beginning, everything(other)), "the beginning was forgotten"


def test_a_coach_that_only_watches_refuses(loop: Loop) -> None:
    coach = loop.coach()
    assert "copies" not in coach.state_dict()
    for act in (coach.prescribe, lambda: coach.apply(Treatment(1, 1, "stalled", (LR_OF_G,), "", "", 1))):
        with pytest.raises(GanvasError, match="only watches") as error:
            act()
        assert "repair=True" in error.value.hint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"repair": True}, "nothing that the coach could repair"),
        ({"loss": "bse"}, "bse"),
        ({"penalty": ("r3", 1.0)}, "r3"),
    ],
)
def test_bad_arguments_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(GanvasError, match=message):
        ganvas.Coach(**options)  # type: ignore[arg-type]
