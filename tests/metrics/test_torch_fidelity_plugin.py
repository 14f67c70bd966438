"""torch-fidelity computes the same scores on our networks as we do."""

from pathlib import Path

import pytest
import torch
import torch_fidelity
from torch import Tensor
from torch.utils.data import Dataset
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

from ganvas.errors import GanvasError
from ganvas.metrics.distances import frechet_distance, kernel_distance
from ganvas.metrics.features import Features, extract_features
from ganvas.metrics.scores import precision_recall_density_coverage
from ganvas.metrics.torch_fidelity_plugin import EXTRACTOR_NAMES, GanvasFeatureExtractor, register

COUNT = 40


class Pictures(Dataset[Tensor]):
    """A set of images as torch-fidelity takes it."""

    def __init__(self, pictures: Tensor) -> None:
        self.pictures = pictures

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> Tensor:
        return self.pictures[index]


def blobs(seed: int, contrast: float) -> Tensor:
    """Return COUNT smooth uint8 images, so different for another contrast that rounding errors do not matter."""
    coarse = torch.rand(COUNT, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    smooth = torch.nn.functional.interpolate(coarse, (16, 16), mode="bilinear")
    return (127 + contrast * 255 * (smooth - 0.5)).clamp(0, 255).to(torch.uint8)


@pytest.fixture(scope="module")
def sets() -> tuple[Tensor, Tensor]:
    return blobs(1, 0.3), blobs(2, 1.0)


@pytest.fixture(scope="module")
def ours(sets: tuple[Tensor, Tensor]) -> tuple[Features, Features]:
    return extract_features(sets[0]), extract_features(sets[1])


@pytest.fixture(scope="module")
def theirs(sets: tuple[Tensor, Tensor]) -> dict[str, float]:
    register()
    metrics: dict[str, float] = torch_fidelity.calculate_metrics(
        input1=Pictures(sets[0]), input2=Pictures(sets[1]), feature_extractor=EXTRACTOR_NAMES[0],
        fid=True, kid=True, prc=True,
        kid_subsets=1, kid_subset_size=COUNT, cuda=False, save_cpu_ram=True, verbose=False,
    )  # fmt: skip
    return metrics


@pytest.mark.slow
def test_frechet_is_theirs(ours: tuple[Features, Features], theirs: dict[str, float]) -> None:
    mine = frechet_distance(ours[0].intermediate, ours[1].intermediate)
    assert mine == pytest.approx(theirs["frechet_inception_distance"], rel=1e-4), (
        "another distance for the same features"
    )


@pytest.mark.slow
def test_kernel_distance_is_theirs(ours: tuple[Features, Features], theirs: dict[str, float]) -> None:
    mine = kernel_distance(ours[0].final, ours[1].final)
    assert mine == pytest.approx(theirs["kernel_inception_distance_mean"], rel=1e-4), "another kernel than KID's"


def test_precision_and_recall_are_theirs(ours: tuple[Features, Features], theirs: dict[str, float]) -> None:
    mine = precision_recall_density_coverage(ours[0].final, ours[1].final)
    for name in ("precision", "recall"):
        assert mine[name].value == pytest.approx(theirs[name], abs=1e-6), (
            f"{name} has another neighbourhood, or is swapped"
        )


def test_registering_twice_has_no_effect() -> None:
    register()
    register()
    assert {name: FEATURE_EXTRACTORS_REGISTRY[name] for name in EXTRACTOR_NAMES} == dict.fromkeys(
        EXTRACTOR_NAMES, GanvasFeatureExtractor
    )


def test_features_come_in_the_requested_order(sets: tuple[Tensor, Tensor]) -> None:
    head, stage = GanvasFeatureExtractor(EXTRACTOR_NAMES[0], ["head", "stage"])(sets[0][:2])
    assert (head.shape, stage.shape) == ((2, 1280), (2, 192))
    (alone,) = GanvasFeatureExtractor(EXTRACTOR_NAMES[0], ["stage"])(sets[0][:2])
    assert torch.equal(alone, stage)


def test_an_undefined_metric_is_refused() -> None:
    with pytest.raises(GanvasError, match="no metric for these networks called 'isc'"):
        GanvasFeatureExtractor.get_default_feature_layer_for_metric("isc")


def test_weights_from_a_file(tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="nowhere"):
        GanvasFeatureExtractor(
            EXTRACTOR_NAMES[0], ["stage"], feature_extractor_weights_path=str(tmp_path / "nowhere.pth")
        )
