"""EfficientNet-lite, its batch norms folded away."""

import timm
import torch
from torch import nn

from ganvas.models.efficientnet import fold_batch_norms


def test_folded_batch_norms_change_nothing_but_the_time() -> None:
    torch.manual_seed(0)
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    for norm in (module for module in network.modules() if isinstance(module, nn.BatchNorm2d)):
        for tensor in (norm.running_mean, norm.bias):
            tensor.data.normal_(0, 0.3)
        for tensor in (norm.running_var, norm.weight):
            tensor.data.uniform_(0.5, 1.5)
    images = torch.rand((2, 3, 64, 64)) * 2 - 1
    with torch.no_grad():
        expected = network(images)
        actual = fold_batch_norms(network)(images)
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules()), "one is left"
