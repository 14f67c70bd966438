"""Runs and pictures on the hub: sent, fetched, refused; and the token is never shown."""

import logging
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest

import fake_hub
import ganvas
import tiny
from fake_hub import TOKEN, FakeHub
from ganvas import hub_client
from ganvas.cli import main
from ganvas.data import open_source
from ganvas.errors import GanvasError
from ganvas.interop.hub import push
from ganvas.latents.sample import load
from ganvas.recipes import RECIPES
from ganvas.runs import Run

# huggingface_hub's own, in how it calls the library that speaks HTTP.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


@pytest.fixture
def hub(narrow_recipes: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """Return a hub on this machine that huggingface_hub takes for the real one."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("GANVAS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    with fake_hub.running() as server:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", server.address)
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE",
                            server.address + "/{repo_id}/resolve/{revision}/{filename}")  # fmt: skip
        yield server
    hub_client.fetch_run.cache_clear()
    hub_client.fetch_pictures.cache_clear()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("private-home")
    pictures = tiny.write_pictures(folder / "pictures")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECIPES, "dcgan", tiny.NARROW["dcgan"])
        patch.setenv("GANVAS_CACHE", str(folder / "cache"))
        tiny.train(pictures, folder / "run", "dcgan", images=64)
    return Run(folder / "run")


def test_a_run_is_sent_fetched_sampled_and_begun_with(run: Run, hub: FakeHub, tmp_path: Path) -> None:
    assert main(["push", str(run.folder), "anna/discs", "--private"]) == 0
    files = hub.repos["models", "anna/discs"]
    assert hub.private == {"anna/discs"}
    kinds = {Path(name).suffix for name in files}
    assert kinds <= {".safetensors", ".json", ".md", ".png"}, "something else was sent"
    assert not any(b"private-home" in each for each in files.values()), "a path of this machine was sent"
    assert "hub:anna/discs" in files["README.md"].decode()
    picture = next(name for name in files if name.startswith("samples/"))
    assert f"]({picture})" in files["README.md"].decode()
    same = load("hub:anna/discs").sample(4, seed=3)
    assert np.array_equal(same.numpy(), load(run.folder).sample(4, seed=3).numpy())
    assert main(["sample", "hub:anna/discs@v1", "--count", "2", "--out", str(tmp_path / "drawn")]) == 0
    assert len(list((tmp_path / "drawn").glob("*.png"))) == 2
    tiny.train(
        tiny.write_pictures(tmp_path / "own", seed=4), tmp_path / "new", "dcgan", images=64, init_from="hub:anna/discs"
    )
    assert Run(tmp_path / "new").read_config().init_from == "hub:anna/discs"


def test_pictures_of_a_data_set(hub: FakeHub, tmp_path: Path) -> None:
    folder = tiny.write_pictures(tmp_path / "pictures")
    files = {f"cats/{path.name}": path.read_bytes() for path in folder.iterdir()}
    hub.repos["datasets", "anna/pets"] = files | {"README.md": b"pets", "evil.pkl": b"cos\nsystem\n."}
    found = open_source("hub:anna/pets")
    assert [item.name for item in found.items()] == sorted(files)
    assert not any("evil" in each for each in hub.requests), "a pickle was fetched"
    assert ganvas.inspect("hub:anna/pets").usable == tiny.COUNT
    tiny.train("hub:anna/pets", tmp_path / "run", "dcgan", images=64)  # type: ignore[arg-type]
    assert Run(tmp_path / "run").read_config().data.path == "hub:anna/pets"


REFUSALS = {
    "gated": ((403, "GatedRepo"), "is gated", "hf auth login"),
    "missing": ((404, "RepoNotFound"), "There is no data set", "hf auth login"),
    "private": ((401, ""), "does not let you in", "hf auth login"),
    "forbidden": ((403, ""), "does not let you in", "hf auth login"),
    "revision": ((404, "RevisionNotFound"), "has no revision", "Try its newest"),
    "broken": ((500, ""), "could not do it (status 500)", "again later"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals_are_told_without_the_token(
    name: str, hub: FakeHub, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    hub.refuses["anna/pets"], message, hint = REFUSALS[name]
    caplog.set_level(logging.INFO)
    assert main(["inspect", "hub:anna/pets@old"]) == 1
    told = capsys.readouterr()
    assert message in told.err
    assert hint in told.err
    assert TOKEN in hub.tokens, "no token was sent: there was nothing to leak"
    assert TOKEN not in told.err + told.out + caplog.text
    written = [path for path in tmp_path.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert not written
    with pytest.raises(GanvasError) as caught:
        open_source("hub:anna/pets@old")
    assert caught.value.__cause__ is None, "its cause holds what the server said"


@pytest.mark.parametrize("place", ["create", "commit", "objects/batch", "upload"])
def test_a_push_that_is_refused(place: str, run: Run, hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.refuses[place] = 403, ""
    assert main(["push", str(run.folder), "anna/discs"]) == 1
    told = capsys.readouterr()
    assert "does not let you in to anna/discs" in told.err
    assert "hf auth login" in told.err
    assert TOKEN not in told.err + told.out


def test_nothing_of_the_token_is_in_what_was_sent(run: Run, hub: FakeHub) -> None:
    push(run, "anna/discs")
    assert TOKEN in hub.tokens
    assert not any(TOKEN.encode() in each for each in hub.repos["models", "anna/discs"].values())


def test_without_a_network_what_was_fetched_is_used(run: Run, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    push(run, "anna/discs")
    first = Run("hub:anna/discs").folder
    hub_client.fetch_run.cache_clear()
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    assert Run("hub:anna/discs").folder == first
    with pytest.raises(GanvasError, match="cannot be reached now"):
        Run("hub:anna/others")
    with pytest.raises(GanvasError, match="cannot be reached now"):
        open_source("hub:anna/pets")


@pytest.mark.parametrize(
    "files",
    [
        {"model.pkl": b"cos\nsystem\n."},
        {"config.json": b"{}", "pytorch_model.bin": b"x"},
        {},
    ],
)
def test_only_runs_are_taken_for_runs(files: dict[str, bytes], hub: FakeHub) -> None:
    hub.repos["models", "anna/other"] = files
    with pytest.raises(GanvasError, match="is not a run of Ganvas"):
        Run("hub:anna/other")
    assert not any("resolve" in each for each in hub.requests), "something was fetched"


def test_what_else_lies_beside_a_run_is_not_fetched(run: Run, hub: FakeHub) -> None:
    push(run, "anna/discs")
    hub.repos["models", "anna/discs"] |= {"model/evil.pkl": b"x", "run.sh": b"x", "model/a.py": b"x"}
    folder = Run("hub:anna/discs").folder
    assert not [path for path in folder.rglob("*") if path.suffix in (".pkl", ".sh", ".py")]


def test_names_that_lead_out_are_refused(hub: FakeHub) -> None:
    hub.repos["models", "anna/other"] = {"config.json": b"{}", "../../model/x.safetensors": b"x"}
    with pytest.raises(GanvasError, match="makes no sense"):
        Run("hub:anna/other")


def test_too_large_ones_are_refused(run: Run, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    push(run, "anna/discs")
    monkeypatch.setattr(hub_client, "MAX_HUB_RUN_BYTES", 1000)
    with pytest.raises(GanvasError, match="over the limit"):
        Run("hub:anna/discs")


@pytest.mark.parametrize("place", ["hub:", "hub:anna", "hub:anna/../x", "hub:a/b/c", "hub:a/b@", "hub:a/b@../x"])
def test_places_that_are_none(place: str) -> None:
    with pytest.raises(GanvasError, match="is no place on the hub"):
        open_source(place)


def test_a_training_does_not_write_to_the_hub(tmp_path: Path) -> None:
    with pytest.raises(GanvasError, match="writes to this machine"):
        tiny.train(tmp_path, Path("hub:anna/discs"))
