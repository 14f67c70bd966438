"""ADA's transforms against what they are said to do, and the rule that follows the discriminator."""

import math

import pytest
import torch
from torch import Tensor

from ganvas.data.ada import COLOURS, MOVES, TURNS, ada, adapted, colour, geometry, recolour, resample, sampling_grid

DECISIONS = MOVES + TURNS + COLOURS


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.rand(shape, generator=generator(seed), dtype=dtype) * 2 - 1


def decisions(*taken: int) -> Tensor:
    """Return numbers that take these transforms alone, at a probability of one half."""
    numbers = torch.ones(1, DECISIONS)
    numbers[0, list(taken)] = 0.0
    return numbers


def hows(**at: float) -> Tensor:
    numbers = torch.full((1, 8), 0.5)
    for name, value in at.items():
        numbers[0, int(name[1:])] = value
    return numbers


def normals(**at: float) -> Tensor:
    numbers = torch.zeros(1, 7)
    for name, value in at.items():
        numbers[0, int(name[1:])] = value
    return numbers


def moved(taken: int, how: Tensor, normal: Tensor, size: tuple[int, int] = (8, 8)) -> Tensor:
    return geometry(decisions(taken), how, normal, 0.5, size)[0]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_without_probability_pictures_come_back_exactly(channels: int) -> None:
    given = pictures(5, channels, 8, 6, dtype=torch.float32)
    assert torch.equal(ada(given, 0.0, generator()), given)


def test_mirror_and_quarter_turns_and_whole_shifts_are_exact() -> None:
    given = pictures(1, 3, 8, 8)

    def shown(matrix: Tensor) -> Tensor:
        return resample(given, sampling_grid(matrix[None].double(), given))

    torch.testing.assert_close(shown(moved(0, hows(_0=0.9), normals())), given.flip(3))
    assert torch.equal(moved(0, hows(_0=0.1), normals()), torch.eye(3)), "half of the mirrors mirror nothing"
    turned = shown(moved(1, hows(_1=0.3), normals()))  # one quarter
    assert any(torch.allclose(turned, torch.rot90(given, times, (2, 3))) for times in (1, 3))
    torch.testing.assert_close(shown(moved(1, hows(_1=0.6), normals())), given.flip(2, 3))
    shift = moved(2, hows(_2=1.0, _3=0.5), normals())
    assert shift[:2, 2].tolist() == [1.0, 0.0], "an eighth of 8 pixels to the side"
    torch.testing.assert_close(shown(shift)[:, :, :, :-1], given[:, :, :, 1:])
    torch.testing.assert_close(shown(shift)[:, :, :, -1], given[:, :, :, -1], msg="beyond the edge it is mirrored")


def test_oblong_pictures_are_turned_by_halves_only() -> None:
    for place in (0.1, 0.3, 0.6, 0.9):
        matrix = moved(1, hows(_1=place), normals(), (8, 12))
        assert matrix[0, 1] == 0
        assert abs(float(matrix[0, 0])) == 1


@pytest.mark.parametrize(
    ("taken", "how", "normal", "wanted"),
    [
        (3, hows(), normals(_2=1.0), [[2**0.2, 0], [0, 2**0.2]]),
        (4, hows(), normals(_3=1.0), [[2**0.2, 0], [0, 2**-0.2]]),
        (6, hows(_4=0.75), normals(), [[0, -1], [1, 0]]),
        (7, hows(_5=0.25), normals(), [[0, 1], [-1, 0]]),
    ],
    ids=["scale", "stretch", "first turn", "second turn"],
)
def test_matrices(taken: int, how: Tensor, normal: Tensor, wanted: list[list[float]]) -> None:
    numbers = decisions(taken) * 0.9 if taken < MOVES else decisions(taken)
    found = geometry(numbers, how, normal, 0.5, (8, 12))[0]
    torch.testing.assert_close(found[:2, :2], torch.tensor(wanted, dtype=torch.float32), atol=1e-6, rtol=1e-6)


def test_fractional_shifts_are_in_pixels_of_each_side() -> None:
    found = moved(5, hows(), normals(_0=1.0, _1=-2.0), (8, 16))
    assert found[:2, 2].tolist() == [2.0, -2.0]


def test_turns_are_turns_in_pixels_whatever_the_shape() -> None:
    """A ring stays a ring in an oblong picture: a turn in units of the sides would shear it."""
    rows, columns = torch.meshgrid(torch.arange(16) - 7.5, torch.arange(32) - 15.5, indexing="ij")
    ring = torch.exp(-((rows.square() + columns.square()).sqrt() - 4).square())[None, None].double()
    matrix = moved(6, hows(_4=0.6), normals(), (16, 32)).double()
    turned = resample(ring, sampling_grid(matrix[None], ring))
    inner = (turned - ring)[:, :, 3:-3, 10:-10]  # beyond it, mirrored edges come in
    assert float(inner.abs().max()) < 0.1, "sheared, it would be off by half"


