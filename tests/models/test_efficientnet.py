"""EfficientNet-lite: the numbers of timm's, whose weights it takes, and its batch norms folded away."""

import subprocess
import sys

import pytest
import timm
import torch
from torch import Tensor, nn

from ganvas.models.efficientnet import EfficientNetLiteBody, fold_batch_norms


def drawn_at_random(variant: int) -> nn.Module:
    """Return timm's network with statistics that a training could have left."""
    torch.manual_seed(0)
    network: nn.Module = timm.create_model(f"tf_efficientnet_lite{variant}", pretrained=False, num_classes=0).eval()
    for norm in (module for module in network.modules() if isinstance(module, nn.BatchNorm2d)):
        for tensor in (norm.running_mean, norm.bias):
            tensor.data.normal_(0, 0.3)
        for tensor in (norm.running_var, norm.weight):
            tensor.data.uniform_(0.5, 1.5)
    return network


def last_features(body: nn.Module, images: Tensor) -> Tensor:
    return body.bn2(body.conv_head(body.blocks(body.bn1(body.conv_stem(images)))))


@pytest.mark.parametrize("size", [(64, 64), (33, 50)])
@pytest.mark.parametrize("variant", [0, 1])
def test_it_gives_the_numbers_of_timms(variant: int, size: tuple[int, int]) -> None:
    theirs, ours = drawn_at_random(variant), EfficientNetLiteBody(variant).eval()
    assert list(ours.state_dict()) == list(theirs.state_dict()), "weights without names would go to other layers"
    ours.load_state_dict(theirs.state_dict())
    images = torch.rand((2, 3, *size)) * 2 - 1
    with torch.no_grad():
        expected = theirs.forward_features(images)
        assert torch.equal(last_features(ours, images), expected), "not the same network"
        actual = last_features(fold_batch_norms(ours), images)
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in ours.modules()), "a batch norm is left"


@pytest.mark.slow
def test_it_is_loaded_without_timm() -> None:
    code = "import sys, ganvas.metrics.networks as n; n.load_network(); print('timm' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
