"""A process that asks a run's discriminator for the studio: a question as JSON on stdin, the answer as JSON on stdout.

echo '{"run": "runs/people"}' | python -m ganvas.studio.judge
"""

import base64
import io
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..image_io import to_image, to_uint8
from ..runs import Run
from ..training.monitoring.opinions import opinions
from .answering import answer

COUNT = 12  # pictures of either kind
LEAST_SIDE = 96  # pixels of what is shown


def judge(run: str) -> dict[str, Any]:
    """Return pictures and logits, real and fake, of the newest checkpoint."""
    torch.set_num_threads(1)  # a training may be at work
    found = opinions(Run(Path(run)), COUNT)
    return {
        "step": found.step,
        "real": _shown(found.real, found.real_logits),
        "fake": _shown(found.fake, found.fake_logits),
    }


def _shown(images: Tensor, logits: Tensor) -> list[dict[str, Any]]:
    return [
        {"picture": _png(image), "logit": float(logit)} for image, logit in zip(to_uint8(images), logits, strict=True)
    ]


def _png(image: Tensor) -> str:
    """Return an image (C, H, W) as PNG in base 64."""
    picture = to_image(image)
    scale = -(-LEAST_SIDE // max(picture.size))
    file = io.BytesIO()
    picture.resize((picture.width * scale, picture.height * scale)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")


if __name__ == "__main__":
    answer(judge)
