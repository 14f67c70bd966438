"""Treatments in words: one full sentence each, without identifiers of the program."""

import pytest
from clinic import CONFIGS, Clinic

from ganvas.coach.diagnosis.diagnoses import DIAGNOSES
from ganvas.coach.treatment.describe import TEXTS, describe_outcome, describe_prescriptions, describe_stop
from ganvas.coach.treatment.escalation import LADDERS
from ganvas.coach.treatment.prescription import KINDS
from ganvas.events import Prescription, Treatment
from ganvas.losses import PENALTIES

HALVED = Prescription("lr", "generator", 0.5)


def is_sentence(text: str) -> bool:
    """Tell whether a text is one sentence: a capital, one full stop at the end, no identifiers."""
    bare = text.replace(".", "", text.count(".") - 1) if text.endswith(".") else text
    strange = [word for word in ("nan", "inf", "none", "_", "  ", "Prescription") if word in text]
    return text[0].isupper() and ". " not in text and bare.endswith(".") and not strange


def test_every_kind_has_a_text() -> None:
    assert TEXTS.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("network", ["generator", "discriminator"])
@pytest.mark.parametrize("value", [0.02, 0.5, 1.0, 4.0])
def test_each_is_one_sentence(kind: str, network: str, value: float) -> None:
    name = {"penalty": "r1_r2", "loss": "relativistic"}.get(kind, "")
    text = describe_prescriptions([Prescription(kind, network, value, name)])
    assert is_sentence(text), text


@pytest.mark.parametrize("name", PENALTIES)
def test_every_penalty_has_a_name(name: str) -> None:
    text = describe_prescriptions([Prescription("penalty", value=1.0, name=name)])
    assert is_sentence(text), text


def test_prescriptions_of_one_treatment_make_one_sentence() -> None:
    prescriptions = [Prescription("rollback", value=1.0), HALVED, Prescription("lr", "discriminator", 0.3)]
    assert describe_prescriptions(prescriptions) == (
        "Went back to the last healthy checkpoint, halved the generator's learning rate, "
        "multiplied the discriminator's learning rate by 0.3."
    )


def test_shares_are_percentages_and_counts_whole_numbers() -> None:
    assert (
        describe_prescriptions([Prescription("augment", value=0.5)])
        == "Augmented 50\u00a0% of what the discriminator sees."
    )
    assert "3 steps" in describe_prescriptions([Prescription("grad_accum", value=3.0)])
    assert "R1 and R2 with gamma 0.1" in describe_prescriptions([Prescription("penalty", value=0.1, name="r1_r2")])


def test_a_kind_of_a_later_release_is_named() -> None:
    assert describe_prescriptions([Prescription("hypnosis")]) == "Hypnosis."


def test_outcomes() -> None:
    assert describe_outcome("oscillating", "helped") == "Oscillating: the treatment helped."
    assert describe_outcome("of a later release", "failed") == "Of a later release: the treatment did not help."


def test_a_stop_says_what_was_tried_and_what_a_person_can_do() -> None:
    tried = Treatment(1, 8, "stalled", (HALVED,), "", describe_prescriptions([HALVED]), 1)
    text = describe_stop("stalled", [tried, tried])
    assert "halved the generator's learning rate" in text
    assert DIAGNOSES["stalled"].advice in text
    assert text.lower().startswith("stopped: stalled")
    assert "nothing that could help" in describe_stop("stalled", [])


def test_names_keep_their_capitals() -> None:
    r1 = Prescription("penalty", value=1.0, name="r1")
    text = describe_stop("stalled", [Treatment(1, 8, "stalled", (r1,), "", describe_prescriptions([r1]), 1)])
    assert "R1" in text, text


@pytest.mark.slow
@pytest.mark.parametrize("name", LADDERS)
def test_the_whole_ladder_of_a_problem_reads_well(name: str) -> None:
    for config in CONFIGS:
        for dead in (0.0, 0.5):
            clinic = Clinic(config, generator_dead_units=dead, generator_lr_to_weight_ratio=0.3, batch_size=2.0)
            clinic.until(name, lambda: clinic.stopped)  # noqa: B023
            for event in (*clinic.given[:-1], *clinic.outcomes):
                assert is_sentence(event.text), event.text
            assert "nan" not in clinic.given[-1].text
