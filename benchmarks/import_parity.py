"""Is an imported network the network that was exported? Ours beside NVIDIA's own code, layer by layer.

Their code makes small networks with random weights (every bias, noise and average too), pickles them as their trainings
do, and draws with them. The pickle is imported by `ganvas import`'s reader, and drawn with in turn. Both compute in
float64, which of theirs takes a copy whose text says so, with the same noise. Told is the largest difference in each
layer, over the largest number in it; and between the samples of both in float32.

The authors' code is not ours to copy. Get it yourself and name the folder that holds the checkouts:

    git clone https://github.com/NVlabs/stylegan3 && git clone https://github.com/NVlabs/stylegan2-ada-pytorch
    git clone https://github.com/rosinality/stylegan2-pytorch
    env GANVAS_PEERS=. python benchmarks/import_parity.py
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ganvas.interop.importing import read_network
from ganvas.interop.importing.write import build, config_of

SMALL = {"z_dim": 32, "w_dim": 48, "img_channels": 3, "mapping_kwargs": {"num_layers": 2}}
STYLEGAN2 = {"channel_base": 1024, "channel_max": 48, "img_resolution": 64}
STYLEGAN3 = {"channel_base": 1024, "channel_max": 48, "img_resolution": 64, "num_fp16_res": 0}
R_KIND = {"conv_kernel": 1, "use_radial_filters": True}
CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "ada": ("stylegan2-ada-pytorch", "training.networks", {**SMALL, "c_dim": 0, "synthesis_kwargs": STYLEGAN2}),
    "ada, labels": ("stylegan2-ada-pytorch", "training.networks", {**SMALL, "c_dim": 5, "synthesis_kwargs": STYLEGAN2}),
    "ada, clamped": (
        "stylegan2-ada-pytorch",
        "training.networks",
        {**SMALL, "c_dim": 0, "synthesis_kwargs": {**STYLEGAN2, "conv_clamp": 2}},
    ),
    "sg2": ("stylegan3", "training.networks_stylegan2", {**SMALL, "c_dim": 0, **STYLEGAN2}),
    "sg3-t": ("stylegan3", "training.networks_stylegan3", {**SMALL, "c_dim": 0, **STYLEGAN3}),
    "sg3-t, labels": ("stylegan3", "training.networks_stylegan3", {**SMALL, "c_dim": 3, **STYLEGAN3}),
    "sg3-r": ("stylegan3", "training.networks_stylegan3", {**SMALL, "c_dim": 0, **STYLEGAN3, **R_KIND}),
}
COUNT = 4
STUB = (
    "from packaging.version import parse as parse_version\n"  # of setuptools, which has lost the module that they ask
)


def resolution_of(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of their Generator; ADA's has the image's size beside those of the synthesis."""
    inner = dict(arguments.get("synthesis_kwargs", {}))
    return (
        {**arguments, "img_resolution": inner.pop("img_resolution"), "synthesis_kwargs": inner} if inner else arguments
    )


def theirs(case: str, folder: Path) -> None:
    """Make, pickle and draw with a network of theirs, in this process; their modules have to be importable."""
    import pickle
    from importlib import import_module

    _checkout, module, arguments = CASES[case]
    double = (folder / "weights.pt").is_file()
    torch.set_default_dtype(torch.float64 if double else torch.float32)
    torch.manual_seed(0)
    network = import_module(module).Generator(**resolution_of(arguments)).eval().requires_grad_(False)
    if double:
        network.load_state_dict(torch.load(folder / "weights.pt"))
        network = network.double()
    else:
        for name, tensor in network.state_dict().items():
            if "filter" not in name and not name.endswith(("transform", "freqs", "phases")):
                tensor.add_(0.3 * torch.randn_like(tensor).abs())
        torch.save(network.state_dict(), folder / "weights.pt")
        record = {"G": None, "D": None, "G_ema": network, "training_set_kwargs": {"path": "x"}, "augment_pipe": None}
        (folder / "network.pkl").write_bytes(pickle.dumps(record))
    kind = torch.float64 if double else torch.float32
    layers: dict[str, Tensor] = {}
    for name, layer in network.named_modules():
        layer.register_forward_hook(lambda _m, _i, out, name=name: layers.__setitem__(name, out))
    z, labels = inputs(network.z_dim, network.c_dim)
    one_hot = torch.nn.functional.one_hot(labels, network.c_dim).to(kind) if network.c_dim else torch.zeros(COUNT, 0)
    images = network(z.to(kind), one_hot.to(kind), truncation_psi=0.7, noise_mode="const")
    plain = {name: out.numpy() for name, out in layers.items() if isinstance(out, Tensor)}
    np.savez(folder / f"{'double' if double else 'single'}.npz", images=images.numpy(), **plain)


