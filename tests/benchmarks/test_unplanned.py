"""The catalogue of sicknesses that nobody planted must be what it says, and keep its unseen half to itself."""

import json
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import catalogues
import galleries
import missteps
import planting
import rescue
import tally
import tiny
import unplanned
from ganvas.coach.diagnosis.diagnoses import DIAGNOSES, HEALTHY_VERDICTS
from ganvas.config import DataConfig
from ganvas.data.loader import Loader
from ganvas.event_log import to_json
from ganvas.events import HealthCheck
from ganvas.models import build_discriminator, build_generator
from ganvas.planning.budget import with_images
from ganvas.training import phases
from ganvas.training.state import new_state

PICTURES = DataConfig("pictures", 16, 16, 1)
SICK = [case for case in unplanned.CASES if case.sick]
SOUND = [case for case in unplanned.CASES if not case.sick]
CPU = torch.device("cpu")


def configured(case, count=997):
    return unplanned.configure(case, SimpleNamespace(count=count, fingerprint=""), PICTURES, "watch")


def test_the_catalogue_is_as_large_as_it_says_and_half_of_it_is_kept_aside():
    assert len({case.name for case in unplanned.CASES}) == len(unplanned.CASES), "a result would stand for two cases"
    assert (len(SICK), len(SOUND)) == (61, 34)
    assert sum(case.aside for case in SICK) == 30
    assert {case.alike for case in SICK} <= {case.alike for case in SOUND if not case.fault.wild}, "with what then?"
    for wild in (True, False):
        group = [case for case in SOUND if case.fault.wild == wild]
        assert sum(case.aside for case in group) == len(group) // 2


def test_right_names_are_verdicts_and_plants_are_known():
    for case in SICK:
        assert case.fault.right - {"too slow"} <= set(DIAGNOSES) - HEALTHY_VERDICTS, f"{case.name}: cannot be right"
        assert case.fault.during in planting.PLANTS
        assert case.fault.spoil in {*planting.SPOILT, "mixed"}


@pytest.mark.parametrize("case", unplanned.CASES, ids=lambda case: case.name)
def test_a_case_is_healthy_but_for_its_fault_and_its_networks_can_be_built(case):
    found = configured(case)
    healthy = configured(replace(case, fault=unplanned.HEALTHY))
    elsewhere = (
        case.fault.spoil != "whole" or case.fault.during or case.fault.kind in ("healthy", "projected on digits")
    )
    assert (found == healthy) <= bool(elsewhere), "nothing is wrong with it"
    images = sum(phase.steps * phase.batch for phase in found.phases)
    assert images == pytest.approx(case.images, rel=0.02)
    assert build_discriminator(found) is not None
    assert build_generator(found) is not None


@pytest.mark.parametrize("recipe", unplanned.SETTINGS)
def test_rates_batches_and_widths_are_those_of_the_setting_whatever_the_recipe_says(recipe):
    case = next(case for case in unplanned.CASES if case.recipe == recipe)
    found, setting = configured(replace(case, fault=unplanned.HEALTHY)), unplanned.SETTINGS[recipe]
    assert found.optimizers == setting.optimizers
    assert {phase.batch for phase in found.phases} - {0} == {setting.batch}
    assert found.generator.widths == setting.widths[0]


def test_the_lessons_discriminator_has_no_norm_and_the_usual_convolutions():
    found = missteps.no_norm(tiny.config("dcgan"))
    plain, usual = build_discriminator(found), build_discriminator(tiny.config("dcgan"))
    norms, convolutions = ([[m for m in each.modules() if isinstance(m, kind)] for each in (plain, usual)]
                           for kind in (nn.BatchNorm2d, nn.Conv2d))  # fmt: skip
    assert not norms[0]
    assert norms[1]
    assert len(convolutions[0]) == len(convolutions[1])


