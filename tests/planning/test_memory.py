"""What a training takes of the memory, and the batch that fits."""

from dataclasses import replace

import pytest
from plan_inputs import data_config

from ganvas.config import Config
from ganvas.planning.memory import FLOATS, estimated_bytes, fitting_batch, largest_batch
from ganvas.recipes import RECIPES


def with_every_batch(config: Config, batch: int) -> Config:
    return replace(config, phases=tuple(replace(phase, batch=batch) for phase in config.phases))


def test_dense_layers_keep_a_number_a_unit_and_not_one_a_pixel() -> None:
    config = RECIPES["fc"](data_config(64), 1000)
    pixels, batch = 3 * 64 * 64, config.phases[-1].batch
    weights = (256 * 512 + 512 * 1024 + 1024 * pixels) + (512 * 256 + 512 * pixels)
    activations = 4 * FLOATS * batch * (pixels + 256 + 512 + 1024 + 512 + 256)
    assert estimated_bytes(config) == activations + 16 * weights


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("gigabytes", [0.01, 0.05, 0.25, 1.0, 80.0])
def test_a_batch_is_the_largest_half_that_fits(name: str, gigabytes: float) -> None:
    config = RECIPES[name](data_config(64), 5000)
    memory = int(gigabytes * 2**30)
    batch, usual = fitting_batch(config, memory), largest_batch(config)
    assert batch in {usual >> halvings for halvings in range(9)}
    fits = [estimated_bytes(with_every_batch(config, each)) <= memory / 2 for each in (batch, 2 * batch)]
    assert fits[0] or batch <= 4, "it does not fit, and could be smaller"
    assert batch == usual or not fits[1], "a larger one fits"


def test_less_memory_never_makes_a_larger_batch() -> None:
    config = RECIPES["stylegan2"](data_config(256), 5000)
    batches = [fitting_batch(config, 2**power) for power in range(20, 38)]
    assert batches == sorted(batches)
    assert batches[0] < batches[-1] == largest_batch(config)


def test_a_smaller_batch_takes_less() -> None:
    config = RECIPES["stylegan2"](data_config(256), 1000)
    assert estimated_bytes(with_every_batch(config, 8)) < estimated_bytes(config)