def inputs(z_dim: int, classes: int) -> tuple[Tensor, Tensor]:
    """Return latents and labels."""
    rng = torch.Generator().manual_seed(7)
    return torch.randn(COUNT, z_dim, generator=rng, dtype=torch.float32), torch.randint(
        max(1, classes), (COUNT,), generator=rng
    )


def ours(folder: Path, double: bool) -> dict[str, Tensor]:
    """Return what our network gives, and each of its layers by their name."""
    file = folder / "network.pkl"
    imported = read_network(file)
    config = config_of(imported, file.name)
    network = build(imported, config, file.stat().st_size)
    network = network.double() if double else network
    z, labels = inputs(config.z_dim, len(config.classes))
    layers: dict[str, Tensor] = {}
    hook(network, layers)
    layers["images"] = network.sample(z.to(network.w_avg.dtype), labels if config.classes else None, 0.7)  # type: ignore[union-attr, operator]
    return layers


def hook(network: nn.Module, layers: dict[str, Tensor]) -> None:
    """Let the layers of ours be noted under their names."""

    def note(name: str, module: nn.Module) -> None:
        module.register_forward_hook(lambda _m, _i, out: layers.__setitem__(name, out))

    def note_rgb(name: str, module: nn.Module, bias: Tensor) -> None:  # ours adds the bias outside of the layer
        clamp = network.clamp or float("inf")
        module.register_forward_hook(lambda _m, _i, out: layers.__setitem__(name, (out + bias).clamp(-clamp, clamp)))

    mapping = network.style_mapping.layers
    for index in range(len(mapping) // 2):  # type: ignore[arg-type]
        note(f"mapping.fc{index}", mapping[2 * index + 1])  # type: ignore[index]
    if hasattr(network, "input"):
        note("synthesis.input", network.input)
        for index, layer in enumerate(network.layers):  # type: ignore[arg-type]
            note(f"synthesis.L{index}_", layer)
        return
    for level, to_rgb in enumerate(network.to_rgb):  # type: ignore[arg-type]
        side = 4 << level
        note_rgb(f"synthesis.b{side}.torgb", to_rgb, network.rgb_biases[level])  # type: ignore[index]
        for name, index in (("conv0", 2 * level - 1), ("conv1", 2 * level)):
            if index >= 0:
                note(f"synthesis.b{side}.{name}", network.layers[index])  # type: ignore[index]


def is_layer(theirs: str, name: str) -> bool:
    """Return whether `theirs` is the layer whose name begins with `name`, and no part of it."""
    return name.endswith("_") and theirs.startswith(name) and "." not in theirs.removeprefix(name)


def compare(case: str, peers: Path) -> dict[str, Any]:
    """Return the largest differences of one case."""
    checkout = peers / CASES[case][0]
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        (folder / "pkg_resources.py").write_text(STUB, encoding="utf-8")
        copy = folder / "double"
        shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git", "docs", "*.png", "*.jpg"))
        for path in (*copy.glob("training/*.py"), *copy.glob("torch_utils/**/*.py")):
            path.write_text(
                path.read_text(encoding="utf-8").replace("torch.float32", "torch.float64"), encoding="utf-8"
            )
        for code in (checkout, copy):
            paths = os.pathsep.join([str(code), str(folder), os.environ.get("PYTHONPATH", "")])
            command = [sys.executable, __file__, "--case", case, "--folder", str(folder)]
            subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, cwd=code, check=True)
        layers, result = ours(folder, double=True), {}
        reference = np.load(folder / "double.npz")
        for name, found in layers.items():
            full = next(each for each in reference.files if each == name or is_layer(each, name))
            expected = reference[full]
            result[full] = float(np.abs(found.numpy() - expected).max() / np.abs(expected).max())
        single, images = np.load(folder / "single.npz")["images"], ours(folder, double=False)["images"].numpy()
    return {
        "case": case,
        "layers": len(result),
        "largest in a layer": max(result.values()),
        "in": max(result, key=lambda name: result[name]),
        "samples, float32": float(np.abs(images - single).max() / np.abs(single).max()),
    }


def main() -> None:
    """Compare all cases, or be the process of one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=CASES)
    parser.add_argument("--folder", type=Path, help="of a process of its own, where it writes")
    options = parser.parse_args()
    torch.set_grad_enabled(False)
    if options.folder is not None:
        theirs(options.case, options.folder)
        return
    peers = Path(os.environ["GANVAS_PEERS"]).resolve()
    for case in [options.case] if options.case else CASES:
        print(json.dumps(compare(case, peers)), flush=True)


if __name__ == "__main__":
    main()
