"""Data pipeline: sources of pictures, inspection, preparation (decode once), batches, augmentation.

`ganvas.data.loader`, `augment` and `ada` need torch and are imported by name; the rest works without it.
"""

from .decode import DecodedImage, read_image
from .finalize import SkippedFile
from .image_file import UnreadableImageError
from .inspect import Inspection, inspect
from .overview import Overview, read_overview
from .prepare import PreparedDataset, prepare
from .source import Source
from .sources import open_source

__all__ = [
    "DecodedImage",
    "Inspection",
    "Overview",
    "PreparedDataset",
    "SkippedFile",
    "Source",
    "UnreadableImageError",
    "inspect",
    "open_source",
    "prepare",
    "read_image",
    "read_overview",
]
