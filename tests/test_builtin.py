"""The packaged files are complete, undamaged and small, and their licences are included."""

import hashlib
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from ganvas import builtin

FOLDER = builtin.people().parent


def test_the_people_are_997_pictures_in_four_classes() -> None:
    with zipfile.ZipFile(builtin.people()) as archive:
        assert archive.testzip() is None, "a picture in people.zip is damaged"
        classes = Counter(name.split("/")[0] for name in archive.namelist())
        with archive.open("person/1f466.png") as file, Image.open(file) as picture:
            assert (picture.size, picture.mode) == ((64, 64), "RGBA"), "people.zip lost its transparency or its size"
    assert classes == {"person": 168, "person-role": 492, "person-gesture": 180, "person-fantasy": 157}


@pytest.mark.parametrize("path", [*builtin.paintings(), builtin.photo()], ids=lambda path: path.stem)
def test_paintings_and_photograph_open_and_are_large_enough(path: object) -> None:
    with Image.open(str(path)) as picture:
        picture.load()
        assert picture.mode == "RGB"
        assert min(picture.size) >= 400, "too small to show a brush stroke at 384 px"


def test_every_file_has_a_licence_in_both_notices(pytestconfig: pytest.Config) -> None:
    notices = [(FOLDER / "LICENSES.md").read_text("utf-8"), (pytestconfig.rootpath / "NOTICE").read_text("utf-8")]
    data = [path.name for path in FOLDER.iterdir() if path.suffix in {".zip", ".webp", ".jpg", ".png", ".safetensors"}]
    assert len(data) == 11, "a packaged file was added or removed; update this test and the notices"
    missing = [name for name in data for notice in notices if name not in notice]
    assert not missing, f"no licence is stated for {missing}"
    text = (FOLDER / "LICENSE-Apache-2.0.txt").read_bytes()
    assert hashlib.sha256(text).hexdigest().startswith("cfc7749b"), "this is not the Apache License 2.0"


@pytest.mark.parametrize("path", [builtin.vgg16(), builtin.efficientnet_lite0()], ids=lambda path: path.stem)
def test_weights_are_those_of_the_notice(path: Path) -> None:
    known = (FOLDER / "LICENSES.md").read_text("utf-8")
    assert hashlib.sha256(path.read_bytes()).hexdigest() in known, (
        "write the new hash into LICENSES.md, and raise CACHE_FORMAT: kept features are those of the old weights"
    )


def test_photographs_to_train_styles_on_open() -> None:
    for path in builtin.photos():
        with Image.open(path) as picture:
            picture.load()
            assert (picture.mode, max(picture.size)) == ("RGB", 512), path.name


def test_the_network_that_paints_in_one_pass_stays_small() -> None:
    assert builtin.fast_style().stat().st_size < 3_000_000


def test_the_package_stays_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 36_000_000


def test_finding_a_file_does_not_import_torch() -> None:
    code = "import sys, ganvas.builtin as b; b.photo(); b.vgg16(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0, "ganvas.builtin imports torch"
