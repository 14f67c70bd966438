"""What each recipe is for, in a line each; and how it did where it was measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """Describe a recipe for people who choose.

    Args:
        data: what pictures it is for.
        hardware: what it needs.
        time: until its samples are worth looking at.
        source: where it comes from.
    """

    data: str
    hardware: str
    time: str
    source: str


CATALOGUE: dict[str, About] = {
    "quick": About("any pictures, 16 to 128 px", "a processor", "2 minutes", "ours: autoencoder, flow, then GAN"),
    "keen": About("drawings in colour, few pictures, 16 to 128 px", "a processor", "5 minutes",
                  "ours: quick with the judges of projected"),
    "r3gan": About("any pictures, 16 to 256 px", "a GPU, or a night", "hours", "Huang et al. 2024"),
    "stylegan2": About("any pictures, 16 to 256 px", "a GPU, or a night", "hours", "Karras et al. 2020"),
    "projected": About("what shows things, few pictures, 16 to 256 px", "a processor or a GPU", "half an hour",
                       "Sauer et al. 2021"),
    "multiscale": About("any pictures, 16 to 256 px", "a GPU, or hours", "an hour", "Karnewar and Wang 2020"),
    "progressive": About("any pictures, 16 to 256 px", "a GPU, or hours", "an hour", "Karras et al. 2018"),
    "residual": About("to compare with, 16 to 128 px", "a processor", "10 minutes", "Mescheder et al. 2018"),
    "dcgan": About("to learn from, 16 to 256 px", "a processor", "half an hour", "Radford et al. 2016"),
    "fc": About("to learn from; digits, 8 to 64 px", "a processor", "5 minutes", "Goodfellow et al. 2014"),
    "vae": About("to compare with, 16 to 128 px", "a processor", "2 minutes", "Kingma and Welling 2014"),
}  # fmt: skip

# Corrected Frechet distances of `benchmarks/family.py` on one core; less is better. What is missing was not measured.
MEASURED: dict[str, dict[str, float]] = {
    "people, 10 min": {"keen": 492, "quick": 781, "projected": 1152, "r3gan": 1580, "residual": 2056, "stylegan2": 2591,
                       "progressive": 3112, "vae": 3269, "multiscale": 3542, "dcgan": 5215, "fc": 5226},
    "photographs, 10 min": {"projected": 2689, "keen": 3094, "vae": 4560, "stylegan2": 4928, "quick": 4931,
                            "r3gan": 5727, "progressive": 5844, "multiscale": 6898, "fc": 6945, "dcgan": 8117,
                            "residual": 8999},
    "people, 30 min": {"keen": 526, "projected": 680, "quick": 813, "r3gan": 1223},
    "photographs, 30 min": {"projected": 1770, "stylegan2": 4052, "vae": 4227},
    "clothes, 2 min": {"quick": 842, "residual": 1686, "r3gan": 2240, "vae": 2530, "projected": 3392,
                       "progressive": 3548, "multiscale": 4833, "dcgan": 5384, "stylegan2": 5464, "fc": 6230},
}  # fmt: skip
