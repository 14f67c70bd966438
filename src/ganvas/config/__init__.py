"""The complete description of a run or a painting: frozen dataclasses, to JSON and back."""

from .parts import (
    CHANNELS,
    AdaConfig,
    AnnealConfig,
    AutoencoderConfig,
    BalanceConfig,
    DataConfig,
    NetworkConfig,
    OptimizerConfig,
    PenaltyConfig,
    PhaseConfig,
    StyleGANConfig,
    UpsamplingConfig,
)
from .run import FORMAT, Config
from .serialization import from_dict, to_dict
from .sign import SignConfig
from .style import StyleConfig
from .train_options import TrainOptions
from .walk import WalkConfig

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
    "SignConfig",
    "StyleConfig",
    "StyleGANConfig",
    "TrainOptions",
    "UpsamplingConfig",
    "WalkConfig",
    "from_dict",
    "to_dict",
]
