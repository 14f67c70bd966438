"""Names of the scores, and the sentences about scores that stand out, with their numbers."""

import pytest

from ganvas.metrics.score_descriptions import REMARKS, SCORE_DESCRIPTIONS, Score, summarize


def test_only_inceptions_frechet_distance_is_called_fid() -> None:
    for network in ("efficientnet-lite0", "dinov2-vit-s-14", "inception-v3", ""):
        for key in SCORE_DESCRIPTIONS:
            name = Score(key, 1, 0, 2, network).name
            assert ("FID" in name) == (network == "inception-v3" and key.startswith("frechet")), f"{key} on {network}"


@pytest.mark.parametrize("key", SCORE_DESCRIPTIONS)
def test_every_score_says_what_it_means(key: str) -> None:
    score = Score(key, 0, 0, 0)
    assert score.name
    assert score.better in {"lower", "higher", "near real"}
    assert score.description.endswith("."), "not a sentence"


def test_no_two_scores_have_one_name() -> None:
    assert len({Score(key, 0, 0, 0).name for key in SCORE_DESCRIPTIONS}) == len(SCORE_DESCRIPTIONS)


@pytest.mark.parametrize(
    ("low", "value", "high", "real", "expected"),
    [
        (0.5, 0.6, 0.7, 1.0, -1),
        (1.3, 1.4, 1.5, 1.0, 1),
        (0.5, 0.8, 1.1, 1.0, 0),
        (0.93, 0.95, 0.97, 1.0, 0),
        (0.5, 0.6, 0.7, None, 0),
        (0.1, 0.2, 0.3, 0.0, 1),
        (-0.1, 0.2, 0.5, 0.0, 0),
        (50, 80, None, 200, 0),
        (250, 300, None, 200, 1),
    ],
    ids=["below", "above", "not certain", "too little", "unknown", "above 0", "about 0", "no bound", "above, no bound"],
)
def test_a_deviation_is_significant_and_over_a_tenth(
    low: float, value: float, high: float | None, real: float | None, expected: int
) -> None:
    assert Score("diversity", value, low, high, real=real).deviation_sign == expected


def test_remarks_have_their_numbers() -> None:
    remarks = summarize(
        [
            Score("coverage", 0.41, 0.38, 0.44, "lite", 0.97),
            Score("diversity", 0.99, 0.97, 1.01, "lite", 1.0),
            Score("brightness", 190, 188, 192, real=120),
        ]
    )
    assert len(remarks) == 2, "a score like that of real pictures got a remark, or another score got none"
    assert "41%" in remarks[0]
    assert "97%" in remarks[0]
    assert "brighter" in remarks[1]
    assert "190" in remarks[1]


def test_the_summary_says_if_nothing_stands_out() -> None:
    assert len(summarize([Score("coverage", 0.96, 0.94, 0.98, "lite", 0.97)])) == 1
    assert len(summarize([])) == 1


def test_an_invisible_difference_gets_no_remark() -> None:
    """If real images have hardly any checkerboard, ten times as much may still be invisible."""
    (nothing,) = summarize([Score("checkerboard", 0.2, 0.15, 0.25, real=0.02)])
    assert "checkerboard" not in nothing
    (visible,) = summarize([Score("checkerboard", 5, 4, 6, real=0.02)])
    assert "checkerboard" in visible


def test_every_remark_belongs_to_a_score() -> None:
    for remark in REMARKS:
        assert remark.key in SCORE_DESCRIPTIONS
        assert remark.direction in {-1, 1}
        assert remark.text.format(value=0.5, real=0.7).endswith(".")
    assert len({(each.key, each.direction) for each in REMARKS}) == len(REMARKS), (
        "a score has two remarks for one direction"
    )