def test_changes_of_settings_change_what_they_say_alone():
    usual = tiny.config("quick")
    found = missteps.batch(8)(usual)
    assert [phase.batch for phase in found.phases] == [8 if phase.batch else 0 for phase in usual.phases]
    found = missteps.betas(0.95)(usual)
    assert {each.beta1 for each in found.optimizers.values()} == {0.95}
    assert [each.lr for each in found.optimizers.values()] == [each.lr for each in usual.optimizers.values()]
    assert missteps.wider(10)(usual).discriminator.widths == tuple(10 * w for w in usual.discriminator.widths)


def take_steps(config, pictures, steps):
    state, loader = new_state(config, CPU), Loader(tiny.prepared(pictures), config.seed)
    for _ in range(steps):
        phases.take_step(config.phases[0], state, config, loader)
    return state


def test_a_clipped_critic_stays_clipped(pictures):
    config = with_images(tiny.config("residual", coach="off"), 20 * 8)
    with missteps.after_each_step(missteps.clip_weights):
        clipped = take_steps(config, pictures, 2)
    free = take_steps(config, pictures, 2)
    networks = [state.networks.discriminator for state in (clipped, free)]
    sizes = [max(float(w.detach().abs().max()) for w in each.parameters() if w.ndim > 1) for each in networks]
    assert sizes[0] <= missteps.CLIP + 1e-8 < sizes[1]


def test_rates_change_from_their_share_on_and_only_those_that_are_named():
    config = with_images(tiny.config("dcgan"), 400)
    state = new_state(config, CPU)
    with missteps.later(0.5, generator=40.0)(config):
        for state.counters.step in range(config.steps):
            phases.set_learning_rates(state, config, 1.0)
            late = state.counters.step >= config.steps / 2
            rates = {name: each.param_groups[0]["lr"] for name, each in state.optimizers.items()}
            assert rates["generator"] == pytest.approx(config.optimizers["generator"].lr * (40 if late else 1))
            assert rates["discriminator"] == pytest.approx(config.optimizers["discriminator"].lr)


def test_a_schedule_ends_the_penalty_at_half_time():
    config = with_images(tiny.config("residual"), 400)
    with missteps.penalty_that_ends(0.5):
        early, late = (phases.config_at_step(config, step) for step in (0, config.steps - 1))
    assert early.penalty == config.penalty
    assert late.penalty.gamma == pytest.approx(config.penalty.gamma / 1000)


def test_bright_pictures_are_lost_and_the_number_is_kept():
    pictures = np.arange(90, dtype=np.uint8)[:, None, None, None].repeat(16, 2).repeat(16, 3)
    data = SimpleNamespace(images=pictures, labels=None, count=90)
    images, labels = missteps.DarkLoader(Loader(data, 0)).batch(5, 64)
    assert images.shape == (64, 1, 16, 16)
    assert labels is None
    assert 55 <= int(images.max()) <= 62, "the brightest third still comes, or more than it is lost"


def test_a_generator_dies_under_its_average():
    state = new_state(tiny.config("dcgan"), CPU)
    planting.kill_units(state, averaged=False)
    alive, dead = (each.layers[1].bias for each in (state.networks.g_ema, state.networks.generator))
    assert not alive.detach().lt(-1).any()
    assert dead.detach().lt(-1).any()


def test_a_third_is_of_another_kind(tmp_path):
    for data, value in (("mnist", 1), ("clothes", 200)):
        (tmp_path / "sets").mkdir(exist_ok=True)
        noise = np.random.default_rng(0).integers(0, 40, (60, 16, 16), np.uint8)
        np.save(tmp_path / "sets" / f"{data}-whole.npy", noise + np.uint8(value))
    found = planting.load("mnist", "mixed", tmp_path, tmp_path)[0].images
    assert len(found) == 90
    assert (np.asarray(found).reshape(90, -1).min(1) >= 200).sum() == 30


def test_a_missing_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(galleries, "ICONS", tmp_path / "icons")
    monkeypatch.setattr(galleries, "PACKAGES", {tmp_path / "icons": "oxygen-icon-theme"})
    with pytest.raises(SystemExit, match="apt-get install oxygen-icon-theme"):
        galleries.whole("icons", 16, Path())


