"""Options of a training that hypothesis thinks of, every one of them valid."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from ganvas.config import TrainOptions
from ganvas.config.options import OPTIONS
from ganvas.config.train_options import AUTO, choices
from ganvas.recipes import RECIPES
from ganvas.recipes.upsampling import FACTORS

TEXTS = ["white", "#ffeedd", "rgb(1, 2, 3)", "a path/with spaces", "it's", "/runs/one", "cuda:1"]
WORDS: dict[str, st.SearchStrategy[Any]] = {
    "size": st.builds("{}x{}".format, st.integers(1, 9999), st.integers(1, 9999)) | st.integers(1, 9999).map(str),
    "recipe": st.sampled_from(sorted(RECIPES)),
    "augment": st.lists(st.sampled_from(choices("augment")), min_size=1, max_size=3).map(tuple),
    "log": st.lists(st.sampled_from(choices("log")), min_size=1, max_size=2).map(tuple),
    "conditional": st.just(True),
    "compile": st.just(True),
    "keep_copies": st.just(True),
    "upsample": st.sampled_from(FACTORS),
    "labels_by": st.sampled_from(["(.+)_", "([a-z]+)/", "^(cat|dog)"]),
    "limit": st.integers(16, 10**9),
    "aspect": st.builds("{}-{}".format, st.integers(1, 9), st.floats(9, 99, width=16)),
    "value_range": st.builds("{}-{}".format, st.integers(-9, 9), st.integers(10, 70_000)),
}
WHOLE = ("images", "batch", "penalty_interval", "seed")
LARGEST = 1e12  # of what has no greatest value


def values(name: str) -> st.SearchStrategy[Any]:
    """Return the valid values of an option."""
    option = OPTIONS[name]
    if name in WORDS:
        return WORDS[name]
    if choices(name):
        return st.sampled_from([word for word in choices(name) if word != AUTO])
    if option.minimum == -float("inf"):
        return st.sampled_from(TEXTS)
    least, greatest = option.minimum, min(option.maximum, LARGEST)
    if name in WHOLE:
        return st.integers(max(1, int(least)), int(greatest))
    return st.floats(least, greatest, exclude_min=name == "minutes")


def options_of(names: Mapping[str, Any]) -> st.SearchStrategy[TrainOptions]:
    """Return options among these, each given or not; a budget of minutes or one of images."""
    every = {name: st.none() | values(name) for name in names}

    def with_one_budget(given: dict[str, Any]) -> TrainOptions:
        if given.get("minutes") is not None:
            given = given | {"images": None}
        return TrainOptions(**given)

    return st.fixed_dictionaries(every).map(with_one_budget)


any_options = options_of(OPTIONS)
