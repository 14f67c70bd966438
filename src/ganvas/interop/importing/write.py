"""An imported network as a run folder, which then is one like any other."""

from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...config import Config, DataConfig, NetworkConfig, PhaseConfig
from ...config.ranges import check_config
from ...device import seeded_rng
from ...errors import GanvasError
from ...latents.model_file import MODEL_FILE
from ...latents.sample import save_network
from ...models import build_generator
from ...models.base import Generator
from ...runs import Run
from ...translation import _
from .imported import Arrays, ForeignNetworkError, ImportedNetwork, need
from .read import read_network

AVERAGE = "w_avg"
LATENTS = 10_000  # whose w are averaged where the file has no average, as NVIDIA's code does


@dataclass(frozen=True)
class ImportedRun:
    """What was imported, and where it is now."""

    folder: Path
    network: ImportedNetwork
    parameters: int


def import_run(file: Path, out: Path) -> ImportedRun:
    """Read the generator in a foreign file and write it as the run `out`. Nothing in the file is executed.

    Raises:
        GanvasError: the file holds no network that we have, or `out` is not free.
    """
    run = Run(out)
    if run.exists() and not (run.read_config().imported and not (run.model / MODEL_FILE).is_file()):
        raise GanvasError(
            _("{folder} is a run already.").format(folder=run.folder),
            _("Import it into another folder: --out OTHER"),
        )
    if not run.exists():
        run.check_free()
    imported = read_network(file)
    config = config_of(imported, file.name)
    check_config(config, str(file))
    network = build(imported, config, most=file.stat().st_size)
    with run.lock():
        run.write_config(config)
        save_network(run, network, step=0, images_seen=0)
    return ImportedRun(run.folder, imported, sum(each.numel() for each in network.parameters()))


def config_of(network: ImportedNetwork, name: str) -> Config:
    """Return the configuration of a run that was not trained here.

    Args:
        network: what was imported.
        name: of the file.
    """
    channels, height, width = network.shape
    return Config(
        recipe=network.recipe or network.generator.name,
        data=DataConfig("", height, width, channels, conditional=network.num_classes > 0),
        generator=network.generator,
        discriminator=NetworkConfig("none", ()),
        optimizers={},
        phases=(PhaseConfig("adversarial", time_share=1.0, batch=1),),
        z_dim=network.z_dim,
        classes=tuple(map(str, range(network.num_classes))),
        imported=f"{network.origin}: {name}",
    )


def build(imported: ImportedNetwork, config: Config, most: int) -> Generator:
    """Return the network with its weights.

    Args:
        imported: what was read.
        config: of the run.
        most: bytes of the file. Weights that take far more are the same ones again and again.

    Raises:
        ForeignNetworkError: weights are missing, or have other shapes.
    """
    with torch.device("meta"):  # compared before memory is taken
        expected = {name: tuple(each.shape) for name, each in build_generator(config).state_dict().items()}
    has_average = AVERAGE in imported.weights or AVERAGE not in expected
    weights = (
        imported.weights if has_average else {**imported.weights, AVERAGE: np.zeros(expected[AVERAGE], np.float32)}
    )
    check_shapes(expected, weights)
    size = sum(4 * prod(each.shape) for each in weights.values())
    need(size <= 4 * most + (1 << 20), _("It holds far more when it is unpacked than its own size."))
    network = build_generator(config).eval().requires_grad_(False)
    network.load_state_dict({name: to_tensor(each) for name, each in weights.items()})
    if not has_average:
        measure_average(network, config)
    return network


def check_shapes(expected: dict[str, tuple[int, ...]], given: Arrays) -> None:
    """Check that weights are those that a network needs.

    Raises:
        ForeignNetworkError: they are not; it names the first.
    """
    for name, shape in expected.items():
        need(name in given, _("The network has no part {name}.").format(name=name))
        need(
            given[name].shape == shape and given[name].dtype.kind in "fiub",
            _("{name} is of {given}, and not of {shape} numbers.").format(
                name=name, given="x".join(map(str, given[name].shape)), shape="x".join(map(str, shape))
            ),
        )
    if extra := sorted(given.keys() - expected.keys()):
        raise ForeignNetworkError(_("The network has a part that is not known: {name}.").format(name=extra[0]))


def to_tensor(array: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]") -> Tensor:
    """Return numbers as a tensor of float32, or of int64 if they are whole (counters of batch norms).

    Raises:
        ForeignNetworkError: some are not finite.
    """
    kind = np.int64 if array.dtype.kind in "iub" else np.float32
    tensor = torch.from_numpy(np.array(array, kind))
    need(bool(tensor.isfinite().all()), _("The network holds numbers that are not finite."))
    return tensor


@torch.no_grad()
def measure_average(network: Generator, config: Config) -> None:
    """Measure the mean of w, toward which sampling truncates."""
    rng = seeded_rng(0, "average")
    z = torch.randn(LATENTS, config.z_dim, generator=rng)
    labels = torch.randint(len(config.classes), (LATENTS,), generator=rng) if config.classes else None
    network.update_statistics(z, labels)