def test_composition_is_one_matrix_product_in_the_papers_order() -> None:
    numbers, how, normal = (
        torch.zeros(1, DECISIONS),
        hows(_0=0.9, _1=0.3, _2=0.9, _4=0.6, _5=0.7),
        normals(_0=0.3, _2=1.0, _3=-1.0),
    )
    found = geometry(numbers, how, normal, 0.5, (8, 8))[0].double()
    wanted = torch.eye(3, dtype=torch.float64)
    for taken in (0, 1, 2, 3, 6, 4, 7, 5):  # mirror, quarters, whole shift, scale, turn, stretch, turn, shift
        wanted = wanted @ geometry(decisions(taken), how, normal, 0.5, (8, 8))[0].double()
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


def keys(distance: float, a: float = -0.75) -> float:
    """Weigh a pixel at a distance, as bicubic interpolation does."""
    x = abs(distance)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


def mirrored(place: int, side: int) -> int:
    while not 0 <= place < side:
        place = -1 - place if place < 0 else 2 * side - 1 - place
    return place


def looked_up(picture: Tensor, across: float, down: float) -> Tensor:
    """Return the colours (C,) of a picture (C, H, W) at a place in pixels from its first one."""
    colours = torch.zeros(len(picture), dtype=torch.float64)
    for i in range(math.floor(down) - 1, math.floor(down) + 3):
        for j in range(math.floor(across) - 1, math.floor(across) + 3):
            pixel = picture[:, mirrored(i, picture.shape[1]), mirrored(j, picture.shape[2])]
            colours += keys(down - i) * keys(across - j) * pixel
    return colours


def test_resampling_against_a_loop() -> None:
    given = pictures(1, 2, 6, 8)
    angle = 0.3
    matrix = torch.tensor(
        [[math.cos(angle), -math.sin(angle), 0.4], [math.sin(angle), math.cos(angle), -0.7], [0, 0, 1]],
        dtype=torch.float64,
    )
    found = resample(given, sampling_grid(matrix[None], given))
    for row in range(6):
        for column in range(8):
            x, y = column - 3.5, row - 2.5  # from the middle
            across = math.cos(angle) * x - math.sin(angle) * y + 0.4 + 3.5
            down = math.sin(angle) * x + math.cos(angle) * y - 0.7 + 2.5
            wanted = looked_up(given[0], across, down)
            torch.testing.assert_close(found[0, :, row, column], wanted, atol=1e-9, rtol=1e-9)


def turn(x: float, y: float, angle: float) -> tuple[float, float]:
    return math.cos(angle) * x - math.sin(angle) * y, math.sin(angle) * x + math.cos(angle) * y


def source(x: float, y: float, how: list[float], normal: list[float], size: tuple[int, int]) -> tuple[float, float]:
    """Follow a place in pixels from the middle back through every move, the last one first."""
    height, width = size
    x, y = x + normal[0] * 0.125 * width, y + normal[1] * 0.125 * height
    x, y = turn(x, y, (2 * how[5] - 1) * math.pi)
    x, y = x * 2 ** (0.2 * normal[3]), y / 2 ** (0.2 * normal[3])
    x, y = turn(x, y, (2 * how[4] - 1) * math.pi)
    x, y = x * 2 ** (0.2 * normal[2]), y * 2 ** (0.2 * normal[2])
    x, y = x + round((2 * how[2] - 1) * 0.125 * width), y + round((2 * how[3] - 1) * 0.125 * height)
    quarters = math.floor(4 * how[1]) if height == width else 2 * math.floor(2 * how[1])
    x, y = turn(x, y, quarters * math.pi / 2)
    return (-x if how[0] >= 0.5 else x), y


def shown_colours(pixel: Tensor, how: list[float], normal: list[float]) -> Tensor:
    """Change a pixel (C,) by every colour transform, one after the other."""
    pixel = (pixel + 0.2 * normal[4]) * 2 ** (0.5 * normal[5])
    if how[6] < 0.5:
        pixel = pixel - 2 * pixel.mean()
    if len(pixel) == 1:
        return pixel
    angle, axis = (2 * how[7] - 1) * math.pi, torch.full((3,), 3**-0.5, dtype=torch.float64)
    cross = torch.linalg.cross(axis, pixel)
    pixel = pixel * math.cos(angle) + cross * math.sin(angle) + axis * (axis @ pixel) * (1 - math.cos(angle))
    return pixel.mean() + (pixel - pixel.mean()) * 2 ** normal[6]


