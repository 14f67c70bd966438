"""The latents that points stand for, and their pictures while somebody looks."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..image_io import to_image, to_uint8
from ..latents.direction_files import read_direction
from ..latents.latent_files import read_latents
from ..latents.layers import parse_layers
from ..latents.mix import mix_layers
from ..latents.paths import along
from ..latents.sample import GeneratorModel
from ..runs import Run
from ..translation import _
from .points import Made, Mix, Moved, Point, Seed, seeds_in
from .workspace import NotHereError, Workspace

AT_ONCE = 4  # pictures drawn between two looks at whether a newer request has come
QUALITY = 92  # of the WebP that is shown; what is kept is exact


@dataclass(frozen=True, eq=False)
class Places:
    """Turns points of a run into latents.

    truncation: of points by seed, in [0, 1].
    """

    workspace: Workspace
    run: Run
    model: GeneratorModel
    truncation: float = 1.0

    def latents(self, points: Sequence[Point]) -> Tensor:
        """Return w (N, num_ws, w_dim) of points.

        Raises:
            GanvasError: a picture is of another run, there is no such direction or class, or points are nested too
                deep.
        """
        seeds = list({(each.seed, each.label): each for point in points for each in seeds_in(point)}.values())
        drawn = dict[tuple[int, str | None], Tensor]()
        for label in {each.label for each in seeds}:  # mapped together, which takes a fraction of the time
            numbers = [each.seed for each in seeds if each.label == label]
            w = self.model.map(*self.model.latents(numbers, label), self.truncation)
            drawn |= {(number, label): one for number, one in zip(numbers, w, strict=True)}
        return torch.stack([self._of(point, drawn) for point in points])

    def _of(self, point: Point, drawn: dict[tuple[int, str | None], Tensor]) -> Tensor:
        """Return w (num_ws, w_dim) of a point, with those of all seeds at hand."""
        match point:
            case Seed():
                return drawn[point.seed, point.label]
            case Made():
                return self._kept(point.name)
            case Mix():
                one, other = self._of(point.one, drawn), self._of(point.other, drawn)
                if point.layers and self.model.has_mapping:
                    layers = parse_layers(point.layers, self.model.w_shape[0])
                    return mix_layers(one[None], other[None], layers)[0, 0]
                return along(torch.stack([one, other]), [point.share], spherical=not self.model.has_mapping)[0]
            case Moved():
                w = self._of(point.of, drawn)
                for name, strength in point.moves.items():
                    w = w + strength * read_direction(self.run, name, self.model).step
                return w

    def _kept(self, name: str) -> Tensor:
        path = self.workspace.child(self.workspace.made, name)
        if not path.is_file():
            raise NotHereError(_("There is no '{name}' here.").format(name=name[:80]))
        return read_latents(path, self.model)[0]


@torch.inference_mode()
def draw(model: GeneratorModel, w: Tensor) -> Iterator[bytes]:
    """Yield the pictures of w (N, num_ws, w_dim) as WebP, a few at once and quickly.

    `GeneratorModel.synthesize` always draws sixteen at once, so that each is the same to the bit whatever is drawn with
    it. Here a value may differ by one from that, which nobody sees.
    """
    for part in torch.split(w, AT_ONCE):
        for image in to_uint8(model.network.synthesize(part.to(model.device))).cpu():
            file = io.BytesIO()
            to_image(image).save(file, "WEBP", quality=QUALITY, method=1)
            yield file.getvalue()
