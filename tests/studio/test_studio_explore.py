"""Explore: pictures of points come as they are asked for, the newest request wins, and what is kept says how."""

import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

import ganvas
from ganvas.image_io import read_metadata
from ganvas.latents.latent_files import read_latents
from ganvas.studio.explorer import OvertakenError
from ganvas.studio.points import Seed

RUN = "discs"  # what is in each studio of the tests


def seed(number: int) -> dict[str, Any]:
    return {"kind": "seed", "seed": number}


def mixed(one: Any, other: Any, share: float = 0.5) -> dict[str, Any]:
    return {"kind": "mix", "one": one, "other": other, "share": share}


def pictures(body: bytes) -> Iterator[Image.Image]:
    """Yield what is in an answer: pictures, each behind its length."""
    while body:
        size = int.from_bytes(body[:4], "big")
        yield Image.open(io.BytesIO(body[4 : 4 + size]))
        body = body[4 + size :]


def drawn(opened: Any, *points: Any, **more: Any) -> list[bytes]:
    answer = opened.ask("POST", f"/api/explore/{RUN}/draw", {"channel": "wall", "number": 1, "points": points} | more)
    assert answer.status == 200, answer.body
    return [picture.convert("RGB").tobytes() for picture in pictures(answer.body)]


def test_runs_and_what_can_be_explored_in_one(opened: Any) -> None:
    assert [each["name"] for each in opened.ask("GET", "/api/explore").data] == [RUN]
    about = opened.ask("GET", f"/api/explore/{RUN}").data
    assert (about["width"], about["height"], about["directions"]) == (16, 16, [])


def test_a_point_is_drawn_as_the_command_draws_it(opened: Any) -> None:
    (picture,) = drawn(opened, seed(3))
    model = ganvas.load(opened.studio.workspace.run(RUN).folder, device="cpu")
    exact = ganvas.image_io.to_image(model.sample(seeds=[3])[0]).convert("RGB").tobytes()
    assert sum(abs(a - b) for a, b in zip(picture, exact, strict=True)) / len(exact) < 6, "another picture"


def test_between_two_points_lie_others(opened: Any) -> None:
    one, near, middle, other = drawn(opened, seed(1), mixed(seed(1), seed(2), 0), mixed(seed(1), seed(2)), seed(2))
    assert one == near, "nothing of the other is the first itself"
    assert len({one, middle, other}) == 3


def test_less_variety_brings_pictures_nearer_to_each_other(opened: Any) -> None:
    assert len(set(drawn(opened, seed(1), seed(2), truncation=0))) == 1


@pytest.mark.parametrize(
    ("point", "status"),
    [
        ({"kind": "seed", "seed": -1}, 422),
        ({"kind": "made", "name": "../../etc/passwd"}, 404),
        ({"kind": "made", "name": "nothing.png"}, 404),
        ({"kind": "moved", "of": seed(1), "moves": {"../smile": 1}}, 400),
        ({"kind": "moved", "of": seed(1), "moves": {"smile": 1e9}}, 422),
        ({"kind": "seed", "seed": 1, "label": "cats"}, 400),
    ],
)
def test_a_point_that_is_none_is_refused(opened: Any, point: Any, status: int) -> None:
    asked = {"channel": "a", "number": 1, "points": [point]}
    assert opened.ask("POST", f"/api/explore/{RUN}/draw", asked).status == status


def test_points_in_each_other_without_end_are_refused(opened: Any) -> None:
    point = seed(1)
    for number in range(30):
        point = mixed(point, seed(number))
    asked = {"channel": "a", "number": 1, "points": [point]}
    assert opened.ask("POST", f"/api/explore/{RUN}/draw", asked).status == 400
    for _ in range(2000):
        point = mixed(point, seed(1))
    text = json.dumps(asked | {"points": []}).replace("[]", f"[{_nested(5000)}]").encode()
    assert opened.ask("POST", f"/api/explore/{RUN}/draw", text, Content_Type="application/json").status in (400, 422)


def _nested(depth: int) -> str:
    return '{"kind":"moved","moves":{},"of":' * depth + '{"kind":"seed","seed":1}' + "}" * depth


def test_the_newest_request_of_a_place_wins(opened: Any) -> None:
    explorer = opened.studio.explorer
    run = opened.studio.workspace.run(RUN)
    points = [Seed(kind="seed", seed=1)]
    results: dict[int, object] = {}

    def ask(number: int) -> None:
        try:
            results[number] = explorer.draw(run, points, 1.0, "slider", number)
        except OvertakenError as error:
            results[number] = error

    explorer.model(run)
    with explorer._drawing:  # as if something were being drawn
        threads = [threading.Thread(target=ask, args=(number,)) for number in (1, 2, 3)]
        for thread in threads:
            thread.start()
            while explorer._newest.get("slider") != threads.index(thread) + 1:
                thread.join(0.01)
    for thread in threads:
        thread.join(30)
    assert isinstance(results[1], OvertakenError)
    assert isinstance(results[2], OvertakenError)
    assert isinstance(results[3], list)
    assert isinstance(explorer.draw(run, points, 1.0, "wall", 1), list), "another place is not overtaken"


def test_an_overtaken_request_is_answered_with_nothing(opened: Any) -> None:
    drawn(opened, seed(1), number=5)
    asked = {"channel": "wall", "number": 4, "points": [seed(1)]}
    answer = opened.ask("POST", f"/api/explore/{RUN}/draw", asked)
    assert (answer.status, answer.body) == (204, b"")


def test_what_is_kept_can_be_drawn_again(opened: Any) -> None:
    workspace = opened.studio.workspace
    point = mixed(seed(1), seed(2), 0.25)
    name = opened.ask("POST", f"/api/explore/{RUN}/keep", {"point": point, "truncation": 0.7}).data["name"]
    assert json.loads(read_metadata(workspace.made / name)["point"]) == point
    model = ganvas.load(workspace.run(RUN).folder, device="cpu")
    again = ganvas.image_io.to_image(model.synthesize(read_latents(workspace.made / name, model))[0])
    with Image.open(workspace.made / name) as picture:
        assert picture.tobytes() == again.tobytes()
    assert drawn(opened, {"kind": "made", "name": name}) == drawn(opened, point, truncation=0.7, number=2)
    thing = opened.ask("GET", f"/api/made/{name}").data
    assert (thing["kind"], thing["again"]["point"], thing["again"]["truncation"]) == ("mix", point, 0.7)


def test_a_kept_seed_is_what_sample_writes(opened: Any) -> None:
    name = opened.ask("POST", f"/api/explore/{RUN}/keep", {"point": seed(7)}).data["name"]
    facts = read_metadata(opened.studio.workspace.made / name)
    assert (facts["run"], facts["seed"], facts["index"], facts["truncation"]) == (RUN, "7", "0", "1.0")
