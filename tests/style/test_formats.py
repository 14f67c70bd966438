"""What is written to a file is read back: shape, colours, transparency, bits, the profile, and the metadata."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from ganvas.config import StyleConfig
from ganvas.data.color import is_srgb, srgb_profile
from ganvas.data.sixteen_bit import read_16bit_image
from ganvas.errors import GanvasError
from ganvas.events import run_to_end
from ganvas.image_io import read_metadata, save_16bit_image
from ganvas.style.load import Picture, load_picture
from ganvas.style.output import bits_per_channel, with_colors_and_alpha, write_painting
from ganvas.style.paint import stylize
from ganvas.style.reuse import read_settings, recolor

LOSSLESS, LOSSY = (".png", ".tif", ".tiff"), (".jpg", ".webp")
ORIGIN = {"content": "a=b; c", "styles": '["ö.png"]'}


def drawn(width: int, height: int, channels: int, bits: int) -> np.ndarray:
    """Return a smooth picture (H, W, C), as a photograph is, of all colours and degrees of transparency."""
    down, right = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    planes = np.stack([down, right, (down + right) / 2, 1 - down][:channels], axis=-1)
    return np.rint(planes * (2**bits - 1)).astype(np.uint16 if bits == 16 else np.uint8)


def file_of(pixels: np.ndarray, path: Path) -> Path:
    """Write pixels as 8 or 16 bits a colour."""
    if pixels.dtype == np.uint16:
        save_16bit_image(pixels, path, {}, srgb_profile())
    else:
        Image.fromarray(pixels).save(path)
    return path


@pytest.mark.slow
@settings(max_examples=40)
@given(
    width=st.integers(32, 300), height=st.integers(32, 300), channels=st.sampled_from([3, 4]),
    bits=st.sampled_from([8, 16]), source=st.sampled_from([".png", ".tif"]),
    suffix=st.sampled_from([*LOSSLESS, *LOSSY]),
)  # fmt: skip
def test_a_picture_that_was_not_painted_on_comes_out_as_it_went_in(
    width: int, height: int, channels: int, bits: int, source: str, suffix: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pixels = drawn(width, height, channels, bits)
        content = load_picture(file_of(pixels, Path(folder) / f"in{source}"))
        out = Path(folder) / f"out{suffix}"
        tensor = content.tensor((width, height), torch.device("cpu"))
        write_painting(with_colors_and_alpha(tensor, content, "free"), out, bits_per_channel(out, 0, content), ORIGIN)
        back = load_picture(out)
        assert back.colors.size == (width, height)
        assert bool(back.float_channels) == (bits == 16 and suffix in LOSSLESS), (
            "as deep as the content, where that can be"
        )
        if channels == 4 and back.alpha is None:  # the format knows no transparency, and has it on white
            share = torch.from_numpy(np.array(content.alpha, np.float32)) / 255
            tensor = tensor * share + 1 - share
        far = (back.tensor((width, height), torch.device("cpu")) - tensor).abs()
        if suffix in LOSSLESS and channels == 3:
            assert float(far.max()) < 1 / 32767 if bits == 16 else not far.any()
        else:
            assert float(far.mean()) < (0.03 if suffix in LOSSY else 0.005)
        assert (back.alpha is not None) == (channels == 4 and suffix not in (".jpg",))
        if back.alpha is not None and content.alpha is not None:
            apart = np.abs(np.asarray(back.alpha, float) - np.asarray(content.alpha, float)).max()
            assert apart < (0.01 if back.float_channels else 0.6)
        with Image.open(out) as image:
            profile = image.info.get("icc_profile")
        assert profile, "nothing says which colours these are"
        assert is_srgb(profile)
        assert {name: read_metadata(out)[name] for name in ORIGIN} == ORIGIN


@pytest.mark.usefixtures("tiny_packaged")
def test_deep_content_gives_a_deep_painting(tmp_path: Path, draw: Callable[..., Path]) -> None:
    content = file_of(drawn(40, 32, 4, 16), tmp_path / "in.tif")
    for name, depth, deep in (("a.png", 0, True), ("b.tiff", 0, True), ("c.webp", 0, False), ("d.png", 8, False)):
        config = StyleConfig(size=40, iterations=2, depth=depth, device="cpu")
        run_to_end(stylize(content, [draw("style.png")], tmp_path / name, config))
        found = read_16bit_image(tmp_path / name)
        assert (found is not None) == deep
        if found is not None:
            assert (found[..., :3] % 257).any(), "these are but 8 bits, spread"
            assert found[..., 3].min() < 3000 < 60000 < found[..., 3].max(), "it is no longer transparent"
    assert read_settings(tmp_path / "a.png").config == StyleConfig(size=40, iterations=2, device="cpu")


@pytest.mark.usefixtures("tiny_packaged")
def test_sixteen_bits_can_be_asked_for_and_outlive_other_colours(tmp_path: Path, draw: Callable[..., Path]) -> None:
    out, config = tmp_path / "a.png", StyleConfig(size=40, iterations=2, depth=16, colors="luma", device="cpu")
    run_to_end(stylize(draw("content.png"), [draw("style.png")], out, config))
    assert read_16bit_image(out) is not None
    free = read_16bit_image(tmp_path / "a.png.free.png")
    assert free is not None
    run_to_end(recolor(out, "free", tmp_path / "b.tif"))
    back = read_16bit_image(tmp_path / "b.tif")
    assert back is not None
    assert np.abs(back.astype(int) - free.astype(int)).max() <= 1
    run_to_end(recolor(out, "oklab", tmp_path / "c.jpg"))
    assert load_picture(tmp_path / "c.jpg").colors.size == (40, 33)
    with pytest.raises(GanvasError, match="16 bits"):
        run_to_end(stylize(draw("content.png"), [draw("style.png")], tmp_path / "a.jpg", config))
    with pytest.raises(GanvasError, match="12 bits"):
        run_to_end(stylize(draw("content.png"), [draw("style.png")], out, StyleConfig(depth=12)))


def test_colours_of_sixteen_bits_go_on_where_they_are_transparent(tmp_path: Path) -> None:
    pixels = np.zeros((32, 32, 4), np.uint16)
    pixels[:, 16:] = (0, 0, 65535, 65535)
    picture = load_picture(file_of(pixels, tmp_path / "half.png"))
    tensor = picture.tensor((32, 32), torch.device("cpu"))
    assert tensor[0, :, 5, 5].tolist() == [-1, -1, 1]
    assert tensor[0, :, 5, 25].tolist() == [-1, -1, 1]
    inside: Picture = picture.crop_border(0.25)
    assert inside.tensor((16, 16), torch.device("cpu"))[0, :, 5, 12].tolist() == [-1, -1, 1]


def test_a_jpeg_has_its_colours_as_fine_as_its_light(tmp_path: Path) -> None:
    write_painting(torch.rand(3, 40, 48) * 2 - 1, tmp_path / "out.jpg", 8, ORIGIN)
    with Image.open(tmp_path / "out.jpg") as image:
        assert get_sampling(image) == 0, "4:4:4"
