"""Configurations of earlier releases are read as this one would have written them."""

import json
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from ganvas.config import (
    FORMAT,
    AdaConfig,
    AnnealConfig,
    AutoencoderConfig,
    BalanceConfig,
    Config,
    DataConfig,
    NetworkConfig,
    OptimizerConfig,
    PenaltyConfig,
    PhaseConfig,
    StyleGANConfig,
    TrainOptions,
    from_dict,
    to_dict,
)
from ganvas.config.old_format import OPTIMIZER, PARTS, PHASE, TOP, upgrade
from ganvas.errors import GanvasError
from ganvas.runs import Run

RELEASE_0_1 = Path(__file__).resolve().parent / "fixtures" / "release_0_1"
DATA = DataConfig(path="/home/somebody/pictures.zip", height=16, width=16)
FINGERPRINT = "49847dd0a04f07b6cef3762732d5a8b7"


def record_of(name: str) -> dict[str, Any]:
    """Return a configuration as release 0.1 wrote it."""
    record: dict[str, Any] = json.loads((RELEASE_0_1 / name).read_text(encoding="utf-8"))
    return record


def read(record: object) -> Config:
    return from_dict(Config, upgrade(record, FORMAT))


DCGAN = Config(
    recipe="dcgan",
    data=DATA,
    generator=NetworkConfig("dcgan", (16, 8)),
    discriminator=NetworkConfig("dcgan", (8, 16)),
    optimizers={"generator": OptimizerConfig(2e-4, 0.5, 0.999), "discriminator": OptimizerConfig(2e-4, 0.5, 0.999)},
    phases=(PhaseConfig("adversarial", time_share=1.0, batch=8, relative_step_cost=1 / 3, steps=50),),
    z_dim=100,
    channel_mult=0.1,
    seed=1,
    penalty=PenaltyConfig("r1", 0.0064, interval=4),
    balance=BalanceConfig(),
    flip=True,
    augment=("translation",),
    ema_half_life=0.1,
    total_images=400,
    fingerprint=FINGERPRINT,
)
STYLEGAN2 = Config(
    recipe="stylegan2",
    data=DATA,
    generator=NetworkConfig("stylegan2", (8, 8, 8)),
    discriminator=NetworkConfig("stylegan2", (8, 8, 8)),
    optimizers={"generator": OptimizerConfig(4e-3, 0.0, 0.99), "discriminator": OptimizerConfig(4e-3, 0.0, 0.99)},
    phases=(
        PhaseConfig(
            "adversarial", time_share=1.0, batch=8, relative_step_cost=0.5, warmup_steps=100, final_lr_factor=0.1,
            steps=30,
        ),
    ),
    z_dim=128,
    channel_mult=0.1,
    seed=1,
    penalty=PenaltyConfig("r1", 0.512, interval=8),
    flip=True,
    augment=("ada",),
    ada=AdaConfig(target=0.6, speed_images=500_000, max_p=0.85, min_p=0.0),
    stylegan=StyleGANConfig(style_mixing_prob=0.9, pl_weight=2.0, pl_interval=4),
    ema_half_life=0.05,
    total_images=240,
    fingerprint=FINGERPRINT,
    slow_start_images=300_000,
)  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), [("dcgan", DCGAN), ("stylegan2", STYLEGAN2)])
def test_a_run_of_0_1_is_read(name: str, expected: Config) -> None:
    config = Run(RELEASE_0_1 / name).read_config()
    assert config == expected == read(record_of(f"{name}/config.json"))
    assert config.requested is None
    assert config.format == FORMAT == 3
    assert from_dict(Config, to_dict(config)) == config


# Parts that the two runs do not have.
PARTS_OF: dict[str, dict[str, Any]] = {
    "keen": {
        "autoencoder": AutoencoderConfig(
            NetworkConfig("quick", (32, 64, 128)),
            code_noise_std=0.2,
            prior_batch=256,
            max_codes=16_384,
            adversarial_weight=0.05,
            prior_fraction=0.5,
        ),
        "phases": (
            PhaseConfig("autoencode", time_share=0.45, batch=32, warmup_steps=100, final_lr_factor=0.4),
            PhaseConfig(
                "prior", time_share=0.2, batch=0, relative_step_cost=0.1, warmup_steps=50, final_lr_factor=0.0,
                max_steps=1406, max_steps_until=312, min_max_steps=312,
            ),
            PhaseConfig(
                "sharpen", time_share=0.35, batch=16, relative_step_cost=2.8, warmup_steps=30, final_lr_factor=0.0
            ),
        ),
    },
    "r3gan": {
        "anneal": AnnealConfig(lr_factor=0.25, one_minus_beta2_factor=0.1, gamma_factor=0.1, ramps_augment_p=True),
        "penalty": PenaltyConfig("r1_r2", 1.024, interval=2),
        "slow_start_images": 300_000,
    },
    "progressive": {
        "phases": tuple(
            PhaseConfig(
                "grow", time_share=1.0 + level, batch=16, relative_step_cost=4.0**level, warmup_steps=50,
                final_lr_factor=0.1 if level == 3 else 1.0, level=level, fade_in=0.5,
            )
            for level in range(4)
        ),
    },
    "vae": {
        "encoder": NetworkConfig("vae", (32, 64, 128)),
        "optimizers": {"autoencoder": OptimizerConfig(2e-3, 0.9, 0.99)},
        "z_dim": 64,
    },
}  # fmt: skip


