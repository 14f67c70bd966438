"""Layers as people name them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganvas.errors import GanvasError
from ganvas.latents.layers import GROUPS, group, parse_layers


@given(st.integers(3, 40))
def test_each_layer_is_in_one_group(num_ws: int) -> None:
    grouped = [layer for name in GROUPS for layer in group(name, num_ws)]
    assert grouped == list(range(num_ws))
    assert max(len(group(name, num_ws)) for name in GROUPS) - len(group("fine", num_ws)) <= 1
    assert parse_layers("all", num_ws) == tuple(grouped) == parse_layers(",".join(GROUPS), num_ws)


def test_layers_are_named_by_groups_and_numbers() -> None:
    assert parse_layers("coarse", 8) == (0, 1, 2)
    assert parse_layers("Fine", 8) == (6, 7)
    assert parse_layers(" 5, 0-2 ,1", 8) == (0, 1, 2, 5)
    assert parse_layers("fine,0", 12) == (0, 8, 9, 10, 11)
    assert parse_layers("all", 1) == (0,)


@pytest.mark.parametrize("text", ["", ",", "8", "0-8", "5-2", "-1", "corse", "1.5", "0x1", "9" * 50, "0-", "²"])
def test_what_is_no_layer_is_refused(text: str) -> None:
    with pytest.raises(GanvasError, match="There are no layers") as caught:
        parse_layers(text, 8)
    assert "--layers" in caught.value.hint


@pytest.mark.parametrize("text", ["0", "coarse", "middle"])
def test_a_picture_of_one_latent_has_no_layers(text: str) -> None:
    with pytest.raises(GanvasError, match="from one latent") as caught:
        parse_layers(text, 1)
    assert "stylegan2" in caught.value.hint


@given(st.text(max_size=12), st.integers(1, 20))
def test_anything_else_is_an_error_and_never_a_crash(text: str, num_ws: int) -> None:
    with contextlib.suppress(GanvasError):
        found = parse_layers(text, num_ws)
        assert found == tuple(sorted(set(found)))
        assert set(found) <= set(range(num_ws))
