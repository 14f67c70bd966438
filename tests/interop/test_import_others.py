"""Networks of rosinality, lucidrains and keragan, and DCGANs: drawn with by what their authors wrote."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from foreign_modules import random, stylegan2
from torch import Tensor, nn

from ganvas.interop.importing import ForeignNetworkError, read_network
from ganvas.interop.importing.write import build, config_of
from ganvas.models.base import Generator


def imported(file: Path) -> Generator:
    network = read_network(file)
    return build(network, config_of(network, file.name), file.stat().st_size)


def saved(value: Any, folder: Path) -> Path:
    torch.save(value, folder / "network.pt")
    return folder / "network.pt"


def of_rosinality(t: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return NVIDIA's tensors under rosinality's names: both are the same network."""
    state = {"input.input": t["synthesis.b4.const"][None]}
    for index in range(3):
        state[f"style.{index + 1}.weight"] = t[f"mapping.fc{index}.weight"]
        state[f"style.{index + 1}.bias"] = t[f"mapping.fc{index}.bias"]
    layers = {"conv1": "b4.conv1", "convs.0": "b8.conv0", "convs.1": "b8.conv1", "convs.2": "b16.conv0"}
    for index, (name, theirs) in enumerate((layers | {"convs.3": "b16.conv1"}).items()):
        place = f"synthesis.{theirs}"
        state[f"{name}.conv.weight"] = t[f"{place}.weight"][None]
        state[f"{name}.conv.modulation.weight"] = t[f"{place}.affine.weight"]
        state[f"{name}.conv.modulation.bias"] = t[f"{place}.affine.bias"]
        state[f"{name}.noise.weight"] = t[f"{place}.noise_strength"].reshape(1)
        state[f"{name}.activate.bias"] = t[f"{place}.bias"]
        state[f"noises.noise_{index}"] = t[f"{place}.noise_const"][None, None]
    for name, block in {"to_rgb1": "b4", "to_rgbs.0": "b8", "to_rgbs.1": "b16"}.items():
        place = f"synthesis.{block}.torgb"
        state[f"{name}.conv.weight"] = t[f"{place}.weight"][None]
        state[f"{name}.conv.modulation.weight"] = t[f"{place}.affine.weight"]
        state[f"{name}.conv.modulation.bias"] = t[f"{place}.affine.bias"]
        state[f"{name}.bias"] = t[f"{place}.bias"].reshape(1, 3, 1, 1)
    return state


def test_rosinality_and_nvidia_store_the_same_network(tmp_path: Path) -> None:
    data, tensors = stylegan2()
    tensors["mapping.fc0.weight"] = random(70, 7, 7)  # z is as long as w there
    (tmp_path / "network.pkl").write_bytes(data)
    nvidia = imported(tmp_path / "network.pkl")
    state = of_rosinality(tensors)
    file = saved({"g_ema": state, "latent_avg": tensors["mapping.w_avg"], "args": {"lr_mlp": 0.01}}, tmp_path)
    network = imported(file)
    w = random(71, 2, nvidia.num_ws, 7)  # type: ignore[attr-defined]
    torch.testing.assert_close(network.synthesize(w), nvidia.synthesize(w))
    assert torch.equal(network.w_avg, nvidia.w_avg)  # type: ignore[arg-type]


def test_the_mean_of_w_is_measured_where_it_is_missing(tmp_path: Path) -> None:
    tensors = stylegan2()[1]
    tensors["mapping.fc0.weight"] = random(70, 7, 7)
    network = imported(saved({"g_ema": of_rosinality(tensors)}, tmp_path))
    assert float(network.w_avg.abs().sum()) > 0  # type: ignore[operator, union-attr]


