"""Pictures of other shapes than are asked for, which are left out."""

from ..translation import N_
from .image_file import ImageHeader, ImageInput, UnreadableImageError, read_header
from .size_histograms import upright_size

Aspect = tuple[float, float]  # the least and the greatest width over height
OTHER_SHAPE = N_("of a shape that is left out")


def has_shape(header: ImageHeader, aspect: Aspect | None) -> bool:
    """Return whether a picture, turned upright, has one of the shapes that are asked for; None asks for all."""
    if aspect is None:
        return True
    width, height = upright_size(header)
    return aspect[0] <= width / height <= aspect[1]


def check_shape(content: ImageInput, name: str, aspect: Aspect | None) -> None:
    """Check that a picture has one of the shapes that are asked for.

    Raises:
        UnreadableImageError: it has not, or cannot be opened.
    """
    if aspect is not None and not has_shape(header := read_header(content, name), aspect):
        width, height = upright_size(header)
        raise UnreadableImageError(f"{OTHER_SHAPE} ({width}x{height} px)")
