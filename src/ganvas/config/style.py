"""The settings of a painting."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .sign import SignConfig

Statistics = Literal["moments", "gram", "patches"]
ColorMode = Literal["free", "luma", "covariance", "oklab"]
OptimizerName = Literal["lbfgs", "adam"]
NetworkName = Literal["vgg16", "vgg19"]
Pooling = Literal["average", "max"]

STARTS = ("content", "noise", "style", "fast")
OLD_NAMES = {"colours": "colors", "optimiser": "optimizer"}  # what ganvas 0.1 called these settings


@dataclass(frozen=True)
class StyleConfig:
    """Settings of a painting: the flags of `ganvas style`."""

    fast: bool = False
    """Paint in one pass of a small network: a first look in a second, instead of the best in a minute."""
    size: int = 512
    """Pixels on the painting's longer side; it has the shape of the content."""
    strength: float = 0.4
    """How strong the style is: 0 is the picture itself, 1 nothing but the style; much the same at every size."""
    style_scale: float = 1.0
    """Size of the strokes: 1 as if the style were as large as the painting, 0.5 half as large, 2 twice."""
    blend: tuple[float, ...] = ()
    """With several styles, how much of each, such as 2 1; equal parts if left out."""
    statistics: Statistics = "moments"
    """How styles are compared: moments (means and covariances), gram (the classic) or patches (place by place)."""
    colors: ColorMode = "free"
    """free (the style's), luma (the picture's; only lightness is painted), covariance or oklab (near the picture's)."""
    depth: int = 0
    """Bits per color channel: 8, or 16 in PNG and TIFF; if left out, as many as content and format both have."""
    mask_threshold: float = 0.0
    """Brightness from which a mask is white, such as 0.5, so that any picture can be a mask; 0: grays are shares."""
    mask_softness: float = 0.02
    """Width of the soft edges between masks, as a share of the longer side."""
    smoothness: float = 0.1
    """How strongly fine grain is suppressed."""
    start: str = "content"
    """What the painting starts from: content (true to the picture), noise (freer), style, fast, or a picture's path."""
    iterations: int = 25
    """Steps at 512 pixels. Smaller sizes get more, since they cost less there, and larger sizes get fewer."""
    optimizer: OptimizerName = "lbfgs"
    """lbfgs (fewest steps) or adam (least memory; used automatically where lbfgs does not fit)."""
    content_layers: tuple[str, ...] = ("conv3_2", "conv4_2")
    """VGG layers for shapes: parts of objects, and objects. conv4_2 alone is freer; conv4_2=2 counts twice."""
    style_layers: tuple[str, ...] = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")
    """VGG layers for strokes, from fine to coarse. relu1_1=2 counts twice."""
    network: NetworkName = "vgg16"
    """vgg16 (in the package) or vgg19 (torchvision's, downloaded once: 550 MB)."""
    vgg19_weights: str | None = None
    """File of torchvision's VGG-19, if it is not in torch's cache, or what ganvas shrink-vgg made of it."""
    pooling: Pooling = "average"
    """average (smoother pictures) or max (as the network was trained)."""
    memory: float = 0.0
    """GB that may be used; half of the free memory if left out. Large pictures are painted in blocks, without seams."""
    seed: int = 0
    """Seed of the random numbers."""
    device: str = "auto"
    """cpu, cuda, cuda:1, mps, or auto."""
    signature: SignConfig = field(default_factory=SignConfig)

    @property
    def start_path(self) -> Path | None:
        """Return the path of the picture that the painting starts from, if it is one of the user's."""
        return None if self.start in STARTS else Path(self.start)

    @property
    def is_random(self) -> bool:
        """Whether the seed changes anything."""
        return self.start == "noise" or self.statistics == "patches"


def with_current_names(record: Any) -> Any:
    """Return a record of settings under the names of this release; anything but a dict is returned as it is."""
    return {OLD_NAMES.get(name, name): value for name, value in record.items()} if isinstance(record, dict) else record
