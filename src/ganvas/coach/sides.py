"""The two sides of the game: which optimisers a phase moves, and whose they are."""

# The optimisers that a step of each phase takes; all but the discriminator's are the generator's side.
MOVED: dict[str, tuple[str, ...]] = {
    "adversarial": ("generator", "discriminator"),
    "grow": ("generator", "discriminator"),
    "autoencode": ("autoencoder",),
    "prior": ("prior",),
    "sharpen": ("generator", "discriminator"),
    "vae": ("autoencoder",),
}


def side_of(optimiser: str) -> str:
    """Return whose side an optimiser is on."""
    return "discriminator" if optimiser == "discriminator" else "generator"
