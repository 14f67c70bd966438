"""safetensors: the weights and nothing else, and a card that says what they are and how they are loaded."""

import json

from safetensors.torch import save

from ...config import to_dict
from ...formatting import printable
from ...latents.facts import facts_to_metadata
from ...latents.sample import GeneratorModel
from .generators import MARK

CARD = """---
library_name: pytorch
tags: [gan, ganvas]
---

<!-- {mark} -->

# {run}

The generator of a run of Ganvas: recipe `{recipe}`, {width} x {height} pixels, {channels} channels,
{parameters:,} parameters. It takes z (batch, {z_dim}), normally distributed{labels}, and returns images
(batch, {channels}, {height}, {width}) from -1 to 1.

The weights alone, with PyTorch and without Ganvas:

```python
from safetensors import safe_open
from safetensors.torch import load_file

weights = load_file("{file}")            # a dict of tensors
config = safe_open("{file}", "pt").metadata()["ganvas"]  # JSON: how the network is built
```

The network, with Ganvas:

```python
import json, torch
from ganvas.config import Config, from_dict
from ganvas.models import build_generator

generator = build_generator(from_dict(Config, json.loads(config)["config"]))
generator.load_state_dict(weights)
with torch.no_grad():
    images = generator.eval().sample(torch.randn(4, {z_dim}), {label_argument}, truncation=1.0)
```

To run it without Ganvas and without its source: `ganvas export RUN --to torchscript`, or `--to onnx`.

| tensor | shape |
| --- | --- |
{tensors}
"""


def to_safetensors(model: GeneratorModel) -> bytes:
    """Return the weights, with the run's configuration in the metadata; where its pictures lie is left out."""
    tensors = {name: tensor.contiguous() for name, tensor in model.network.state_dict().items()}
    config = to_dict(model.config)
    config["data"] = config["data"] | {"path": ""}
    config.pop("relative_path", None)
    content: bytes = save(tensors, facts_to_metadata({"written_by": MARK, "run": model.run_name, "config": config}))
    return content


def to_card(model: GeneratorModel, file: str) -> bytes:
    """Return the card of weights in a file of this name, as Markdown."""
    config, data = model.config, model.config.data
    classes = json.dumps(config.classes, ensure_ascii=False)
    rows = [f"| `{name}` | {tuple(tensor.shape)} |" for name, tensor in model.network.state_dict().items()]
    card = CARD.format(
        mark=MARK,
        run=printable(model.run_name),
        recipe=config.recipe,
        width=data.width,
        height=data.height,
        channels=data.channels,
        parameters=sum(each.numel() for each in model.network.parameters()),
        z_dim=config.z_dim,
        labels=f", and class indices (batch,) of {printable(classes)}" if config.classes else "",
        label_argument="torch.zeros(4, dtype=torch.long)" if config.classes else "None",
        file=printable(file),
        tensors="\n".join(rows),
    )
    return card.encode()
