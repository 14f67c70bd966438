"""Path length regularization of StyleGAN2 (Karras et al. 2020, section 3.2)."""

import torch
from torch import Tensor

from ...distributed import mean_over_processes, own_rows
from ...models.stylegan2 import StyleGAN2Generator
from .batch import Batch

DECAY = 0.01  # of the running mean of path lengths towards each new one
BATCH_SHRINK = 2  # the penalty is taken of a batch so many times smaller


def path_length_penalty(generator: StyleGAN2Generator, batch: Batch) -> Tensor:
    """Return E[(|J^T y| - a)^2]: a step in w should change the image as much wherever it is taken (eq. 4).

    J is the Jacobian of the image in w, y ~ N(0, I) / sqrt(H W), and a the running mean of the lengths, which is kept
    in the generator.
    """
    few, rng = max(1, len(batch.z) // BATCH_SHRINK), batch.rng
    labels = None if batch.labels is None else batch.labels[:few]
    device, dtype = batch.z.device, batch.z.dtype
    z = own_rows(torch.randn, (few, batch.z.shape[1]), generator=rng, device=device, dtype=dtype)
    ws = generator.mapping(z, labels)[:, None].expand(-1, generator.num_ws, -1)
    images = generator.synthesis(ws, rng)
    y = own_rows(torch.randn, images.shape, generator=rng, device=device, dtype=dtype)
    height, width = images.shape[2:]
    (gradient,) = torch.autograd.grad((images * y).sum() / (height * width) ** 0.5, ws, create_graph=True)
    lengths = gradient.to(generator.pl_mean.dtype).square().sum(2).mean(1).sqrt()
    generator.pl_mean.lerp_(mean_over_processes(lengths.detach().mean()), DECAY)
    penalty: Tensor = (lengths - generator.pl_mean).square().mean()
    return penalty
