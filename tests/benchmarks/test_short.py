"""Short trainings: what is asked for them, and how their rows are told."""

from short import CASES, Short, table


def test_rates_are_multiples_of_the_recipes_and_left_open_where_they_are_its_own() -> None:
    asked = Short("clothes-16", "dcgan", 20_000, 64, 4.0, 3).options()
    assert (asked.g_lr, asked.d_lr, asked.batch, asked.images, asked.seed) == (8e-4, 8e-4, 64, 20_000, 3)
    assert (asked.size, asked.channels, asked.coach) == ("16x16", "gray", "watch")
    own = Short("people", "dcgan", 20_000, 0, 1.0, 0).options()
    assert (own.g_lr, own.d_lr, own.batch) == (None, None, None), "the plan would not choose the batch"


def test_a_vae_has_one_rate() -> None:
    asked = Short("clothes", "vae", 20_000, 0, 2.0, 0).options()
    assert (asked.g_lr, asked.d_lr) == (4e-3, None)


def test_the_nearest_comes_first() -> None:
    common = {"case": "clothes", "recipe": "dcgan", "images": 60_000, "seed": 0, "rates": 1.0, "generator_reach": 1.63}
    far = common | {"batch_taken": 256, "steps": 234, "frechet": 4779.2}
    near = common | {"batch_taken": 32, "steps": 1875, "frechet": 712.4, "seconds": 100.4}
    lines = table([far, near]).splitlines()
    assert lines[2] == "| clothes | dcgan | 60,000 | 0 | 32 | 1,875 | x 1 | 100 | 1.6 | 712 |"
    assert lines[3] == "| clothes | dcgan | 60,000 | 0 | 256 | 234 | x 1 |  | 1.6 | 4,779 |"


def test_every_case_has_a_size_and_its_channels() -> None:
    assert all(side in (16, 32) and channels in (1, 3) for _, side, channels in CASES.values())
