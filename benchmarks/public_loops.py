"""Three training loops of other people at 32 px, each with a place where somebody may watch it.

- `lesson`: the DCGAN of a beginners' lesson, as a notebook has it.
- `examples`: dcgan/main.py of pytorch/examples, from a checkout.
- `lightweight`: the trainer of lucidrains' lightweight-gan, from a checkout.

The two checkouts stay as they are. Their code is read, and changed in memory only: the tutorial's networks are for
64 px, and lose one doubling and one halving; lightweight-gan wants CUDA, and gets a CPU, with attention that one thread
can afford. The numbers of channels are small, so that a run takes a minute.
"""

import math
import random
import re
import sys
import types
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from os import devnull
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

import peers

LATENT = 64


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is changed in a loop's own settings.

    Args:
        rate, d_rate: factors of both learning rates, and of the discriminator's.
        beta1: Adam's; None for the loop's own.
        pictures: how many it is given; None for all.
    """

    rate: float = 1.0
    d_rate: float = 1.0
    beta1: float | None = None
    pictures: int | None = None


@dataclass(frozen=True, kw_only=True)
class Loop:
    """What a loop trains, as `ganvas.Coach` takes it: pictures in [-1, 1], one logit each, higher for real ones.

    Args:
        latents: inputs of 256 samples.
        samples_in_eval: whether the loop draws its samples with averaged batch statistics.
    """

    generator: nn.Module
    discriminator: nn.Module
    optimizers: dict[str, torch.optim.Optimizer]
    latents: Tensor
    batch: int
    samples_in_eval: bool = False


Start = Callable[[Loop], None]
EachStep = Callable[[dict[str, float | Tensor]], None]  # takes the losses; raises `Enough` to end the training


class Enough(Exception):
    """The training is over."""


class Adapted(nn.Module):
    """A network with another scale of its inputs or outputs."""

    def __init__(self, network: nn.Module, call: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        self.network, self.call = network, call

    def forward(self, inputs: Tensor) -> Tensor:
        """Return what the network makes of `inputs`."""
        return self.call(self.network, inputs)


def logit(network: nn.Module, images: Tensor) -> Tensor:
    """Return the logits behind a sigmoid."""
    return network(images).clamp(1e-6, 1 - 1e-6).logit()


def lesson(settings: Settings, pictures: Tensor, folder: Path, start: Start, each_step: EachStep) -> None:
    """Train the lesson's DCGAN: two phases a step, the discriminator frozen in the second."""
    del folder
    torch.manual_seed(0)
    nz, width, batch, bce = LATENT, 16, 16, nn.BCELoss()
    g = nn.Sequential(
        nn.ConvTranspose2d(nz, 4 * width, 4, 1, 0, bias=False), nn.BatchNorm2d(4 * width), nn.ReLU(True),
        nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width), nn.ReLU(True),
        nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True),
        nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh(),
    ).apply(peers.weights_init)  # fmt: skip
    d = nn.Sequential(
        nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2),
        nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2),
        nn.Conv2d(2 * width, 4 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(4 * width), nn.LeakyReLU(0.2),
        nn.Conv2d(4 * width, 1, 4, 1, 0, bias=False), nn.Sigmoid(), nn.Flatten(0),
    ).apply(peers.weights_init)  # fmt: skip
    betas = (settings.beta1 or 0.5, 0.999)
    opt_g = torch.optim.Adam(g.parameters(), lr=2e-4 * settings.rate, betas=betas)
    opt_d = torch.optim.Adam(d.parameters(), lr=2e-4 * settings.rate * settings.d_rate, betas=betas)
    latents = torch.randn(256, nz, 1, 1, generator=torch.Generator().manual_seed(1))
    optimizers = {"generator": opt_g, "discriminator": opt_d}
    start(Loop(generator=g, discriminator=Adapted(d, logit), optimizers=optimizers, latents=latents, batch=batch))
    for real in peers.batches(pictures, batch):
        ones, zeros = torch.ones(len(real)), torch.zeros(len(real))
        opt_d.zero_grad()
        fake = g(torch.randn(len(real), nz, 1, 1)).detach()
        loss_d = (bce(d(real), ones) + bce(d(fake), zeros)) / 2
        loss_d.backward()
        opt_d.step()

        d.requires_grad_(False)
        opt_g.zero_grad()
        loss_g = bce(d(g(torch.randn(len(real), nz, 1, 1))), ones)
        loss_g.backward()
        opt_g.step()
        d.requires_grad_(True)
        each_step({"generator": loss_g, "discriminator": 2 * loss_d})


