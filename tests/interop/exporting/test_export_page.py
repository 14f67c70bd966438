"""The page draws in Chromium what the trained network draws."""

import base64
import io
from pathlib import Path
from typing import Any

import exported
import numpy as np
import pytest
from PIL import Image

import ganvas
import tiny

LEVELS = 2  # of 255, by which a picture of the page may differ
PIXELS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return btoa(String.fromCharCode(...data));
}"""


def opened(browser: Any, file: Path, **options: Any) -> Any:
    """Return the page, opened as a file and offline, once it has drawn."""
    page = browser.new_context(offline=True, **options).new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and page.errors.append(message.text))
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-state]", state="attached", timeout=60_000)
    assert page.evaluate("document.documentElement.dataset.state") == "drawn", page.locator(
        "[role=status]"
    ).inner_text()
    return page


def drawn(page: Any, selector: str, shape: tuple[int, int]) -> Any:
    """Return the pixels (N, H, W, 4) of the canvases at a selector."""
    texts = [base64.b64decode(each.evaluate(PIXELS)) for each in page.locator(selector).all()]
    return np.stack([np.frombuffer(text, np.uint8).reshape(*shape, 4) for text in texts]).astype(int)


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "kind"), [("quick", "plain"), ("stylegan2", "plain"), ("dcgan", "gray")])
def test_the_page_draws_what_the_network_draws(recipe: str, kind: str, browser: Any, tmp_path: Path) -> None:
    exported.needs_onnx()
    made = tiny.config(recipe, channels=1) if kind == "gray" else exported.config(recipe, kind)
    run = exported.saved(tmp_path / "my <run>", made).folder
    (file,) = ganvas.export(run, "web").files
    page = opened(browser, file)
    expected = ganvas.load(run, "cpu").sample(24, seed=0).permute(0, 2, 3, 1).numpy().astype(int)
    pixels = drawn(page, ".sheet canvas", expected.shape[1:3])
    assert len(pixels) == 24
    assert (pixels[..., 3] == 255).all()
    assert abs(pixels[..., :3] - expected).max() <= LEVELS, "the browser draws another picture than PyTorch"
    assert expected.std() > 3, "there is nothing in the pictures, so that nothing was compared"
    assert page.locator("h1").inner_text() == "my <run>"
    page.locator("input[type=range]").first.fill("0.3")
    page.locator("input[type=range]").first.dispatch_event("change")
    safer = ganvas.load(run, "cpu").sample(24, seed=0, truncation=0.3).permute(0, 2, 3, 1).numpy().astype(int)
    assert abs(safer - expected).max() > LEVELS
    settled = wait_until_still(page, expected.shape[1:3])
    assert abs(settled[..., :3] - safer).max() <= LEVELS, "the slider truncates otherwise than PyTorch"
    assert not page.errors
    page.context.close()


def wait_until_still(page: Any, shape: tuple[int, int]) -> Any:
    """Return the pictures of the sheet once they have stopped to change."""
    before = drawn(page, ".sheet canvas", shape)
    while True:
        page.wait_for_timeout(500)
        now = drawn(page, ".sheet canvas", shape)
        if (now == before).all():
            return now
        before = now


@pytest.mark.slow
def test_pictures_are_pinned_walked_between_and_saved_by_keyboard_on_a_phone(browser: Any, tmp_path: Path) -> None:
    exported.needs_onnx()
    run = exported.saved(tmp_path / "run", exported.config("dcgan", exported.RGBA_AND_CLASSES)).folder
    (file,) = ganvas.export(run, "web").files
    page = opened(browser, file, viewport={"width": 390, "height": 844}, accept_downloads=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "a phone has to scroll sideways"
    assert page.get_by_role("button", name="Walk").is_disabled()
    page.locator(".sheet button").nth(0).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator(".sheet button[aria-pressed=true]").count() == 2
    stage = drawn(page, ".stage canvas", (48, 32))
    page.keyboard.press("w")
    page.wait_for_timeout(1500)
    moved = drawn(page, ".stage canvas", (48, 32))
    assert abs(moved - stage).max() > 0, "the walk stands still"
    page.get_by_role("button", name="Stop").click()
    with page.expect_download() as download:
        page.keyboard.press("s")
    saved = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert (saved.format, saved.size, saved.mode) == ("PNG", (32, 48), "RGBA")
    page.locator("select").select_option("1")
    before = wait_until_still(page, (48, 32))
    page.keyboard.press("Tab")
    page.get_by_role("button", name="New pictures").click()
    assert (wait_until_still(page, (48, 32)) != before).any()
    assert not page.errors
    page.context.close()


@pytest.mark.slow
def test_the_page_speaks_the_language_of_whoever_wrote_it(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported.needs_onnx()
    monkeypatch.setenv("GANVAS_LANG", "id")
    run = exported.saved(tmp_path / "run", exported.config("dcgan")).folder
    page = opened(browser, ganvas.export(run, "web").files[0])
    assert page.locator("html").get_attribute("lang") == "id"
    assert page.get_by_role("heading", name="Gambar", exact=True).count() == 1
    assert page.get_by_role("button", name="New pictures").count() == 0
    page.context.close()
