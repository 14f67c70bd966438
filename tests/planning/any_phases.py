"""Phases that hypothesis thinks of, and a configuration that has them."""

from dataclasses import replace

from hypothesis import strategies as st

import tiny
from ganvas.config import Config, PhaseConfig

any_phases = st.lists(
    st.builds(
        PhaseConfig,
        name=st.sampled_from(["a", "b"]),
        time_share=st.floats(0.01, 1),
        batch=st.integers(1, 64),
        relative_step_cost=st.floats(0.1, 10),
        warmup_steps=st.integers(0, 20),
        final_lr_factor=st.floats(0, 1),
        steps=st.integers(1, 60),
    ),
    min_size=1,
    max_size=4,
).map(tuple)


def with_phases(phases: tuple[PhaseConfig, ...]) -> Config:
    """Return a configuration with these phases."""
    return replace(tiny.config("fc"), phases=phases)
