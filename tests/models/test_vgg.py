"""VGG: layers by name, nothing deeper than needed, any size, and errors for weights that are not VGG's."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import load_file, save, save_file
from torch import Tensor

from ganvas import builtin
from ganvas.cli import main
from ganvas.errors import GanvasError
from ganvas.models import vgg
from ganvas.models.vgg import VGG, VGGWeights, WeightsUnavailable, packaged_vgg16, save_slim_vgg, torchvision_vgg19
from ganvas.style.load import load_picture

HALF = (0.5, 0.5, 0.5)
VGG19_FILE = "vgg19-dcbb9e9d.pth"  # the name that torchvision looks for in torch's cache
VGG19_INDICES = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)


def small(widths: dict[str, int], seed: int = 0) -> VGGWeights:
    """Return random weights of a VGG with a few channels at each convolution of `widths`."""
    generator = torch.Generator().manual_seed(seed)
    tensors, channels = {}, 3
    for name, width in widths.items():
        tensors[f"conv{name}.weight"] = torch.randn(width, channels, 3, 3, generator=generator) / (9 * channels) ** 0.5
        tensors[f"conv{name}.bias"] = torch.randn(width, generator=generator) / 10
        channels = width
    return VGGWeights("small VGG", tensors, HALF, HALF)


SMALL = small({"1_1": 4, "1_2": 4, "2_1": 6, "2_2": 6})


@pytest.fixture(scope="module")
def vgg19_state() -> dict[str, torch.Tensor]:
    """Return a file of torchvision's VGG-19 with two channels everywhere, under torchvision's own names."""
    with torch.device("meta"):  # for the names, without half a gigabyte of random numbers
        real = torchvision.models.vgg19(weights=None, init_weights=False).state_dict()
    names = {key for key in real if key.startswith("features")}
    assert names == {f"features.{index}.{part}" for index in VGG19_INDICES for part in ("weight", "bias")}
    shape = {"weight": (2, 2, 3, 3), "bias": (2,)}
    state = {name: torch.full(shape[name.split(".")[-1]], float(name.split(".")[1])) for name in names}
    return {**state, "features.0.weight": torch.zeros(2, 3, 3, 3), "classifier.0.weight": torch.zeros(1)}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an empty torch cache."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def plain_features(weights: VGGWeights, layers: tuple[str, ...], images: Tensor, pooling: str) -> dict[str, Tensor]:
    """Return the features by their definition, with operators of torch alone."""
    pool = {"max": F.max_pool2d, "average": F.avg_pool2d}[pooling]
    gains = vgg.POOLINGS[pooling][1]
    mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in (weights.mean, weights.std))
    features, found = (images / 2 + 0.5 - mean) / std, {}
    for name in weights.convolutions:
        if name.endswith("_1") and name != "1_1":
            features = pool(features, 2, ceil_mode=True) * gains[int(name[0]) - 2]
        padded = F.pad(features, (1, 1, 1, 1), mode="reflect")
        found[f"conv{name}"] = F.conv2d(
            padded, weights.tensors[f"conv{name}.weight"], weights.tensors[f"conv{name}.bias"]
        )
        features = found[f"relu{name}"] = found[f"conv{name}"].relu()
    return {layer: found[layer] for layer in layers}


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_layers_agree_with_their_definition(pooling: str) -> None:
    images, layers = torch.rand(2, 3, 8, 8) * 2 - 1, ("conv1_1", "relu1_2", "conv2_1")
    actual = VGG(SMALL, layers, pooling)(images)
    for layer, expected in plain_features(SMALL, layers, images, pooling).items():
        torch.testing.assert_close(actual[layer], expected, msg=f"{layer} differs from its definition")


def test_nothing_deeper_than_needed_is_stored_or_computed() -> None:
    network = VGG(SMALL, ["relu1_2", "relu1_1", "relu1_2"])
    assert network.convolutions == ["1_1", "1_2"]
    assert set(network(torch.zeros(1, 3, 4, 4))) == {"relu1_1", "relu1_2"}
    assert not list(network.parameters()), "a frozen network has nothing to train"


def test_gradients_are_autograds_and_inputs_of_convolutions_are_not_stored() -> None:
    weights, layers = packaged_vgg16(), ("relu2_2", "conv3_1")
    network, stored = VGG(weights, layers), []
    images = torch.rand(1, 3, 25, 20, generator=torch.Generator().manual_seed(0)).requires_grad_()

    def gradient(features: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.autograd.grad(sum(each.square().mean() for each in features.values()), images)[0]

    with torch.autograd.graph.saved_tensors_hooks(lambda each: stored.append(each) or each, lambda each: each):
        features = network(images)
    assert stored, "nothing was recorded"
    assert not any(each.shape[-2:] == (27, 22) for each in stored), "a padded copy is stored"
    full = [each for each in stored if each.shape[-2:] == images.shape[-2:] and each.dtype == torch.float32]
    assert not full, "features that are not returned are stored in float32"

    expected = gradient(plain_features(weights, layers, images, "average"))
    rounding = 1e-5 * float(expected.abs().max())  # convolutions of other processors add in another order
    torch.testing.assert_close(gradient(features), expected, rtol=1e-4, atol=rounding)


def test_it_knows_how_much_memory_its_features_take() -> None:
    network = VGG(packaged_vgg16(), ("relu1_1", "conv4_2"))
    features = network(torch.zeros(1, 3, 64, 32))
    size = sum(each.numel() * each.element_size() for each in features.values())
    assert network.bytes_of(("relu1_1", "conv4_2")) * 64 * 32 == size


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 40), (33, 2), (7, 5)])
@pytest.mark.parametrize("pooling", ["average", "max"])
def test_pictures_of_any_size_pass(height: int, width: int, pooling: str) -> None:
    features = VGG(packaged_vgg16(), ["conv4_2"], pooling)(torch.zeros(1, 3, height, width))["conv4_2"]
    assert features.shape == (1, 512, -(-height // 8), -(-width // 8)), "an image's last row or column was lost"
    assert features.isfinite().all()


def test_a_uniform_image_stays_uniform_to_its_edge() -> None:
    features = VGG(SMALL, ["conv1_1"])(torch.full((1, 3, 6, 6), 0.7))["conv1_1"]
    assert features.std(dim=(2, 3)).max() < 1e-6, "the border looks like an edge"


def test_average_pooling_does_not_darken_the_edge_of_an_odd_image() -> None:
    pool, _ = vgg.POOLINGS["average"]
    assert torch.equal(pool(torch.ones(1, 1, 5, 5)), torch.ones(1, 1, 3, 3))


@pytest.mark.slow
def test_averages_are_as_strong_as_the_maxima_that_the_network_was_trained_with() -> None:
    image = load_picture(builtin.photo()).tensor((256, 256), torch.device("cpu"))
    pools = {name: VGG(packaged_vgg16(), ["conv2_1", "conv3_1", "conv4_1"], name) for name in ("average", "max")}
    weak, strong = (vgg.POOLINGS[name] for name in ("average", "max"))
    features = VGG(packaged_vgg16(), ["relu1_2", "relu2_2", "relu3_3"], "max")(image)
    for index, layer in enumerate(features.values()):
        means = [float((pool(layer) * gains[index]).mean()) for pool, gains in (weak, strong)]
        assert 0.8 < means[0] / means[1] < 1.25
    actual = {name: vgg(image) for name, vgg in pools.items()}
    for layer in actual["max"]:
        assert 0.6 < float(actual["average"][layer].std() / actual["max"][layer].std()) < 1.5, layer


def test_unknown_layers_and_poolings_suggest_the_right_ones() -> None:
    with pytest.raises(GanvasError, match=r"no layer 'relu41'. Did you mean 'relu4_1'\?") as caught:
        VGG(packaged_vgg16(), ["relu1_1", "relu41"])
    assert caught.value.hint == "Its layers go from conv1_1 to relu4_2."
    with pytest.raises(GanvasError, match="no layer 'relu5_1'"):
        VGG(packaged_vgg16(), ["relu5_1"])
    with pytest.raises(GanvasError, match="Did you mean 'average'"):
        VGG(SMALL, ["relu1_1"], pooling="avarage")


def test_the_packaged_network_responds_like_a_vgg() -> None:
    """Its first layer must respond to edges, and its deep channels must tell upright from lying ones."""
    network = VGG(packaged_vgg16(), ["relu1_1", "relu4_1"])
    stripes = (torch.arange(32) // 4 % 2).float().mul(2).sub(1).expand(1, 3, 32, 32).contiguous()
    plain, upright, lying = (network(each) for each in (torch.zeros(1, 3, 32, 32), stripes, stripes.mT.contiguous()))
    inside = (..., slice(8, -8), slice(8, -8))
    spread = [features["relu1_1"][inside].std(dim=(2, 3)).mean() for features in (plain, upright)]
    assert spread[1] > 100 * spread[0], "the first layer does not respond to edges"
    strongest = [features["relu4_1"].mean(dim=(2, 3))[0].topk(16).indices.tolist() for features in (upright, lying)]
    assert len(set(strongest[0]) & set(strongest[1])) < 8, "the same channels respond to upright and to lying stripes"
    assert all(tensor.dtype == torch.float16 for tensor in load_file(builtin.vgg16()).values())


def test_a_network_holds_no_second_copy_of_its_weights() -> None:
    weights = packaged_vgg16()
    network = VGG(weights, ["relu4_1"])
    for name in ("weight1_1", "weight4_1", "bias4_1"):
        assert network.get_buffer(name).data_ptr() == weights.tensors[f"conv{name[-3:]}.{name[:-3]}"].data_ptr()
    assert network.weight4_1.is_contiguous(memory_format=torch.channels_last)


def test_vgg19_is_loaded_from_torchs_cache(vgg19_state: dict[str, torch.Tensor], cache: Path) -> None:
    torch.save(vgg19_state, cache / VGG19_FILE)
    weights = torchvision_vgg19()
    assert [weights.convolutions[index] for index in (0, 1, 4, 8, 12, 15)] == ["1_1", "1_2", "3_1", "4_1", "5_1", "5_4"]
    for name, index in zip(weights.convolutions, VGG19_INDICES, strict=True):
        assert weights.tensors[f"conv{name}.bias"][0] == index, f"conv{name} got another layer's weights"
    assert VGG(weights, ["relu5_1"])(torch.zeros(1, 3, 32, 32))["relu5_1"].shape == (1, 2, 2, 2)


def test_vgg19_is_loaded_from_a_given_file(vgg19_state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    torch.save(vgg19_state, tmp_path / "mine.pth")
    assert torchvision_vgg19(tmp_path / "mine.pth").name == "VGG-19 (torchvision)"
    with pytest.raises(GanvasError, match="no weights file"):
        torchvision_vgg19(tmp_path / "other.pth")


def test_a_slim_file_has_the_same_features_to_half_precision(tmp_path: Path) -> None:
    save_slim_vgg(SMALL, tmp_path / "slim.safetensors")
    weights = torchvision_vgg19(tmp_path / "slim.safetensors")
    assert (weights.mean, weights.std) == (SMALL.mean, SMALL.std)
    assert {each.dtype for each in load_file(tmp_path / "slim.safetensors").values()} == {torch.float16}
    images = torch.rand(1, 3, 16, 16) * 2 - 1
    before, after = (VGG(each, ["relu2_2"])(images)["relu2_2"] for each in (SMALL, weights))
    torch.testing.assert_close(after, before, rtol=1e-2, atol=1e-2)


def test_a_slim_file_has_nothing_deeper_than_style_transfer_needs(
    vgg19_state: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    torch.save(vgg19_state, tmp_path / "whole.pth")
    save_slim_vgg(torchvision_vgg19(tmp_path / "whole.pth"), tmp_path / "slim.safetensors")
    actual = torchvision_vgg19(tmp_path / "slim.safetensors")
    assert actual.convolutions[-1] == "5_1"
    assert actual.name == "VGG-19 (torchvision), slim"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_named(tmp_path: Path, number: float) -> None:
    tensors = {name: tensor.clone() for name, tensor in packaged_vgg16().tensors.items()}
    tensors["conv2_1.weight"][0, 0, 0, 0] = number
    metadata = {"name": "broken", "mean": "[0, 0, 0]", "std": "[1, 1, 1]"}
    file = tmp_path / "broken.safetensors"
    file.write_bytes(save({name: each.contiguous() for name, each in tensors.items()}, metadata))
    with pytest.raises(GanvasError, match=r"conv2_1\.weight is not finite"):
        torchvision_vgg19(file)


def test_damaged_or_foreign_slim_files_are_named(tmp_path: Path) -> None:
    save_slim_vgg(SMALL, tmp_path / "torn.safetensors")
    whole = (tmp_path / "torn.safetensors").read_bytes()
    metadata = {"name": "x", "mean": "[0, 0, 0]", "std": "[1, 1, 1]"}
    foreign = save({"weight": torch.zeros(1)}, metadata)
    no_bias = save({"conv1_1.weight": torch.zeros(8, 3, 3, 3)}, metadata)
    for content in (b"", whole[:-9], b"not tensors", save({"weight": torch.zeros(1)}), foreign, no_bias):
        (tmp_path / "torn.safetensors").write_bytes(content)
        with pytest.raises(GanvasError, match="cannot be read") as caught:
            torchvision_vgg19(tmp_path / "torn.safetensors")
        assert "ganvas shrink-vgg" in caught.value.hint


def test_slimming_from_the_command_line(
    vgg19_state: dict[str, torch.Tensor], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(vgg19_state, tmp_path / "whole.pth")
    out = tmp_path / "slim.safetensors"
    assert main(["slim", str(tmp_path / "whole.pth"), "--out", str(out)]) == 0
    assert f"--vgg19-weights {out}" in capsys.readouterr().err
    assert out.exists()
    assert main(["slim", str(tmp_path / "none.pth"), "--out", str(out)]) == 1


class Hostile:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return __import__("os").system, ("exit 1",)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(b"", "cannot be read"), (b"PK\x03\x04 torn", "cannot be read"), (b"<html>not found</html>", "cannot be read")],
)
def test_damaged_weights_are_named(content: bytes, complaint: str, cache: Path) -> None:
    (cache / VGG19_FILE).write_bytes(content)
    with pytest.raises(GanvasError, match=complaint) as caught:
        torchvision_vgg19()
    assert not isinstance(caught.value, WeightsUnavailable), "a damaged file must not be taken for a missing connection"


@pytest.mark.parametrize("state", [{"weight": torch.zeros(1)}, [torch.zeros(1)], {"features.0.weight": torch.zeros(3)}])
def test_another_networks_weights_are_refused(state: object, tmp_path: Path) -> None:
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(GanvasError, match="is not a VGG-19"):
        torchvision_vgg19(tmp_path / "other.pth")


def test_a_hostile_file_runs_nothing(tmp_path: Path) -> None:
    torch.save({"features.0.weight": Hostile()}, tmp_path / "hostile.pth")
    with pytest.raises(GanvasError, match="cannot be read"):
        torchvision_vgg19(tmp_path / "hostile.pth")


@pytest.mark.usefixtures("cache", "offline")
def test_without_a_connection_it_says_so() -> None:
    with pytest.raises(WeightsUnavailable, match="refused") as caught:
        torchvision_vgg19()
    assert "--network vgg16" in caught.value.hint


def test_downloads_are_verified_and_stdout_stays_clean(
    vgg19_state: dict[str, torch.Tensor],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    downloads = []

    def download(url: str, to: str, hash_prefix: str | None, progress: bool) -> None:
        downloads.append((url, hash_prefix))
        torch.save(vgg19_state, to)

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    torchvision_vgg19()
    assert downloads == [(f"https://download.pytorch.org/models/{VGG19_FILE}", "dcbb9e9d")], "the hash is not checked"
    assert capsys.readouterr().out == "", "stdout is for results"


def test_what_cannot_be_read_now_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "whole.pth").write_bytes(b"anything")

    def failing(error: Exception) -> Callable[..., None]:
        def load(*_: object, **__: object) -> None:
            raise error

        return load

    monkeypatch.setattr(torch, "load", failing(PermissionError(13, "Permission denied")))
    with pytest.raises(GanvasError, match="cannot be read now") as caught:
        torchvision_vgg19(tmp_path / "whole.pth")
    assert "delete" not in caught.value.hint, "hours of download would be thrown away"
    monkeypatch.setattr(torch, "load", failing(MemoryError()))
    with pytest.raises(MemoryError):
        torchvision_vgg19(tmp_path / "whole.pth")


def test_weights_take_the_place_of_slim_ones_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slim, theirs = tmp_path / "slim.safetensors", tmp_path / "theirs.safetensors"
    save_slim_vgg(SMALL, slim)
    words = ["shrink-vgg", str(slim), "--out"]
    assert main([*words, str(slim)]) == 0
    save_file({"weight": torch.zeros(2)}, theirs)
    before = theirs.read_bytes()
    assert main([*words, str(theirs)]) == 1
    assert "theirs-2.safetensors" in capsys.readouterr().err
    assert theirs.read_bytes() == before