def row(case, mode, distance, *names, treatments=()):
    told = [(1000 * number, name, 1.0) for number, name in enumerate(names)]
    common = {"case": case.name, "mode": mode, "budget": 9000, "images": 9000, "ended": "finished", "wall": 1.0}
    return common | {"frechet": distance, "verdicts": told, "noticed": None, "treatments": list(treatments)}


def test_harm_and_wagers_are_counted_over_all_runs():
    cases = [*SICK[:2], *SOUND[:2]]
    changes = [math.inf, 1.2, 1.05, 1.0]
    made = [[5, "stalled", "", "", ["lr"]], [9, "stalled", "undone", "", ["lr"]], [9, "stalled", "", "", ["stop"]]]
    rows = [row(case, "watch", 100.0, "healthy") for case in cases]
    rows += [row(case, "act", 100 * times, "healthy") for case, times in zip(cases, changes, strict=True)]
    rows[4]["treatments"] = made
    found = tally.outcomes(cases, rows, everything=unplanned.CASES)
    lines = list(tally.harm({"all": found}))
    assert lines[2] == "| all, sick and healthy | 2 of 4 (50%) | 3 of 4 (75%) | ∞ | 1 | 0 | 0 | 1 |"
    assert lines[4] == "| all, healthy and wild | 2 of 2 (100%) | 2 of 2 (100%) | 1.05 | 0 | 0 | 0 | 0 |"


def test_a_wreck_that_stays_a_wreck_was_not_harmed():
    both = [row(SICK[0], mode, math.inf, "diverging") for mode in ("watch", "act")]
    assert tally.outcomes(SICK[:1], both, everything=unplanned.CASES)[0].change == 1


@pytest.fixture
def places(tmp_path):
    return catalogues.Places(catalogues.CATALOGUES["unplanned"], tmp_path, tmp_path / "work", tmp_path / "results")


def watched(places, case, distances):
    """Record a watched run of a case with these feature distances at its looks."""
    folder = places.run(case, "watch").events_file
    folder.parent.mkdir(parents=True)
    checks = [
        HealthCheck(200 * n, 6400 * n, n / 10, "adversarial", {"feature_distance": value, "finite": 1.0})
        for n, value in enumerate(distances, 1)
    ]
    folder.write_text("".join(f"{to_json(check)}\n" for check in checks))
    places.results.mkdir(exist_ok=True)
    with places.file(case).open("a") as file:
        file.write(json.dumps(row(case, "watch", 100.0, "healthy")) + "\n")


def test_a_run_that_would_be_left_alone_is_copied_and_others_are_not(places):
    watched(places, SOUND[0], [1.0, 0.5, 0.3, 0.2])
    watched(places, SICK[0], [1.0, 0.2, 3.0, 3.1, 3.2, 3.3])
    found = rescue.copied(SOUND[0], places)
    assert (found["mode"], found["copied"], found["frechet"], found["treatments"]) == ("act", True, 100.0, [])
    assert rescue.copied(SICK[0], places) is None, "the coach would have acted"
    assert rescue.copied(SICK[1], places) is None, "it was never watched"


def test_of_the_unseen_half_only_totals_are_told(places):
    seen, unseen = (next(case for case in SICK if case.aside == aside) for aside in (False, True))
    for case in (seen, unseen):
        watched(places, case, [1.0, 0.2, 3.0, 3.1, 3.2, 3.3])
    assert unseen.name not in (places.results / "unplanned.jsonl").read_text()
    for tell in (rescue.recorded, rescue.anew):
        text = "\n".join(tell([seen, unseen], places, False))
        assert seen.name in text
        assert unseen.name not in text
        assert "all, sick | " in text
        assert unseen.name in "\n".join(tell([seen, unseen], places, True))
    assert rescue.chosen(unplanned.CASES, "tuned", unseen.name) == []
