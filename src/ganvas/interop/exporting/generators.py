"""The graphs of a generator: latents to images, and the two halves of it, latents to styles and styles to images.

Another kind of network is exported by another function that returns `Graph`s, and its line in `export.py`.
"""

import copy
import json
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ...latents.sample import GeneratorModel
from ...models.base import Generator
from ...version import __version__
from .graph import Graph, Port
from .simplify import simplified

MARK = "written by ganvas export"  # in every file, by which it is known again
TRUNCATIONS = (1.0, 0.6)  # that examples have in turn
CHANNELS = {1: "gray", 3: "RGB", 4: "RGBA"}


class LatentsToImages(nn.Module):
    """z, truncation and labels to images in [0, 1]."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, z: Tensor, truncation: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return images (B, C, H, W) in [0, 1] for z (B, Z), truncation () and labels (B,)."""
        w = self.generator.map(z, labels, truncation)  # type: ignore[arg-type]  # a tensor, so that it stays an input
        return _from_0_to_1(self.generator.synthesize(w))


class LatentsToStyles(nn.Module):
    """z, truncation and labels to w."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, z: Tensor, truncation: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return w (B, num_ws, w_dim) for z (B, Z), truncation () and labels (B,)."""
        return self.generator.map(z, labels, truncation)  # type: ignore[arg-type]


class StylesToImages(nn.Module):
    """w to images in [0, 1]."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, w: Tensor) -> Tensor:
        """Return images (B, C, H, W) in [0, 1] for w (B, num_ws, w_dim)."""
        return _from_0_to_1(self.generator.synthesize(w))


def whole(model: GeneratorModel) -> Graph:
    """Return the graph from latents to images."""

    def expected(z: Tensor, truncation: Tensor, labels: Tensor | None = None) -> Tensor:
        return _from_0_to_1(model.network.sample(z, labels, float(truncation)))

    return Graph(
        name="generator",
        network=_exported(LatentsToImages(_generator(model))),
        expected=expected,
        inputs=_latents(model),
        output=_images(model),
        example=_examples(model),
        facts=_facts(model),
    )


def halves(model: GeneratorModel) -> tuple[Graph, Graph]:
    """Return the graphs from latents to styles, and from styles to images."""
    generator, latents, facts = _generator(model), _examples(model), _facts(model)
    num_ws, w_dim = model.w_shape
    w = Port("w", f"float32 (batch, {num_ws}, {w_dim}): what images are drawn from, a row for each layer")

    def expected_w(z: Tensor, truncation: Tensor, labels: Tensor | None = None) -> Tensor:
        return model.network.map(z, labels, float(truncation))

    mapping = Graph(
        name="mapping",
        network=_exported(LatentsToStyles(generator)),
        expected=expected_w,
        inputs=_latents(model),
        output=w,
        example=latents,
        facts=facts,
    )
    synthesis = Graph(
        name="synthesis",
        network=_exported(StylesToImages(generator)),
        expected=lambda w: _from_0_to_1(model.network.synthesize(w)),
        inputs=(w,),
        output=_images(model),
        example=lambda count, seed: (expected_w(*latents(count, seed)).contiguous(),),
        facts=facts,
    )
    return mapping, synthesis


def _exported(network: nn.Module) -> nn.Module:
    return network.eval().requires_grad_(False)


def _generator(model: GeneratorModel) -> Generator:
    """Return a copy of the generator that exporters understand."""
    generator = simplified(copy.deepcopy(model.network).cpu().to(memory_format=torch.contiguous_format))
    assert isinstance(generator, Generator)
    return generator


def _latents(model: GeneratorModel) -> tuple[Port, ...]:
    config = model.config
    z = Port("z", f"float32 (batch, {config.z_dim}): latents, normally distributed with mean 0 and variance 1")
    truncation = Port(
        "truncation",
        "float32 (), one number from 0 to 1: 1 draws from all that was learned; toward 0 more alike",
        False,
    )
    classes = ", ".join(f"{index} {name}" for index, name in enumerate(config.classes))
    labels = Port("labels", f"int64 (batch,): class of each image: {classes}")
    return (z, truncation, labels) if config.classes else (z, truncation)


def _images(model: GeneratorModel) -> Port:
    data = model.config.data
    shape = f"(batch, {data.channels}, {data.height}, {data.width})"
    return Port("images", f"float32 {shape}: {CHANNELS[data.channels]} from 0 to 1; round(255 * images) are bytes")


def _examples(model: GeneratorModel) -> Callable[[int, int], tuple[Tensor, ...]]:
    """Return what draws latents, as a function of a seed; odd seeds are truncated."""

    def draw(count: int, seed: int) -> tuple[Tensor, ...]:
        rng = torch.Generator().manual_seed(seed)
        z = torch.randn(count, model.config.z_dim, generator=rng)
        truncation = torch.tensor(TRUNCATIONS[seed % len(TRUNCATIONS)])
        classes = len(model.config.classes)
        return (z, truncation, torch.randint(classes, (count,), generator=rng)) if classes else (z, truncation)

    return draw


def _facts(model: GeneratorModel) -> dict[str, str]:
    config = model.config
    return {
        "software": f"ganvas {__version__}",
        "written_by": MARK,
        "run": model.run_name,
        "recipe": config.recipe,
        "network": model.fingerprint,
        "classes": json.dumps(config.classes),
    }


def _from_0_to_1(images: Tensor) -> Tensor:
    """Return images about in [-1, 1] as images in [0, 1]."""
    return (images * 0.5 + 0.5).clamp(0.0, 1.0)
