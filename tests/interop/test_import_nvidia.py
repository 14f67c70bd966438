from pathlib import Path

import drawn_by_paper
import foreign_modules
import pytest
import torch

from ganvas.interop.importing import ForeignNetworkError, read_network
from ganvas.interop.importing.write import build, config_of
from ganvas.models.base import Generator
from ganvas.models.stylegan3_geometry import Geometry

COUNT = 3


def imported(data: bytes, folder: Path) -> Generator:
    (folder / "network.pkl").write_bytes(data)
    network = read_network(folder / "network.pkl")
    return build(network, config_of(network, "network.pkl"), len(data)).double()


def doubled(tensors: foreign_modules.Tensors) -> foreign_modules.Tensors:
    return {name: each.double() for name, each in tensors.items()}


def same(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6 * float(expected.abs().max()))


@pytest.mark.parametrize("classes", [0, 4])
@pytest.mark.parametrize("clamp", [None, 0.5])
def test_a_stylegan2_draws_what_the_paper_says(classes: int, clamp: float | None, tmp_path: Path) -> None:
    data, tensors = foreign_modules.stylegan2(classes, clamp)
    network, theirs = imported(data, tmp_path), doubled(tensors)
    z = torch.randn(COUNT, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.tensor([0, 3, 1]) if classes else None
    w = drawn_by_paper.map_latents(theirs, z, labels)
    same(network.map(z, labels)[:, 0], w)
    half = theirs["mapping.w_avg"] + 0.5 * (w - theirs["mapping.w_avg"])
    images = torch.cat([drawn_by_paper.draw_stylegan2(theirs, each, clamp) for each in half])
    same(network.sample(z, labels, 0.5), images)


@pytest.mark.parametrize("radial", [False, True])
def test_a_stylegan3_draws_what_the_paper_says(radial: bool, tmp_path: Path) -> None:
    data, tensors = foreign_modules.stylegan3(radial)
    network, theirs = imported(data, tmp_path), doubled(tensors)
    z = torch.randn(COUNT, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    w = drawn_by_paper.map_latents(theirs, z, None)
    images = torch.cat([drawn_by_paper.draw_stylegan3(theirs, each, radial) for each in w])
    same(network.sample(z, None), images)


def test_an_image_does_not_depend_on_what_else_is_drawn(tmp_path: Path) -> None:
    network = imported(foreign_modules.stylegan3(False)[0], tmp_path)
    z = torch.randn(COUNT, 5, dtype=torch.float64)
    same(network.sample(z[:1], None), network.sample(z, None)[:1])


def test_the_layers_of_known_networks_have_their_sizes() -> None:
    """StyleGAN3-T and R for 1024 px, as the names of the layers in NVIDIA's networks tell."""
    known = [36, 36, 52, 52, 84, 148, 148, 276, 276, 532, 1044, 1044, 1044, 1024, 1024]
    for kernel in (3, 1):
        geometry = Geometry.of(1024, 14, kernel, kernel == 1, {})
        assert [stage.out_size for stage in geometry.stages] == known


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"skip", b"orig", "architecture is orig"),
        (b"lrelu", b"swish", "activation"),
        (b"fc0", b"fcx", "mapping.fc0"),
        (b"torgb", b"torgx", "torgb"),
        (b"noise_const", b"noise_bonst", "noise_const"),
        (b"synthesis", b"synthesix", "no generator"),
    ],
)
def test_what_is_no_network_of_ours_is_told(old: bytes, new: bytes, reason: str, tmp_path: Path) -> None:
    data = foreign_modules.stylegan2()[0]
    (tmp_path / "other.pkl").write_bytes(data.replace(old, new))
    with pytest.raises(ForeignNetworkError, match=reason):
        read_network(tmp_path / "other.pkl")


def test_weights_of_other_shapes_are_told(tmp_path: Path) -> None:
    (tmp_path / "network.pkl").write_bytes(foreign_modules.stylegan2()[0])
    network = read_network(tmp_path / "network.pkl")
    network.weights["const"] = network.weights["const"][:5]  # type: ignore[index]
    with pytest.raises(ForeignNetworkError, match="const is of 5x4x4, and not of 12x4x4"):
        build(network, config_of(network, "x"), 1 << 20)


def test_weights_that_are_not_finite_are_told(tmp_path: Path) -> None:
    (tmp_path / "network.pkl").write_bytes(foreign_modules.stylegan2()[0])
    network = read_network(tmp_path / "network.pkl")
    network.weights["const"] = network.weights["const"] * float("nan")  # type: ignore[index]
    with pytest.raises(ForeignNetworkError, match="not finite"):
        build(network, config_of(network, "x"), 1 << 20)


def test_networks_of_tensorflow_are_told(tmp_path: Path) -> None:
    network = b"cdnnlib.tflib.network\nNetwork\n)\x81}b"
    (tmp_path / "old.pkl").write_bytes(b"\x80\x02" + network * 3 + b"\x87.")
    with pytest.raises(ForeignNetworkError, match="TensorFlow"):
        read_network(tmp_path / "old.pkl")
