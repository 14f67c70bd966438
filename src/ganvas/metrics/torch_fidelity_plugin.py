"""Our packaged networks in torch-fidelity, for whoever wants the field's other numbers computed on them.

    from ganvas.metrics.torch_fidelity_plugin import register
    register()
    torch_fidelity.calculate_metrics(input1="samples", input2="pictures", kid=True, prc=True,
                                     feature_extractor="ganvas-efficientnet-lite0")

What it then calls `frechet_inception_distance` is no FID, since the network is not Inception.
"""

from pathlib import Path

from torch import Tensor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY, register_feature_extractor

from ..errors import pick
from .networks import load_network

PREFIX = "ganvas-"  # before the network's name, so that it cannot be taken for one of torch-fidelity's own
NAMES = tuple(PREFIX + network for network in ("efficientnet-lite0", "efficientnet-lite1"))
LAYERS = ("stage", "head")
DEFAULT_LAYERS = {"fid": "stage", "kid": "head", "prc": "head"}


def register() -> None:
    """Make `NAMES` known to torch-fidelity; once or more, it is the same."""
    for name in NAMES:
        if name not in FEATURE_EXTRACTORS_REGISTRY:
            register_feature_extractor(name, Extractor)


class Extractor(FeatureExtractorBase):  # type: ignore[misc]
    """Be one of our networks as torch-fidelity wants it.

    Args:
        name: one of `NAMES`.
        features_list: which of `LAYERS` to return.
        feature_extractor_weights_path: file of the network's weights, in place of the packaged ones.

    Raises:
        GanvasError: the weights cannot be had.
    """

    def __init__(
        self, name: str, features_list: list[str], feature_extractor_weights_path: str | None = None, **_: object
    ) -> None:
        super().__init__(name, features_list)
        weights = Path(feature_extractor_weights_path) if feature_extractor_weights_path else None
        self.network = load_network(name.removeprefix(PREFIX), weights)

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        """Return the features (B, D) of uint8 RGB pictures (B, 3, H, W), in the order they were asked for."""
        found = dict(zip(LAYERS, self.network(pictures), strict=True))
        return tuple(found[layer] for layer in self.features_list)

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        """Return the names of the features."""
        return LAYERS

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        """Return which features a score is taken in.

        Raises:
            GanvasError: it has no meaning for these networks, such as the Inception score.
        """
        return pick(DEFAULT_LAYERS, metric, "score on these networks called")

    @staticmethod
    def can_be_compiled() -> bool:
        """Tell torch-fidelity not to compile: it would take longer than it saves."""
        return False
