"""The settings of a painting."""

from dataclasses import dataclass
from pathlib import Path

STARTS = ("content", "noise", "style")


@dataclass(frozen=True)
class StyleConfig:
    """Say how a painting is made; these are the flags of `ganvas style`."""

    size: int = 512
    """Pixels of the painting's long side; its shape is the content's."""
    strength: float = 0.4
    """How far the painting goes: 0 is the picture itself, 1 nothing but the style; much the same at each size."""
    style_scale: float = 1.0
    """Size of the strokes: 1 as if the style were as large as the painting, 0.5 half as large, 2 twice."""
    blend: tuple[float, ...] = ()
    """With several styles: how much of each, such as 2 1; equal parts if left out."""
    statistics: str = "moments"
    """How styles are compared: moments (means and covariances), gram (the classic) or patches (place by place)."""
    colours: str = "free"
    """free (the style's), luma (the picture's: only light and dark are painted), covariance or oklab (near them)."""
    depth: int = 0
    """Bits of a colour: 8, or 16 in PNG and TIFF; as the content has, where the format holds them, if left out."""
    mask_threshold: float = 0.0
    """From which brightness on a mask is white, such as 0.5, so that any picture can be one; 0 takes greys as parts."""
    mask_softness: float = 0.02
    """How wide the edges between masks are, as a part of the long side."""
    smoothness: float = 0.1
    """How much grain is held down."""
    start: str = "content"
    """What the painting begins as: content (true to the picture), noise (freer), style, or a picture's path."""
    iterations: int = 25
    """Steps at 512 pixels; there are more at each smaller size, where they cost less, and fewer at larger ones."""
    optimiser: str = "lbfgs"
    """lbfgs (fewest steps) or adam (least memory; taken by itself where lbfgs does not fit)."""
    content_layers: tuple[str, ...] = ("conv3_2", "conv4_2")
    """Layers that shapes are compared at, parts of things and things; conv4_2 alone leaves more freedom, and conv4_2=2
    counts twice."""
    style_layers: tuple[str, ...] = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
    """Layers that strokes are compared at, fine to coarse. relu1_1=2 counts twice."""
    network: str = "vgg16"
    """vgg16 (in the package) or vgg19 (torchvision's, fetched once: 550 MB)."""
    vgg19_weights: str | None = None
    """File of torchvision's VGG-19, if it is not in torch's cache, or what ganvas slim made of it."""
    pooling: str = "average"
    """average (smoother pictures) or max (as the network was trained)."""
    memory: float = 0.0
    """GB that may be used; half of what is free if left out. Larger pictures are painted in blocks, without seams."""
    seed: int = 0
    """Of the noise."""
    device: str = "auto"
    """cpu, cuda, mps, or auto."""

    @property
    def start_picture(self) -> Path | None:
        """Return the picture that the painting begins as, if it is one of the user's."""
        return None if self.start in STARTS else Path(self.start)