def dcgan(bias: bool) -> nn.Sequential:
    """Return the generator of PyTorch's tutorial, narrow."""
    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.ConvTranspose2d(10, 8, 4, 1, 0, bias=bias), nn.BatchNorm2d(8), nn.ReLU()]
    layers += [nn.ConvTranspose2d(8, 6, 4, 2, 1, bias=bias), nn.BatchNorm2d(6), nn.ReLU()]
    network = nn.Sequential(*layers, nn.ConvTranspose2d(6, 3, 4, 2, 1, bias=bias), nn.Tanh())
    for norm in (network[1], network[4]):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    return network.eval()


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("place", ["alone", "named", "parallel"])
@torch.no_grad()
def test_a_dcgan_draws_the_same(bias: bool, place: str, tmp_path: Path) -> None:
    theirs = dcgan(bias)
    state = {f"main.{name}": each for name, each in theirs.state_dict().items()}
    if place == "parallel":
        state = {f"module.{name}": each for name, each in state.items()}
    network = imported(saved({"netG_state_dict": state} if place == "named" else state, tmp_path))
    z = torch.randn(3, 10)
    torch.testing.assert_close(network.sample(z, None), theirs(z[:, :, None, None]))


def test_a_dcgan_that_was_saved_whole_is_read(tmp_path: Path) -> None:
    network = imported(saved(dcgan(False), tmp_path))
    assert network.sample(torch.zeros(1, 10), None).shape == (1, 3, 16, 16)


def test_other_convolutions_are_no_dcgan(tmp_path: Path) -> None:
    state = {name: each for name, each in dcgan(False).state_dict().items() if not name.startswith("4.")}
    with pytest.raises(ForeignNetworkError, match="not those of a DCGAN"):
        read_network(saved(state, tmp_path))


def small_lightweight() -> dict[str, Tensor]:
    """Return the averaged generator of a lightweight-gan of 128 px, with attention at 32, as it is saved."""
    z, outs = 12, (10, 8, 6, 5, 4)
    state = {"initial_conv.0.weight": random(1, z, 2 * z, 4, 4), "initial_conv.0.bias": random(2, 2 * z)}
    norms = {"initial_conv.1": 2 * z}
    for index, (before, after) in enumerate(zip((z, *outs), outs, strict=False)):
        place = f"layers.{index}"
        state[f"{place}.0.0.net.0.weight"] = 0.3 * random(3, 4 * before, before, 1, 1)
        state[f"{place}.0.0.net.0.bias"] = random(4, 4 * before)
        state[f"{place}.0.1.f"] = torch.tensor([1.0, 2, 1])
        state[f"{place}.0.2.1.weight"] = 0.2 * random(5, 2 * after, before, 4, 4)
        state[f"{place}.0.2.1.bias"] = random(6, 2 * after)
        state[f"{place}.0.3.weight"] = torch.zeros(1)
        norms[f"{place}.0.4"] = 2 * after
        if index == 1:  # 16 px excite 128 px
            state |= {f"{place}.1.to_k.weight": random(7, 1, after, 1, 1), f"{place}.1.to_k.bias": random(8, 1)}
            state |= {f"{place}.1.net.0.weight": random(9, 3, after, 1, 1), f"{place}.1.net.0.bias": random(10, 3)}
            state |= {f"{place}.1.net.2.weight": random(11, 4, 3, 1, 1), f"{place}.1.net.2.bias": random(12, 4)}
        if 4 << index == 32:
            inner, fn = 512, f"{place}.2.fn"
            state |= {f"{place}.2.norm.{name}": random(13, 1, before, 1, 1) for name in "gb"}
            state |= {f"{fn}.to_lin_q.weight": random(14, inner, before, 1, 1)}
            state |= {f"{fn}.to_lin_kv.net.0.weight": random(15, before, 1, 3, 3)}
            state |= {f"{fn}.to_lin_kv.net.1.weight": random(16, 2 * inner, before, 1, 1)}
            state |= {f"{fn}.to_q.weight": random(17, inner, before, 1, 1)}
            state |= {f"{fn}.to_kv.weight": random(18, 2 * inner, before, 1, 1)}
            state |= {
                f"{fn}.to_out.weight": 0.05 * random(19, before, 2 * inner, 1, 1),
                f"{fn}.to_out.bias": random(20, before),
            }
    for name, width in norms.items():
        state |= {f"{name}.weight": random(21, width), f"{name}.bias": random(22, width)}
        state |= {f"{name}.running_mean": random(23, width), f"{name}.running_var": random(24, width).abs() + 0.5}
        state[f"{name}.num_batches_tracked"] = torch.tensor(9)
    return state | {"out_conv.weight": random(25, 3, outs[-1], 3, 3), "out_conv.bias": random(26, 3)}


