"""ADA's transforms against loops and formulas, and the rule that adapts their probability."""

import math

import pytest
import torch
from torch import Tensor

from ganvas.data.ada import (
    NUM_COLOR,
    NUM_GEOMETRY,
    NUM_ROTATIONS,
    ada_augment,
    apply_color,
    color_matrices,
    geometry_matrices,
    resample,
    sampling_grid,
    update_probability,
)

NUM_GATES = NUM_GEOMETRY + NUM_ROTATIONS + NUM_COLOR


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random_images(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.rand(shape, generator=generator(seed), dtype=dtype) * 2 - 1


def gates(*enabled: int) -> Tensor:
    """Return gates that enable only these transforms, at a probability of one half."""
    numbers = torch.ones(1, NUM_GATES)
    numbers[0, list(enabled)] = 0.0
    return numbers


def uniforms(**at: float) -> Tensor:
    numbers = torch.full((1, 8), 0.5)
    for name, value in at.items():
        numbers[0, int(name[1:])] = value
    return numbers


def normals(**at: float) -> Tensor:
    numbers = torch.zeros(1, 7)
    for name, value in at.items():
        numbers[0, int(name[1:])] = value
    return numbers


def moved(transform: int, uniform: Tensor, normal: Tensor, size: tuple[int, int] = (8, 8)) -> Tensor:
    return geometry_matrices(gates(transform), uniform, normal, 0.5, size)[0]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_probability_zero_returns_the_images_exactly(channels: int) -> None:
    images = random_images(5, channels, 8, 6, dtype=torch.float32)
    assert torch.equal(ada_augment(images, 0.0, generator()), images)


def test_flips_quarter_turns_and_integer_shifts_are_exact() -> None:
    images = random_images(1, 3, 8, 8)

    def shown(matrix: Tensor) -> Tensor:
        return resample(images, sampling_grid(matrix[None].double(), images))

    torch.testing.assert_close(shown(moved(0, uniforms(_0=0.9), normals())), images.flip(3))
    assert torch.equal(moved(0, uniforms(_0=0.1), normals()), torch.eye(3)), "half of the flips flip nothing"
    turned = shown(moved(1, uniforms(_1=0.3), normals()))  # one quarter
    assert any(torch.allclose(turned, torch.rot90(images, times, (2, 3))) for times in (1, 3))
    torch.testing.assert_close(shown(moved(1, uniforms(_1=0.6), normals())), images.flip(2, 3))
    shift = moved(2, uniforms(_2=1.0, _3=0.5), normals())
    assert shift[:2, 2].tolist() == [1.0, 0.0], "an eighth of 8 pixels to the side"
    torch.testing.assert_close(shown(shift)[:, :, :, :-1], images[:, :, :, 1:])
    torch.testing.assert_close(shown(shift)[:, :, :, -1], images[:, :, :, -1], msg="beyond the edge it is reflected")


def test_oblong_images_are_rotated_by_180_degrees_only() -> None:
    for number in (0.1, 0.3, 0.6, 0.9):
        matrix = moved(1, uniforms(_1=number), normals(), (8, 12))
        assert matrix[0, 1] == 0
        assert abs(float(matrix[0, 0])) == 1


@pytest.mark.parametrize(
    ("transform", "uniform", "normal", "expected"),
    [
        (3, uniforms(), normals(_2=1.0), [[2**0.2, 0], [0, 2**0.2]]),
        (4, uniforms(), normals(_3=1.0), [[2**0.2, 0], [0, 2**-0.2]]),
        (6, uniforms(_4=0.75), normals(), [[0, -1], [1, 0]]),
        (7, uniforms(_5=0.25), normals(), [[0, 1], [-1, 0]]),
    ],
    ids=["scale", "stretch", "first turn", "second turn"],
)
def test_matrices(transform: int, uniform: Tensor, normal: Tensor, expected: list[list[float]]) -> None:
    numbers = gates(transform) * 0.9 if transform < NUM_GEOMETRY else gates(transform)
    result = geometry_matrices(numbers, uniform, normal, 0.5, (8, 12))[0]
    torch.testing.assert_close(result[:2, :2], torch.tensor(expected, dtype=torch.float32), atol=1e-6, rtol=1e-6)


def test_fractional_shifts_are_in_pixels_of_each_side() -> None:
    result = moved(5, uniforms(), normals(_0=1.0, _1=-2.0), (8, 16))
    assert result[:2, 2].tolist() == [2.0, -2.0]


def test_rotations_are_in_pixels_whatever_the_shape() -> None:
    """A ring stays a ring in an oblong image: a rotation in units of the sides would shear it."""
    rows, columns = torch.meshgrid(torch.arange(16) - 7.5, torch.arange(32) - 15.5, indexing="ij")
    ring = torch.exp(-((rows.square() + columns.square()).sqrt() - 4).square())[None, None].double()
    matrix = moved(6, uniforms(_4=0.6), normals(), (16, 32)).double()
    turned = resample(ring, sampling_grid(matrix[None], ring))
    inner = (turned - ring)[:, :, 3:-3, 10:-10]  # beyond it, mirrored edges come in
    assert float(inner.abs().max()) < 0.1, "sheared, it would be off by half"


def test_composition_is_one_matrix_product_in_the_papers_order() -> None:
    numbers, uniform, normal = (
        torch.zeros(1, NUM_GATES),
        uniforms(_0=0.9, _1=0.3, _2=0.9, _4=0.6, _5=0.7),
        normals(_0=0.3, _2=1.0, _3=-1.0),
    )
    result = geometry_matrices(numbers, uniform, normal, 0.5, (8, 8))[0].double()
    expected = torch.eye(3, dtype=torch.float64)
    for transform in (0, 1, 2, 3, 6, 4, 7, 5):  # mirror, quarters, whole shift, scale, turn, stretch, turn, shift
        expected = expected @ geometry_matrices(gates(transform), uniform, normal, 0.5, (8, 8))[0].double()
    torch.testing.assert_close(result, expected, atol=1e-5, rtol=1e-5)


def cubic_weight(distance: float, a: float = -0.75) -> float:
    """Return the weight of a pixel at a distance in bicubic interpolation."""
    x = abs(distance)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


def mirrored(index: int, side: int) -> int:
    while not 0 <= index < side:
        index = -1 - index if index < 0 else 2 * side - 1 - index
    return index


def bicubic_at(image: Tensor, across: float, down: float) -> Tensor:
    """Return the colours (C,) of an image (C, H, W) at a position in pixels from its first one."""
    colors = torch.zeros(len(image), dtype=torch.float64)
    for i in range(math.floor(down) - 1, math.floor(down) + 3):
        for j in range(math.floor(across) - 1, math.floor(across) + 3):
            pixel = image[:, mirrored(i, image.shape[1]), mirrored(j, image.shape[2])]
            colors += cubic_weight(down - i) * cubic_weight(across - j) * pixel
    return colors


def test_resampling_against_a_loop() -> None:
    images = random_images(1, 2, 6, 8)
    angle = 0.3
    matrix = torch.tensor(
        [[math.cos(angle), -math.sin(angle), 0.4], [math.sin(angle), math.cos(angle), -0.7], [0, 0, 1]],
        dtype=torch.float64,
    )
    result = resample(images, sampling_grid(matrix[None], images))
    for row in range(6):
        for column in range(8):
            x, y = column - 3.5, row - 2.5  # from the middle
            across = math.cos(angle) * x - math.sin(angle) * y + 0.4 + 3.5
            down = math.sin(angle) * x + math.cos(angle) * y - 0.7 + 2.5
            expected = bicubic_at(images[0], across, down)
            torch.testing.assert_close(result[0, :, row, column], expected, atol=1e-9, rtol=1e-9)


def turn(x: float, y: float, angle: float) -> tuple[float, float]:
    return math.cos(angle) * x - math.sin(angle) * y, math.sin(angle) * x + math.cos(angle) * y


def source(x: float, y: float, uniform: list[float], normal: list[float], size: tuple[int, int]) -> tuple[float, float]:
    """Return the source of a position (pixels from the centre): every transform undone, the last one first."""
    height, width = size
    x, y = x + normal[0] * 0.125 * width, y + normal[1] * 0.125 * height
    x, y = turn(x, y, (2 * uniform[5] - 1) * math.pi)
    x, y = x * 2 ** (0.2 * normal[3]), y / 2 ** (0.2 * normal[3])
    x, y = turn(x, y, (2 * uniform[4] - 1) * math.pi)
    x, y = x * 2 ** (0.2 * normal[2]), y * 2 ** (0.2 * normal[2])
    x, y = x + round((2 * uniform[2] - 1) * 0.125 * width), y + round((2 * uniform[3] - 1) * 0.125 * height)
    quarters = math.floor(4 * uniform[1]) if height == width else 2 * math.floor(2 * uniform[1])
    x, y = turn(x, y, quarters * math.pi / 2)
    return (-x if uniform[0] >= 0.5 else x), y


def transformed_colors(pixel: Tensor, uniform: list[float], normal: list[float]) -> Tensor:
    """Apply every colour transform to a pixel (C,), one after the other."""
    pixel = (pixel + 0.2 * normal[4]) * 2 ** (0.5 * normal[5])
    if uniform[6] < 0.5:
        pixel = pixel - 2 * pixel.mean()
    if len(pixel) == 1:
        return pixel
    angle, axis = (2 * uniform[7] - 1) * math.pi, torch.full((3,), 3**-0.5, dtype=torch.float64)
    cross = torch.linalg.cross(axis, pixel)
    pixel = pixel * math.cos(angle) + cross * math.sin(angle) + axis * (axis @ pixel) * (1 - math.cos(angle))
    return pixel.mean() + (pixel - pixel.mean()) * 2 ** normal[6]


@pytest.mark.parametrize("shape", [(6, 3, 9, 9), (4, 4, 8, 24), (4, 1, 11, 7)])
def test_all_transforms_together_against_loops(shape: tuple[int, ...]) -> None:
    count, _, height, width = shape
    images = random_images(*shape)
    result = ada_augment(images, 1.0, generator(5))
    random = generator(5)
    torch.rand((count, NUM_GATES), generator=random)
    uniforms_drawn = torch.rand((count, 8), generator=random).tolist()
    normals_drawn = torch.randn((count, 7), generator=random).tolist()
    expected = torch.empty_like(images)
    for index, uniform, normal in zip(range(count), uniforms_drawn, normals_drawn, strict=True):
        for row in range(height):
            for column in range(width):
                x, y = source(column - (width - 1) / 2, row - (height - 1) / 2, uniform, normal, (height, width))
                pixel = bicubic_at(images[index], x + (width - 1) / 2, y + (height - 1) / 2)
                pixel[:3] = transformed_colors(pixel[:3], uniform, normal)
                expected[index, :, row, column] = pixel
    torch.testing.assert_close(result, expected, atol=1e-4, rtol=1e-4)


def test_images_without_a_transform_come_back_to_the_last_bit() -> None:
    images = random_images(300, 3, 9, 9, dtype=torch.float32)
    random = generator(2)
    draws = [torch.rand((300, NUM_GATES), generator=random), torch.rand((300, 8), generator=random)]
    draws.append(torch.randn((300, 7), generator=random))
    moves = geometry_matrices(draws[0], draws[1], draws[2], 0.1, (9, 9))
    colours = color_matrices(draws[0], draws[1], draws[2], 0.1, gray=False)
    still = (moves == torch.eye(3)).flatten(1).all(1)
    plain = (colours == torch.eye(4)).flatten(1).all(1)
    result = ada_augment(images, 0.1, generator(2))
    assert 20 < int((still & plain).sum()) < 280
    assert torch.equal(result[still & plain], images[still & plain])
    assert torch.equal(result[still], apply_color(images, colours)[still]), (
        "with colour transforms only, it is not resampled"
    )


def recoloured(transform: int, uniform: Tensor, normal: Tensor, images: Tensor) -> Tensor:
    matrix = color_matrices(
        gates(NUM_GEOMETRY + NUM_ROTATIONS + transform), uniform, normal, 0.5, gray=images.shape[1] == 1
    )
    return apply_color(images, matrix.double())


def test_colours_against_formulas() -> None:
    images = random_images(1, 3, 4, 4)
    mean = images.mean(1, keepdim=True)
    tight = {"atol": 1e-6, "rtol": 1e-6}
    torch.testing.assert_close(recoloured(0, uniforms(), normals(_4=1.5), images), images + 0.3, **tight)
    torch.testing.assert_close(recoloured(1, uniforms(), normals(_5=2.0), images), images * 2, **tight)
    flipped = recoloured(2, uniforms(_6=0.2), normals(), images)
    torch.testing.assert_close(flipped, images - 2 * mean, **tight)  # the grey part with the other sign
    assert torch.equal(recoloured(2, uniforms(_6=0.8), normals(), images), images), "half of them flip nothing"
    twice = recoloured(2, uniforms(_6=0.2), normals(), flipped)
    torch.testing.assert_close(twice, images, **tight)
    torch.testing.assert_close(recoloured(4, uniforms(), normals(_6=-60.0), images), mean.expand_as(images), **tight)
    for strength in (-2.0, 1.0):
        vivid = recoloured(4, uniforms(), normals(_6=strength), images)
        torch.testing.assert_close(vivid, mean + (images - mean) * 2**strength, **tight)


def test_hue_rotates_around_grey() -> None:
    images = random_images(1, 3, 4, 4)
    tight = {"atol": 1e-6, "rtol": 1e-6}
    for number in (0.1, 0.37, 0.9):
        turned = recoloured(3, uniforms(_7=number), normals(), images)
        torch.testing.assert_close(turned.mean(1), images.mean(1), **tight)
        torch.testing.assert_close(turned.square().sum(1), images.square().sum(1), **tight)
    third = recoloured(3, uniforms(_7=0.5 + 1 / 3), normals(), images)  # by two thirds of a half turn: 120 degrees
    assert any(torch.allclose(third, images[:, order], atol=1e-6) for order in ([1, 2, 0], [2, 0, 1]))
    torch.testing.assert_close(recoloured(3, uniforms(_7=0.5), normals(), images), images, **tight)
    half = [recoloured(3, uniforms(_7=number), normals(), images) for number in (0.0, 1.0)]
    torch.testing.assert_close(half[0], half[1], **tight, msg="2 pi apart is the same")


def test_alpha_is_moved_and_not_recoloured() -> None:
    images = random_images(64, 4, 8, 8)
    matrices = color_matrices(torch.zeros(64, NUM_GATES), torch.rand(64, 8), torch.randn(64, 7), 1.0, gray=False)
    assert torch.equal(apply_color(images, matrices.double())[:, 3], images[:, 3])
    same = images[:, :1].expand(-1, 4, -1, -1)
    assert not torch.equal(ada_augment(same, 1.0, generator())[:, 3], same[:, 3])


def test_grey_is_recoloured_as_three_equal_colours() -> None:
    images = random_images(32, 1, 4, 4)
    numbers, uniform, normal = torch.zeros(32, NUM_GATES), torch.rand(32, 8), torch.randn(32, 7)
    matrices = color_matrices(numbers, uniform, normal, 1.0, gray=True).double()
    result = apply_color(images, matrices)
    torch.testing.assert_close(result, apply_color(images.expand(-1, 3, -1, -1), matrices)[:, :1])
    assert not torch.allclose(result, images)


def test_how_often_each_transform_is_applied() -> None:
    count = 4000
    numbers = torch.rand(count, NUM_GATES, generator=generator())
    uniform, normal = torch.rand(count, 8, generator=generator(1)), torch.randn(count, 7, generator=generator(2))
    matrices = geometry_matrices(numbers, uniform, normal, 0.3, (8, 8))
    still = (matrices == torch.eye(3)).flatten(1).all(1).float().mean()
    # Flips and quarter turns change only some; an integer shift of up to one pixel is zero half the time on each axis.
    expected = (1 - 0.15) * (1 - 0.3 * 3 / 4) * (1 - 0.3 * 3 / 4) * 0.7**2 * (1 - 0.3) * 0.7
    assert float(still) == pytest.approx(expected, abs=0.03)
    always = geometry_matrices(torch.zeros(count, NUM_GATES), uniform, normal, 1.0, (8, 8))
    mirrors = (torch.linalg.det(always) < 0).float().mean()
    assert float(mirrors) == pytest.approx(0.5, abs=0.03)
    turned = (matrices[:, 0, 1] != 0).float().mean()
    assert float(turned) > 0.3, "a free rotation is as frequent as the others, though it is applied at two points"


def test_a_higher_probability_transforms_the_same_images_and_more() -> None:
    images = random_images(256, 3, 8, 8, dtype=torch.float32)

    def changed(probability: float) -> Tensor:
        return (ada_augment(images, probability, generator()) != images).flatten(1).any(1)

    few, many = changed(0.05), changed(0.2)
    assert 0 < int(few.sum()) < int(many.sum())
    assert not (few & ~many).any()


def test_the_same_generator_gives_the_same() -> None:
    images = random_images(8, 3, 8, 8)
    assert torch.equal(ada_augment(images, 0.5, generator(3)), ada_augment(images, 0.5, generator(3)))
    assert not torch.equal(ada_augment(images, 0.5, generator(3)), ada_augment(images, 0.5, generator(4)))


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(1, 3, 4, 4), (1, 4, 3, 4), (2, 1, 4, 3)])
def test_gradients(shape: tuple[int, ...]) -> None:
    images = random_images(*shape).requires_grad_()

    def augmented(x: Tensor) -> Tensor:
        return ada_augment(x, 0.9, generator(1)).square()

    assert torch.autograd.gradcheck(augmented, (images,))
    assert torch.autograd.gradgradcheck(augmented, (images,)), "gradient penalties are differentiated through it"