@pytest.mark.parametrize("shape", [(6, 3, 9, 9), (4, 4, 8, 24), (4, 1, 11, 7)])
def test_all_transforms_together_against_loops(shape: tuple[int, ...]) -> None:
    count, _, height, width = shape
    given = pictures(*shape)
    found = ada(given, 1.0, generator(5))
    random = generator(5)
    torch.rand((count, DECISIONS), generator=random)
    uniform = torch.rand((count, 8), generator=random).tolist()
    gaussian = torch.randn((count, 7), generator=random).tolist()
    wanted = torch.empty_like(given)
    for picture, how, normal in zip(range(count), uniform, gaussian, strict=True):
        for row in range(height):
            for column in range(width):
                x, y = source(column - (width - 1) / 2, row - (height - 1) / 2, how, normal, (height, width))
                pixel = looked_up(given[picture], x + (width - 1) / 2, y + (height - 1) / 2)
                pixel[:3] = shown_colours(pixel[:3], how, normal)
                wanted[picture, :, row, column] = pixel
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


def test_what_nothing_moves_or_recolours_comes_back_to_the_last_bit() -> None:
    given = pictures(300, 3, 9, 9, dtype=torch.float32)
    random = generator(2)
    draws = [torch.rand((300, DECISIONS), generator=random), torch.rand((300, 8), generator=random)]
    draws.append(torch.randn((300, 7), generator=random))
    moves = geometry(draws[0], draws[1], draws[2], 0.1, (9, 9))
    colours = colour(draws[0], draws[1], draws[2], 0.1, grey=False)
    still = (moves == torch.eye(3)).flatten(1).all(1)
    plain = (colours == torch.eye(4)).flatten(1).all(1)
    found = ada(given, 0.1, generator(2))
    assert 20 < int((still & plain).sum()) < 280
    assert torch.equal(found[still & plain], given[still & plain])
    assert torch.equal(found[still], recolour(given, colours)[still]), "recoloured alone, it is not resampled"


def recoloured(taken: int, how: Tensor, normal: Tensor, given: Tensor) -> Tensor:
    matrix = colour(decisions(MOVES + TURNS + taken), how, normal, 0.5, grey=given.shape[1] == 1)
    return recolour(given, matrix.double())


def test_colours_against_formulas() -> None:
    given = pictures(1, 3, 4, 4)
    mean = given.mean(1, keepdim=True)
    tight = {"atol": 1e-6, "rtol": 1e-6}
    torch.testing.assert_close(recoloured(0, hows(), normals(_4=1.5), given), given + 0.3, **tight)
    torch.testing.assert_close(recoloured(1, hows(), normals(_5=2.0), given), given * 2, **tight)
    flipped = recoloured(2, hows(_6=0.2), normals(), given)
    torch.testing.assert_close(flipped, given - 2 * mean, **tight)  # the grey part with the other sign
    assert torch.equal(recoloured(2, hows(_6=0.8), normals(), given), given), "half of them flip nothing"
    twice = recoloured(2, hows(_6=0.2), normals(), flipped)
    torch.testing.assert_close(twice, given, **tight)
    torch.testing.assert_close(recoloured(4, hows(), normals(_6=-60.0), given), mean.expand_as(given), **tight)
    for strength in (-2.0, 1.0):
        vivid = recoloured(4, hows(), normals(_6=strength), given)
        torch.testing.assert_close(vivid, mean + (given - mean) * 2**strength, **tight)


def test_hue_turns_around_grey() -> None:
    given = pictures(1, 3, 4, 4)
    tight = {"atol": 1e-6, "rtol": 1e-6}
    for place in (0.1, 0.37, 0.9):
        turned = recoloured(3, hows(_7=place), normals(), given)
        torch.testing.assert_close(turned.mean(1), given.mean(1), **tight)
        torch.testing.assert_close(turned.square().sum(1), given.square().sum(1), **tight)
    third = recoloured(3, hows(_7=0.5 + 1 / 3), normals(), given)  # by two thirds of a half turn: 120 degrees
    assert any(torch.allclose(third, given[:, order], atol=1e-6) for order in ([1, 2, 0], [2, 0, 1]))
    torch.testing.assert_close(recoloured(3, hows(_7=0.5), normals(), given), given, **tight)
    half = [recoloured(3, hows(_7=place), normals(), given) for place in (0.0, 1.0)]
    torch.testing.assert_close(half[0], half[1], **tight, msg="2 pi apart is the same")


def test_alpha_is_moved_and_not_recoloured() -> None:
    given = pictures(64, 4, 8, 8)
    matrices = colour(torch.zeros(64, DECISIONS), torch.rand(64, 8), torch.randn(64, 7), 1.0, grey=False)
    assert torch.equal(recolour(given, matrices.double())[:, 3], given[:, 3])
    same = given[:, :1].expand(-1, 4, -1, -1)
    assert not torch.equal(ada(same, 1.0, generator())[:, 3], same[:, 3])


