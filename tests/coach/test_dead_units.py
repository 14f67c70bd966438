"""Dead units: found in networks of any kind, and without side effects."""

import copy

import pytest
import torch
from torch import Tensor, nn

import tiny
from ganvas.coach.measurement.dead_units import ACTIVATIONS, activation_layers, dead_unit_share, dead_units
from ganvas.training.state import new_state

CPU = torch.device("cpu")


def noise(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


class Shown(nn.Module):
    """An activation that lets everything through, before other weights."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.last = nn.Hardtanh(-1e9, 1e9), nn.Linear(1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.relu(x).flatten(1)[:, :1])


def test_a_relu_that_is_never_active_is_dead() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    with torch.no_grad():
        network[0].weight.fill_(1)
        network[0].bias.copy_(torch.tensor([0.0, -1e3, 1e3, 0.0]))
    found = dead_units(network, noise(32, 3))
    assert found["1"].tolist() == [False, True, False, False], "one that is always on still varies"
    assert dead_unit_share(network, noise(32, 3)) == 0.25


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_a_unit_that_does_not_vary_is_dead_behind_any_activation(kind: type[nn.Module]) -> None:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Conv2d(2, 5, 3, padding=1), kind(), nn.Conv2d(5, 1, 3))
    with torch.no_grad():
        network[0].weight[3] = 0
        network[0].bias[3] = 30
    assert dead_units(network, noise(8, 2, 6, 6))["1"].tolist() == [False, False, False, True, False]


def test_the_last_activation_is_the_output_and_has_no_units() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(), nn.Linear(4, 2), nn.Tanh(), nn.Unflatten(1, (2, 1)))
    assert list(dead_units(network, noise(8, 3))) == ["1"]
    assert dead_unit_share(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), noise(8, 3)) == 0, "a network without units"


def test_a_layer_that_runs_twice_is_dead_where_it_is_dead_both_times() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu, self.last = nn.ReLU(), nn.Linear(2, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(self.relu(x * torch.tensor([1.0, 0.0])) + self.relu(x * 0))

    assert dead_units(Twice(), noise(8, 2))["relu"].tolist() == [False, True]


def dead_by_all(values: Tensor) -> list[bool]:
    """Return which units (B, units, ...) hardly vary, by looking at all values of each."""
    limit = 1e-6 * values.square().mean().sqrt()
    return [bool((unit - unit[0]).square().mean().sqrt() <= limit) for unit in values.unbind(1)]


@pytest.mark.parametrize("shape", [(8, 5), (8, 5, 3), (8, 5, 4, 6), (2, 5, 4, 6)])
def test_units_that_vary_late_are_alive(shape: tuple[int, ...]) -> None:
    """Most are known to vary from the first two samples, and the others must be looked at in full."""
    values = noise(*shape)
    values[:2, 1] = 3.0  # varies from the third sample on
    values[:, 2] = 7.0
    values[:, 3] = 7.0 + 1e-7 * noise(*shape)[:, 3]
    values[-1, 4] += 1e-3
    values[:-1, 4] = values[:1, 4]  # varies at the end only
    found = dead_units(Shown(), values)["relu"].tolist()
    assert found == dead_by_all(values)
    assert found == [False, len(values) == 2, True, True, False]
    assert dead_units(Shown(), values[:, :1])["relu"].tolist() == [False]


def test_numbers_that_are_none_are_not_called_dead() -> None:
    values = noise(8, 3, 4)
    values[2, 1] = float("nan")
    assert dead_units(Shown(), values)["relu"].tolist() == [False, False, False]


@pytest.mark.parametrize("recipe", tiny.GANS)
def test_fresh_networks_are_alive_and_every_hidden_unit_is_counted(recipe: str) -> None:
    config = tiny.config(recipe)
    state = new_state(config, CPU)
    for network, inputs in (
        (state.networks.generator, noise(16, config.z_dim)),
        (state.networks.discriminator, noise(16, *config.shape)),
    ):
        found = dead_units(network, inputs)
        assert len(found) >= 2
        assert not torch.cat(list(found.values())).any()


def test_measuring_has_no_side_effects() -> None:
    torch.manual_seed(3)
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(), nn.Linear(4, 2))
    before, drawn = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    dead_unit_share(network, noise(8, 3))
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items()), "statistics moved"
    assert torch.equal(torch.get_rng_state(), drawn), "dropout used up the training's random numbers"
    assert not network[2]._forward_hooks


def test_the_modules_that_ran_before_a_layer_are_named() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
    assert [layer.weight_modules for layer in activation_layers(network, noise(8, 3))] == [("0", "1"), ("3",)]
