"""What the benchmarks count must be countable by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import digits
import modes
import planting
import sickness
import tally
import tiny
from ganvas.coach.diagnosis.diagnoses import DIAGNOSES, HEALTHY_VERDICTS
from ganvas.config import DataConfig
from ganvas.data.loader import Loader
from ganvas.events import HealthCheck, Verdict
from ganvas.planning.budget import with_images
from ganvas.planning.schedule import progress
from ganvas.training import phases, session
from ganvas.training.state import new_state


def test_an_even_hit_of_all_modes_has_no_divergence():
    assert modes.coverage(np.full(8, 5), np.ones(8)) == modes.Coverage(8, 0.0)


def test_half_of_the_modes_diverge_by_the_logarithm_of_two():
    found = modes.coverage(np.array([3, 3, 0, 0]), np.full(4, 100))
    assert found.modes == 2, "a mode without samples was counted as found"
    assert found.kl == pytest.approx(np.log(2)), "unused modes must cost what they leave to the others"


def test_divergence_is_of_the_samples_from_the_truth_and_not_the_other_way_round():
    found = modes.coverage(np.array([3, 1]), np.array([1, 1]))
    assert found.kl == pytest.approx(0.75 * np.log(1.5) + 0.25 * np.log(0.5))


def test_proportions_that_are_as_uneven_as_the_truth_do_not_diverge():
    assert modes.coverage(np.array([30, 10]), np.array([3.0, 1.0])).kl == pytest.approx(0)


def test_a_hit_in_a_mode_that_never_comes_is_infinitely_wrong():
    assert modes.coverage(np.array([1, 1]), np.array([2, 0])).kl == np.inf


@pytest.mark.parametrize("counts", [np.zeros(3, int), np.ones(2, int)], ids=["no samples", "other modes"])
def test_a_count_of_nothing_or_of_something_else_is_refused(counts):
    with pytest.raises(ValueError, match="counted"):
        modes.coverage(counts, np.ones(3))


def test_a_perfect_sampler_scores_as_low_as_the_docstring_says():
    counts = np.random.default_rng(0).multinomial(26_000, np.full(1000, 0.001))
    found = modes.coverage(counts, np.ones(1000))
    assert found.modes == 1000
    assert found.kl == pytest.approx(999 / 52_000, rel=0.1)


def test_three_digits_read_as_one_number():
    counts = modes.stack_modes(np.array([[0, 0, 7], [1, 2, 3], [1, 2, 3], [9, 9, 9]], np.uint8))
    assert counts.shape == (1000,)
    assert {int(mode): int(counts[mode]) for mode in counts.nonzero()[0]} == {7: 1, 123: 2, 999: 1}


def test_the_ring_and_the_square_have_the_published_centres():
    assert np.allclose(np.linalg.norm(modes.ring(8), axis=1), 1)
    assert np.allclose(modes.ring(8)[2], [0, 1])
    centres = modes.square(5)
    assert sorted(set(centres.ravel())) == [-4, -2, 0, 2, 4]
    assert len({tuple(centre) for centre in centres}) == 25


def test_points_beyond_the_radius_have_no_mode_and_those_on_it_do():
    points = np.array([[0.0, 0.0], [0.3, 0.0], [0.31, 0.0], [2.0, 0.1], [1.0, 0.0]])
    counts = modes.nearest_modes(points, np.array([[0.0, 0.0], [2.0, 0.0], [9.0, 9.0]]), 0.3)
    assert counts.tolist() == [2, 1, 0], "0.31 and 1 are too far from anything"


def test_the_stacks_are_always_the_same_and_use_each_digit_once_in_each_channel():
    chosen = digits.stacking(1000)
    assert np.array_equal(chosen, digits.stacking(1000))
    assert np.array_equal(np.sort(chosen, axis=0), np.arange(1000)[:, None].repeat(3, axis=1))
    pictures = np.arange(1000, dtype=np.uint16)[:, None, None].repeat(2, axis=1)
    assert np.array_equal(digits.stack(pictures, chosen)[5, 1, 0], chosen[5]), "a digit came into another channel"


def test_missing_digits_are_named(tmp_path):
    with pytest.raises(SystemExit, match=r"t10k-images-idx3-ubyte.*\n.*--mnist"):
        digits.load_digits(tmp_path, "test")


def test_the_catalogue_has_every_fault_twice_and_enough_healthy_runs():
    sick = [case for case in sickness.CASES if case.sick]
    assert len({case.name for case in sickness.CASES}) == len(sickness.CASES), "a result would stand for two cases"
    assert len(sick) >= 44
    assert len(sickness.CASES) - len(sick) >= 20
    assert min(len(fault.pairs) for fault in sickness.FAULTS) >= 2
    assert {(case.data, case.recipe) for case in sick} == set(sickness.PAIRS)
    assert {case.alike for case in sick} <= {case.alike for case in sickness.CASES if not case.sick}, "with what then?"
    for group in (sick, [case for case in sickness.CASES if not case.sick]):
        assert sum(case.aside for case in group) == len(group) // 2


def test_right_names_are_verdicts_and_plants_are_known():
    for fault in sickness.FAULTS:
        assert fault.right <= set(DIAGNOSES) - HEALTHY_VERDICTS, f"{fault.kind}: no verdict can be right"
        assert fault.spoil in planting.SPOILT
        assert fault.during in planting.PLANTS


@pytest.mark.parametrize("case", sickness.CASES, ids=lambda case: case.name)
def test_a_sick_configuration_differs_from_the_healthy_one_by_its_fault_alone(case):
    data = SimpleNamespace(count=997, fingerprint="")
    pictures = DataConfig("pictures", 16, 16, 1)
    found = sickness.configure(case, data, pictures, "watch")
    healthy = sickness.configure(
        replace(case, fault=replace(sickness.HEALTHY, small=case.fault.small)), data, pictures, "watch"
    )
    planted_elsewhere = not case.sick or case.fault.spoil != "whole" or case.fault.during
    assert (found == healthy) == bool(planted_elsewhere)
    changed = {field for field in vars(found) if getattr(found, field) != getattr(healthy, field)}
    assert changed <= {"optimizers", "discriminator", "penalty", "phases", "loss", "z_dim"}


@pytest.mark.parametrize(("spoil", "count", "different"), [("50", 50, 50), ("one", 1000, 1), ("ten", 1000, 10)])
def test_spoilt_pictures(spoil, count, different):
    pictures = np.arange(300 * 4, dtype=np.uint32).astype(np.uint8).reshape(300, 1, 2, 2)
    pictures[:, 0, 0, 0], pictures[:, 0, 0, 1] = np.arange(300) % 256, np.arange(300) // 256
    found = planting.SPOILT[spoil](pictures)
    assert found.shape == (count, 1, 2, 2)
    assert len(np.unique(found.reshape(count, -1), axis=0)) == different


def test_half_of_the_pictures_turn_black():
    found = planting.SPOILT["black"](np.full((100, 3, 2, 2), 7, np.uint8))
    assert (found.reshape(100, -1).max(1) == 0).sum() == 50
    assert set(np.unique(found)) == {0, 7}, "pictures were changed in another way"


def told(*names):
    return [(1000 * number, name, 1.0) for number, name in enumerate(names)]


def test_alarms_count_from_the_onset_of_the_fault():
    verdicts = told("warming up", "oscillating", "healthy", "diverging")
    assert [each[1] for each in tally.alarms(verdicts)] == ["oscillating", "diverging"]
    assert [each[1] for each in tally.alarms(verdicts, 1500)] == ["diverging"]
    assert tally.longest(verdicts, 0, 9000) == "diverging"
    assert tally.longest(verdicts, 0, 3500) == "oscillating"
    assert tally.longest(told("warming up", "healthy"), 0, 9000) is None


def test_outcomes_are_counted_as_said():
    case = next(case for case in sickness.CASES if case.sick and case.fault.curable and not case.fault.onset)
    sound = [each for each in sickness.CASES if not each.sick and each.alike == case.alike][:3]
    right = min(case.fault.right)

    def row(case, mode, distance, *names):
        common = {"case": case.name, "mode": mode, "kind": case.fault.kind, "data": case.data, "recipe": case.recipe}
        common |= {"budget": 9000, "images": 9000, "treatments": []}
        return common | {"frechet": distance, "verdicts": told(*names)}

    rows = [row(each, "watch", 90 + 10 * number, "healthy") for number, each in enumerate(sound)]
    rows += [row(each, "act", 100, "healthy") for each in sound]
    rows += [row(case, "watch", 300, "healthy"), row(case, "act", 124, "warming up", right)]
    found = {each.case.name: each for each in tally.outcomes(sickness.CASES, rows)}
    sick = found[case.name]
    assert (sick.healthy, sick.noticed[0], sick.named, sick.harmed, sick.rescued) == (100, 1000, True, True, True)
    assert not any(each.noticed for name, each in found.items() if name != case.name)
    text = "\n".join([*tally.table(list(found.values())), *tally.totals(list(found.values()))])
    assert "1 of 1 (100%) | 1 of 1 (100%) | 1 of 1 (100%) | 1 of 1 (100%) | 0 of 1 (0%)" in text
    assert "0 of 3 (0%) false alarms; with treatment at worst 1.111" in text


def test_a_replay_hears_only_what_was_measured():
    signs = [HealthCheck(step, 32 * step, step / 100, "adversarial", {}) for step in (10, 20)]
    false = Verdict(10, 320, "diverging", 1.0, (), "", "")
    found = tally.replayed([signs[0], false, signs[1]])
    assert [name for _, name, _ in found] != ["diverging"], "the verdict of then was taken for one of today's rules"
    assert found[0][0] == 320


def test_accidents_happen_once_and_are_over(pictures):
    config = tiny.config("dcgan", coach="off")
    config = with_images(config, 20 * 8)
    state = new_state(config, torch.device("cpu"))
    loader = Loader(tiny.prepared(pictures), config.seed)
    struck = []

    def strike(state):
        struck.append((state.counters.step, first_weights(state)))
        return lambda: struck.append(("after", first_weights(state)))

    with planting.once_at(0.5, strike):
        for step in (0, 9, 10, 11, 5, 12):
            state.counters.step = step
            phases.take_step(config.phases[0], state, config, loader)
            assert state.counters.step == step + 1, "a step was left out"
    assert [when for when, _ in struck] == [10, "after"], (
        "it must happen before half-time's step, and not again after a way back"
    )
    assert not torch.equal(struck[0][1], struck[1][1]), "no step was taken in between"


def first_weights(state):
    return next(state.networks.discriminator.parameters()).detach().clone()


def test_rates_jump_for_good():
    config = with_images(tiny.config("quick"), 400)
    usual, state = phases.set_learning_rates, new_state(config, torch.device("cpu"))
    with planting.jumping_rates():
        for state.counters.step in range(config.steps):
            phases.set_learning_rates(state, config, 0.5)
            times = 50 if progress(config, state.counters.step) >= 0.5 else 1
            for name, optimiser in state.optimizers.items():
                wanted = 0.5 * times * config.optimizers[name].lr
                assert optimiser.param_groups[0]["lr"] == pytest.approx(wanted)
    assert phases.set_learning_rates is usual


def test_wild_weights_are_the_first_ones_only():
    config = tiny.config("residual")
    with planting.wild_weights(config):
        state = session.new_state(config, torch.device("cpu"))
    wild = torch.cat([each.flatten() for each in state.networks.generator.parameters() if each.ndim > 1]).detach()
    assert float(wild.std()) == pytest.approx(0.5, rel=0.05)
    for ours, averaged in zip(state.networks.generator.parameters(), state.networks.g_ema.parameters(), strict=True):
        assert torch.equal(ours, averaged), "the average would begin elsewhere"
    assert float(next(new_state(config, torch.device("cpu")).networks.discriminator.parameters()).detach().std()) != 0.5


def test_dead_units_put_out_nothing_and_get_no_gradient():
    state = new_state(tiny.config("dcgan"), torch.device("cpu"))
    planting.kill_units(state)
    layers = state.networks.generator.layers
    hidden = layers[:3](torch.randn(16, 8, 1, 1))
    alive = hidden.flatten(2).amax((0, 2)) > 0
    assert int(alive.sum()) <= 1, "more than a twentieth of the units is alive"
    hidden.sum().backward()
    assert not layers[1].bias.grad[~alive].any()


def test_poison_spoils_one_step():
    state = new_state(tiny.config("dcgan"), torch.device("cpu"))
    after = planting.poison(state)
    state.networks.generator(torch.randn(4, 8)).sum().backward()
    assert any(each.grad.isnan().any() for each in state.networks.generator.parameters())
    after()
    state.networks.generator.zero_grad()
    state.networks.generator(torch.randn(4, 8)).sum().backward()
    assert not any(each.grad.isnan().any() for each in state.networks.generator.parameters())
