"""A style that was trained: a folder with its network, its painting, a card and previews."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ..atomic_write import write_atomically
from ..config import StyleConfig
from ..errors import ganvas_command
from ..image_io import save_image, to_image, to_uint8
from ..models.fast_style import FastStyleNetwork
from ..translation import _
from ..version import __version__
from .fast import FastStyle
from .load import Picture, to_uint8_tensor
from .plan import scale_to

NETWORK_NAME, PAINTING_NAME, CARD_NAME = "style.safetensors", "painting.png", "README.md"
UNFINISHED_NAME = ".unfinished.safetensors"
PAINTING_SIDE = 1024  # pixels of the painting's copy, for the optimizer
PREVIEW_SIDE = 384


def is_trained_style(path: Path) -> bool:
    """Tell whether a path is the folder of a trained style."""
    return (path / NETWORK_NAME).is_file() and (path / PAINTING_NAME).is_file()


def painting_of(style: Path) -> Path:
    """Return the painting in the folder of a trained style; of anything else, the path itself."""
    return style / PAINTING_NAME if is_trained_style(style) else style


def network_beside(painting: Path) -> Path | None:
    """Return the network that was trained for a painting; None if there is none."""
    network = painting.with_name(NETWORK_NAME)
    return network if painting.name == PAINTING_NAME and network.is_file() else None


@dataclass(frozen=True)
class StyleFacts:
    """What the card tells of a style.

    Args:
        painting: name of the painting's file.
        photos: how many photographs it was trained on.
        packaged: whether these are the packaged ones.
        minutes, steps: how long it was trained.
    """

    painting: str
    photos: int
    packaged: bool
    minutes: float
    steps: int


def write_style(
    out: Path, network: FastStyleNetwork, painting: Picture, photos: Sequence[Image.Image], facts: StyleFacts
) -> None:
    """Write a style's folder; the network last, since it makes the folder a style.

    Raises:
        OSError: a file cannot be written.
    """
    metadata = {"software": f"ganvas {__version__}", "facts": json.dumps(asdict(facts))}
    side = min(PAINTING_SIDE, max(painting.colors.size))
    kept = painting.on_white().resize(scale_to(painting.colors.size, side), Image.Resampling.LANCZOS)
    save_image(kept, out / PAINTING_NAME, metadata)
    for number, preview in enumerate(_previews(network, painting, photos), start=1):
        save_image(preview, out / f"preview-{number}.webp", metadata)
    write_atomically(out / CARD_NAME, _card(out, facts).encode("utf-8", "backslashreplace"))
    tensors = {name: tensor.half().cpu().contiguous() for name, tensor in network.state_dict().items()}
    write_atomically(out / NETWORK_NAME, save(tensors, metadata))


class UnfinishedStyle:
    """The state of a training that was interrupted, in the style's folder."""

    def __init__(self, out: Path) -> None:
        self.path = out / UNFINISHED_NAME

    def save(self, state: Mapping[str, Tensor], mark: str) -> None:
        """Write a state. Raises OSError if it cannot be written."""
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
        write_atomically(self.path, save(tensors, {"mark": mark}))

    def load(self, mark: str) -> dict[str, Tensor] | None:
        """Return the state with this mark; None if there is none, or it is damaged.

        Raises:
            OSError: it is there, but cannot be read now.
        """
        if not self.path.exists():
            return None
        with self.path.open("rb"):
            pass  # safetensors does not tell why it cannot open a file
        try:
            with safe_open(self.path, "pt") as file:
                if (file.metadata() or {}).get("mark") != mark:
                    return None
                return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
        except SafetensorError:
            self.path.replace(self.path.with_name(f"{UNFINISHED_NAME}.damaged"))
            return None


def _previews(network: FastStyleNetwork, painting: Picture, photos: Sequence[Image.Image]) -> list[Image.Image]:
    """Return photographs as the network paints them."""
    fast, device = FastStyle(network), network.statistics_mean.device
    size = scale_to(painting.colors.size, StyleConfig.size)
    style = fast.prepare(painting.tensor(size, device).add(1).div(2))
    previews = []
    for photo in photos:
        small = photo.resize(scale_to(photo.size, PREVIEW_SIDE), Image.Resampling.LANCZOS)
        painted = fast.paint(to_uint8_tensor(small).to(device) / 255, style)
        previews.append(to_image(to_uint8(painted[0].cpu() * 2 - 1)))
    return previews


def _card(out: Path, facts: StyleFacts) -> str:
    """Return the style's card as Markdown."""
    trained = _("It was trained for {minutes:g} minutes, {steps:,} steps, from the network that Ganvas brings.").format(
        minutes=facts.minutes, steps=facts.steps
    )
    photos = _("It was trained on {count} photographs.").format(count=facts.photos)
    if facts.packaged:
        photos = _("It was trained on the {count} photographs that Ganvas brings, which belong to the public.").format(
            count=facts.photos
        )
    title = _("The style of {painting}").format(painting=json.dumps(facts.painting))
    lines = [
        "---", "library_name: ganvas", "tags:", "- style-transfer", "- ganvas", "---", "",
        f"# {title}", "",
        _("A small network that repaints a picture in the style of one painting, in one pass."), "",
        "```sh", ganvas_command("style", "PHOTOGRAPH", out, "--fast"), "```", "",
        trained, photos,
        _("Whoever gives it away should have the right to do so with the painting, whose copy lies here."),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
