"""Repaint: pictures to paint from, masks, and paintings that are processes; films and reports, which are too."""

import io
import time
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from ganvas.image_io import read_metadata

RUN = SET = "discs"  # what is in each studio of the tests


def png(size: tuple[int, int] = (24, 16), color: Any = "red") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return file.getvalue()


def uploaded(opened: Any, name: str = "My cat.png", content: bytes | None = None) -> str:
    answer = opened.ask("PUT", f"/api/sources?file={quote(name)}", png() if content is None else content)
    assert answer.status == 200, answer.body
    return str(answer.data["id"])


def until_over(opened: Any, job: str) -> dict[str, Any]:
    """Return how a job is when it is over."""
    for _ in range(1200):
        found: dict[str, Any] = opened.ask("GET", f"/api/jobs/{job}").data
        if found["state"] not in ("running", "stopping"):
            return found
        time.sleep(0.1)
    raise AssertionError("the job does not end")


def test_an_uploaded_picture_is_kept_and_shown(opened: Any) -> None:
    name = uploaded(opened)
    sources = opened.ask("GET", "/api/sources").data
    assert sources[0] == {"id": name, "title": "My cat"}
    assert "builtin/starry_night" in [each["id"] for each in sources]
    shown = opened.ask("GET", f"/api/sources/picture?id={quote(name)}")
    assert shown.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(shown.body)).size == (24, 16)


@pytest.mark.parametrize(
    "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", png()[:60], b"GIF89a"], ids=repr
)
def test_what_is_no_picture_is_not_kept(opened: Any, content: bytes) -> None:
    assert opened.ask("PUT", "/api/sources?file=a.png", content).status == 400
    assert opened.ask("PUT", "/api/masks", content).status == 400
    assert [each.name for each in opened.studio.workspace.sources.iterdir()] == ["masks"]
    assert list(opened.studio.workspace.masks.iterdir()) == []


def test_a_picture_of_a_set_is_copied_once(opened: Any) -> None:
    names = [opened.ask("POST", "/api/sources", {"set": SET, "picture": "003.png"}).data["id"] for _ in range(2)]
    assert names[0] == names[1]
    assert opened.ask("POST", "/api/sources", {"set": SET, "picture": "../run/config.json"}).status == 404


@pytest.mark.parametrize(
    "name",
    [
        "",
        "sources/",
        "sources/../settings.json",
        "sources/%2e%2e/settings.json",
        "/etc/passwd",
        "builtin/../x",
        "made/..",
        "runs/discs",
    ],
)
def test_an_id_leads_nowhere_else(opened: Any, name: str) -> None:
    assert opened.ask("GET", f"/api/sources/picture?id={name}").status == 404
    assert opened.ask("POST", "/api/paintings", {"content": name, "styles": ["builtin/starry_night"]}).status == 404
    assert list(opened.studio.workspace.jobs.iterdir()) == []
    assert opened.ask("GET", "/api/made").data["items"] == []


def test_a_mask_has_the_size_that_the_page_makes(opened: Any) -> None:
    assert opened.ask("PUT", "/api/masks", png((2049, 8))).status == 400
    assert opened.ask("PUT", "/api/masks", png((768, 512))).status == 200


@pytest.mark.parametrize(
    "wrong", [{"strength": 2}, {"size": 100_000}, {"colors": "--out"}, {"styles": []}, {"masks": ["masks/a.png"] * 3}]
)
def test_settings_out_of_range_are_refused(opened: Any, wrong: dict[str, Any]) -> None:
    wanted = {"content": uploaded(opened), "styles": ["builtin/starry_night"]} | wrong
    assert opened.ask("POST", "/api/paintings", wanted).status in (404, 422)


@pytest.mark.slow
def test_a_painting_with_a_mask_and_again_with_its_settings(opened: Any) -> None:
    white = np.zeros((64, 64, 3), np.uint8)
    white[:, :32] = 255
    file = io.BytesIO()
    Image.fromarray(white).save(file, "PNG")
    mask = opened.ask("PUT", "/api/masks", file.getvalue()).data["id"]
    content = uploaded(opened, content=png((64, 64), (200, 120, 60)))
    wanted = {
        "content": content,
        "styles": ["builtin/starry_night", content],
        "masks": [mask],
        "size": 64,
        "strength": 0.7,
    }
    over = until_over(opened, opened.ask("POST", "/api/paintings", wanted).data["job"])
    assert (over["state"], over["share"]) == ("finished", 1.0), over
    with Image.open(opened.studio.workspace.made / over["name"]) as painting:
        painted = np.asarray(painting.convert("RGB"), np.float32)
    change = np.abs(painted - (200, 120, 60)).mean(2)
    assert change[:, 4:24].mean() > 2 * change[:, 40:60].mean(), "it is painted where the mask is white"
    again = opened.ask("GET", f"/api/made/{quote(over['name'])}").data["again"]
    assert {key: again[key] for key in wanted} == wanted


@pytest.mark.slow
def test_a_stopped_painting_keeps_its_last_look(opened: Any) -> None:
    wanted = {"content": "builtin/astronaut", "styles": ["builtin/starry_night"], "size": 1024}
    job = opened.ask("POST", "/api/paintings", wanted).data["job"]
    while not (found := opened.ask("GET", f"/api/jobs/{job}").data)["name"]:
        assert found["state"] == "running", found
        time.sleep(0.1)
    assert opened.ask("POST", "/api/made/delete", {"names": [found["name"]]}).status == 400, "it is still being made"
    opened.ask("POST", f"/api/jobs/{job}/stop")
    over = until_over(opened, job)
    assert over["state"] == "stopped"
    facts = read_metadata(opened.studio.workspace.made / over["name"])
    assert facts["reason"] in ("interrupted", "preview")
    with Image.open(opened.studio.workspace.made / over["name"]) as painting:
        assert painting.size == (1024, 1024)


@pytest.mark.slow
def test_a_walk_becomes_a_film_that_opens_with_its_points(opened: Any) -> None:
    points = [
        {"kind": "seed", "seed": 1},
        {"kind": "mix", "one": {"kind": "seed", "seed": 2}, "other": {"kind": "seed", "seed": 3}, "share": 0.5},
    ]
    asked = {"points": points, "truncation": 0.8, "seconds": 1}
    over = until_over(opened, opened.ask("POST", f"/api/explore/{RUN}/walk", asked).data["job"])
    assert over["state"] == "finished", over
    thing = opened.ask("GET", f"/api/made/{quote(over['name'])}").data
    assert (thing["kind"], thing["again"]["pins"]) == ("film", points)


@pytest.mark.slow
def test_a_job_that_fails_says_why(opened: Any) -> None:
    opened.studio.workspace.run(RUN).model.joinpath("generator.safetensors").write_bytes(b"broken")
    over = until_over(opened, opened.ask("POST", f"/api/explore/{RUN}/directions").data["job"])
    assert over["state"] == "failed"
    assert "generator.safetensors" in over["message"]


def test_an_unknown_job_is_not_there(opened: Any) -> None:
    for name in ("0" * 16, "../settings", "..%2Fx"):
        assert opened.ask("GET", f"/api/jobs/{name}").status == 404
