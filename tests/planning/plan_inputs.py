"""Inputs of plans: two machines, and any that hypothesis thinks of."""

from dataclasses import replace

from hypothesis import strategies as st

from ganvas.config import DataConfig
from ganvas.planning.inputs import PlanInputs

LAPTOP = PlanInputs(
    count=1000, width=256, height=256, gray=False, drawn=True, device="cpu", memory=8 << 30, minutes=10.0
)
GPU = replace(LAPTOP, device="cuda:0", memory=16 << 30, minutes=120.0)

SHAPES = [
    (short * long // 2, short) if wide else (short, short * long // 2)
    for short in (32, 64, 128, 256)
    for long in (2, 3, 4, 5, 8)  # halves of a side: what an overview of pictures returns, up to 1 : 4
    for wide in (True, False)
]
any_inputs = st.builds(
    lambda count, shape, gray, drawn, device, gigabytes, minutes: PlanInputs(
        count=count,
        width=shape[0],
        height=shape[1],
        gray=gray,
        drawn=drawn,
        device=device,
        memory=int(gigabytes * 2**30),
        minutes=minutes,
    ),
    st.integers(32, 200_000),
    st.sampled_from(SHAPES),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["cpu", "cuda:0", "cuda:1", "mps"]),
    st.floats(0.25, 80),
    st.floats(1, 600),
)


def data_config(width: int, height: int | None = None, channels: int = 3) -> DataConfig:
    """Return how pictures that nobody has are prepared."""
    return DataConfig("pictures", height or width, width, channels)
