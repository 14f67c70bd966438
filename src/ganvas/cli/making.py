"""The commands that make something: a demonstration, a training, samples, a painting."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import OmitArgPrefixes, Positional, arg

from ..config import StyleConfig
from ..errors import GanvasError
from .options import Device, Json, Run, optional, say


@dataclass(frozen=True)
class Demo:
    """See everything work on built-in pictures: train two minutes, sample, measure, repaint a photograph."""

    out: Path = Path("ganvas-demo")
    """Where the results go."""
    minutes: float = 2.0
    """Minutes of training."""

    def run(self) -> dict[str, Any]:
        from ..demo import demo
        from .terminal import render, stop_on_signals

        with stop_on_signals() as stop:
            return render(demo(self.out, self.minutes, stop))


@dataclass(frozen=True)
class Train:
    """Train a GAN on your pictures. The same command run again goes on where it stopped; Ctrl-C saves."""

    pictures: Annotated[Positional[Path | None], optional("PICTURES")] = None
    """Folder, .zip, .npy or MNIST-style idx file; may be left out to go on with a run."""
    out: Annotated[Path | None, optional("RUN")] = None
    """The run folder; runs/NAME-OF-THE-PICTURES if not given."""
    recipe: str = "auto"
    """A name that ganvas recipes lists; auto chooses by the pictures, the machine and the budget."""
    size: str = "auto"
    """Pixels: 64, or width by height: 96x64."""
    minutes: Annotated[float | None, optional("MINUTES")] = None
    """Budget of time, start-up included; 10 if no budget is given."""
    images: Annotated[int | None, optional("COUNT")] = None
    """Budget of pictures seen, in place of minutes; makes a run repeatable bit for bit."""
    labels: bool = False
    """Learn the sub-folders (or idx labels) as classes, to be sampled by --label."""
    channels: str = "auto"
    """grey, rgb, or rgba to keep transparency."""
    background: str = "white"
    """Colour put under transparent pictures."""
    fit: str = "crop"
    """crop cuts the middle out, pad keeps all on the background, stretch ignores the shape."""
    loss: str = "auto"
    """bce, hinge, least_squares, wasserstein, relativistic, relativistic_hinge or saturating, not the recipe's."""
    penalty: str = "auto"
    """r1, r2, r1_r2, approximate_r1, approximate_r1_r2, gradient or none in place of the recipe's."""
    gamma: Annotated[float | None, optional("WEIGHT")] = None
    """The penalty's weight; follows from size and batch if not given."""
    every: Annotated[int | None, optional("STEPS")] = None
    """Take the penalty every so many steps, that much stronger: 16 is usual for r1 and saves time."""
    augment: Annotated[tuple[str, ...], optional("POLICY [POLICY ...]")] = ()
    """In place of the recipe's: color, translation, cutout; ada or apa, as strong as is needed; or none."""
    flip: str = "auto"
    """yes, no, or auto: mirror pictures at random if there are fewer than 10,000. Say no for letters and digits."""
    ema: Annotated[float | None, optional("SHARE")] = None
    """Average the generator's weights with a half-life of this share of the pictures seen, such as 0.1."""
    width: Annotated[float | None, optional("FACTOR")] = None
    """Of the networks, as a multiple of the recipe's; 2 takes about four times as long a step."""
    batch: Annotated[int | None, optional("COUNT")] = None
    """Pictures a step in place of the recipe's."""
    origin: Annotated[Path | None, optional("RUN", "from")] = None
    """Begin with the networks of an earlier run; its pictures may be others, and its size."""
    freeze: float = 0.0
    """With --from: share of the discriminator, from the picture on, that stays as it is, such as 0.5."""
    precision: str = "auto"
    """float32, which auto is; bfloat16 or float16 on a GPU that is faster with them. Processors are not."""
    compiled: Annotated[bool, arg(name="compile")] = False
    """Have torch compile the networks first: a minute or more, for long trainings on a GPU."""
    coach: str = "auto"
    """act examines the training's health and repairs it, watch only tells, off does not look; act if not given."""
    seed: int = 0
    """Of everything random."""
    device: Device = "auto"
    json: Json = False

    def run(self) -> dict[str, Any]:
        import ganvas

        from .terminal import render, stop_on_signals

        if self.pictures is None and self.out is None:
            raise GanvasError("No pictures were named.", "Try: ganvas train PICTURES, or: ganvas demo")
        name = (self.pictures or Path()).resolve().name.partition(".")[0] or "pictures"
        out = self.out or Path("runs") / name
        options = {name: getattr(self, name) for name in TRAIN_OPTIONS}
        with stop_on_signals() as stop:
            return render(ganvas.train(self.pictures, out, **options, stop=stop))


