"""Gallery: what was made and how, deleted and brought back; and that nothing else of the machine is shown."""

import json
import os
import time
from typing import Any

import pytest
from PIL import Image

from ganvas.image_io import save_image
from ganvas.studio import made

RUN = "discs"  # what is in each studio of the tests


@pytest.fixture
def kept(opened: Any) -> str:
    """Return the name of a picture that was kept."""
    point = {"kind": "seed", "seed": 4}
    name: str = opened.ask("POST", f"/api/explore/{RUN}/keep", {"point": point}).data["name"]
    return name


def listed(opened: Any) -> list[str]:
    return [each["name"] for each in opened.ask("GET", "/api/made").data["items"]]


def test_what_is_deleted_comes_back(opened: Any, kept: str) -> None:
    beside = opened.studio.workspace.made / f"{kept}.free.png"
    beside.write_bytes(b"its own colors")
    content = opened.ask("GET", f"/api/made/{kept}/file").body
    (deleted,) = opened.ask("POST", "/api/made/delete", {"names": [kept]}).data["deleted"]
    assert listed(opened) == []
    assert not beside.exists()
    assert opened.ask("GET", f"/api/made/{kept}/file").status == 404
    assert opened.ask("POST", "/api/made/restore", {"names": [deleted]}).data["names"] == [kept]
    assert opened.ask("GET", f"/api/made/{kept}/file").body == content
    assert beside.read_bytes() == b"its own colors"
    assert opened.ask("POST", "/api/made/restore", {"names": [deleted]}).status == 404


def test_what_comes_back_takes_the_place_of_nothing(opened: Any, kept: str) -> None:
    (deleted,) = opened.ask("POST", "/api/made/delete", {"names": [kept]}).data["deleted"]
    point = {"kind": "seed", "seed": 5}
    assert opened.ask("POST", f"/api/explore/{RUN}/keep", {"point": point}).data["name"] == kept
    (name,) = opened.ask("POST", "/api/made/restore", {"names": [deleted]}).data["names"]
    assert name != kept
    assert sorted(listed(opened)) == sorted([kept, name])


def test_the_trash_is_emptied_after_days_or_on_demand(opened: Any, kept: str) -> None:
    workspace = opened.studio.workspace
    (deleted,) = opened.ask("POST", "/api/made/delete", {"names": [kept]}).data["deleted"]
    made.remove_old(workspace)
    assert opened.ask("GET", "/api/made").data["trash"] == [{"id": deleted, "name": kept}]
    old = workspace.trash / f"{int(time.time()) - 31 * 86_400}-{deleted.partition('-')[2]}"
    (workspace.trash / deleted).rename(old)
    assert opened.ask("GET", "/api/made").data["trash"] == []
    assert not old.exists()
    opened.ask("POST", f"/api/explore/{RUN}/keep", {"point": {"kind": "seed", "seed": 4}})
    opened.ask("POST", "/api/made/delete", {"names": [kept]})
    opened.ask("POST", "/api/made/empty-trash")
    assert list(workspace.trash.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["..", "../settings.json", "..%2Fsettings.json", "trash", ".hidden.png", "a.svg", "a.html"]
)
def test_nothing_else_is_shown(opened: Any, name: str) -> None:
    folder = opened.studio.workspace.made
    for file in (".hidden.png", "a.svg", "a.html"):
        (folder / file).write_text("<svg onload=alert(1)>")
    for what in ("", "/file", "/thumbnail"):
        assert opened.ask("GET", f"/api/made/{name}{what}").status == 404
    assert opened.ask("POST", "/api/made/delete", {"names": [name]}).status == 404
    assert opened.ask("POST", "/api/made/restore", {"names": [name]}).status == 404
    assert listed(opened) == []


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_out_of_the_workspace_is_not_followed(opened: Any, trained: Any) -> None:
    folder = opened.studio.workspace.made
    (folder / "linked.png").symlink_to(next((trained / "pictures").glob("*.png")))
    assert listed(opened) == []
    assert opened.ask("GET", "/api/made/linked.png/file").status == 404


def test_a_file_is_sent_as_what_it_is_and_as_a_download(opened: Any, kept: str) -> None:
    answer = opened.ask("GET", f"/api/made/{kept}/file")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    saved = opened.ask("GET", f"/api/made/{kept}/file?download=true")
    assert saved.headers["content-disposition"].startswith("attachment")
    assert opened.ask("GET", f"/api/made/{kept}/thumbnail").headers["content-type"] == "image/webp"


def test_a_strangers_painting_names_no_files_of_this_machine(opened: Any) -> None:
    settings = {"strength": 0.5, "size": 64}
    facts = {
        "content": "/etc/passwd",
        "styles": json.dumps(["/etc/hosts"]),
        "settings": json.dumps(settings),
        "masks": "[]",
    }
    save_image(Image.new("RGB", (8, 8)), opened.studio.workspace.made / "foreign.png", facts)
    thing = opened.ask("GET", "/api/made/foreign.png").data
    assert thing["kind"] == "painting"
    assert (thing["again"]["content"], thing["again"]["styles"], thing["again"]["masks"]) == ("", [""], [])


@pytest.mark.parametrize(
    "facts", [{"styles": "[", "settings": "{"}, {"point": "[" * 500}, {"point": '{"kind": "mix"}', "latent": "x"}]
)
def test_damaged_metadata_harm_nothing(opened: Any, facts: dict[str, str]) -> None:
    save_image(Image.new("RGB", (8, 8)), opened.studio.workspace.made / "odd.png", {"run": "../x"} | facts)
    assert listed(opened) == ["odd.png"]
    assert opened.ask("GET", "/api/made/odd.png").data["again"] == {}
