"""Weight names of release 0.1 and what they are called now, so that its checkpoints and models load."""

import re
from collections.abc import Mapping

from torch import Tensor

# By the name of the generator or discriminator in a configuration: old pattern to new name.
_LABELS_INSIDE = {r"^(latents|labelled)\.": "conditional_latent."}
_PROJECTION_HEAD = {r"^verdict\.score\.": "head.linear.", r"^verdict\.": "head."}
_PROGAN = {r"^beginning\.": "input_block.", r"^ending\.": "epilogue."} | _LABELS_INSIDE | _PROJECTION_HEAD
_LABELS_AROUND = {r"^planes\.": "label_maps."}
RENAMED: dict[str, dict[str, str]] = {
    "fc": _LABELS_AROUND,
    "dcgan": _LABELS_AROUND,
    "residual": _LABELS_AROUND,
    "quick": {
        r"^prior\.enter\.": "prior.in_proj.",
        r"^prior\.leave\.": "prior.out_proj.",
        r"^prior\.label\.": "prior.label_embedding.",
    }
    | _LABELS_AROUND,
    "progressive": _PROGAN,
    "multiscale": _PROGAN,
    "stylegan2": {
        r"^mapping\.(?=\d)": "mapping_layers.",
        r"^constant$": "const",
        r"^background$": "rgb_bias",
        r"^mean_style$": "w_avg",
        r"^path_mean$": "pl_mean",
        r"^colours\.": "to_rgb.",
        r"^(layers\.\d+)\.convolution\.": r"\1.conv.",
        r"^(layers\.\d+)\.noise$": r"\1.noise_const",
        r"^(layers\.\d+)\.strength$": r"\1.noise_strength",
        r"^(blocks\.\d+)\.keep\.": r"\1.conv0.",
        r"^(blocks\.\d+)\.halve\.": r"\1.conv1.",
        r"^(blocks\.\d+)\.shortcut\.": r"\1.skip.",
        r"^gather\.(?=\d)": "epilogue.",
    }
    | _LABELS_INSIDE
    | _PROJECTION_HEAD,
    "r3gan": {
        r"^(stages\.\d+\.blocks\.\d+)\.widen\.": r"\1.conv_in.",
        r"^(stages\.\d+\.blocks\.\d+)\.mix\.": r"\1.conv_group.",
        r"^(stages\.\d+\.blocks\.\d+)\.narrow\.": r"\1.conv_out.",
        r"^gather\.(?=\D)": "global_depthwise.",
    }
    | _LABELS_INSIDE
    | _PROJECTION_HEAD,
    "fastgan": {r"^beginning\.": "input_block."} | _LABELS_INSIDE,
    "projected": {
        r"^mixing\.channels": "projection.ccm",
        r"^mixing\.scales": "projection.csm",
        r"^(heads\.\d+)\.verdict\.": r"\1.logit.",
    },
}


def translate(tensors: Mapping[str, Tensor], network: str | None = None) -> dict[str, Tensor]:
    """Return tensors under the weight names of today; names of today stay.

    Args:
        tensors: a state_dict of a generator, discriminator or encoder, or gradients under such names.
        network: the network's name in the configuration; None if it is not known.
    """
    tables = RENAMED.values() if network is None else [RENAMED.get(network, {})]
    patterns = {re.compile(old): new for table in tables for old, new in table.items()}
    return {_translated(key, patterns): tensor for key, tensor in tensors.items()}


def _translated(key: str, patterns: Mapping[re.Pattern[str], str]) -> str:
    for old, new in patterns.items():
        key = old.sub(new, key)
    return key
