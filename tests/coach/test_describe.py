"""The coach's words: evidence with its numbers and moments, whatever the numbers are."""

import math

import pytest

from ganvas.coach.describe import describe_evidence, format_metric, title
from ganvas.events import Evidence


def told(*evidence: Evidence) -> str:
    return describe_evidence(evidence).replace("\u00a0", " ")


def test_evidence_says_which_number_went_from_what_to_what_since_when() -> None:
    assert (
        told(Evidence("near_copies", 0.05, 0.64, 12_000))
        == "near-copies among the samples: 64 %, it was 5 % at 12,000 pictures"
    )
    assert describe_evidence([Evidence("logit_gap", 0.5, 12.0, 3)], lambda images: f"{images} days ago").endswith(
        "12, it was 0.5 3 days ago"
    )


def test_what_never_was_otherwise_has_no_before() -> None:
    assert told(Evidence("dataset_size", 50, 50, 0)) == "pictures trained on: 50"
    assert told(Evidence("near_copies", math.nan, 0.64, 0)) == "near-copies among the samples: 64 %"


def test_the_weightiest_evidence_is_enough() -> None:
    assert told(*(Evidence(f"sign_{n}", 0, n + 1, 5) for n in range(9))).count(";") == 2
    assert told() == ""


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("near_copies", math.nan, "no number"), ("logit_gap", math.inf, "beyond all bounds"), ("batch_size", 2.0, "2"),
     ("logit_gap", -math.inf, "beyond all bounds"), ("logit_gap", 1e300, "1.00e+300"), ("of_tomorrow", 3.0, "3")],
)  # fmt: skip
def test_any_value_has_a_text(name: str, value: float, text: str) -> None:
    assert format_metric(name, value) == text


def test_unknown_names_stand_for_themselves() -> None:
    assert told(Evidence("of_tomorrow", 1, 2, 3)) == "of tomorrow: 2, it was 1 at 3 pictures"
    assert title("mode collapse") == "Mode collapse"
    assert title("sleepy") == "Sleepy"
    assert title("") == ""
