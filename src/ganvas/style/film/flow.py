"""Where each pixel of a frame was in the frame before: optical flow, and how far it can be trusted."""

from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import GanvasError
from ...translation import _

Floats = npt.NDArray[np.float32]

FLOW_SIDE = 512  # pixels of the longer side at which flow is computed; finer tells no more, and takes longer
# Flows agree where |f + b|^2 <= SLOPE (|f|^2 + |b|^2) + OFFSET: Sundaram, Brox and Keutzer, ECCV 2010, equation 5.
AGREEMENT_SLOPE, AGREEMENT_OFFSET = 0.01, 0.5
WINDOW = 7  # pixels of the squares over which light is compared, so that noise is not taken for a change
LIGHT_TOLERANCE = 0.05  # difference of such means from which on light has changed; half of it is surely the same
LEVEL = 1 / 255
STILL = 0.5  # pixels; a flow as small may be noise
STILL_TOLERANCE = 1.05  # what stands still differs no more than this often what the flow explains


@dataclass(frozen=True, eq=False)
class Motion:
    """How a frame came from the one before.

    Args:
        came_from: place in the frame before for each pixel, x and y, (H, W, 2).
        trust: how surely it is the same thing in the same light, (H, W) in [0, 1].
    """

    came_from: Floats
    trust: Floats

    def carry(self, image: Floats) -> Floats:
        """Return an image (H, W, C) of the frame before, moved to where its things are now."""
        cv2 = require_opencv()
        moved: Floats = cv2.remap(image, self.came_from, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return moved.clip(0, 1)


def require_opencv() -> ModuleType:
    """Return OpenCV.

    Raises:
        GanvasError: it is not installed; the hint is the line that installs it.
    """
    try:
        import cv2
    except ImportError as error:
        raise GanvasError(
            _("To repaint a film needs OpenCV, which is not installed."), _('Try: pip install "ganvas[video]"')
        ) from error
    return cv2


def find_motion(before: Floats, now: Floats) -> Motion:
    """Return how a frame came from the one before; both (H, W, 3) in [0, 1].

    Source of the flow: Kroeger, Timofte, Dai and Van Gool, "Fast optical flow using dense inverse search", ECCV 2016.
    """
    cv2 = require_opencv()
    height, width = now.shape[:2]
    scale = min(1.0, FLOW_SIDE / max(height, width))
    small = max(16, round(width * scale)), max(16, round(height * scale))
    was, shown = (cv2.resize(frame, small, interpolation=cv2.INTER_AREA) for frame in (before, now))
    grays = [_gray(cv2, frame) for frame in (was, shown)]
    finder = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    back, forth = finder.calc(grays[1], grays[0], None), finder.calc(grays[0], grays[1], None)
    moved = _fetch(cv2, was, back)
    back = np.where(_stands_still(cv2, was, shown, moved, back)[..., None], np.float32(0), back)
    trust = _agreement(cv2, back, forth) * _same_light(cv2, shown, _fetch(cv2, was, back))
    stretch = np.array([width / small[0], height / small[1]], np.float32)
    came_from = cv2.resize(back, (width, height), interpolation=cv2.INTER_LINEAR) * stretch + _places(height, width)
    trust = cv2.resize(trust, (width, height), interpolation=cv2.INTER_LINEAR)
    inside = ((came_from >= 0) & (came_from <= (width - 1, height - 1))).all(2)
    return Motion(came_from, (trust * inside).astype(np.float32))


def _gray(cv2: Any, frame: Floats) -> npt.NDArray[np.uint8]:
    return (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) * 255).round().clip(0, 255).astype(np.uint8)  # type: ignore[no-any-return]


def _fetch(cv2: Any, image: Floats, flow: Floats) -> Floats:
    """Return an image with each pixel taken from where the flow points to."""
    places = flow + _places(*flow.shape[:2])
    fetched: Floats = cv2.remap(image, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return fetched


def _stands_still(cv2: Any, was: Floats, shown: Floats, moved: Floats, back: Floats) -> npt.NDArray[np.bool_]:
    """Return where standing still explains a frame as well as a small flow: moving by noise would blur."""
    standing, moving = (cv2.blur(np.abs(shown - other), (WINDOW, WINDOW)).mean(2) for other in (was, moved))
    return (np.abs(back).max(2) < STILL) & (standing <= STILL_TOLERANCE * moving + LEVEL / 2)  # type: ignore[no-any-return]


def _agreement(cv2: Any, back: Floats, forth: Floats) -> Floats:
    """Return where going back and forth ends where it began, (H, W) in [0, 1]."""
    returned = _fetch(cv2, forth, back)
    bound = AGREEMENT_SLOPE * ((back**2).sum(2) + (returned**2).sum(2)) + AGREEMENT_OFFSET
    agrees: Floats = cv2.blur((((back + returned) ** 2).sum(2) <= bound).astype(np.float32), (3, 3))
    return agrees


def _same_light(cv2: Any, shown: Floats, moved: Floats) -> Floats:
    """Return where colours are the same as where they came from, (H, W) in [0, 1]."""
    change = np.abs(cv2.blur(shown - moved, (WINDOW, WINDOW))).max(2)
    return (2 - 2 * change / LIGHT_TOLERANCE).clip(0, 1)  # type: ignore[no-any-return]


@lru_cache(maxsize=4)
def _places(height: int, width: int) -> Floats:
    """Return x and y of each pixel, (H, W, 2)."""
    y, x = np.mgrid[:height, :width]
    places = np.stack((x, y), 2).astype(np.float32)
    places.flags.writeable = False  # all that ask get the same
    return places
