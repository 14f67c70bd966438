"""Exported networks do what the trained ones do."""

import json
from pathlib import Path

import exported
import pytest
import torch
from torch import Tensor, nn

from ganvas.errors import GanvasError
from ganvas.image_io import to_uint8
from ganvas.interop.exporting.cost import cost_of
from ganvas.interop.exporting.generators import halves, whole
from ganvas.interop.exporting.onnx_file import onnx_runner, to_onnx
from ganvas.interop.exporting.parity import TOLERANCE, check, largest_difference
from ganvas.interop.exporting.precision import to_int8
from ganvas.interop.exporting.simplify import MatrixPool
from ganvas.interop.exporting.torchscript import to_torchscript, torchscript_runner


@pytest.mark.parametrize(("recipe", "kind"), exported.CASES)
def test_onnx_draws_what_the_trained_network_draws(recipe: str, kind: str, tmp_path: Path) -> None:
    exported.needs_onnx()
    model = exported.model(tmp_path / "run", recipe, kind)
    graph = whole(model)
    run = onnx_runner(to_onnx(graph), graph)
    assert largest_difference(graph, run) < TOLERANCE, "the exported network draws something else"
    inputs = graph.example(5, 0)
    images = run(inputs)
    assert images.std() > 0.01, "it draws nothing, so that nothing was compared"
    drawn = to_uint8(model.network.sample(inputs[0], inputs[2] if model.config.classes else None, 1.0))
    levels = (255 * images).round().to(torch.uint8)
    assert (levels.int() - drawn.int()).abs().max() <= 1, "round(255 * images) are not the bytes that are sampled"
    truncated = run((inputs[0], torch.tensor(0.2), *inputs[2:]))
    assert (truncated - images).abs().max() > 1e-3, "truncation is no input: it became a constant"


@pytest.mark.parametrize(("recipe", "kind"), [("stylegan2", exported.RGBA_AND_CLASSES), ("keen", "plain")])
def test_mapping_and_synthesis_are_the_two_halves(recipe: str, kind: str, tmp_path: Path) -> None:
    exported.needs_onnx()
    model = exported.model(tmp_path / "run", recipe, kind)
    mapping, synthesis = halves(model)
    runs = [onnx_runner(to_onnx(graph), graph) for graph in (mapping, synthesis)]
    assert largest_difference(mapping, runs[0]) < TOLERANCE
    assert largest_difference(synthesis, runs[1]) < TOLERANCE
    inputs = mapping.example(3, 1)
    both = runs[1]((runs[0](inputs),))
    assert (both - whole(model).expected(*inputs)).abs().max() < TOLERANCE, "in a row they are not the whole"


@pytest.mark.parametrize(("recipe", "kind"), exported.CASES[1::2])
def test_torchscript_draws_what_the_trained_network_draws(recipe: str, kind: str, tmp_path: Path) -> None:
    graph = whole(exported.model(tmp_path / "run", recipe, kind))
    assert largest_difference(graph, torchscript_runner(to_torchscript(graph))) < TOLERANCE


def test_the_file_says_what_goes_in_and_comes_out(tmp_path: Path) -> None:
    exported.needs_onnx()
    import onnxruntime

    model = exported.model(tmp_path / "my run", "stylegan2", exported.RGBA_AND_CLASSES)
    session = onnxruntime.InferenceSession(to_onnx(whole(model)), providers=["CPUExecutionProvider"])
    assert {each.name: (each.type, each.shape) for each in session.get_inputs()} == {
        "z": ("tensor(float)", ["batch", 8]),
        "truncation": ("tensor(float)", []),
        "labels": ("tensor(int64)", ["batch"]),
    }
    (images,) = session.get_outputs()
    assert (images.name, images.shape[1:]) == ("images", [4, 48, 32])
    facts = session.get_modelmeta().custom_metadata_map
    assert facts["run"] == "my run"
    assert json.loads(facts["classes"]) == ["cat", "dog"]
    assert "RGBA from 0 to 1" in facts["images"]
    assert "0 cat, 1 dog" in facts["labels"]


def test_a_difference_that_could_be_seen_is_refused() -> None:
    check("generator", 0.9e-3)
    for difference in (1.1e-3, float("nan")):
        with pytest.raises(GanvasError, match="does not draw what PyTorch draws"):
            check("generator", difference)


@pytest.mark.parametrize("size", [(3, 2), (4, 4), (8, 4), (5, 7), (1, 1)])
def test_pooling_by_matrices_is_adaptive_pooling(size: tuple[int, int]) -> None:
    pool, features = nn.AdaptiveAvgPool2d(4), torch.randn(2, 3, *size)
    torch.testing.assert_close(MatrixPool(pool)(features), pool(features))


def test_int8_is_within_half_a_level_of_each_row() -> None:
    weight = torch.randn(6, 5, 3, 3).numpy() * torch.logspace(-3, 3, 6)[:, None, None, None].numpy()
    weight[2] = 0
    levels, scale = to_int8(weight)
    assert levels.dtype == "int8"
    assert (abs(levels * scale - weight) <= scale / 2 * 1.001).all()


def test_fewer_bits_make_smaller_files_and_their_cost_is_measured(tmp_path: Path) -> None:
    exported.needs_onnx()
    graph = whole(exported.model(tmp_path / "run", "quick"))
    sizes, differences = [], []
    for precision in ("float32", "float16", "int8"):
        content = to_onnx(graph, precision)  # type: ignore[arg-type]
        sizes.append(len(content))
        differences.append(largest_difference(graph, onnx_runner(content, graph)))
    assert sizes[1] < 0.7 * sizes[0]
    assert sizes[2] < 0.7 * sizes[1]
    assert differences[0] < differences[1] < differences[2] < 0.5, "fewer bits have to cost more, and not all"


def test_a_cost_is_nothing_for_the_same_network_and_much_for_another(tmp_path: Path) -> None:
    graph = whole(exported.model(tmp_path / "run", "dcgan"))

    def inverted(inputs: tuple[Tensor, ...]) -> Tensor:
        return 1 - graph.expected(*inputs)

    same = cost_of(graph, lambda inputs: graph.expected(*inputs))
    assert same.distance < 0.01 * same.between_samplings
    assert cost_of(graph, inverted).distance > same.between_samplings
