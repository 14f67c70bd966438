"""A page that draws in the browser, offline: one HTML file with the networks and onnxruntime-web inside."""

import base64
import gzip
import html
import json
import re
from pathlib import Path
from typing import Any

import torch

from ...latents.sample import GeneratorModel
from ...script_texts import translations
from ...translation import language
from ...version import __version__
from .generators import MARK

WEB = Path(__file__).parent / "web"
VENDOR = WEB / "vendor"
PART = re.compile(r"\[\[([A-Z]+)\]\]")  # of page.html
SEED, FIRST = 0, 24  # the page begins with as many pictures of this seed as `ganvas sample` draws


def to_page(model: GeneratorModel, mapping: bytes, synthesis: bytes) -> bytes:
    """Return the page.

    Args:
        model: the generator.
        mapping, synthesis: its halves as ONNX.
    """
    assets = {
        "mapping": gzip.compress(mapping, mtime=0),
        "synthesis": gzip.compress(synthesis, mtime=0),
        "wasm": (VENDOR / "ort-wasm-simd-threaded.wasm.gz").read_bytes(),
        "ort": gzip.compress((VENDOR / "ort.wasm.bundle.min.mjs").read_bytes(), mtime=0),
    }
    parts = {
        "LANGUAGE": language(),
        "MARK": f"ganvas {__version__}, {MARK}",
        "TITLE": html.escape(model.run_name),
        "STYLE": (WEB / "page.css").read_text(encoding="utf-8"),
        "ASSETS": "\n".join(map(_asset, assets, assets.values())),
        "LICENSE": (VENDOR / "onnxruntime.LICENSE").read_text(encoding="utf-8"),
        "FACTS": _json(_facts(model)),
        "SCRIPT": (WEB / "page.js").read_text(encoding="utf-8"),
    }
    page = (WEB / "page.html").read_text(encoding="utf-8")
    return PART.sub(lambda part: parts[part[1]], page).encode()


def _asset(name: str, compressed: bytes) -> str:
    return f'<script type="text/plain" id="{name}">{base64.b64encode(compressed).decode()}</script>'


def _facts(model: GeneratorModel) -> dict[str, Any]:
    """Return what the page needs to know of the network, and its texts."""
    z, labels = model.latents_at([(SEED, index) for index in range(FIRST)])
    data = model.config.data
    return {
        "name": model.run_name,
        "version": __version__,
        "width": data.width,
        "height": data.height,
        "channels": data.channels,
        "z_dim": model.config.z_dim,
        "w_shape": model.w_shape,
        "has_mapping": model.has_mapping,
        "classes": model.config.classes,
        "first_z": base64.b64encode(z.to(torch.float32).numpy().astype("<f4").tobytes()).decode(),
        "first_labels": None if labels is None else labels.tolist(),
        "texts": translations(WEB),
    }


def _json(facts: dict[str, Any]) -> str:
    """Return facts as JSON that cannot end the script that it stands in."""
    return json.dumps(facts).replace("<", "\\u003c")