def attended(s: dict[str, Tensor], place: str, x: Tensor) -> Tensor:
    """Return what attention adds, head by head and pixel by pixel."""
    mean, variance = x.mean(1, keepdim=True), x.var(1, correction=0, keepdim=True)
    x = (x - mean) / (variance + 1e-5).sqrt() * s[f"{place}.norm.g"] + s[f"{place}.norm.b"]
    fn, heads, local = f"{place}.fn", [], []
    lin_q = F.conv2d(x, s[f"{fn}.to_lin_q.weight"])
    deep = F.conv2d(x, s[f"{fn}.to_lin_kv.net.0.weight"], padding=1, groups=x.shape[1])
    lin_k, lin_v = F.conv2d(deep, s[f"{fn}.to_lin_kv.net.1.weight"]).chunk(2, 1)
    q, (k, v) = F.conv2d(x, s[f"{fn}.to_q.weight"]), F.conv2d(x, s[f"{fn}.to_kv.weight"]).chunk(2, 1)
    height, width = x.shape[2:]
    for head in range(8):
        part = slice(64 * head, 64 * head + 64)
        a, b, c = (each[0, part].flatten(1).T for each in (lin_q, lin_k, lin_v))  # (pixels, 64)
        heads.append(((a.softmax(1) / 8) @ (b.softmax(0).T @ c)).T.reshape(64, height, width))
        padded_k, padded_v = F.pad(k[0, part], (1, 1, 1, 1)), F.pad(v[0, part], (1, 1, 1, 1))
        shifts = [(row, column) for row in range(3) for column in range(3)]
        ks = torch.stack([padded_k[:, r : r + height, c : c + width] for r, c in shifts])
        vs = torch.stack([padded_v[:, r : r + height, c : c + width] for r, c in shifts])
        weights = (ks * q[0, part] / 8).sum(1).softmax(0)
        local.append((weights[:, None] * vs).sum(0))
    joined = torch.cat([F.gelu(torch.cat(heads)), torch.cat(local)])[None]
    return F.conv2d(joined, s[f"{fn}.to_out.weight"], s[f"{fn}.to_out.bias"])


def drawn_lightweight(s: dict[str, Tensor], z: Tensor) -> Tensor:
    """Return the image in [0, 1] of one z as lightweight-gan draws it, with noise of strength 0."""

    def normed(x: Tensor, name: str) -> Tensor:
        names = ("running_mean", "running_var", "weight", "bias")
        return F.batch_norm(x, *(s[f"{name}.{each}"] for each in names))

    x = F.conv_transpose2d(z[None, :, None, None], s["initial_conv.0.weight"], s["initial_conv.0.bias"])
    x = F.normalize(F.glu(normed(x, "initial_conv.1"), 1), dim=1)
    kernel = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
    factors = torch.ones(1)
    for index in range(5):
        place = f"layers.{index}"
        if f"{place}.2.norm.g" in s:
            x = attended(s, f"{place}.2", x) + x
        x = F.pixel_shuffle(F.silu(F.conv2d(x, s[f"{place}.0.0.net.0.weight"], s[f"{place}.0.0.net.0.bias"])), 2)
        x = F.conv2d(F.pad(x, (1, 1, 1, 1), "reflect").transpose(0, 1), kernel[None, None]).transpose(0, 1)
        x = F.conv2d(F.pad(x, (2, 1, 2, 1)), s[f"{place}.0.2.1.weight"], s[f"{place}.0.2.1.bias"])
        x = F.glu(normed(x, f"{place}.0.4"), 1)
        if f"{place}.1.to_k.weight" in s:
            pool = F.conv2d(x, s[f"{place}.1.to_k.weight"], s[f"{place}.1.to_k.bias"]).flatten(2).softmax(-1)
            mean = (x.flatten(2) * pool).sum(-1)[..., None, None]
            hidden = F.leaky_relu(F.conv2d(mean, s[f"{place}.1.net.0.weight"], s[f"{place}.1.net.0.bias"]), 0.1)
            factors = F.conv2d(hidden, s[f"{place}.1.net.2.weight"], s[f"{place}.1.net.2.bias"]).sigmoid()
        x = x * factors if index == 4 else x
    return F.conv2d(x, s["out_conv.weight"], s["out_conv.bias"], padding=1)