def test_sharpness_is_kept() -> None:
    """A rotated image keeps nearly all of its contrast between neighbours."""
    smooth = torch.nn.functional.interpolate(random_images(16, 3, 8, 8), scale_factor=4, mode="bicubic")
    matrix = moved(6, uniforms(_4=0.56), normals(), (32, 32)).double()
    turned = resample(smooth, sampling_grid(matrix.expand(16, 3, 3), smooth))

    def contrast(x: Tensor) -> float:
        inner = x[:, :, 8:-8, 8:-8]
        return float(
            (inner[:, :, 1:] - inner[:, :, :-1]).square().mean() + (inner[..., 1:] - inner[..., :-1]).square().mean()
        )

    assert contrast(turned) == pytest.approx(contrast(smooth), rel=0.1)


def test_the_probability_reaches_its_target_on_a_discriminator_that_knows_less_the_more_is_changed() -> None:
    probability, path = 0.0, []
    for _ in range(2000):
        path.append(probability := update_probability(probability, 0.9 - 0.8 * probability, 32, 0.6, 10_000, 0.85))
    assert path[-1] == pytest.approx(0.375, abs=0.01)
    assert max(path) < 0.4, "it settles without overshoot"
    assert path[10] == pytest.approx(11 * 32 / 10_000)


def test_the_probability_stays_within_its_bounds() -> None:
    assert update_probability(0.84, 1.0, 1000, 0.6, 10_000, 0.85) == 0.85
    assert update_probability(0.01, 0.0, 1000, 0.6, 10_000, 0.85) == 0.0
    assert update_probability(0.85, 1.0, 32, 0.6, 500_000, 0.85) == 0.85
    assert update_probability(0.5, 0.6, 1000, 0.6, 10_000, 0.85) == pytest.approx(0.4), (
        "at its target it is not above it"
    )
