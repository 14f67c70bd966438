"""Directions that are found by themselves."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from saved_runs import VARIANTS, saved, varied

import ganvas
from ganvas.errors import GanvasError
from ganvas.events import DirectionFound, Done, Progress, run_to_end
from ganvas.latents.direction_files import read_direction
from ganvas.latents.directions import POSITIONS, measured_latents, pictures_along
from ganvas.latents.sample import load
from ganvas.models.fc import FCGenerator
from ganvas.recipes import RECIPES


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("recipe", RECIPES)
def test_every_run_has_directions(recipe: str, variant: str, tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied(recipe, variant))
    events = list(ganvas.directions(run.folder, count=2, device="cpu"))
    found = [event for event in events if isinstance(event, DirectionFound)]
    assert [event.name for event in found] == ["pca-1", "pca-2"]
    assert isinstance(events[0], Progress)
    assert isinstance(events[-1], Done)
    assert "--direction pca-1=2" in events[-1].command
    model = load(run.folder, "cpu")
    first, second = (read_direction(run, event.name, model) for event in found)
    assert first.found["share"] > second.found["share"] > 0
    assert first.step.abs().max() > 0
    assert not first.step[:, model.config.z_dim :].any(), "a direction changes the class"
    pictures = pictures_along(model, first, 0)
    assert len(pictures) == len(POSITIONS)
    assert torch.equal(pictures[3], model.sample(seeds=[0])[0]), "0 is not the picture itself"
    assert not torch.equal(pictures[0], pictures[-1]), "nothing changes"
    for sheet in (run.directions / "pca.png", Path(found[0].sheet)):
        with Image.open(sheet) as image:
            assert image.width > 7 * 32
            assert image.text["run"] == "mine"


@pytest.mark.parametrize("recipe", ["stylegan2", "quick"])
def test_principal_directions_of_w_are_as_long_as_w_varies(recipe: str, tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied(recipe))
    list(ganvas.directions(run.folder, count=1, device="cpu"))
    model = load(run.folder, "cpu")
    w = run_to_end(measured_latents(model)).double()
    step = read_direction(run, "pca-1", model).step
    assert (step == step[0]).all(), "a direction of w is the same in each layer"
    axis = step[0].double() / step[0].double().norm()
    deviation = float((w @ axis).std())
    assert float(step[0].norm()) == pytest.approx(deviation, rel=1e-3), "1 is not a standard deviation"
    random = torch.nn.functional.normalize(torch.randn(100, w.shape[1], dtype=torch.float64), dim=1)
    assert (w @ random.T).std(0).max() <= deviation + 1e-6, "there is a direction in which more varies"


def test_a_direction_of_z_is_what_the_first_layers_make_most_of(tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied("fc"))
    model = load(run.folder, "cpu")
    network = model.network
    assert isinstance(network, FCGenerator)
    with torch.no_grad():
        weight = network.layers[0].weight
        weight[:, 3] *= 20  # z_3 is what the first layer makes most of
    state = network.state_dict()
    from safetensors.torch import save_file

    save_file(state, run.model / "generator.safetensors")
    list(ganvas.directions(run.folder, count=1, device="cpu"))
    step = read_direction(run, "pca-1", load(run.folder, "cpu")).step[0]
    assert abs(float(step[3])) > 0.97
    assert float(step.norm()) == pytest.approx(1, rel=1e-3), "1 is not a standard deviation of z"


def test_sefa_is_of_the_styles_and_applied_in_w_not_in_z(tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied("stylegan2"))
    list(ganvas.directions(run.folder, method="sefa", count=3, device="cpu"))
    model = load(run.folder, "cpu")
    direction = read_direction(run, "sefa-1", model)
    axis = direction.step[0].double() / direction.step[0].double().norm()
    styles = torch.cat([weight.double() for weight in model.network.style_weights()])
    largest = torch.linalg.eigvalsh(styles.T @ styles)[-1]
    assert float((styles @ axis).square().sum()) == pytest.approx(float(largest), rel=1e-4)
    z, labels = model.latents([0])
    in_w = model.synthesize(model.map(z, labels) + 3 * direction.step)
    in_z = model.synthesize(model.map(z + 3 * direction.step[:1, :].to(z), labels))
    assert torch.equal(pictures_along(model, direction, 0)[-1], in_w[0])
    assert not torch.equal(in_w, in_z), "the two cannot be told apart by this test"


def test_sefa_changes_styles_more_than_any_other_step_of_w(tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied("stylegan2"))
    list(ganvas.directions(run.folder, method="sefa", count=1, layers="fine", device="cpu"))
    model = load(run.folder, "cpu")
    direction = read_direction(run, "sefa-fine-1", model)
    moved = direction.step.abs().sum(1) > 0
    assert moved.tolist() == [False] * 4 + [True] * 2, "other layers are moved"
    axis = direction.step[-1].double() / direction.step[-1].double().norm()
    fine = torch.cat([weight.double() for weight in model.network.style_weights()[4:]])
    random = torch.nn.functional.normalize(torch.randn(200, len(axis), dtype=torch.float64), dim=1)
    assert (fine @ random.T).norm(dim=0).max() <= (fine @ axis).norm() + 1e-6


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"method": "sefa"}, "needs a generator with styles", "stylegan2"),
        ({"method": "pac"}, r"no method 'pac'\. Did you mean 'pca'", "sefa"),
        ({"count": 0}, "Cannot find 0 directions", "--count 10"),
        ({"layers": "coarse"}, "from one latent", "stylegan2"),
        ({"name": "smile"}, "leads from one folder", "--from"),
        ({"from_folder": "serious"}, "leads from one folder", "--to"),
    ],
)
def test_what_cannot_be_found_is_told(options: dict[str, object], message: str, hint: str, tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied("dcgan"))
    with pytest.raises(GanvasError, match=message) as caught:
        list(ganvas.directions(run.folder, device="cpu", **options))
    assert hint in caught.value.hint
    assert not run.directions.exists()


def test_found_again_they_are_the_same_files(tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied("stylegan2"))
    contents = []
    for _ in range(2):
        list(ganvas.directions(run.folder, count=2, device="cpu"))
        contents.append({file.name: file.read_bytes() for file in run.directions.iterdir()})
    assert contents[0] == contents[1]


def test_nothing_of_the_users_is_written_over(tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied("dcgan"))
    run.directions.mkdir()
    Image.new("RGB", (8, 8)).save(run.directions / "pca.png")
    with pytest.raises(GanvasError, match="was not written by ganvas"):
        list(ganvas.directions(run.folder, count=2, device="cpu"))
    (run.directions / "pca.png").unlink()
    (run.directions / "pca-2.safetensors").write_bytes(b"mine")
    with pytest.raises(GanvasError, match="another direction 'pca-2' already"):
        list(ganvas.directions(run.folder, count=2, device="cpu"))
    assert [file.name for file in run.directions.iterdir()] == ["pca-2.safetensors"]
    (run.directions / "pca-2.safetensors").unlink()
    Image.new("RGB", (8, 8)).save(run.directions / "pca-2.png")
    with pytest.raises(GanvasError, match="was not written by ganvas"):
        list(ganvas.directions(run.folder, count=2, device="cpu"))


def test_a_generator_whose_pictures_are_all_alike_is_told(tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", varied("fc"))
    model = load(run.folder, "cpu")
    for parameter in model.network.parameters():
        parameter.zero_()
    from safetensors.torch import save_file

    save_file(model.network.state_dict(), run.model / "generator.safetensors")
    with pytest.raises(GanvasError, match="are alike"):
        list(ganvas.directions(run.folder, device="cpu"))
