"""The recipes that people learn from, and that others are compared with: as they are taught."""

from ..config import Config, DataConfig, NetworkConfig, OptimiserConfig, PenaltyConfig, PhaseConfig
from .sizes import between, stages


def fc(data: DataConfig, count: int) -> Config:
    """Return the beginner's fully connected GAN: for digits and other small grey pictures, to learn from.

    Networks 100-256-512-1024-CHW and CHW-512-256-1, Adam 2e-4 (0.5, 0.999), batch 256, binary cross-entropy, as the
    usual first lesson has them. A few minutes on a processor give legible MNIST digits. Not for pictures above
    64 px: the dense layers grow with the number of pixels.
    """
    between(data, 8, 64, "fc")
    return Config(
        recipe="fc",
        data=data,
        generator=NetworkConfig("fc", (256, 512, 1024)),
        discriminator=NetworkConfig("fc", (512, 256)),
        optimisers={"generator": OptimiserConfig(2e-4), "discriminator": OptimiserConfig(2e-4)},
        phases=(PhaseConfig("adversarial", share=1.0, batch=min(256, count)),),
        images_per_evaluation=500_000,  # dense layers are quick
        images_per_examination=20_000,
    )


def dcgan(data: DataConfig, count: int) -> Config:
    """Return the classic DCGAN (Radford et al. 2016): for any small pictures, to learn from and to compare with.

    Up to 32 px the lesson's 100-256-128-64-C and 64-128-256-1 with batch 256; from there the paper's 512-256-128-64
    with batch 128. Adam 2e-4 (0.5, 0.999), weights from N(0, 0.02), binary cross-entropy. Half an hour on a processor
    at 32 px, better on a GPU.
    """
    between(data, 16, 256, "dcgan")
    widths = tuple(min(512, 64 << n) for n in range(stages(data)))
    batch = 256 if max(data.height, data.width) <= 32 else 128
    return Config(
        recipe="dcgan",
        data=data,
        generator=NetworkConfig("dcgan", widths[::-1]),
        discriminator=NetworkConfig("dcgan", widths),
        optimisers={"generator": OptimiserConfig(2e-4), "discriminator": OptimiserConfig(2e-4)},
        phases=(PhaseConfig("adversarial", share=1.0, batch=min(batch, count)),),
    )


def residual(data: DataConfig, count: int) -> Config:
    """Return a small residual pair held together by R1 alone (Mescheder et al. 2018): any pictures, to compare with.

    No normalisation, binary cross-entropy, R1 every 16 steps, Adam 1e-3 (0, 0.99). The networks are narrow and weights
    are drawn so that features keep their size: drawn smaller, all pictures of digits turned black before anything was
    learned. A minute on one core of a processor gives digits at 16 px.
    """
    between(data, 16, 128, "residual")
    widths = tuple(min(128, 32 << n) for n in range(stages(data)))
    return Config(
        recipe="residual",
        data=data,
        latent=64,
        generator=NetworkConfig("residual", widths[::-1]),
        discriminator=NetworkConfig("residual", widths),
        optimisers={"generator": OptimiserConfig(1e-3, 0.0, 0.99), "discriminator": OptimiserConfig(1e-3, 0.0, 0.99)},
        phases=(PhaseConfig("adversarial", share=1.0, batch=min(32, count), ramp=200),),
        penalty=PenaltyConfig("r1", 1.0, every=16),
        ema=0.05,
    )


def vae(data: DataConfig, count: int) -> Config:
    """Return a variational autoencoder (Kingma and Welling 2014): to compare with, blurry against sharp.

    The decoder and the batch are those of `quick`. Nothing plays against anything, so nothing can collapse; but what
    the code does not tell is drawn as its mean, which is a blur. A minute or two on a processor.
    """
    between(data, 16, 128, "vae")
    widths = tuple(max(16, 256 >> n) for n in range(stages(data) + 1))
    return Config(
        recipe="vae",
        data=data,
        latent=64,
        generator=NetworkConfig("vae", widths),
        discriminator=NetworkConfig("none", ()),
        encoder=NetworkConfig("vae", widths[:0:-1]),
        optimisers={"autoencoder": OptimiserConfig(2e-3, 0.9, 0.99)},
        phases=(PhaseConfig("vae", share=1.0, batch=min(32, count), ramp=100, floor=0.1),),
        flip=count < 10_000,
    )
