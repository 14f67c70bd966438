"""How NVIDIA's tool for data sets (Karras et al. 2020, `dataset_tool.py`) lays out pictures: labels, and shards.

Labels stand in dataset.json. Folders of a thousand pictures each only keep each other short; they are no classes.
"""

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

DATASET_JSON = "dataset.json"
# 00001/img00001234.png, and 01000/01234.png as in FFHQ: the folder is a part of the picture's number.
SHARD = re.compile(r"(?:^|/)(?:(\d{5})/img\1\d{3}|(\d{2})000/\2\d{3})\.\w+$")


def labels_in(content: bytes) -> dict[str, str]:
    """Return the labels by names of pictures in the content of a dataset.json; none if it lists none.

    Labels are whole numbers. Other programs' files of this name, and labels of other kinds, are as if not there.
    """
    try:
        listed = json.loads(content)["labels"]
        return {str(name): str(label) for name, label in listed if isinstance(label, int)}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}


def folder_of(name: str) -> str:
    """Return the folder that a picture is in; of a shard, the one that the shard is in."""
    folder = name.rpartition("/")[0]
    return folder.rpartition("/")[0] if SHARD.search(name) else folder


def label_of(labels: Mapping[str, str], name: str) -> str:
    """Return the label that is listed for a picture, by its path, with or without suffix or folders; else "".

    Contests list names without suffix, and without the folders that the pictures lie in.
    """
    path = PurePosixPath(name)
    for each in (name, str(path.with_suffix("")), path.name, path.stem):
        if each in labels:
            return labels[each]
    return ""
