"""The coach's texts: evidence with its numbers and times, whatever the numbers are."""

import math

import pytest

from ganvas.coach.describe import describe_evidence, format_metric, title
from ganvas.events import Evidence


def text_of(*evidence: Evidence) -> str:
    return describe_evidence(evidence).replace("\u00a0", " ")


def test_evidence_says_what_a_metric_is_and_what_it_was_before() -> None:
    assert (
        text_of(Evidence("near_copies", 0.05, 0.64, 12_000))
        == "near-copies among the samples: 64 % (5 % at 12,000 pictures)"
    )
    assert describe_evidence([Evidence("logit_gap", 0.5, 12.0, 3)], lambda images: f"{images} days ago").endswith(
        "12 (0.5 3 days ago)"
    )


def test_an_unchanged_metric_has_no_before() -> None:
    assert text_of(Evidence("dataset_size", 50, 50, 0)) == "training pictures: 50"
    assert text_of(Evidence("near_copies", math.nan, 0.64, 0)) == "near-copies among the samples: 64 %"


def test_only_the_most_important_evidence_is_shown() -> None:
    assert text_of(*(Evidence(f"metric_{n}", 0, n + 1, 5) for n in range(9))).count(";") == 2
    assert text_of() == ""


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("near_copies", math.nan, "not a number"), ("logit_gap", math.inf, "infinite"), ("batch_size", 2.0, "2"),
     ("logit_gap", -math.inf, "infinite"), ("logit_gap", 1e300, "1.00e+300"), ("of_tomorrow", 3.0, "3")],
)  # fmt: skip
def test_any_value_has_a_text(name: str, value: float, text: str) -> None:
    assert format_metric(name, value) == text


def test_unknown_names_stand_for_themselves() -> None:
    assert text_of(Evidence("of_tomorrow", 1, 2, 3)) == "of tomorrow: 2 (1 at 3 pictures)"
    assert title("mode collapse") == "Mode collapse"
    assert title("sleepy") == "Sleepy"
    assert title("") == ""
