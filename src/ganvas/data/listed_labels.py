"""Labels that a file beside pictures lists: NVIDIA's dataset.json, or a table."""

from collections.abc import Callable

from .dataset_json import DATASET_JSON, labels_in
from .forms.label_table import METADATA, TABLES, MissingColumnsError, labels_in_table


def find_labels(has: Callable[[str], bool], read: Callable[[str], bytes]) -> dict[str, str]:
    """Return the labels by names of pictures; empty if no file lists some.

    Args:
        has: tells whether a file of this name lies beside the pictures.
        read: returns its content.

    Raises:
        GanvasError: a table that is surely meant for labels is damaged, or has no columns for them.
    """
    if has(DATASET_JSON) and (labels := labels_in(read(DATASET_JSON))):
        return labels
    for name in TABLES:
        if has(name):
            return labels_in_table(name, read(name))
    for name in METADATA:
        if has(name):
            try:
                return labels_in_table(name, read(name))
            except MissingColumnsError:  # captions, say
                continue
    return {}
