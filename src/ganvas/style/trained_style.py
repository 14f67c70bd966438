"""A style that was trained: a folder with its network, its painting, a card and previews."""

from pathlib import Path

NETWORK_NAME = "style.safetensors"
PAINTING_NAME = "painting.png"


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