@torch.no_grad()
def test_a_lightweight_gan_draws_the_same(tmp_path: Path) -> None:
    state = small_lightweight()
    both = {f"{network}.{name}": each for network in ("G", "GE") for name, each in state.items()}
    network = imported(saved({"GAN": both, "version": "1.2.1", "G_scaler": {}}, tmp_path))
    z = random(30, 2, 12)
    expected = torch.cat([drawn_lightweight(state, each) for each in z])
    torch.testing.assert_close(network.sample(z, None), 2 * expected - 1, rtol=1e-4, atol=1e-4)


def small_plain() -> dict[str, Tensor]:
    """Return the averaged networks of a stylegan2-pytorch of 8 px, as they are saved."""
    state = {"GE.initial_block": random(1, 1, 6, 4, 4)}
    state |= {"GE.initial_conv.weight": random(2, 6, 6, 3, 3), "GE.initial_conv.bias": random(3, 6)}
    for index in range(2):
        state |= {f"SE.net.{2 * index}.weight": random(4, 5, 5), f"SE.net.{2 * index}.bias": random(5, 5)}
    for index, (before, after) in enumerate(((6, 6), (6, 4))):
        place = f"GE.blocks.{index}"
        for kind, width in (("1", before), ("2", after)):
            state |= {
                f"{place}.to_style{kind}.weight": random(6, width, 5),
                f"{place}.to_style{kind}.bias": random(7, width),
            }
            state |= {
                f"{place}.to_noise{kind}.weight": random(8, after, 1),
                f"{place}.to_noise{kind}.bias": random(9, after),
            }
            state[f"{place}.conv{kind}.weight"] = random(10, after, width, 3, 3)
        state |= {
            f"{place}.to_rgb.to_style.weight": random(11, after, 5),
            f"{place}.to_rgb.to_style.bias": random(12, after),
        }
        state[f"{place}.to_rgb.conv.weight"] = random(13, 3, after, 1, 1)
    return state | {"GE.blocks.0.to_rgb.upsample.1.f": torch.tensor([1.0, 2, 1])}