@pytest.mark.parametrize("recipe", PARTS_OF)
def test_what_a_recipe_of_0_1_wrote_is_read(recipe: str) -> None:
    config = read(record_of(f"configs/{recipe}.json"))
    assert config.recipe == recipe
    for part, expected in PARTS_OF[recipe].items():
        assert getattr(config, part) == expected, part


@pytest.mark.parametrize("name", ["dcgan/config", "stylegan2/config", *(f"configs/{each}" for each in PARTS_OF)])
def test_every_old_name_has_a_new_one(name: str) -> None:
    """All that was written is carried over, and all that is written today was there, but for what was asked for."""
    record = upgrade(record_of(f"{name}.json"), FORMAT)
    written = to_dict(from_dict(Config, record))
    assert written.pop("requested") is None
    assert written.pop("upsampling") is None
    assert written.pop("processes") == 1
    assert written["data"].pop("drop_copies") is False
    assert written["data"].pop("window") is None
    assert written["data"].pop("labels_by") is None
    assert written.pop("imported") == ""
    assert written["data"].pop("value_range") is None
    assert (written["data"].pop("aspect"), written["data"].pop("limit"), written["data"].pop("limit_seed")) == (
        None,
        None,
        0,
    )
    assert written.pop("content") == written.pop("relative_path") == ""
    assert written.pop("turn") is False
    assert written.pop("closing_seconds") == 0.0
    assert json.loads(json.dumps(written)) == record


def named(kind: Any, names: dict[str, str]) -> set[str]:
    """Return new names that are no fields of this dataclass."""
    return set(names.values()) - {field.name for field in fields(kind)}


def test_new_names_are_names_of_today() -> None:
    assert not named(Config, TOP)
    assert not named(PhaseConfig, PHASE)
    assert not named(OptimizerConfig, OPTIMIZER)
    hints = get_type_hints(Config)
    for part, names in PARTS.items():
        kind = next(each for each in (hints[part], *get_args(hints[part])) if is_dataclass(each))
        assert not named(kind, names), part
        assert not set(names) & {field.name for field in fields(kind)}, "an old name still means something"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recpie": "quick"}, "config has no field 'recpie'. Did you mean 'recipe'"),
        ({"latent": "100"}, "config.z_dim should be int, not '100'"),
        ({"data": {"path": "x", "heigth": 3}}, "config.data has no field 'heigth'. Did you mean 'height'"),
        ({"phases": [{"nmae": "x"}]}, r"config.phases\[0\] has no field 'nmae'. Did you mean 'name'"),
        ({"phases": 3}, "config.phases should be"),
        ({"phases": [3]}, r"config.phases\[0\] should be an object, not int"),
        (
            {"optimisers": {"generator": {"learning_rte": 1.0}}},
            "config.optimizers.generator has no field 'learning_rte'",
        ),
        ({"optimisers": []}, "config.optimizers should be"),
        ({"penalty": None}, "config.penalty should be an object, not NoneType"),
        ({"adapt": {"target": 0.6, "image": 3}}, "config.ada has no field 'image'"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(GanvasError, match=message):
        read(record_of("dcgan/config.json") | change)


@pytest.mark.parametrize("record", [[1], "text", None, {}, {"format": 2}, {"recipe": "quick"}])
def test_what_is_no_configuration_is_refused_and_never_a_crash(record: object) -> None:
    with pytest.raises(GanvasError, match="config"):
        read(record)


@pytest.mark.parametrize(("scored", "evaluations"), [(True, 8), (False, 0)])
def test_format_1_was_scored_at_each_checkpoint_or_never(scored: bool, evaluations: int) -> None:
    record = record_of("dcgan/config.json") | {"format": 1, "scored": scored}
    del record["evaluations"]
    assert read(record) == replace(DCGAN, evaluations=evaluations)


def test_todays_configurations_are_left_as_they_are() -> None:
    record = to_dict(replace(DCGAN, requested=TrainOptions(seed=1)))
    assert upgrade(record, FORMAT) == record


def test_a_run_of_0_1_that_goes_on_is_written_anew(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.config_file.write_text(json.dumps(record_of("dcgan/config.json")), encoding="utf-8")
    run.write_config(run.read_config())
    record = json.loads(run.config_file.read_text(encoding="utf-8"))
    assert record["format"] == FORMAT
    assert "z_dim" in record
    assert "latent" not in record
    assert run.read_config() == DCGAN


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.config_file.write_text(json.dumps(to_dict(DCGAN) | {"format": FORMAT + 1}), encoding="utf-8")
    with pytest.raises(GanvasError, match="later ganvas") as caught:
        run.read_config()
    assert "pip install --upgrade ganvas" in caught.value.hint
