"""The complete description of a run or a painting: frozen dataclasses, to JSON and back."""

from .options import TrainOptions
from .plain import from_dict, to_dict
from .run import (
    CHANNELS,
    FORMAT,
    AdaConfig,
    AnnealConfig,
    AutoencoderConfig,
    BalanceConfig,
    Config,
    DataConfig,
    NetworkConfig,
    OptimizerConfig,
    PenaltyConfig,
    PhaseConfig,
    StyleGANConfig,
)
from .style import StyleConfig

__all__ = [
    "CHANNELS",
    "FORMAT",
    "AdaConfig",
    "AnnealConfig",
    "AutoencoderConfig",
    "BalanceConfig",
    "Config",
    "DataConfig",
    "NetworkConfig",
    "OptimizerConfig",
    "PenaltyConfig",
    "PhaseConfig",
    "StyleConfig",
    "StyleGANConfig",
    "TrainOptions",
    "from_dict",
    "to_dict",
]