TRAIN_OPTIONS = (
    "recipe", "size", "minutes", "images", "labels", "channels", "background", "fit",
    "loss", "penalty", "gamma", "every", "augment", "flip", "ema", "width", "batch", "origin", "freeze",
    "precision", "compiled", "coach", "seed", "device",
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """Make pictures with a trained generator: 000000.png and so on, or one sheet."""

    run_folder: Run
    count: int = 64
    """How many pictures."""
    seed: int = 0
    """The same seed gives the same pictures."""
    out: Annotated[Path | None, optional("FOLDER")] = None
    """Folder for the pictures; RUN/sampled if neither this nor --grid is given."""
    grid: Annotated[Path | None, optional("FILE")] = None
    """File for one sheet of all pictures in place of single files."""
    truncation: float = 1.0
    """1 for all that was learned; towards 0 safer and more alike."""
    label: Annotated[str | None, optional("CLASS")] = None
    """Class to draw, for a run trained with --labels."""
    device: Device = "auto"
    json: Json = False

    def run(self) -> dict[str, Any]:
        import ganvas

        from ..latents.write import write_grid, write_pictures

        model = ganvas.load(self.run_folder, self.device)
        if self.grid is not None:
            written = write_grid(model, self.grid, self.count, self.seed, self.truncation, self.label)
        else:
            out = self.out or self.run_folder / "sampled"
            written = write_pictures(model, out, self.count, self.seed, self.truncation, self.label)
        say(f"{self.count} pictures: {written}")
        return {"count": self.count, "seed": self.seed, "path": str(written)}


@dataclass(frozen=True)
class Style:
    """Repaint a picture in the manner of others, or a folder of pictures in each of many manners.

    The same command run again goes on where it stopped; Ctrl-C keeps the best so far.
    """

    content: Annotated[Positional[Path], arg(metavar="CONTENT")]
    """The picture to repaint, or a folder of them."""
    style: Annotated[Positional[tuple[Path, ...]], arg(metavar="STYLE [STYLE ...]", help_behavior_hint="")]
    """Pictures whose manners are mixed; or with a folder among them, each picture's for itself."""
    out: Annotated[Path | None, optional("FILE")] = None
    """Where the painting goes: .png, .jpg, .webp or .tiff; for several, a folder. styled.png or styled if left out."""
    mask: tuple[Path, ...] = ()
    """Pictures that are white where a style is to be, in the styles' order; the last style may do without one."""
    like: Annotated[Path | None, optional("PAINTING")] = None
    """A painting whose styles and settings are taken; what is given besides is changed."""
    sweep: str = ""
    """One setting and several values, such as strength=0.3,0.5,0.7: a painting for each, and a sheet."""
    settings: OmitArgPrefixes[StyleConfig] = field(default_factory=StyleConfig)
    json: Json = False

    def alike(self, painting: Path) -> "Style":
        """Return what is meant where nothing is given, beside what was: as `painting` was made, on this machine."""
        from ..style.reuse import recipe_of

        known = recipe_of(painting)
        here = replace(known.config, device=StyleConfig.device, memory=StyleConfig.memory)
        # Shares and masks are of the styles that were, and the one is given up for the other.
        if self.style or self.mask:
            here = replace(here, blend=())
        masks = () if self.style or self.settings.blend else known.masks
        return replace(self, style=known.styles, mask=masks, settings=here)

    def run(self) -> dict[str, Any]:
        from ..style.batch import is_many, paint_many
        from ..style.paint import stylize
        from .terminal import interrupt_on_term, render

        if not self.style:
            raise GanvasError("No style picture was named.", "Try: ganvas style CONTENT STYLE --out painting.png")
        with interrupt_on_term():
            if is_many(self.content, self.style, self.sweep):
                out = self.out or Path("styled")
                return render(paint_many(self.content, self.style, out, self.settings, self.mask, self.sweep))
            out = self.out or Path("styled.png")
            return render(stylize(self.content, self.style, out, self.settings, self.mask))


@dataclass(frozen=True)
class Slim:
    """Cut torchvision's VGG-19 to what paintings look through, once: 25 MB in place of 550."""

    weights: Annotated[Positional[Path | None], optional("WEIGHTS")] = None
    """torchvision's vgg19-dcbb9e9d.pth; the one in torch's cache, or fetched, if left out."""
    out: Path = Path("vgg19.safetensors")
    """Where it goes; then: ganvas style ... --network vgg19 --vgg19-weights vgg19.safetensors."""
    json: Json = False

    def run(self) -> dict[str, Any]:
        from ..models.vgg import slim, torchvision_vgg19

        if self.out.suffix != ".safetensors":
            raise GanvasError(f"{self.out} should end in .safetensors.", "Try: --out vgg19.safetensors")
        slim(torchvision_vgg19(self.weights), self.out)
        say(f"Written: {self.out}, {self.out.stat().st_size / 1e6:.0f} MB.")
        say(f"Now: ganvas style PHOTOGRAPH PAINTING --network vgg19 --vgg19-weights {self.out}")
        return {"path": str(self.out)}


@dataclass(frozen=True)
class Recolour:
    """Give a painting other colours in a second; nothing is painted anew."""

    painting: Annotated[Positional[Path], arg(metavar="PAINTING")]
    """A picture that ganvas style wrote."""
    colours: str = "luma"
    """free (its own), luma (the picture's: only light and dark are painted), covariance or oklab (near them)."""
    content: Annotated[Path | None, optional("PICTURE")] = None
    """The picture whose colours are meant; the one that was painted from if left out."""
    out: Annotated[Path | None, optional("FILE")] = None
    """Where it goes; in place of PAINTING if left out."""
    json: Json = False

    def run(self) -> dict[str, Any]:
        from ..style.reuse import recolour
        from .terminal import render

        return render(recolour(self.painting, self.colours, self.out or self.painting, self.content))
