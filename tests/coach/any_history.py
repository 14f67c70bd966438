"""Hypothesis strategies for histories of any kind. Numbers may be anything, and often lie near the rules' limits."""

import math

from hypothesis import strategies as st

from ganvas.coach.diagnosis.diagnoses import DIAGNOSES
from ganvas.coach.measurement.metric_names import METRICS
from ganvas.events import CheckpointSaved, Evidence, HealthCheck, Note, Prescription, Score, Treatment, Verdict
from ganvas.metrics.score_descriptions import SCORE_DESCRIPTIONS

NAN, INF = math.nan, math.inf

numbers = st.one_of(
    st.floats(), st.floats(0, 1), st.floats(0, 50), st.sampled_from([0.0, 0.5, 1.0, NAN, INF, -INF, 1e308, 5e-324])
)
metric_names = st.one_of(st.sampled_from(list(METRICS)), st.text(max_size=8))
metrics = st.one_of(
    st.dictionaries(metric_names, numbers, max_size=12),
    st.fixed_dictionaries(dict.fromkeys(METRICS, numbers)),
    st.just({}),
)
steps = st.integers(0, 40)
phases = st.one_of(st.sampled_from(["adversarial", "autoencode", "prior", "sharpen"]), st.text(max_size=4))
names = st.sampled_from(list(DIAGNOSES))
health_checks = st.builds(HealthCheck, steps, steps, numbers, phases, metrics)
evidence = st.builds(Evidence, metric_names, numbers, numbers, steps)
verdicts = st.builds(
    Verdict, steps, steps, names, numbers, st.tuples(evidence), st.text(), st.text(), st.none() | numbers
)
prescriptions = st.builds(
    Prescription, st.sampled_from(["lr", "rollback", "stop", "of a later release"]), value=numbers
)
treatments = st.builds(
    Treatment,
    steps,
    steps,
    names,
    st.lists(prescriptions, max_size=3).map(tuple),
    st.sampled_from(["", "helped", "failed"]),
    st.text(max_size=5),
    st.integers(0, 9),
)
scores = st.builds(
    Score, steps, steps, st.sampled_from([SCORE_DESCRIPTIONS["frechet"][0], "KID"]), st.just("x"), numbers, steps
)
others = st.one_of(
    scores, st.builds(CheckpointSaved, steps, steps, st.just("x"), st.booleans()), st.just(Note("Hello."))
)
histories = st.lists(st.one_of(health_checks, health_checks, health_checks, verdicts, treatments, others), max_size=12)