def drawn_plain(s: dict[str, Tensor], z: Tensor, noise: Tensor) -> Tensor:
    """Return the image in [0, 1] of one z as stylegan2-pytorch draws it."""
    w = F.normalize(z[None], dim=1)
    for index in range(2):
        w = F.leaky_relu(w @ (0.1 * s[f"SE.net.{2 * index}.weight"]).T + 0.1 * s[f"SE.net.{2 * index}.bias"], 0.2)

    def convolved(x: Tensor, weight: Tensor, style: Tensor, demodulates: bool) -> Tensor:
        scaled = weight * (style + 1)[0, None, :, None, None]
        if demodulates:
            scaled = scaled / (scaled.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        return F.conv2d(x, scaled, padding=weight.shape[2] // 2)

    def linear(x: Tensor, name: str) -> Tensor:
        return x @ s[f"{name}.weight"].T + s[f"{name}.bias"]

    x = F.conv2d(s["GE.initial_block"], s["GE.initial_conv.weight"], s["GE.initial_conv.bias"], padding=1)
    rgb: Tensor | None = None
    for index in range(2):
        place = f"GE.blocks.{index}"
        if index:
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        corner = noise[None, : x.shape[2], : x.shape[3], None]
        for kind in "12":
            style = linear(w, f"{place}.to_style{kind}")
            x = convolved(x, s[f"{place}.conv{kind}.weight"], style, True)
            x = F.leaky_relu(x + linear(corner, f"{place}.to_noise{kind}").permute(0, 3, 2, 1), 0.2)
        image = convolved(x, s[f"{place}.to_rgb.conv.weight"], linear(w, f"{place}.to_rgb.to_style"), False)
        rgb = image if rgb is None else image + rgb
        if not index:
            rgb = F.pad(
                F.interpolate(rgb, scale_factor=2, mode="bilinear", align_corners=False), (1, 1, 1, 1), "reflect"
            )
            kernel = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16
            rgb = F.conv2d(rgb.transpose(0, 1), kernel[None, None]).transpose(0, 1)
    assert rgb is not None
    return rgb


@torch.no_grad()
def test_a_stylegan2_of_plain_layers_draws_the_same(tmp_path: Path) -> None:
    state = small_plain()
    network = imported(saved({"GAN": state, "version": "1.8.9"}, tmp_path))
    z = random(30, 2, 5)
    expected = torch.cat([drawn_plain(state, each, network.noise_const) for each in z])  # type: ignore[arg-type]
    torch.testing.assert_close(network.sample(z, None), 2 * expected - 1, rtol=1e-4, atol=1e-4)
    assert float(network.w_avg.abs().sum()) > 0  # type: ignore[operator, union-attr]


@torch.no_grad()
def test_a_network_of_keragan_draws_the_same_with_red_first(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    rng = np.random.default_rng(0)
    widths, layers = (12, 6, 4), {}
    layers["dense_3"] = {"kernel:0": rng.normal(size=(5, 64 * 12)), "bias:0": rng.normal(size=64 * 12)}
    for index, (before, after) in enumerate(((12, 6), (6, 4), (4, 3))):
        layers[f"conv2d_{index + 9}"] = {
            "kernel:0": 0.2 * rng.normal(size=(3, 3, before, after)),
            "bias:0": rng.normal(size=after),
        }
    for index, width in enumerate(widths[1:]):
        layers[f"batch_normalization_{index + 4}"] = {
            "gamma:0": rng.normal(size=width),
            "beta:0": rng.normal(size=width),
            "moving_mean:0": rng.normal(size=width),
            "moving_variance:0": rng.uniform(0.5, 2, size=width),
        }
    with h5py.File(tmp_path / "gen_7.h5", "w") as file:
        for layer, arrays in layers.items():
            for name, array in arrays.items():
                file[f"model_weights/sequential_2/{layer}/{name}"] = array.astype(np.float32)
    network = imported(tmp_path / "gen_7.h5")
    z = random(31, 2, 5)
    t = {
        layer: {name: torch.from_numpy(each).float() for name, each in arrays.items()}
        for layer, arrays in layers.items()
    }
    x = F.relu(z @ t["dense_3"]["kernel:0"] + t["dense_3"]["bias:0"]).view(2, 8, 8, 12).permute(0, 3, 1, 2)
    for index in range(2):
        convolution, norm = t[f"conv2d_{index + 9}"], t[f"batch_normalization_{index + 4}"]
        x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        x = F.conv2d(x, convolution["kernel:0"].permute(3, 2, 0, 1), convolution["bias:0"], padding=1)
        names = ("moving_mean:0", "moving_variance:0", "gamma:0", "beta:0")
        x = F.relu(F.batch_norm(x, *(norm[name] for name in names), eps=1e-3))
    last = t["conv2d_11"]
    bgr = torch.tanh(F.conv2d(x, last["kernel:0"].permute(3, 2, 0, 1), last["bias:0"], padding=1))
    torch.testing.assert_close(network.sample(z, None), bgr.flip(1), rtol=1e-4, atol=1e-4)


def test_links_to_other_files_are_not_followed(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "gen.h5", "w") as file:
        file["model_weights/dense/kernel:0"] = h5py.ExternalLink("/etc/passwd", "x")
    with pytest.raises(ForeignNetworkError, match="other files"):
        read_network(tmp_path / "gen.h5")


def test_a_damaged_hdf5_file_is_told(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    (tmp_path / "gen.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(ForeignNetworkError, match="damaged"):
        read_network(tmp_path / "gen.h5")
