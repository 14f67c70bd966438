"""The settings of a painting."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StyleConfig:
    """Say how a painting is made; these are the flags of `ganvas style`."""

    size: int = 320
    """Pixels of the painting's long side; its shape is the content's."""
    iterations: int = 60
    """Steps at the full size, and at each smaller one before it: a quarter of the cost at half the size."""
    start: str = "content"
    """Where the painting starts: content (true to the picture) or noise (freer)."""
    optimiser: str = "lbfgs"
    """lbfgs (fewest steps) or adam (less memory)."""
    learning_rate: float = 0.05
    """Of adam: how far a pixel moves in one step, black to white being 2."""
    content_weight: float = 0.08
    """How much the content's shapes count."""
    style_weight: float = 1.0
    """How much the style's colours and strokes count."""
    variation_weight: float = 0.1
    """How much smoothness counts."""
    content_layers: tuple[str, ...] = ("conv4_2",)
    """Layers that shapes are compared at; deeper ones leave more freedom."""
    style_layers: tuple[str, ...] = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
    """Layers that strokes are compared at, fine to coarse."""
    blend: tuple[float, ...] = ()
    """With several styles: how much of each, such as 2 1; equal parts if left out."""
    network: str = "vgg16"
    """vgg16 (in the package) or vgg19 (torchvision's, fetched once: 550 MB)."""
    vgg19_weights: str | None = None
    """File of torchvision's VGG-19, if it is not in torch's cache."""
    pooling: str = "average"
    """average (smoother pictures) or max (as the network was trained)."""
    seed: int = 0
    """Of the noise."""
    device: str = "auto"
    """cpu, cuda, mps, or auto."""
