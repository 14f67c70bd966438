"""Sizes and sampling rates of StyleGAN3's layers (Karras et al. 2021, section 3.1 and appendix C)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import GanvasError
from ..translation import _

DEFAULTS: dict[str, float] = {
    "num_critical": 2,
    "first_cutoff": 2.0,
    "first_stopband": 2**2.1,
    "last_stopband_rel": 2**0.3,
    "margin": 10,
    "filter_size": 6,
    "lrelu_upsampling": 2,
}
MAX_FACTOR = 64  # by which a layer resamples
MAX_TAPS = 1024  # of a filter


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One layer's place.

    Args:
        in_size, out_size: sides of its features, in samples.
        in_rate: its input's sampling rate, in samples a picture.
        up, down: by how much it resamples before and after the leaky ReLU.
        up_taps, down_taps: lengths of the filters; 1 for none.
        padding: at the higher rate, before and after; negative numbers cut off.
        is_radial: whether the filter that reduces is radial.
        is_rgb: whether it gives the image.
    """

    in_size: int
    out_size: int
    in_rate: int
    up: int
    down: int
    up_taps: int
    down_taps: int
    padding: tuple[int, int]
    is_radial: bool
    is_rgb: bool


@dataclass(frozen=True)
class Geometry:
    """All layers' places.

    Args:
        first_cutoff: the highest frequency of the input.
        stages: of each layer, the last of which gives RGB.
    """

    first_cutoff: float
    stages: tuple[Stage, ...]

    @classmethod
    def of(cls, resolution: int, num_layers: int, kernel: int, radial: bool, given: Mapping[str, float]) -> "Geometry":
        """Return the geometry of a network.

        Cutoffs and stopbands rise geometrically from the first layer's to the last's, which `num_critical` layers have.

        Args:
            resolution: side of the images.
            num_layers: layers before the one that gives RGB.
            kernel: side of the convolutions.
            radial: whether filters that reduce are radial, but for critically sampled layers.
            given: numbers that differ from `DEFAULTS`.

        Raises:
            GanvasError: there is no network with such numbers.
        """
        n = {**DEFAULTS, **given}
        flat, size = int(n["num_critical"]), int(n["filter_size"])
        rises = num_layers - flat
        last_cutoff = resolution / 2
        possible = set(given) <= set(DEFAULTS) and flat >= 0 and rises > 0 and kernel % 2 == 1 and resolution >= 4
        bands = (n["first_cutoff"], n["first_stopband"], n["last_stopband_rel"], n["lrelu_upsampling"], size)
        if not possible or min(bands) <= 0 or max(bands) > MAX_TAPS or not 0 <= n["margin"] <= resolution:
            raise GanvasError(_("There is no StyleGAN3 of such sizes."), _("Import the network again."))

        def rising(first: float, last: float) -> list[float]:
            return [first * (last / first) ** min(index / rises, 1) for index in range(num_layers + 1)]

        cutoffs = rising(n["first_cutoff"], last_cutoff)
        stopbands = rising(n["first_stopband"], last_cutoff * n["last_stopband_rel"])
        rates = [2 ** math.ceil(math.log2(min(2 * stopband, resolution))) for stopband in stopbands]
        sizes = [int(rate + 2 * n["margin"]) for rate in rates]
        sizes[-2:] = [resolution, resolution]
        stages = []
        for index in range(num_layers + 1):
            before = max(index - 1, 0)
            is_rgb, is_critical = index == num_layers, index >= rises
            fine = max(rates[before], rates[index]) * (1 if is_rgb else int(n["lrelu_upsampling"]))
            up, down = fine // rates[before], fine // rates[index]
            up_taps, down_taps = (1 if is_rgb or factor == 1 else size * factor for factor in (up, down))
            if max(up, down) > MAX_FACTOR or max(up_taps, down_taps) > MAX_TAPS:
                raise GanvasError(_("There is no StyleGAN3 of such sizes."), _("Import the network again."))
            side = 1 if is_rgb else kernel
            total = (sizes[index] - 1) * down + 1 - (sizes[before] + side - 1) * up + up_taps + down_taps - 2
            low = (total + up) // 2
            stages.append(
                Stage(
                    in_size=sizes[before],
                    out_size=sizes[index],
                    in_rate=rates[before],
                    up=up,
                    down=down,
                    up_taps=up_taps,
                    down_taps=down_taps,
                    padding=(low, total - low),
                    is_radial=radial and not is_critical,
                    is_rgb=is_rgb,
                )
            )
        return cls(cutoffs[0], tuple(stages))
