"""Scores have the names they may have, and what stands out is said in a sentence with its numbers."""

import pytest

from ganvas.metrics.score_descriptions import MEANING, REMARKS, Score, summarise


def test_only_inceptions_frechet_distance_is_called_fid() -> None:
    for network in ("efficientnet-lite0", "dinov2-vit-s-14", "inception-v3", ""):
        for key in MEANING:
            name = Score(key, 1, 0, 2, network).name
            assert ("FID" in name) == (network == "inception-v3" and key.startswith("frechet")), f"{key} on {network}"


@pytest.mark.parametrize("key", MEANING)
def test_every_score_says_what_it_means(key: str) -> None:
    score = Score(key, 0, 0, 0)
    assert score.name
    assert score.better in {"lower", "higher", "near real"}
    assert score.about.endswith("."), "a sentence for a beginner"


def test_no_two_scores_have_one_name() -> None:
    assert len({Score(key, 0, 0, 0).name for key in MEANING}) == len(MEANING)


@pytest.mark.parametrize(
    ("low", "value", "high", "real", "off"),
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
def test_off_is_certain_and_by_a_tenth(
    low: float, value: float, high: float | None, real: float | None, off: int
) -> None:
    assert Score("diversity", value, low, high, real=real).off == off


def test_what_stands_out_is_said_with_its_numbers() -> None:
    found = summarise(
        [
            Score("coverage", 0.41, 0.38, 0.44, "lite", 0.97),
            Score("diversity", 0.99, 0.97, 1.01, "lite", 1.0),
            Score("brightness", 190, 188, 192, real=120),
        ]
    )
    assert len(found) == 2, "what is as in real pictures was said to stand out, or the rest was not"
    assert "41%" in found[0]
    assert "97%" in found[0]
    assert "brighter" in found[1]
    assert "190" in found[1]


def test_where_nothing_stands_out_that_is_said() -> None:
    assert len(summarise([Score("coverage", 0.96, 0.94, 0.98, "lite", 0.97)])) == 1
    assert len(summarise([])) == 1


def test_what_nobody_can_see_is_not_said() -> None:
    """Where real pictures have hardly any checkerboard, ten times as much may still be invisible."""
    (nothing,) = summarise([Score("checkerboard", 0.2, 0.15, 0.25, real=0.02)])
    assert "checkerboard" not in nothing
    (visible,) = summarise([Score("checkerboard", 5, 4, 6, real=0.02)])
    assert "checkerboard" in visible


def test_every_remark_belongs_to_a_score() -> None:
    for remark in REMARKS:
        assert remark.key in MEANING
        assert remark.side in {-1, 1}
        assert remark.text.format(value=0.5, real=0.7).endswith(".")
    assert len({(each.key, each.side) for each in REMARKS}) == len(REMARKS), "one thing is said twice"
