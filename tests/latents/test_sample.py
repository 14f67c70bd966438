"""Samples by seed: the same seed and index give the same image."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import ganvas
import tiny
from ganvas.coach.model_health import Health
from ganvas.config import Config, DataConfig
from ganvas.errors import GanvasError
from ganvas.latents.model_file import MODEL_FILE, read_health, read_training_length
from ganvas.latents.sample import (
    GeneratorModel,
    load,
    sample_label,
    sample_latents,
    save_network,
)
from ganvas.models import build_generator
from ganvas.recipes import RECIPES
from ganvas.runs import Run

CPU = torch.device("cpu")


def model(recipe: str = "dcgan", classes: tuple[str, ...] = ()) -> GeneratorModel:
    torch.manual_seed(0)
    config = tiny.config(recipe, classes=classes)
    return GeneratorModel(build_generator(config), config, CPU, "mine")


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_seed_gives_the_same_images(recipe: str) -> None:
    samples = model(recipe).sample(5, seed=3)
    assert samples.shape == (5, 3, 16, 16)
    assert samples.dtype == torch.uint8
    assert torch.equal(samples, model(recipe).sample(5, seed=3))
    assert not torch.equal(samples, model(recipe).sample(5, seed=4))
    assert not torch.equal(samples[0], samples[1])


@pytest.mark.parametrize("seed", [-1, 0, 2**70])
def test_any_integer_is_a_seed(seed: int) -> None:
    assert model().sample(1, seed=seed).shape == (1, 3, 16, 16)


def test_a_latent_depends_only_on_seed_and_index() -> None:
    many = sample_latents(7, range(100), 8)
    assert torch.equal(sample_latents(7, range(90, 95), 8), many[90:95])
    assert not torch.equal(sample_latents(8, range(100), 8)[0], many[0])
    assert abs(float(many.mean())) < 0.15
    assert float(many.std()) == pytest.approx(1, abs=0.1)


KINDS: list[dict[str, object]] = [
    {},
    {"classes": ("cat", "dog")},
    {"channels": 4},
    {"data": DataConfig("pictures", 32, 48)},
    {"classes": ("cat", "dog"), "data": DataConfig("pictures", 32, 48, 4)},
]


def of_kind(recipe: str, kind: dict[str, object]) -> GeneratorModel:
    torch.manual_seed(0)
    options = dict(kind)
    data = options.pop("data", DataConfig("pictures", 16, 16, options.pop("channels", 3)))  # type: ignore[arg-type]
    assert isinstance(data, DataConfig)
    config = replace(tiny.NARROW[recipe](data, tiny.COUNT), **options)  # type: ignore[arg-type]
    network = build_generator(config)
    for parameter in network.parameters():  # what begins at zero would hide noise and labels
        parameter.data += 0.1 * torch.randn(parameter.shape)
    return GeneratorModel(network, config, CPU, "mine")


@pytest.mark.parametrize("kind", KINDS, ids=["plain", "classes", "alpha", "oblong", "all"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_sample_is_synthesized_from_where_its_latent_is_mapped(recipe: str, kind: dict[str, object]) -> None:
    sampler = of_kind(recipe, kind)
    seeds = [5, 0, -3]
    z, labels = sampler.latents(seeds)
    w = sampler.map(z, labels, 0.7)
    images = sampler.synthesize(w)
    assert w.shape == (3, *sampler.w_shape)
    assert images.shape == (3, *sampler.config.shape)
    assert torch.equal(images, sampler.sample(seeds=seeds, truncation=0.7))
    for seed, image in zip(seeds, images, strict=True):
        assert torch.equal(image, sampler.sample(1, seed, 0.7)[0]), "image 0 of its seed"
    assert not torch.equal(images[0], images[1])
    assert not torch.equal(images, sampler.sample(seeds=seeds)), "truncation does nothing"
    if labels is not None:
        other = sampler.map(z, 1 - labels, 0.7)
        assert not torch.equal(w, other), "the label is lost"
        assert not torch.equal(sampler.synthesize(other), images)


@pytest.mark.parametrize("kind", KINDS, ids=["plain", "classes", "alpha", "oblong", "all"])
@pytest.mark.parametrize("recipe", RECIPES)
def test_an_image_is_the_same_to_the_bit_whatever_is_drawn_with_it(recipe: str, kind: dict[str, object]) -> None:
    sampler = of_kind(recipe, kind)
    many = sampler.sample(37, seed=1)
    assert torch.equal(many[:5], sampler.sample(5, seed=1))
    assert torch.equal(many[21:22], sampler.sample(1, seed=1, first=21))
    assert torch.equal(many[15:33], sampler.sample(18, seed=1, first=15))
    w = sampler.map(*sampler.latents([1, 2, 3]))
    shuffled = sampler.synthesize(w[[2, 0, 1, 0]])
    assert torch.equal(shuffled, sampler.synthesize(w)[[2, 0, 1, 0]])


def test_only_styles_have_a_mapping() -> None:
    assert [recipe for recipe in RECIPES if model(recipe).has_mapping] == ["stylegan2"]
    config = tiny.upsampled("quick")
    enlarged = GeneratorModel(build_generator(config), config, CPU, "mine")
    assert not enlarged.has_mapping
    assert torch.equal(enlarged.synthesize(enlarged.map(*enlarged.latents([4]))), enlarged.sample(1, 4))


def test_each_layer_has_its_own_style() -> None:
    sampler = of_kind("stylegan2", {})
    w = sampler.map(*sampler.latents([0, 1]))
    image = sampler.synthesize(w[:1])
    for layer in range(sampler.w_shape[0]):
        mixed = w[:1].clone()
        mixed[0, layer] = w[1, layer]
        assert not torch.equal(sampler.synthesize(mixed), image), f"style {layer} does nothing"


def test_a_fingerprint_tells_networks_apart() -> None:
    one, same, other = model(), model(), model()
    assert one.fingerprint == same.fingerprint
    next(other.network.parameters()).data[0] += 1e-6
    assert other.fingerprint != one.fingerprint


def test_what_has_another_shape_is_refused() -> None:
    plain, sorted_ = model(), model(classes=("cat", "dog"))
    with pytest.raises(GanvasError, match=r"z has the shape \(2, 9\), not \(N, 8\)"):
        plain.map(torch.zeros(2, 9))
    with pytest.raises(GanvasError, match=r"w has the shape \(2, 8\), and mine needs \(N, 1, 8\)"):
        plain.synthesize(torch.zeros(2, 8))
    with pytest.raises(GanvasError, match="mine has classes, and no labels are given"):
        sorted_.map(torch.zeros(2, 8))
    with pytest.raises(GanvasError, match="There are no seeds"):
        plain.sample(seeds=[])


def test_classes_are_sampled_with_their_frequencies() -> None:
    counted = tiny.config(classes=("rare", "usual"), class_counts=(10, 990))
    labels = [sample_label(0, index, counted) for index in range(2000)]
    assert 5 <= labels.count(0) <= 45, "one in a hundred"
    older = tiny.config(classes=("rare", "usual"))
    assert 900 < [sample_label(0, index, older) for index in range(2000)].count(0) < 1100, (
        "without counts all classes are equally likely"
    )


def test_truncation_reduces_diversity() -> None:
    sampler = model("fc")

    def std(truncation: float) -> float:
        return float(sampler.sample(32, truncation=truncation).float().std(dim=0).mean())

    assert std(0) == 0, "truncation 0 gives only one image"
    assert 0 < std(0.5) < std(1)


def test_labels() -> None:
    sampler = model(classes=("cat", "dog"))
    cats, dogs, mixed = (sampler.sample(16, label=label).int() for label in ("cat", "dog", None))
    assert not torch.equal(cats, dogs)
    is_cat = [bool((mixed[i] - cats[i]).abs().max() <= 1) for i in range(16)]
    is_dog = [bool((mixed[i] - dogs[i]).abs().max() <= 1) for i in range(16)]
    assert all(cat or dog for cat, dog in zip(is_cat, is_dog, strict=True))
    assert any(is_cat), "without a label both classes are sampled"
    assert any(is_dog), "without a label both classes are sampled"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 0}, "Cannot sample 0 pictures"),
        ({"count": -3}, "Cannot sample -3 pictures"),
        ({"count": 1, "truncation": 1.5}, "Truncation 1.5 is not between 0 and 1"),
        ({"count": 1, "truncation": float("nan")}, "Truncation nan"),
        ({"count": 1, "label": "cta"}, r"has no label 'cta'\. Did you mean 'cat'"),
    ],
)
def test_invalid_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(GanvasError, match=message) as caught:
        model(classes=("cat", "dog")).sample(**options)  # type: ignore[arg-type]
    assert caught.value.hint


def test_a_label_for_an_unconditional_run_is_refused() -> None:
    with pytest.raises(GanvasError, match="mine was trained without labels"):
        model().sample(1, label="cat")


def saved(folder: Path, config: Config) -> Run:
    run = Run(folder)
    run.write_config(config)
    save_network(run, build_generator(config), 3, 24)
    return run


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_saved_network_comes_back(recipe: str, tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", tiny.config(recipe))
    loaded = ganvas.load(run.folder, "cpu")
    assert loaded.run_name == "mine"
    assert torch.equal(loaded.sample(3), load(run.folder, "cpu").sample(3))
    assert not any(parameter.requires_grad for parameter in loaded.network.parameters())
    assert not loaded.network.training


def test_nothing_to_load(tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="does not exist"):
        load(tmp_path / "nowhere")
    run = Run(tmp_path / "begun")
    run.write_config(tiny.config())
    with pytest.raises(GanvasError, match="has no trained generator yet") as caught:
        load(run.folder)
    assert caught.value.hint == f"Continue the training: ganvas train --out {run.folder}"


@pytest.mark.parametrize("content", [b"", b"rubbish" * 50, b"\x80\x04K\x01."])
def test_a_damaged_model_is_refused(content: bytes, tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", tiny.config())
    (run.model / "generator.safetensors").write_bytes(content)
    with pytest.raises(GanvasError, match="is damaged or belongs to another network"):
        load(run.folder, "cpu")


def test_a_model_of_another_network_is_refused(tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", tiny.config())
    run.write_config(replace(tiny.config(), z_dim=9))
    with pytest.raises(GanvasError, match="is damaged or belongs to another network"):
        load(run.folder, "cpu")


def test_a_network_as_large_as_a_config_names_is_not_built_for_a_small_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny.config()
    run = saved(tmp_path / "mine", config)
    run.write_config(replace(config, generator=replace(config.generator, widths=(60_000, 60_000))))
    with pytest.raises(GanvasError, match="is damaged or belongs to another network"):  # of 230 GB
        load(run.folder, "cpu")


def test_a_model_file_says_how_long_it_was_trained(tmp_path: Path) -> None:
    run, network = Run(tmp_path / "mine"), build_generator(tiny.config())
    assert read_training_length(run) is None, "there is no model yet"
    save_network(run, network, 7, 56)
    assert read_training_length(run) == (7, 56)
    save_file(network.state_dict(), run.model / MODEL_FILE)
    assert read_training_length(run) is None, "models of the first release do not contain it"
    (run.model / MODEL_FILE).write_bytes(b"rubbish")
    assert read_training_length(run) is None


@pytest.mark.parametrize(
    "text",
    ["[" * 50_000, '{"a":' * 50_000, "5", "[]", "null", '{"step": 1}', '{"step": "x", "images": []}']
    + [f'{{"step": {number}, "images": 1}}' for number in ("1e400", "NaN", "1" * 5000, "1" * 400, "1.5", "true")],
    ids=lambda text: text[:20],
)
def test_a_model_file_that_says_something_else_says_nothing(text: str, tmp_path: Path) -> None:
    run = Run(tmp_path / "mine")
    run.model.mkdir(parents=True)
    save_file(build_generator(tiny.config()).state_dict(), run.model / MODEL_FILE, {"ganvas": text})
    assert read_training_length(run) is None


def test_a_model_tells_the_health_of_its_training_wherever_it_goes(tmp_path: Path) -> None:
    run, ill = saved(tmp_path / "mine", tiny.config()), Health("mode collapse", 0.9)
    assert load(run.folder, "cpu").health is read_health(run) is None, "earlier releases did not say"
    assert list(load(run.folder, "cpu").notes()) == []
    save_network(run, load(run.folder, "cpu").network, 3, 24, ill)
    assert load(run.folder, "cpu").health == read_health(run) == ill
    assert read_training_length(run) == (3, 24)
    (note,) = load(run.folder, "cpu").notes()
    assert note.text.startswith("This model is not healthy: mode collapse.")
    (run.model / MODEL_FILE).write_bytes(b"rubbish")
    assert read_health(run) is None


@pytest.mark.parametrize("text", ['{"health": 5}', '{"health": {"name": {"a": 1}}}', "[" * 50_000, "5", "null"])
def test_health_that_nobody_wrote_is_none(text: str, tmp_path: Path) -> None:
    run = saved(tmp_path / "mine", tiny.config())
    save_file(build_generator(tiny.config()).state_dict(), run.model / MODEL_FILE, {"ganvas": text})
    assert load(run.folder, "cpu").health is None


def test_the_same_model_is_the_same_file(tmp_path: Path) -> None:
    network = build_generator(tiny.config())
    files = set()
    for number in range(10):
        run = Run(tmp_path / str(number))
        save_network(run, network, 7, 56)
        files.add((run.model / MODEL_FILE).read_bytes())
    assert len(files) == 1, "the files of two identical runs differ"
