"""The complete description of a run or a painting: frozen dataclasses, to JSON and back."""

from .plain import from_dict, to_dict
from .run import (
    ALONE,
    CHANNELS,
    FORMAT,
    AdaptConfig,
    AnnealConfig,
    BalanceConfig,
    Config,
    DataConfig,
    NetworkConfig,
    OptimiserConfig,
    PenaltyConfig,
    PhaseConfig,
    StylesConfig,
    WarmStartConfig,
)
from .style import StyleConfig

__all__ = [
    "ALONE",
    "CHANNELS",
    "FORMAT",
    "AdaptConfig",
    "AnnealConfig",
    "BalanceConfig",
    "Config",
    "DataConfig",
    "NetworkConfig",
    "OptimiserConfig",
    "PenaltyConfig",
    "PhaseConfig",
    "StyleConfig",
    "StylesConfig",
    "WarmStartConfig",
    "from_dict",
    "to_dict",
]
