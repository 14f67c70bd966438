"""The same pictures in every form give the same prepared array and labels, to the byte."""

from pathlib import Path

import numpy as np
import pytest
from picture_forms import COUNT, FORMS, SIDE, in_folders, labels, pixels

from ganvas.config import DataConfig
from ganvas.data import PreparedDataset, prepare
from ganvas.events import run_to_end


def prepared(path: Path, labels_by: str | None = None) -> PreparedDataset:
    config = DataConfig(str(path), SIDE, SIDE, conditional=True, labels_by=labels_by)
    return run_to_end(prepare(config, workers=1))


@pytest.mark.parametrize("form", FORMS)
def test_the_same_pictures_in_every_form(form: str, tmp_path: Path) -> None:
    data = prepared(FORMS[form](tmp_path / "set"), r"_(.+)\." if form == "by_names" else None)
    assert data.labels is not None
    assert data.classes == ("0", "1")
    assert data.labels.tolist() == labels()
    assert np.array_equal(data.images, pixels().transpose(0, 3, 1, 2))


def test_they_are_those_of_plain_folders(tmp_path: Path) -> None:
    data = prepared(in_folders(tmp_path / "set"))
    assert data.labels is not None
    order = np.argsort(labels(), kind="stable")
    assert data.count == COUNT
    assert data.labels.tolist() == sorted(labels())
    assert np.array_equal(data.images, pixels().transpose(0, 3, 1, 2)[order])