def examples(checkout: Path, settings: Settings, folder: Path, work: Path, start: Start, each_step: EachStep) -> None:
    """Run dcgan/main.py as a script on the pictures in `folder`, with a call after each of its steps."""
    source = (checkout / "dcgan" / "main.py").read_text(encoding="utf-8")
    changes = {
        r"(ConvTranspose2d\(\s*ngf,\s*nc, )4, 2, 1": r"\g<1>3, 1, 1",
        r"(nn\.Conv2d\(nc, ndf, )4, 2, 1": r"\g<1>3, 1, 1",
        r"(netD\.parameters\(\), lr=opt\.lr)": rf"\g<1> * {settings.d_rate}",
        r"^(for epoch in range)": r"_start(globals())\n\g<1>",
        r"^( +)(optimizerG\.step\(\))$": r"\g<1>\g<2>\n\g<1>_each_step(globals())",
    }
    for pattern, replacement in changes.items():
        source, count = re.subn(pattern, replacement, source, flags=re.MULTILINE)
        if count != 1:
            raise SystemExit(f"{checkout}: dcgan/main.py is another one: {pattern} is there {count} times.")

    def begin(space: dict[str, Any]) -> None:
        latents = torch.randn(256, LATENT, 1, 1, generator=torch.Generator().manual_seed(1))
        optimizers = {"generator": space["optimizerG"], "discriminator": space["optimizerD"]}
        discriminator = Adapted(space["netD"], logit)
        start(
            Loop(generator=space["netG"], discriminator=discriminator, optimizers=optimizers, latents=latents, batch=16)
        )

    order = {
        "dataset": "folder", "dataroot": folder, "workers": 0, "batchSize": 16, "imageSize": 32, "nz": LATENT,
        "ngf": 8, "ndf": 8, "niter": 10**6, "lr": 2e-4 * settings.rate, "beta1": settings.beta1 or 0.5,
        "outf": work, "manualSeed": 0,
    }  # fmt: skip
    space = {
        "__name__": "__main__",
        "_start": begin,
        "_each_step": lambda it: each_step({"generator": it["errG"], "discriminator": it["errD"]}),
    }
    with patch.object(sys, "argv", ["main.py", *(f"--{name}={value}" for name, value in order.items())]):
        exec(compile(source, "main.py", "exec"), space)


def lightweight(
    checkout: Path, settings: Settings, folder: Path, work: Path, start: Start, each_step: EachStep
) -> None:
    """Train by lightweight-gan's Trainer on the pictures in `folder`, as its command line does, step by step."""
    module = _lightweight_module(checkout)
    random.seed(0)  # its augmentation draws from there
    torch.manual_seed(0)
    trainer = module.Trainer(
        base_dir=work, image_size=32, latent_dim=LATENT, fmap_max=32, batch_size=8, use_aim=False, num_workers=0,
        lr=2e-4 * settings.rate, ttur_mult=settings.d_rate, save_every=10**9, evaluate_every=10**9, num_image_tiles=4,
    )  # fmt: skip
    trainer.set_data_src(folder)
    trainer.init_GAN()
    gan = trainer.GAN
    optimizers = {"generator": gan.G_opt, "discriminator": gan.D_opt}
    for optimizer in optimizers.values() if settings.beta1 else ():
        for group in optimizer.param_groups:
            group["betas"] = (settings.beta1, group["betas"][1])
    latents = torch.randn(256, LATENT, generator=torch.Generator().manual_seed(1))
    # Its pictures are in [0, 1], and its discriminators, one of them at 32 px, give real pictures the lower numbers.
    generator = Adapted(gan.G, lambda g, z: (2 * g(z) - 1).clamp(-1, 1))
    discriminator = Adapted(gan.D, lambda d, images: -sum(each.mean(1) for each in _rows(d((images + 1) / 2)[:2])))
    start(
        Loop(
            generator=generator, discriminator=discriminator, optimizers=optimizers, latents=latents, batch=8,
            samples_in_eval=True,
        )
    )  # fmt: skip
    while True:
        try:
            trainer.train()
            losses = {"generator": trainer.g_loss, "discriminator": trainer.d_loss}
        except module.NanException:
            losses = {"generator": math.nan, "discriminator": math.nan}
        each_step(losses)


def _rows(outputs: tuple[Tensor, ...]) -> list[Tensor]:
    """Return each output (N, ...) as (N, numbers)."""
    return [each.flatten(1) for each in outputs]


def _lightweight_module(checkout: Path) -> Any:
    """Return lightweight_gan/lightweight_gan.py as a module that runs on the CPU, with 2 heads of attention of 8."""
    package = types.ModuleType("lightweight_gan")
    package.__path__ = [str(checkout / "lightweight_gan")]
    module: Any = types.ModuleType("lightweight_gan.lightweight_gan")
    sys.modules |= {"lightweight_gan": package, module.__name__: module}
    source = (checkout / "lightweight_gan" / "lightweight_gan.py").read_text(encoding="utf-8")
    for old, new in {
        "assert torch.cuda.is_available()": "assert True",
        ".cuda(self.rank)": "",
        "self.cuda(rank)": "pass",
        "f'cuda:{self.rank}'": "'cpu'",
        "pin_memory = True": "pin_memory = False",
    }.items():
        source = source.replace(old, new)
    exec(compile(source, "lightweight_gan.py", "exec"), module.__dict__)
    module.LinearAttention.__init__.__defaults__ = (8, 2, 3)
    return module


def quietly(run: Callable[[], None]) -> None:
    """Run a loop until it has had enough, without what it prints."""
    with Path(devnull).open("w") as nothing, redirect_stdout(nothing), suppress(Enough):
        run()
