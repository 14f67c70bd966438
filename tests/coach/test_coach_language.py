"""The coach in Indonesian: what a person reads is translated, and what is recorded is not."""

import ast
import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

import ganvas
from ganvas.coach.describe import describe_evidence, in_words, title
from ganvas.coach.diagnosis.diagnoses import DIAGNOSES
from ganvas.coach.model_health import Health, ending
from ganvas.coach.treatment.describe import TEXTS, describe_prescriptions, describe_stop, words_of
from ganvas.errors import GanvasError
from ganvas.event_log import to_json
from ganvas.events import Evidence, HealthCheck, Prescription, Treatment, Verdict

SOURCE = Path(ganvas.__file__).parent
ROOMS = ("coach", "planning", "report", "metrics", "training")
MODULES = [path for room in ROOMS for path in sorted((SOURCE / room).rglob("*.py"))] + [
    SOURCE / f"{name}.py" for name in ("evaluation", "formatting", "losses", "events", "phases")
]
HALVED = (Prescription("lr", "generator", 0.5),)


@pytest.fixture
def indonesian(monkeypatch: pytest.MonkeyPatch) -> None:
    """Speak Indonesian."""
    monkeypatch.setenv("GANVAS_LANG", "id")


def check(step: int, near_copies: float) -> HealthCheck:
    metrics = {"near_copies": near_copies, "feature_distance": 0.3}
    return HealthCheck(step, 8 * step, step / 100, "adversarial", metrics)


@pytest.mark.usefixtures("indonesian")
def test_the_doctor_speaks_indonesian_and_finds_the_same(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    events = [check(10, 0.05), check(20, 0.05), check(230, 0.6), check(240, 0.9), Treatment(
        241, 1928, "mode collapse", HALVED, "", "Halved the generator's learning rate."
    )]  # fmt: skip
    file.write_text("".join(f"{to_json(event)}\n" for event in events))
    found = ganvas.doctor(file)
    assert found.verdict.name == "mode collapse"
    assert title(found.verdict.name) == "Keruntuhan mode"
    assert found.verdict.what == (
        "Generator terus-menerus membuat gambar yang sama, apa pun masukannya (mode collapse)."
    )
    assert found.advice.startswith("Pakai --loss relativistic --penalty r1_r2, atau")
    assert describe_evidence(found.verdict.evidence).startswith(
        "nyaris-salinan di antara sampel: 90\u00a0% (5\u00a0% pada 160 gambar)"
    )
    assert found.treatments[0].treatment.text == "Menurunkan laju belajar generator menjadi setengahnya."


@pytest.mark.usefixtures("indonesian")
def test_the_doctor_refuses_in_indonesian(tmp_path: Path) -> None:
    with pytest.raises(GanvasError) as error:
        ganvas.doctor(tmp_path / "gone")
    assert error.value.message == f"{tmp_path / 'gone'} tidak ada."
    assert error.value.hint.startswith("Coba: ganvas doctor RUN, yaitu folder")


@pytest.mark.parametrize("name", DIAGNOSES)
def test_all_that_is_said_of_a_diagnosis_is_translated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosis = DIAGNOSES[name]
    verdict = Verdict(1, 8, name, 0.9, (), diagnosis.what, diagnosis.why)
    assert in_words(verdict) == verdict
    monkeypatch.setenv("GANVAS_LANG", "id")
    told = f"{title(name)} {in_words(verdict).what} {in_words(verdict).why} {Health(name, 0.9).advice}"
    for english in (diagnosis.title, diagnosis.what, diagnosis.why, diagnosis.advice):
        assert english not in told


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_all_that_is_done_is_translated(kind: str, network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = [Prescription(kind, network, 0.5)]
    english = describe_prescriptions(orders)
    monkeypatch.setenv("GANVAS_LANG", "id")
    assert describe_prescriptions(orders) != english


def test_a_recorded_treatment_is_told_anew_where_that_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Treatment(1, 8, "stalled", HALVED, "", "What release 0.1 said.")
    stopped = Treatment(1, 8, "stalled", (*HALVED, Prescription("stop")), "", "Stopped, after much that was tried.")
    assert words_of(recorded) == recorded.text, "in English it is left as it is"
    monkeypatch.setenv("GANVAS_LANG", "id")
    assert words_of(recorded) == "Menurunkan laju belajar generator menjadi setengahnya."
    assert words_of(stopped) == stopped.text, "what was tried is told there alone"
    assert describe_stop("stalled", [recorded]).startswith("Dihentikan: mandek tidak dapat diatasi. Sudah dicoba:")


@pytest.mark.usefixtures("indonesian")
def test_a_model_that_is_not_healthy_says_so_in_indonesian() -> None:
    text = ending(Health("stalled", 0.9), Health("healthy", 0.9))
    assert text.startswith("Di akhir pelatihan tidak sehat: mandek. Sampelnya buruk dan tidak membaik lagi. Yang dapat")
    assert text.endswith(" Modelnya diambil dari titik sebelum itu.")


@pytest.mark.usefixtures("indonesian")
def test_in_your_own_loop_it_speaks_indonesian_and_records_english() -> None:
    coach = ganvas.Coach()
    verdict = coach.observe({"generator": math.nan})
    assert verdict is not None
    assert verdict == coach.verdict
    assert (verdict.name, verdict.what.split()[0]) == ("diverging", "Kerugian")
    assert coach.advice().startswith("Turunkan laju belajar")
    recorded = json.loads(to_json(coach.history[-1]))
    assert recorded["what"] == DIAGNOSES["diverging"].what


@pytest.mark.usefixtures("indonesian")
def test_evidence_that_is_not_a_number_is_told_in_indonesian() -> None:
    evidence = Evidence("generator_loss", math.inf, math.nan, 1000)
    assert describe_evidence([evidence]) == "kerugian (loss) generator: bukan bilangan (tak hingga pada 1,000 gambar)"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_texts_for_people_are_marked(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        function = ast.unparse(call.func)
        if function in ("GanvasError", "Note", "Progress"):
            found = [ast.unparse(text) for argument in call.args for text in texts(argument)]
            assert not found, f"line {call.lineno}: not marked with _"
        if function in ("_", "N_", "ngettext"):
            assert not any(isinstance(each, ast.JoinedStr) for each in call.args), (
                f"line {call.lineno}: never _(f'...')"
            )
    for text in (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)):
        inside = [each for each in ast.walk(text) if isinstance(each, ast.Call) and ast.unparse(each.func) == "_"]
        literal = [each for each in inside if isinstance(each.args[0], ast.Constant)]
        assert not literal, f"line {text.lineno}: a text that is marked in an f-string is not found for translators"


def texts(argument: ast.expr) -> Iterator[ast.expr]:
    """Yield the texts in an argument that stand there as they are, in both branches of a choice too."""
    if isinstance(argument, ast.IfExp):
        yield from (*texts(argument.body), *texts(argument.orelse))
    parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
    words = " ".join(each.value for each in parts if isinstance(each, ast.Constant) and isinstance(each.value, str))
    if any(letter.isalpha() for letter in words):
        yield argument
