"""Plugin that makes our packaged networks available to torch-fidelity, for its other metrics.

    from ganvas.metrics.torch_fidelity_plugin import register
    register()
    torch_fidelity.calculate_metrics(input1="samples", input2="pictures", kid=True, prc=True,
                                     feature_extractor="ganvas-efficientnet-lite0")

The value that it then calls `frechet_inception_distance` is not FID, since the network is not Inception.
"""

from pathlib import Path

from torch import Tensor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY, register_feature_extractor

from ..errors import lookup
from ..translation import N_
from .networks import load_network

NAME_PREFIX = "ganvas-"  # tells our networks from torch-fidelity's own
EXTRACTOR_NAMES = tuple(NAME_PREFIX + network for network in ("efficientnet-lite0", "efficientnet-lite1"))
LAYERS = ("stage", "head")  # names of the intermediate and the final features in torch-fidelity
DEFAULT_LAYERS = {"fid": "stage", "kid": "head", "prc": "head"}


def register() -> None:
    """Register `EXTRACTOR_NAMES` with torch-fidelity; calling it again has no effect."""
    for name in EXTRACTOR_NAMES:
        if name not in FEATURE_EXTRACTORS_REGISTRY:
            register_feature_extractor(name, GanvasFeatureExtractor)


class GanvasFeatureExtractor(FeatureExtractorBase):  # type: ignore[misc]
    """One of our networks behind torch-fidelity's interface.

    Args:
        name: one of `EXTRACTOR_NAMES`.
        features_list: which of `LAYERS` to return.
        feature_extractor_weights_path: file of the network's weights, instead of the packaged ones.

    Raises:
        GanvasError: the weights cannot be loaded.
    """

    def __init__(
        self, name: str, features_list: list[str], feature_extractor_weights_path: str | None = None, **_: object
    ) -> None:
        super().__init__(name, features_list)
        weights = Path(feature_extractor_weights_path) if feature_extractor_weights_path else None
        self.network = load_network(name.removeprefix(NAME_PREFIX), weights)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Return the features (B, D) of uint8 RGB images (B, 3, H, W), in the order of `features_list`."""
        features = dict(zip(LAYERS, self.network(images), strict=True))
        return tuple(features[layer] for layer in self.features_list)

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        """Return the names of the available features."""
        return LAYERS

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        """Return the name of the features that a metric uses.

        Raises:
            GanvasError: the metric is not defined for these networks, for example the Inception score.
        """
        return lookup(DEFAULT_LAYERS, metric, N_("metric for these networks called"))

    @staticmethod
    def can_be_compiled() -> bool:
        """Return False: compiling would take longer than it saves."""
        return False