def test_grey_is_recoloured_as_three_equal_colours() -> None:
    given = pictures(32, 1, 4, 4)
    numbers, how, normal = torch.zeros(32, DECISIONS), torch.rand(32, 8), torch.randn(32, 7)
    matrices = colour(numbers, how, normal, 1.0, grey=True).double()
    found = recolour(given, matrices)
    torch.testing.assert_close(found, recolour(given.expand(-1, 3, -1, -1), matrices)[:, :1])
    assert not torch.allclose(found, given)


def test_how_often_each_transform_comes() -> None:
    count = 4000
    numbers = torch.rand(count, DECISIONS, generator=generator())
    how, normal = torch.rand(count, 8, generator=generator(1)), torch.randn(count, 7, generator=generator(2))
    matrices = geometry(numbers, how, normal, 0.3, (8, 8))
    still = (matrices == torch.eye(3)).flatten(1).all(1).float().mean()
    # Mirror and quarter turns leave some alone; a whole shift of up to one pixel is none in a half of either axis.
    wanted = (1 - 0.15) * (1 - 0.3 * 3 / 4) * (1 - 0.3 * 3 / 4) * 0.7**2 * (1 - 0.3) * 0.7
    assert float(still) == pytest.approx(wanted, abs=0.03)
    always = geometry(torch.zeros(count, DECISIONS), how, normal, 1.0, (8, 8))
    mirrors = (torch.linalg.det(always) < 0).float().mean()
    assert float(mirrors) == pytest.approx(0.5, abs=0.03)
    turned = (matrices[:, 0, 1] != 0).float().mean()
    assert float(turned) > 0.3, "a free turn comes as often as the others, though there are two places for it"


def test_more_probability_transforms_the_same_pictures_and_more() -> None:
    given = pictures(256, 3, 8, 8, dtype=torch.float32)

    def changed(probability: float) -> Tensor:
        return (ada(given, probability, generator()) != given).flatten(1).any(1)

    few, many = changed(0.05), changed(0.2)
    assert 0 < int(few.sum()) < int(many.sum())
    assert not (few & ~many).any()


def test_the_same_generator_gives_the_same() -> None:
    given = pictures(8, 3, 8, 8)
    assert torch.equal(ada(given, 0.5, generator(3)), ada(given, 0.5, generator(3)))
    assert not torch.equal(ada(given, 0.5, generator(3)), ada(given, 0.5, generator(4)))


@pytest.mark.parametrize("shape", [(1, 3, 4, 4), (1, 4, 3, 4), (2, 1, 4, 3)])
def test_gradients(shape: tuple[int, ...]) -> None:
    given = pictures(*shape).requires_grad_()

    def shown(each: Tensor) -> Tensor:
        return ada(each, 0.9, generator(1)).square()

    assert torch.autograd.gradcheck(shown, (given,))
    assert torch.autograd.gradgradcheck(shown, (given,)), "penalties are differentiated through it"


def test_sharpness_is_kept() -> None:
    """A turned picture has nearly the contrast between neighbours that it had."""
    smooth = torch.nn.functional.interpolate(pictures(16, 3, 8, 8), scale_factor=4, mode="bicubic")
    matrix = moved(6, hows(_4=0.56), normals(), (32, 32)).double()
    turned = resample(smooth, sampling_grid(matrix.expand(16, 3, 3), smooth))

    def contrast(each: Tensor) -> float:
        inner = each[:, :, 8:-8, 8:-8]
        return float(
            (inner[:, :, 1:] - inner[:, :, :-1]).square().mean() + (inner[..., 1:] - inner[..., :-1]).square().mean()
        )

    assert contrast(turned) == pytest.approx(contrast(smooth), rel=0.1)


def test_the_probability_reaches_its_target_on_a_discriminator_that_knows_less_the_more_is_changed() -> None:
    probability, path = 0.0, []
    for _ in range(2000):
        path.append(probability := adapted(probability, 0.9 - 0.8 * probability, 32, 0.6, 10_000, 0.85))
    assert path[-1] == pytest.approx(0.375, abs=0.01)
    assert max(path) < 0.4, "it settles without much ado"
    assert path[10] == pytest.approx(11 * 32 / 10_000)


def test_the_probability_stays_within_its_bounds() -> None:
    assert adapted(0.84, 1.0, 1000, 0.6, 10_000, 0.85) == 0.85
    assert adapted(0.01, 0.0, 1000, 0.6, 10_000, 0.85) == 0.0
    assert adapted(0.85, 1.0, 32, 0.6, 500_000, 0.85) == 0.85
    assert adapted(0.5, 0.6, 1000, 0.6, 10_000, 0.85) == pytest.approx(0.4), "at its target it is not above it"
