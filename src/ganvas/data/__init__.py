"""From whatever the user has to batches: sources, inspect, prepare (decode once), loader, augment.

`ganvas.data.loader` and `ganvas.data.augment` need torch and are imported by name; the rest works without.
"""

from .decode import BadPicture, Decoded, read_picture
from .inspect import Inspection, glance, guess_channels, inspect
from .prepare import Prepared, Skipped, prepare
from .sources import Source, open_source

__all__ = [
    "BadPicture",
    "Decoded",
    "Inspection",
    "Prepared",
    "Skipped",
    "Source",
    "glance",
    "guess_channels",
    "inspect",
    "open_source",
    "prepare",
    "read_picture",
]
