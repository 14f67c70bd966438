"""Which pictures are drawn: numbered ones of a seed, one of each of many seeds, or those of given latents."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

from ..errors import GanvasError
from ..translation import _
from .direction_files import Move
from .latent_files import latent_metadata
from .sample import GeneratorModel


@dataclass(frozen=True, kw_only=True, eq=False)
class PictureRequest:
    """Pictures that are asked for, how their files are called, and what their metadata tell.

    Args:
        count, seed, first: pictures number `first` and following of a seed.
        seeds: or picture 0 of each of these.
        latents: or those of w (N, num_ws, w_dim).
        truncation, label: as in `GeneratorModel.sample`; latents have both in them.
        moves: ways that all of them are moved.

    Raises:
        GanvasError: no picture is asked for, or something that contradicts the rest.
    """

    count: int = 64
    seed: int = 0
    first: int = 0
    seeds: tuple[int, ...] = ()
    latents: Tensor | None = None
    truncation: float = 1.0
    label: str | None = None
    moves: Sequence[Move] = ()

    def __post_init__(self) -> None:
        if not len(self):
            raise GanvasError(_("Cannot sample {count} pictures.").format(count=self.count), _("Try: --count 64"))
        if self.first < 0:
            raise GanvasError(_("There is no picture number {first}.").format(first=self.first), _("Try: --first 0"))
        if self.latents is not None and (self.truncation != 1 or self.label is not None):
            raise GanvasError(_("A latent is drawn as it is."), _("Leave out --truncation and --label."))

    def __len__(self) -> int:
        if self.latents is not None:
            return len(self.latents)
        return len(self.seeds) if self.seeds else max(0, self.count)

    def origin(self, number: int) -> tuple[int, int]:
        """Return seed and index of a picture; of a latent, 0 and its number."""
        if self.latents is not None:
            return 0, number
        return (self.seeds[number], 0) if self.seeds else (self.seed, self.first + number)

    def stem(self, number: int) -> str:
        """Return the name of a picture's file without its suffix."""
        if self.latents is not None:
            return f"latent{number:06d}"
        return f"seed{self.seeds[number]:06d}" if self.seeds else f"{self.first + number:06d}"

    def w(self, model: GeneratorModel, numbers: Iterable[int]) -> Tensor:
        """Return w (N, num_ws, w_dim) of these pictures."""
        if self.latents is not None:
            w = self.latents[list(numbers)]
        else:
            w = model.map(*model.latents_at([self.origin(each) for each in numbers], self.label), self.truncation)
        for move in self.moves:
            w = w + move.step
        return w

    def common_metadata(self, model: GeneratorModel) -> dict[str, object]:
        """Return what the metadata of all pictures tell."""
        metadata: dict[str, object] = {"run": model.run_name, "network": model.fingerprint}
        if self.latents is None:
            metadata |= {"truncation": self.truncation} | ({} if self.seeds else {"seed": self.seed})
        if self.moves:
            metadata |= {"direction": ",".join(move.text for move in self.moves)}
        return metadata if self.label is None else metadata | {"label": self.label}

    def metadata(self, model: GeneratorModel, number: int, w: Tensor | None = None) -> dict[str, object]:
        """Return what the metadata of one picture tell, so that it can be found again.

        Args:
            w: (num_ws, w_dim) of the picture, where it is known already.
        """
        common = self.common_metadata(model)
        if self.latents is not None or self.moves:  # no seed can tell it
            common |= latent_metadata(self.w(model, [number])[0] if w is None else w, model)
        if self.latents is not None:
            return common
        seed, index = self.origin(number)
        return common | {"seed": seed, "index": index}


def is_same(found: Mapping[str, str], wanted: Mapping[str, object]) -> bool:
    """Return whether metadata that were found in a picture are those that are wanted; of any release of Ganvas."""
    texts = {key: str(value) for key, value in wanted.items()}
    return {key: value for key, value in found.items() if key != "software"} == texts
