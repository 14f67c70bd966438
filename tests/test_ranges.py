"""Numbers in a config.json that nobody trains with: refused where the file is read, before anything is built."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tiny
from ganvas.config import Config
from ganvas.errors import GanvasError
from ganvas.recipes import RECIPES
from ganvas.runs import Run


def edited(run: Run, *path: Any, value: Any) -> None:
    record = json.loads(run.config_file.read_text())
    target = record
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    run.config_file.write_text(json.dumps(record))


def saved(folder: Path, config: Config) -> Run:
    run = Run(folder)
    run.write_config(config)
    return run


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_is_written_can_be_read(recipe: str, tmp_path: Path) -> None:
    config = tiny.config(recipe, seed=2**70)
    assert saved(tmp_path / "run", config).read_config() == config
    some = replace(config, data=replace(config.data, aspect=(0.8, 1.25), limit=3000, limit_seed=2**70))
    assert saved(tmp_path / "run", some).read_config() == some


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("generator", "widths"), []),
        (("generator", "widths"), [2**70]),
        (("generator", "widths"), [8] * 1000),
        (("discriminator", "widths"), []),
        (("discriminator", "widths"), [-1]),
        (("data", "height"), -5),
        (("data", "width"), 10**9),
        (("data", "channels"), 2),
        (("data", "aspect"), [1.0]),
        (("data", "aspect"), [2.0, 1.0]),
        (("data", "aspect"), [-1.0, 1.0]),
        (("data", "value_range"), [0.0]),
        (("data", "limit"), 0),
        (("z_dim",), -1),
        (("held_out",), -1),
        (("phases",), []),
        (("phases", 0, "batch"), -4),
        (("phases", 0, "time_share"), float("nan")),
        (("phases", 0, "steps"), 10**30),
        (("balance", "n_critic"), 0),
        (("balance", "grad_accum_steps"), 0),
        (("optimizers", "generator", "lr"), -1),
        (("optimizers", "generator", "lr"), 10**400),
        (("optimizers", "generator", "beta2"), 2),
        (("ema_half_life",), float("inf")),
        (("penalty", "interval"), 0),
        (("balance", "pac"), 0),
        (("phases", 0, "time_share"), 0),
        (("class_counts",), [1, 2]),
    ],
    ids=str,
)
def test_numbers_that_nobody_trains_with_are_refused(path: tuple[Any, ...], value: Any, tmp_path: Path) -> None:
    run = saved(tmp_path / "run", tiny.config())
    edited(run, *path, value=value)
    with pytest.raises(GanvasError, match=r"config\.json") as caught:
        run.read_config()
    assert caught.value.hint


@pytest.mark.parametrize(
    ("recipe", "path", "value"),
    [
        ("vae", ("encoder", "widths"), [2**20]),
        ("vae", ("encoder", "widths"), []),
        ("quick", ("autoencoder", "encoder", "widths"), [8] * 100),
        ("quick", ("autoencoder", "prior_batch"), 2**40),
        ("quick", ("autoencoder", "max_codes"), 0),
        ("stylegan2", ("stylegan", "pl_interval"), 0),
    ],
    ids=str,
)
def test_so_are_those_of_the_networks_of_single_recipes(
    recipe: str, path: tuple[Any, ...], value: Any, tmp_path: Path
) -> None:
    run = saved(tmp_path / "run", tiny.config(recipe))
    edited(run, *path, value=value)
    with pytest.raises(GanvasError, match=r"config\.json"):
        run.read_config()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("factor", 3),
        ("factor", 2**40),
        ("views", 0),
        ("views", 1000),
        ("upsampler", {"name": "residual", "widths": [2**20] * 4}),
        ("upsampler", {"name": "residual", "widths": []}),
        ("discriminator", {"name": "dcgan", "widths": [0]}),
        ("penalty", {"name": "r1", "gamma": 1.0, "interval": 0}),
    ],
    ids=str,
)
def test_so_are_those_of_an_upsampling(name: str, value: Any, tmp_path: Path) -> None:
    config = tiny.upsampled()
    run = saved(tmp_path / "run", config)
    assert run.read_config() == config
    edited(run, "upsampling", name, value=value)
    with pytest.raises(GanvasError, match=r"config\.json"):
        run.read_config()


@pytest.mark.parametrize("counts", [[-1, 2], [0, 0], [1], [1, 2, 3]])
def test_classes_have_a_count_each_and_some_picture(counts: list[int], tmp_path: Path) -> None:
    config = tiny.config(classes=("a", "b"), class_counts=(0, 2))
    run = saved(tmp_path / "run", config)
    assert run.read_config() == config
    edited(run, "class_counts", value=counts)
    with pytest.raises(GanvasError, match="class_counts"):
        run.read_config()
