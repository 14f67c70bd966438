"""Write the screenshots of docs/studio.md: a studio with a training on the built-in people, in a browser.

    python scripts/studio_pictures.py [RUN]

RUN is a finished training on them; without one, it is trained first, for two minutes.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from ganvas import builtin
from ganvas.studio import sets
from ganvas.studio.context import Studio, new_studio
from ganvas.studio.keeping import keep
from ganvas.studio.points import Mix, Seed

OUT = Path(__file__).resolve().parents[1] / "docs" / "images" / "studio"
NAME = "people"
# picture: address, width, height, and "dark" or "light"
SHOTS = {
    "pictures": (f"pictures/{NAME}", 1280, 800, "light"),
    "train": (f"train/{NAME}", 1280, 800, "light"),
    "watch": (f"watch/{NAME}", 1280, 960, "light"),
    "watch-phone": (f"watch/{NAME}", 390, 844, "dark"),
    "explore": (f"explore/{NAME}", 1280, 900, "light"),
    "repaint": ("repaint", 1280, 900, "light"),
    "gallery": ("gallery", 1280, 620, "light"),
}


def main() -> None:
    """Open a studio, and take all pictures."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "studio"
        workspace = new_studio(folder).workspace
        with workspace.open("pictures"):
            sets.name_folder(workspace, NAME, str(builtin.people()))
            if sys.argv[1:]:
                shutil.copytree(sys.argv[1], workspace.run(NAME).folder)
        command = [sys.executable, "-m", "ganvas", "studio", str(folder), "--no-browser", "--port", "0"]
        studio = subprocess.Popen(
            [*command, *([] if sys.argv[1:] else ["--demo"])],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"GANVAS_LANG": "en"},
        )
        assert studio.stderr is not None
        try:
            found = re.search(r"http://\S+", studio.stderr.readline())
            assert found
            take_all(found[0], new_studio(folder))
        finally:
            studio.terminate()


def take_all(link: str, studio: Studio) -> None:
    """Take all pictures, once the training has a model, of which some samples and mixes are kept."""
    run = studio.workspace.run(NAME)
    while not run.model.is_dir():
        time.sleep(1)
    seeds = [Seed(kind="seed", seed=number) for number in range(12)]
    for point in (*seeds, Mix(kind="mix", one=seeds[1], other=seeds[4]), Mix(kind="mix", one=seeds[3], other=seeds[7])):
        keep(studio, run, point, truncation=0.9)
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (address, width, height, scheme) in SHOTS.items():
            viewport = {"width": width, "height": height}
            page = browser.new_page(viewport=viewport, color_scheme=scheme, device_scale_factor=1.5)  # type: ignore[arg-type]
            page.goto(link)
            page.goto(f"{link.partition('/enter')[0]}/#/{address}")
            settle(page)
            image = Image.open(io.BytesIO(page.screenshot()))
            image.convert("RGB").save(OUT / f"{name}.webp", quality=85, method=6)
            sys.stdout.write(f"{OUT / name}.webp\n")
            page.close()
        browser.close()


def settle(page: Page) -> None:
    """Wait until nothing is asked for any more."""
    page.wait_for_selector("h1")
    page.wait_for_timeout(1500)
    expect(page.locator(".waiting")).to_have_count(0, timeout=300_000)
    ask = page.get_by_role("button", name="Ask the discriminator")
    if ask.count():
        ask.click()
        page.wait_for_timeout(500)
        expect(page.locator(".waiting")).to_have_count(0, timeout=300_000)
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main()
